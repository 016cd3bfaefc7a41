"""What gets into the audit record, and where it is said to come from."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from audit import origin
from audit.middleware import RequestOriginMiddleware
from audit.models import AuditEntry, AuditPending
from audit.services import DETAIL_TEXT_MAX, record
from tests.factories import Cast

# --- What gets in ---


def test_an_entry_says_who_did_what_to_whom_and_from_where(cast: Cast) -> None:
    with origin.arising_from(origin.Origin("192.0.2.7", "Browser/1")):
        made = record("user.suspended", actor=cast.staff, target=cast.mallory, severity="warning", details={"why": "x"})
    entry = AuditEntry.objects.get(pk=made.pk)
    assert (entry.action, entry.severity, entry.details) == ("user.suspended", "warning", {"why": "x"})
    assert (entry.actor_id, entry.actor_name) == (cast.staff.pk, "staff")
    target = ("accounts.user", str(cast.mallory.pk), "mallory")
    assert (entry.target_type, entry.target_id, entry.target_name) == target
    assert (entry.ip, entry.user_agent) == ("192.0.2.7", "Browser/1")


@pytest.mark.django_db
def test_a_command_is_recorded_without_actor_and_origin() -> None:
    entry = record("server.started")
    assert (entry.actor_id, entry.actor_name, entry.ip, entry.user_agent) == (None, "", None, "")


def test_a_display_name_does_not_pass_for_a_username(cast: Cast) -> None:
    cast.mallory.display_name = "alice"
    assert record("test.done", actor=cast.mallory, target=cast.mallory).actor_name == "mallory"


@pytest.mark.django_db
def test_a_change_that_is_rolled_back_leaves_no_entry() -> None:
    with transaction.atomic():
        record("test.done")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()
    assert not AuditPending.objects.exists()


@pytest.mark.django_db
def test_hostile_text_is_cut_and_cleaned_and_never_prevents_the_entry() -> None:
    with origin.arising_from(origin.Origin(None, "A\x00\ud800" * 1_000)):
        made = record("test.done", details={"k\x00": "\x00\udfff" + "x" * 10_000, "deep": [[[[[[["end"]]]]]]]})
    entry = AuditEntry.objects.get(pk=made.pk)
    assert entry.user_agent == ("A\ufffd?" * 100)
    assert entry.details["k\ufffd"] == "\ufffd?" + "x" * (DETAIL_TEXT_MAX - 2)
    assert entry.details["deep"] == [[[["[[['end']]]"]]]]


@pytest.mark.django_db
def test_details_come_back_as_they_were_sealed() -> None:
    user_id, now = uuid4(), timezone.now()
    made = record(
        "test.done", details={"id": user_id, "at": now, "share": 1e300, "big": 2**70, "none": None, "set": {2, 1}}
    )
    expected = {"id": str(user_id), "at": str(now), "share": "1e+300", "big": 2**70, "none": None, "set": [1, 2]}
    assert made.details == expected == AuditEntry.objects.get(pk=made.pk).details


@pytest.mark.parametrize("action", ["suspended", "User.suspended", "user suspended", "user." + "x" * 70])
def test_a_misspelt_action_is_the_callers_error(action: str) -> None:
    with pytest.raises(ValueError, match="dotted"):
        record(action)


# --- Where it came from ---


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "192.0.2.66", "198.51.100.1"),  # the client's own word is not taken
        (1, "10.0.0.1", "192.0.2.66, 203.0.113.5", "203.0.113.5"),  # what our proxy saw, not what it was told
        (2, "10.0.0.1", "192.0.2.66, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "10.0.0.1", "203.0.113.5", "10.0.0.1"),  # it did not come through both
        (1, "", "203.0.113.5:4711", "203.0.113.5"),
        (1, "", "[2001:db8::1]:443", "2001:db8::1"),
        (1, "", "nonsense", None),
        (0, "::ffff:198.51.100.1", "", "198.51.100.1"),
        (0, "fe80::1%eth0", "", "fe80::1"),
        (0, "", "", None),
    ],
)
def test_the_address_is_what_our_own_proxies_saw(
    settings: Any, proxies: int, peer: str, forwarded: str, expected: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert origin.client_address(peer, forwarded) == expected


def test_the_middleware_notes_the_origin_for_the_time_of_a_request(rf: RequestFactory) -> None:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(origin.current())
        return HttpResponse()

    request = rf.get("/", REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Browser/1"})
    RequestOriginMiddleware(view)(request)
    assert seen == [origin.Origin("192.0.2.7", "Browser/1")]
    assert origin.current() == origin.NOWHERE


def test_the_middleware_serves_async_views_too(rf: RequestFactory) -> None:
    seen = []

    async def view(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        seen.append(origin.current().ip)
        return HttpResponse()

    serve = RequestOriginMiddleware(view)

    async def both() -> None:
        await asyncio.gather(*(serve(rf.get("/", REMOTE_ADDR=f"192.0.2.{n}")) for n in (1, 2)))

    asyncio.run(both())
    assert sorted(seen) == ["192.0.2.1", "192.0.2.2"]


def test_a_handshake_has_an_origin_too(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    headers = [(b"user-agent", b"Client/2"), (b"x-forwarded-for", b"192.0.2.66"), (b"x-forwarded-for", b"203.0.113.5")]
    scope = {"type": "websocket", "client": ("10.0.0.1", 4711), "headers": headers}
    assert origin.of_scope(scope) == origin.Origin("203.0.113.5", "Client/2")
