"""The record of who did what (`AuditEntry`) and the chain that makes tampering show (`AuditSeal`).

Entries and seals are written once. The refusal here is a courtesy to programmers; what holds
against SQL are the triggers of `audit/triggers.py`, and what tells of those who get around the
triggers is the chain (`audit/chain.py`).
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils import timezone

ACTION_MAX = 64
NAME_MAX = 200
USER_AGENT_MAX = 300  # browsers stay below 250; what is longer is noise or an attack


class AppendOnlyError(TypeError):
    """The program tried to change or delete what is written once: a mistake of its author."""


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise AppendOnlyError("Audit entries and seals are written once. They are never changed or deleted.")


class AppendOnlyQuerySet(models.QuerySet[Any]):
    update = _refuse
    delete = _refuse
    bulk_update = _refuse


# As on Django's own: no manager offers `delete`, so that nobody empties a table by a slip.
AppendOnlyQuerySet.delete.queryset_only = True  # type: ignore[attr-defined]


class AppendOnly(models.Model):
    """A row that is inserted and then stays as it is."""

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse()
        # Without this Django would first try an UPDATE where the primary key is given.
        super().save(**{**kwargs, "force_insert": True})

    delete = _refuse


class Severity(models.TextChoices):
    INFO = "info", "Info"
    NOTICE = "notice", "Notice"  # changes who may do what
    WARNING = "warning", "Warning"  # an attempt that failed, a measure against somebody
    CRITICAL = "critical", "Critical"  # wake somebody


class AuditEntry(AppendOnly):
    """One thing that somebody did. Names are kept as they were: users are renamed and erased."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(default=timezone.now)
    # No foreign keys: an entry outlives its actor and its target.
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=NAME_MAX, blank=True)
    action = models.CharField(max_length=ACTION_MAX)
    target_type = models.CharField(max_length=100, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=NAME_MAX, blank=True)
    ip = models.GenericIPAddressField(null=True, verbose_name="IP address")
    user_agent = models.CharField(max_length=USER_AGENT_MAX, blank=True)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.INFO)
    details = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[AuditEntry]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        # Each serves a question of the admin, newest first: what did she do, what was done to it…
        indexes = [
            models.Index(fields=["created_at"], name="audit_created"),
            models.Index(fields=["actor_id", "id"], name="audit_actor"),
            models.Index(fields=["actor_name", "id"], name="audit_actor_name"),
            models.Index(fields=["action", "id"], name="audit_action"),
            models.Index(fields=["target_id", "id"], name="audit_target"),
            models.Index(fields=["severity", "id"], name="audit_severity"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name or 'the system'}"


class AuditPending(models.Model):
    """An entry that waits for its seal.

    A trigger writes the row with the entry, and the sealer removes it, so finding the unsealed
    costs as much as there are unsealed ones. (A mark in the entry would be an update of it, and
    "greater than the last sealed id" would skip entries whose transactions end out of order.)
    """

    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, primary_key=True, related_name="+")

    class Meta:
        verbose_name_plural = "audit entries to be sealed"

    def __str__(self) -> str:
        return str(self.entry_id)


class AuditSeal(AppendOnly):
    """A link of the chain: the place of one entry and the hash of it and of all before it."""

    # Dense from 1; given out under the sealer's lock.
    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, related_name="seal")
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[AuditSeal]] = AppendOnlyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.position} {bytes(self.hash).hex()}"
