"""Monthly partitions of the messages and of their search index on PostgreSQL: ranges of UUIDv7 ids.

Made ahead by `manage.py make_partitions` and, so that no message fails for want of one, on
demand. On SQLite there is one table and nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from rooms.uuid7 import floor_of

TABLE = "messaging_message"
# The index of their words; it is sorted by the same kind of ids (see search/postgres.py).
SEARCH_TABLE = "messaging_searchdocument"
# One number for all processes, so that two of them do not make the same partition at once.
_LOCK_KEY = 0x63686174_70617274  # "chatpart"

Month = tuple[int, int]
# How far ahead partitions are made: an installation whose upkeep stops keeps running a while.
MONTHS_AHEAD = 3

# Months whose partition this process has seen; partitions are only ever added under us, and a
# month that was detached is made anew when the database says that it is missing.
_known: set[Month] = set()


def month_of(moment: datetime) -> Month:
    moment = moment.astimezone(UTC)
    return moment.year, moment.month


def following(month: Month) -> Month:
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def name_of(month: Month, table: str = TABLE) -> str:
    return f"{table}_{month[0]:04}_{month[1]:02}"


def bounds_of(month: Month) -> tuple[UUID, UUID]:
    """The least id of the month, and the least that is beyond it."""
    lower, upper = (floor_of(datetime(*each, 1, tzinfo=UTC)) for each in (month, following(month)))
    return lower, upper


def is_partitioned() -> bool:
    return connection.vendor == "postgresql"


def ensure(months: Iterable[Month], *, afresh: bool = False) -> list[str]:
    """Make the partitions of these months where they are missing; return the names of new ones.

    `afresh` asks the database even about months that this process has seen.
    """
    if not is_partitioned():
        return []
    wanted = sorted(set(months) if afresh else set(months) - _known)
    if not wanted:
        return []
    # Asked for without the lock: whoever makes a partition holds it and waits for those who write the
    # tables that it refers to, and one of those may be asking here in the middle of a transaction.
    wanted_anew = [month for month in wanted if not _is_there(month)]
    if not wanted_anew:
        transaction.on_commit(lambda: _known.update(wanted))
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])
        made = []
        for month in wanted_anew:
            _make(cursor, name_of(month, SEARCH_TABLE), SEARCH_TABLE, month)
            if _make(cursor, name_of(month), TABLE, month):
                made.append(name_of(month))
    transaction.on_commit(lambda: _known.update(wanted))
    return made


def ensure_coming(months: int = MONTHS_AHEAD) -> list[str]:
    """Make the partitions of this month and of the coming ones; return the names of new ones."""
    wanted = [month_of(timezone.now())]
    for _ in range(months):
        wanted.append(following(wanted[-1]))
    return ensure(wanted, afresh=True)


def make_coming(using: str, **_: Any) -> None:
    """After `migrate`: no server begins without partitions, when each of its threads would want to make them."""
    if using != connection.alias or not is_partitioned():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NULL OR to_regclass(%s) IS NULL", [TABLE, SEARCH_TABLE])
        (is_early,) = cursor.fetchone()  # the migrations have been run in part only
    if not is_early:
        ensure_coming()


def _is_there(month: Month) -> bool:
    with connection.cursor() as cursor:
        names = [name_of(month), name_of(month, SEARCH_TABLE)]
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL AND to_regclass(%s) IS NOT NULL", names)
        found: bool = cursor.fetchone()[0]
    return found


def _make(cursor: Any, name: str, table: str, month: Month) -> bool:
    cursor.execute("SELECT to_regclass(%s)", [name])
    if cursor.fetchone()[0] is not None:
        return False
    # Made beside and then attached: ATTACH does not stop readers and writers of the other months.
    cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    if table == TABLE:
        # Unique here, though the whole table cannot be: the head's lock is what keeps the order, and
        # this is what would notice.
        cursor.execute(f"CREATE UNIQUE INDEX {name}_number ON {name} (room_id, number)")
        cursor.execute(f"CREATE UNIQUE INDEX {name}_seq ON {name} (room_id, seq)")
    lower, upper = bounds_of(month)
    # Bounds of a partition take no parameters; both are UUIDs made above.
    cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{lower}') TO ('{upper}')")
    return True
