"""That nothing gets out of the audit record, by the program or by SQL."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations import RunPython

from audit import triggers
from audit.chain import verify
from audit.models import AppendOnlyError, AuditEntry, AuditSeal
from audit.sealer import seal_pending
from audit.services import record
from tests.audit.attacks import run_sql


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
