"""The audit record in the admin: to read, fast, and never to change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEntry
from audit.services import record
from chat_project.admin_site import UncountedPaginator
from tests.factories import Cast


@pytest.fixture
def admin_client(cast: Cast, client: Client) -> Iterator[Client]:
    client.force_login(cast.staff)
    return client


def test_the_admin_offers_no_way_to_change_the_record(admin_client: Client, chain: list[AuditEntry]) -> None:
    base = "/admin/audit/auditentry/"
    assert admin_client.post(f"{base}add/", {"action": "x.y"}).status_code == 403
    assert admin_client.post(f"{base}{chain[0].pk}/change/", {"action": "x.y"}).status_code == 403
    assert admin_client.post(f"{base}{chain[0].pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{base}{chain[0].pk}/change/").status_code == 200
    assert b"delete_selected" not in admin_client.get(base).content


def test_the_list_never_counts_the_table(admin_client: Client, chain: list[AuditEntry]) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get("/admin/audit/auditentry/").status_code == 200
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT" in sql for sql in counts)
    assert all("ORDER BY" not in sql for sql in counts)


@pytest.mark.parametrize(
    ("term", "found"),
    [("test.done", 5), ("server.started", 1), ("staff", 1), ("nobody", 0), ("mallory", 0), ("%", 0)],
)
def test_the_search_finds_exactly(
    term: str, found: int, admin_client: Client, cast: Cast, chain: list[AuditEntry]
) -> None:
    record("server.started", actor=cast.staff)
    page = admin_client.get("/admin/audit/auditentry/", {"q": term})
    # Signing in as staff is an entry of hers as well.
    own = AuditEntry.objects.filter(actor_name="staff", action="session.started").count() if term == "staff" else 0
    assert page.context["cl"].result_count == found + own


def test_an_id_finds_what_its_bearer_did_and_suffered(admin_client: Client, cast: Cast) -> None:
    record("test.done", actor=cast.mallory, target=cast.alice)
    record("test.done", actor=cast.alice, target=cast.bob)
    page = admin_client.get("/admin/audit/auditentry/", {"q": str(cast.alice.pk).upper()})
    assert page.context["cl"].result_count == 2


@pytest.mark.django_db
def test_a_long_list_is_counted_to_its_bound_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UncountedPaginator, "ROWS_MAX", 4)
    AuditEntry.objects.bulk_create(AuditEntry(action="test.done") for _ in range(6))
    rows = AuditEntry.objects.order_by("-id")
    assert str(UncountedPaginator(rows, 2).count) == "4+"
    assert UncountedPaginator(rows, 2).num_pages == 2
    assert str(UncountedPaginator(rows.filter(action="none.such"), 2).count) == "0"
