"""The audit record: what gets into it, that nothing gets out of it, and that the chain tells of attempts."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations import RunPython
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import origin, triggers
from audit.chain import GENESIS, link, verify
from audit.middleware import RequestOriginMiddleware
from audit.models import AppendOnlyError, AuditEntry, AuditPending, AuditSeal
from audit.sealer import seal_pending
from audit.services import DETAIL_TEXT_MAX, record
from chat_project.admin_site import UncountedPaginator
from tests.concurrency import at_once
from tests.factories import Cast

LONG_AGO = timedelta(minutes=2)  # older than what the sealer may take


@pytest.fixture
def guarded(db: None) -> None:
    """The triggers of a real installation, for this test's transaction only; see conftest."""
    triggers.install(connection)


@pytest.fixture
def chain(db: None) -> list[AuditEntry]:
    """Five sealed entries. Without triggers: what an attacker does who has got around them."""
    entries = [record("test.done", details={"n": n}) for n in range(1, 6)]
    seal_pending()
    return entries


def run_sql(statement: str, *parameters: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def verify_audit(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


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


# --- Nothing gets out ---


def test_the_program_cannot_change_or_delete_an_entry(chain: list[AuditEntry]) -> None:
    entry, seal = chain[0], chain[0].seal
    attempts: list[Callable[[], Any]] = [
        *(entry.save, entry.delete, seal.save, seal.delete),
        lambda: AuditEntry.objects.update(action="test.undone"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.bulk_update([entry], ["action"]),
        lambda: AuditSeal.objects.filter(position=1).delete(),
    ]
    for attempt in attempts:
        with pytest.raises(AppendOnlyError):
            attempt()
    assert verify().intact


def test_an_entry_made_in_place_of_another_is_refused(chain: list[AuditEntry]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry(pk=chain[0].pk, action="test.undone").save()
    assert AuditEntry.objects.get(pk=chain[0].pk).action == "test.done"


ATTACKS = {
    "any": [
        "UPDATE audit_auditentry SET action = 'x'",
        "UPDATE audit_auditentry SET details = '{}' WHERE id = (SELECT min(id) FROM audit_auditentry)",
        "DELETE FROM audit_auditentry",
        "UPDATE audit_auditseal SET position = position + 100",
        "DELETE FROM audit_auditseal WHERE position = 5",
        """INSERT INTO audit_auditseal SELECT * FROM audit_auditseal WHERE position = 1
           ON CONFLICT (position) DO UPDATE SET hash = excluded.previous""",
    ],
    "sqlite": [
        "INSERT OR REPLACE INTO audit_auditentry SELECT * FROM audit_auditentry WHERE action = 'test.done'",
        "REPLACE INTO audit_auditseal SELECT * FROM audit_auditseal WHERE position = 2",
        "REPLACE INTO audit_auditseal SELECT position + 100, previous, hash, sealed_at, entry_id FROM audit_auditseal",
        "UPDATE OR REPLACE audit_auditseal SET position = 1 WHERE position = 2",
    ],
    "postgresql": [
        "TRUNCATE audit_auditseal",
        "TRUNCATE audit_auditentry CASCADE",
        "MERGE INTO audit_auditentry e USING (SELECT 1) AS t ON TRUE WHEN MATCHED THEN DELETE",
    ],
}


@pytest.mark.parametrize("attack", [*ATTACKS["any"], *ATTACKS["sqlite"], *ATTACKS["postgresql"]])
def test_an_audit_entry_cannot_be_changed_even_by_sql(attack: str, guarded: None, chain: list[AuditEntry]) -> None:
    if attack not in ATTACKS["any"] + ATTACKS[connection.vendor]:
        pytest.skip("the other database's SQL")
    connection.check_constraints()  # as at COMMIT: PostgreSQL truncates nothing with checks outstanding
    before = list(AuditEntry.objects.values()), list(AuditSeal.objects.values_list("position", "entry_id"))
    with pytest.raises(IntegrityError, match="append-only"):
        run_sql(attack)
    assert before == (list(AuditEntry.objects.values()), list(AuditSeal.objects.values_list("position", "entry_id")))
    assert verify().intact


def test_recording_and_sealing_work_under_the_triggers(guarded: None) -> None:
    record("test.done")
    assert seal_pending() == 1
    record("test.done")
    assert seal_pending() == 1
    assert verify().intact


def test_the_migration_installs_the_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite removes them after it has migrated, so that it can empty its database."""
    migration = import_module("audit.migrations.0001_initial").Migration
    installed: list[object] = []
    monkeypatch.setattr(triggers, "install", installed.append)
    for step in migration.operations:
        if isinstance(step, RunPython):
            step.code(None, SimpleNamespace(connection=connection))
    assert installed == [connection]


# --- The chain ---


def test_sealing_gives_dense_positions_in_order(chain: list[AuditEntry]) -> None:
    seals = list(AuditSeal.objects.order_by("position"))
    assert [seal.position for seal in seals] == [1, 2, 3, 4, 5]
    assert [seal.entry_id for seal in seals] == [entry.pk for entry in chain]
    assert [bytes(seal.previous) for seal in seals] == [GENESIS, *(bytes(seal.hash) for seal in seals[:-1])]
    assert not AuditPending.objects.exists()


@pytest.mark.django_db
def test_sealing_goes_on_where_it_stopped() -> None:
    for _ in range(5):
        record("test.done")
    assert [seal_pending(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert verify().sealed == 5


@pytest.mark.django_db
def test_an_entry_whose_transaction_took_long_is_sealed_after_younger_ones() -> None:
    slow, quick = record("test.slow"), record("test.quick")
    AuditPending.objects.filter(entry=slow).delete()  # as the sealer sees it before the other's COMMIT
    seal_pending()
    AuditPending.objects.create(entry=slow)
    seal_pending()
    assert list(AuditSeal.objects.order_by("position").values_list("entry_id", flat=True)) == [quick.pk, slow.pk]
    assert verify().intact


def test_a_loaded_dump_is_not_sealed_twice(chain: list[AuditEntry]) -> None:
    AuditPending.objects.create(entry=chain[0])  # the trigger's, as the entry of the dump came in
    new = record("test.done")
    assert seal_pending() == 1
    assert (verify().sealed, new.seal.position) == (6, 6)
    assert not AuditPending.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_sealers_of_many_processes_make_one_chain() -> None:
    for _ in range(40):
        record("test.done")

    def work() -> int:
        return sum(iter(lambda: seal_pending(limit=3), 0))

    assert sum(at_once([work] * 4)) == 40
    verdict = verify()
    assert (verdict.sealed, verdict.intact) == (40, True)


def test_an_outsider_can_verify_by_the_description(cast: Cast) -> None:
    with origin.arising_from(origin.Origin("2001:db8::1", "Ü 😀")):
        record("user.renamed", actor=cast.staff, target=cast.alice, details={"to": "Ünï 😀", "n": 3, "none": None})
    record("server.started")
    seal_pending()

    def moment(at: Any) -> str:
        return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"

    previous = bytes(32)
    for position, seal in enumerate(AuditSeal.objects.select_related("entry").order_by("position"), 1):
        entry = seal.entry
        form = {
            name: getattr(entry, name)
            for name in ("action", "actor_name", "details", "id", "ip", "severity", "target_id", "target_name")
        }
        form |= {"target_type": entry.target_type, "user_agent": entry.user_agent, "position": position}
        form |= {"actor_id": str(entry.actor_id) if entry.actor_id else None, "previous": previous.hex()}
        form |= {"created_at": moment(entry.created_at), "sealed_at": moment(seal.sealed_at)}
        text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        previous = hashlib.sha256(text.encode("ascii")).digest()
        assert previous == bytes(seal.hash)


TAMPERINGS = {
    "the actor of an entry": "UPDATE audit_auditentry SET actor_name = 'mallory' WHERE id = %s",
    "the time of an entry": "UPDATE audit_auditentry SET created_at = '2001-01-01 00:00:00+00' WHERE id = %s",
    "the details of an entry": "UPDATE audit_auditentry SET details = '{\"n\": 33}' WHERE id = %s",
    "the address of an entry": "UPDATE audit_auditentry SET ip = '192.0.2.99' WHERE id = %s",
    "the time of a seal": "UPDATE audit_auditseal SET sealed_at = '2001-01-01 00:00:00+00' WHERE entry_id = %s",
    "a seal removed": "DELETE FROM audit_auditseal WHERE entry_id = %s",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_tampered_with_is_found(what: str, chain: list[AuditEntry]) -> None:
    run_sql(TAMPERINGS[what], chain[2].pk)
    verdict = verify()
    assert (verdict.broken_at, verdict.sealed, verdict.intact) == (3, 2, False)


def test_a_swapped_pair_is_found(chain: list[AuditEntry]) -> None:
    run_sql("UPDATE audit_auditseal SET position = -position WHERE position IN (3, 4)")
    run_sql("UPDATE audit_auditseal SET position = CASE position WHEN -3 THEN 4 ELSE 3 END WHERE position < 0")
    assert verify().broken_at == 3


def test_a_link_made_anew_breaks_at_the_next(chain: list[AuditEntry]) -> None:
    """Whoever recomputes one seal has to recompute all that follow."""
    run_sql("UPDATE audit_auditentry SET action = 'test.undone' WHERE id = %s", chain[2].pk)
    entry = AuditEntry.objects.get(pk=chain[2].pk)
    seal = entry.seal
    forged = link(entry, position=3, previous=bytes(seal.previous), sealed_at=seal.sealed_at)
    run_sql("UPDATE audit_auditseal SET hash = %s WHERE position = 3", forged)
    verdict = verify()
    assert (verdict.broken_at, verdict.sealed) == (4, 3)


def test_a_missing_seal_is_found(chain: list[AuditEntry]) -> None:
    """The last seal removed leaves a chain that is whole, and an entry outside of it."""
    run_sql("DELETE FROM audit_auditseal WHERE position = 5")
    run_sql("UPDATE audit_auditentry SET created_at = %s WHERE id = %s", timezone.now() - LONG_AGO, chain[4].pk)
    verdict = verify()
    assert (verdict.sealed, verdict.broken_at, verdict.unsealed, verdict.intact) == (4, None, [chain[4].pk], False)


@pytest.mark.django_db
def test_an_entry_smuggled_past_the_sealer_is_found() -> None:
    entry = AuditEntry.objects.create(action="test.done", created_at=timezone.now() - LONG_AGO)
    AuditPending.objects.all().delete()
    seal_pending()
    assert verify().unsealed == [entry.pk]


@pytest.mark.django_db
def test_an_entry_of_this_moment_may_wait_for_its_seal() -> None:
    record("test.done")
    assert verify().intact


def test_a_cut_off_end_is_found_by_a_head_noted_before(chain: list[AuditEntry]) -> None:
    head = verify_audit().split("Head: ")[1].strip()
    assert verify_audit("--head", head)
    run_sql("DELETE FROM audit_auditseal WHERE position > 3")
    run_sql("DELETE FROM audit_auditentry WHERE id > %s", chain[2].pk)
    assert "3 audit entries are sealed and unchanged" in verify_audit()  # nothing else tells of it
    with pytest.raises(CommandError, match="not in the chain"):
        verify_audit("--head", head)


def test_an_older_head_stays_in_the_chain(chain: list[AuditEntry]) -> None:
    head = verify().head.hex()
    record("test.done")
    seal_pending()
    assert "6 audit entries" in verify_audit("--head", head)


def test_the_command_names_the_first_broken_position_and_fails(chain: list[AuditEntry]) -> None:
    run_sql("UPDATE audit_auditentry SET action = 'test.undone' WHERE id IN (%s, %s)", chain[1].pk, chain[3].pk)
    with pytest.raises(CommandError, match="Position 2: ") as caught:
        verify_audit()
    assert caught.value.returncode == 1
    assert "Position 4" not in str(caught.value)


@pytest.mark.parametrize("head", ["", "abc", "00" * 31, "zz" * 32])
def test_a_head_that_is_none_is_told_so(head: str) -> None:
    with pytest.raises(CommandError, match="64 hexadecimal digits"):
        call_command("verify_audit", "--head", head)


@pytest.mark.django_db
def test_the_seal_command_seals_all() -> None:
    for _ in range(3):
        record("test.done")
    out = StringIO()
    call_command("seal_audit", stdout=out)
    assert out.getvalue() == "3 audit entries sealed.\n"


# --- The admin ---


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
