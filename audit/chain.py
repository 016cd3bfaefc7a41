"""The chain of seals: how a hash is made, and the walk that finds where the chain is broken.

Each seal holds SHA-256 over the canonical form of its entry, its own place and the hash before
it, so that whoever changes, removes, inserts or reorders anything has to make all later hashes
anew. One who can write to the whole database can do that too; so note the head now and then in a
place that the database's owner cannot write to, and give it to `verify_audit --head`.

To verify without this program, read seals joined with entries in the order of `position`, and
compare. The canonical form is a JSON object with sorted keys, no white space, and ASCII only
(everything else as \\uXXXX escapes, surrogate pairs above the BMP):

    import hashlib, json
    previous = bytes(32)                                     # before position 1
    for position, sealed_at, seal_hash, entry in rows:       # positions 1, 2, 3 …
        previous = hashlib.sha256(json.dumps({
            "action": entry.action,
            "actor_id": entry.actor_id,                      # "xxxxxxxx-xxxx-…" or null
            "actor_name": entry.actor_name,
            "created_at": entry.created_at,                  # "2025-01-31T09:30:00.000000Z"
            "details": entry.details,                        # no floats occur in it
            "id": entry.id,
            "ip": entry.ip,                                  # text or null
            "position": position,
            "previous": previous.hex(),                      # 64 lower-case digits
            "sealed_at": sealed_at,                          # as created_at
            "severity": entry.severity,
            "target_id": entry.target_id,
            "target_name": entry.target_name,
            "target_type": entry.target_type,
            "user_agent": entry.user_agent,
        }, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")).digest()
        assert previous == seal_hash
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from audit.models import AuditEntry, AuditSeal

GENESIS = bytes(32)

BATCH = 1_000  # rows at a time: the walk takes the same memory however long the chain is
# The sealer works within seconds; what is without a seal after this was left out or robbed of it.
SEALED_WITHIN = timedelta(minutes=1)
LISTED_MAX = 20  # unsealed entries that are named; the rest is counted


def canonical(entry: AuditEntry, *, position: int, previous: bytes, sealed_at: datetime) -> bytes:
    """Return what the hash is taken over; see the module's docstring."""
    form = {
        "action": entry.action,
        "actor_id": str(entry.actor_id) if entry.actor_id else None,
        "actor_name": entry.actor_name,
        "created_at": _moment(entry.created_at),
        "details": entry.details,
        "id": entry.pk,
        "ip": entry.ip,
        "position": position,
        "previous": previous.hex(),
        "sealed_at": _moment(sealed_at),
        "severity": entry.severity,
        "target_id": entry.target_id,
        "target_name": entry.target_name,
        "target_type": entry.target_type,
        "user_agent": entry.user_agent,
    }
    return json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def link(entry: AuditEntry, *, position: int, previous: bytes, sealed_at: datetime) -> bytes:
    """Return the 32 bytes that seal `entry` at `position`, after the hash `previous`."""
    form = canonical(entry, position=position, previous=previous, sealed_at=sealed_at)
    return hashlib.sha256(form).digest()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True)
class Verdict:
    """What the walk found. `broken_at` is the first wrong position and `reason` what is wrong."""

    sealed: int = 0  # positions that are right, from 1
    head: bytes = GENESIS
    broken_at: int | None = None
    reason: str = ""
    unsealed: list[int] = field(default_factory=list)  # ids, the oldest LISTED_MAX of them
    unsealed_count: int = 0
    found_noted_head: bool = True

    @property
    def intact(self) -> bool:
        return self.broken_at is None and self.unsealed_count == 0 and self.found_noted_head


def verify(noted_head: bytes | None = None) -> Verdict:
    """Walk the chain from its start to its first break, and look for entries outside of it.

    `noted_head` is a head that was printed earlier: it must still be in the chain. That is the
    only way to tell that the end was cut off, or that everything was made anew.
    """
    verdict = Verdict(found_noted_head=noted_head in (None, GENESIS))
    _walk(verdict, noted_head)
    late = AuditEntry.objects.filter(seal__isnull=True, created_at__lt=timezone.now() - SEALED_WITHIN)
    verdict.unsealed_count = late.count()
    if verdict.unsealed_count:
        verdict.unsealed = list(late.order_by("id").values_list("id", flat=True)[:LISTED_MAX])
    return verdict


def _walk(verdict: Verdict, noted_head: bytes | None) -> None:
    for seal, entry in _links():
        expected = verdict.sealed + 1
        if seal.position != expected:
            verdict.broken_at, verdict.reason = expected, "there is no seal with this number"
        elif entry is None:
            verdict.broken_at, verdict.reason = expected, f"the entry {seal.entry_id} that it seals is missing"
        elif bytes(seal.previous) != verdict.head:
            verdict.broken_at, verdict.reason = expected, "it does not follow from the seal before it"
        else:
            made = link(entry, position=expected, previous=verdict.head, sealed_at=seal.sealed_at)
            if bytes(seal.hash) == made:
                verdict.sealed, verdict.head = expected, made
                verdict.found_noted_head |= made == noted_head
                continue
            verdict.broken_at, verdict.reason = expected, f"the entry {entry.pk} or its seal was changed"
        return


def _links() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    """Yield every seal in order with its entry, or None where that is gone (no join: it would hide it)."""
    last = None
    while True:
        seals = AuditSeal.objects.order_by("position")
        batch = list((seals if last is None else seals.filter(position__gt=last))[:BATCH])
        if not batch:
            return
        entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in batch])
        for seal in batch:
            yield seal, entries.get(seal.entry_id)
        last = batch[-1].position
