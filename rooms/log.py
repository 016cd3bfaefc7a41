"""The room log: the lock on a room's head, and the numbers given out under it.

Every durable change of a room happens in one transaction of this shape:

    heads = log.lock([room.id])            # first of all, in id order; waits its turn
    ...                                    # read and change what the entry says
    log.enter(heads[room.id], "room.changed", actor, payload)
    log.advance(heads.values())            # the new numbers become the room's

`seq` numbers every change and `number` the messages among them, both dense; ids are UUIDv7 in
the same order. The lock is what makes them so: whoever holds it is the only writer of the room.
`messaging.append` takes the same lock for a whole batch of drafts. After COMMIT the changes go
to `realtime.bus`; a crash in between loses no event, since hubs compare heads with the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils import timezone

from realtime import bus
from rooms.events import event_of_entry
from rooms.models import LogEntry, RoomHead
from rooms.uuid7 import moment_of, uuid7

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Position:
    """A message's place in its room."""

    seq: int
    number: int
    unread_index: int
    id: UUID


@dataclass(slots=True)
class Head:
    """A room's head while its lock is held."""

    room_id: UUID
    last_seq: int
    last_number: int
    last_index: int
    last_id: UUID | None
    last_message_at: datetime | None
    member_count: int
    # The database's clock, read after the lock was had: readings follow the order of commits.
    now: datetime | None = field(default=None)
    changed: bool = field(default=False)

    @classmethod
    def of(cls, row: RoomHead, *, now: datetime) -> Head:
        """The head as a row that was read under its lock has it."""
        return cls(
            row.room_id, row.last_seq, row.last_number, row.last_index, row.last_id, row.last_message_at,
            row.member_count, now=now,
        )  # fmt: skip

    def next_seq(self) -> int:
        self.last_seq += 1
        self.changed = True
        return self.last_seq

    def next_message(self, at: datetime, *, counts: bool) -> Position:
        """Give out the next message's numbers and id; `counts`: whether it counts as unread."""
        self.last_number += 1
        self.last_index += counts
        self.last_id = uuid7(at, after=self.last_id)
        self.last_message_at = max(at, self.last_message_at or at)
        return Position(self.next_seq(), self.last_number, self.last_index, self.last_id)

    def moment_for_import(self, original: datetime, now: datetime) -> datetime:
        """Return the time for an imported message's id: its own while the room has nothing newer."""
        return original if self.last_id is None or original >= moment_of(self.last_id) else now


_COLUMNS = "room_id, last_seq, last_number, last_index, last_id, last_message_at, member_count"


def lock(room_ids: Collection[UUID]) -> dict[UUID, Head]:
    """Lock the heads of these rooms, in id order, and read them and the database's clock.

    Must run inside a transaction, before anything else of it is read or locked. Rooms that do
    not exist are missing from the answer.
    """
    assert connection.in_atomic_block, "the lock lasts as long as the transaction"
    with connection.cursor() as cursor:
        ask_heads(cursor, room_ids)
        heads = take_heads(cursor)
        now = database_clock(cursor)
    for head in heads.values():
        head.now = now
    return heads


def wait_for(room_ids: QuerySet[Any]) -> None:
    """Lock the heads of the rooms that a query names; what is read after it is theirs until COMMIT.

    For changes that read the head together with what they change. SQLite's transactions are the
    only writers already, and ask nothing.
    """
    assert connection.in_atomic_block, "the lock lasts as long as the transaction"
    if connection.vendor == "postgresql":
        heads = RoomHead.objects.filter(room_id__in=room_ids).order_by("room_id")
        list(heads.select_for_update(no_key=True).values_list("pk"))


def ask_heads(cursor: Any, room_ids: Collection[UUID], *, skip_held: bool = False) -> None:
    """Lock the heads through `cursor` (Django's or psycopg's); `take_heads` gives what it read.

    A statement of its own: what it waited for is read after it. `skip_held` leaves out the heads
    that another transaction holds instead of waiting for them.
    """
    if connection.vendor == "postgresql":
        cursor.execute(
            f"SELECT {_COLUMNS} FROM rooms_roomhead WHERE room_id = ANY(%s) ORDER BY room_id"
            f" FOR NO KEY UPDATE{' SKIP LOCKED' if skip_held else ''}",
            [sorted(room_ids)],
        )
    else:  # SQLite: the transaction is IMMEDIATE, so it is the only writer already
        cursor.execute(
            f"SELECT {_COLUMNS} FROM rooms_roomhead WHERE room_id IN (SELECT value FROM json_each(%s))",
            [json.dumps([room_id.hex for room_id in room_ids])],
        )


