"""The sealer: gives every entry its place in the chain, seconds after its transaction.

A chain inside each transaction would be one lock that the whole server queues for. So entries
are inserted freely, and one sealer at a time links those that have been committed. Every serving
process calls `seal_all` each few seconds (see `audit/apps.py`); `manage.py seal_audit` does too.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from audit.chain import GENESIS, link
from audit.models import AuditEntry, AuditPending, AuditSeal

# The advisory lock of PostgreSQL: any number that nothing else in the database uses.
LOCK = int.from_bytes(b"auditseal"[:8], "big", signed=True)

BATCH = 500  # entries a transaction: some 20 ms of the embedded database's one writer


def seal_pending(limit: int = BATCH) -> int:
    """Seal up to `limit` entries that wait for it, oldest id first; return how many.

    Entries are sealed in the order of their ids among what is visible: one whose transaction
    took long comes after younger ones. `created_at` tells the time, `position` the sealing.
    """
    if not AuditPending.objects.exists():
        return 0  # the usual answer, without a lock
    with transaction.atomic():  # on SQLite: BEGIN IMMEDIATE, which is the lock
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        return _seal(limit)


def seal_all() -> int:
    """Seal whatever waits now, a batch a transaction; return how many."""
    total = 0
    while AuditPending.objects.exists():
        total += seal_pending()
    return total


def _seal(limit: int) -> int:
    waiting = list(AuditPending.objects.order_by("entry_id").values_list("entry_id", flat=True)[:limit])
    # Sealed already: a dump that was loaded brings the entries, hence new pending rows, and the seals.
    entries = AuditEntry.objects.filter(id__in=waiting, seal__isnull=True).order_by("id")
    last = AuditSeal.objects.order_by("-position").first()
    position, previous = (last.position, bytes(last.hash)) if last else (0, GENESIS)
    now = timezone.now()
    seals = []
    for entry in entries:
        position += 1
        made = link(entry, position=position, previous=previous, sealed_at=now)
        seals.append(AuditSeal(position=position, entry=entry, previous=previous, hash=made, sealed_at=now))
        previous = made
    AuditSeal.objects.bulk_create(seals)
    AuditPending.objects.filter(entry_id__in=waiting).delete()
    return len(seals)
