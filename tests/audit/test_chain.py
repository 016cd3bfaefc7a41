"""That the chain tells of those who got around the triggers."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit import origin
from audit.chain import GENESIS, link, verify
from audit.models import AuditEntry, AuditPending, AuditSeal
from audit.sealer import seal_all, seal_pending
from audit.services import record
from realtime import upkeep
from tests.audit.attacks import run_sql
from tests.concurrency import at_once
from tests.factories import Cast

LONG_AGO = timedelta(minutes=2)  # older than what the sealer may take


def verify_audit(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


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


def test_a_number_left_out_is_named(chain: list[AuditEntry]) -> None:
    run_sql("DELETE FROM audit_auditseal WHERE position = 2")
    assert "no seal with this number" in verify().reason


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


def test_every_serving_process_seals() -> None:
    assert seal_all in [job.work for job in upkeep.jobs]