def take_heads(cursor: Any) -> dict[UUID, Head]:
    """Read the heads that `ask_heads` locked."""
    rows = cursor.fetchall()
    if connection.vendor != "postgresql":
        rows = [
            (UUID(room), seq, number, index, UUID(last) if last else None, from_sqlite(at), count)
            for room, seq, number, index, last, at, count in rows
        ]
    return {row[0]: Head(*row) for row in rows}


def database_clock(cursor: Any) -> datetime:
    """Return the database's clock, not the transaction's start: one clock for all processes."""
    if connection.vendor == "postgresql":
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now
    return timezone.now()  # the embedded database shares this process's clock


def from_sqlite(moment: datetime | None) -> datetime | None:
    """Make a datetime as Django's SQLite converters read it (naive, in UTC) an aware one."""
    return moment.replace(tzinfo=UTC) if moment else None


def enter(
    head: Head,
    kind: str,
    actor: User | None,
    payload: dict[str, Any],
    *,
    data: bytes | None = None,
    fragment: str | None = None,
) -> LogEntry:
    """Write a change that is not a message's creation into the log; its event follows COMMIT.

    The event's data is the payload, or `data` (JSON) where readers are to see more than is kept:
    an entry about a message names it (`{"message": id}`) and shows it as it is.
    """
    assert head.now is not None, "heads come from lock()"
    entry = LogEntry.objects.create(
        room_id=head.room_id, seq=head.next_seq(), kind=kind, actor=actor, payload=payload, created_at=head.now
    )
    bus.publish_on_commit([event_of_entry(entry, data, fragment)])
    return entry


def conclude(
    head: Head,
    kind: str,
    actor: User | None,
    payload: dict[str, Any],
    *,
    data: bytes | None = None,
    fragment: str | None = None,
) -> LogEntry:
    """Write the one entry of a change and advance the head; as `enter` and `advance`, in one statement.

    (SQLite writes one table a statement, and loses no round trip by it.)
    """
    if connection.vendor != "postgresql":
        entry = enter(head, kind, actor, payload, data=data, fragment=fragment)
        advance([head])
        return entry
    assert head.now is not None, "heads come from lock()"
    entry = LogEntry(
        room_id=head.room_id, seq=head.next_seq(), kind=kind, actor=actor, payload=payload, created_at=head.now
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH head AS (UPDATE rooms_roomhead SET last_seq = %s, last_number = %s, last_index = %s, last_id = %s,"
            " last_message_at = %s, member_count = %s WHERE room_id = %s)"
            " INSERT INTO rooms_logentry (room_id, seq, kind, actor_id, payload, created_at)"
            " VALUES (%s, %s, %s, %s, %s::jsonb, %s)",
            [head.last_seq, head.last_number, head.last_index, head.last_id, head.last_message_at, head.member_count,
             head.room_id, entry.room_id, entry.seq, kind, entry.actor_id, json.dumps(payload, cls=DjangoJSONEncoder),
             entry.created_at],
        )  # fmt: skip
    head.changed = False
    bus.publish_on_commit([event_of_entry(entry, data, fragment)])
    return entry


def advance(heads: Iterable[Head]) -> None:
    """Make the numbers that were given out the rooms' own; last before COMMIT."""
    with connection.cursor() as cursor:
        for head in heads:
            if not head.changed:
                continue
            cursor.execute(
                "UPDATE rooms_roomhead SET last_seq = %s, last_number = %s, last_index = %s, last_id = %s,"
                " last_message_at = %s, member_count = %s WHERE room_id = %s",
                [
                    head.last_seq,
                    head.last_number,
                    head.last_index,
                    _uuid(head.last_id),
                    connection.ops.adapt_datetimefield_value(head.last_message_at),
                    head.member_count,
                    _uuid(head.room_id),
                ],
            )
            head.changed = False


def raise_floor(head: Head, *, seq: int, number: int, index: int) -> None:
    """Let the room's log begin after that place: what lies up to there is gone, or about to go."""
    RoomHead.objects.filter(pk=head.room_id).update(floor_seq=seq, floor_number=number, floor_index=index)


def _uuid(value: UUID | None) -> Any:
    return value.hex if value and not connection.features.has_native_uuid_field else value


# --- Notices: the messages by which a room tells of itself ------------------------------------

_Notice = Callable[[Head, str, "User | None", dict[str, Any]], None]
_write_notice: _Notice | None = None


def on_notice(write: _Notice) -> None:
    """Register who stores notices as messages: `messaging`, which this app does not know."""
    global _write_notice
    _write_notice = write


def notice(head: Head, kind: str, user: User | None, /, **metadata: Any) -> None:
    """Tell the room of `user`: `kind` is `join`, `leave`, or `system` with `what` happened.

    One message row, one event. Without a user, a command did it.
    """
    assert _write_notice is not None, "messaging registers itself when it is ready"
    _write_notice(head, kind, user, metadata)
