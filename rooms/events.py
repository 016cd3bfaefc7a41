"""From log entries to the events that sockets get."""

from __future__ import annotations

import msgspec

from realtime.events import Event
from rooms.models import LogEntry

# Entries after which earlier events must not be replayed as they were.
REVISING = frozenset({"message.edited", "message.deleted", "messages.purged"})


class Concerned(msgspec.Struct):
    """The parts of an entry's payload that decide whose sockets it ends or begins."""

    user: str | None = None
    deleted: bool = False


def event_of_entry(entry: LogEntry, data: bytes | None = None, fragment: str | None = None) -> Event:
    """The event of a log entry: its payload, or `data` in its place (a message as it is now)."""
    is_members, is_rooms = entry.kind.startswith("member."), entry.kind == "room.changed"
    concerned = msgspec.convert(entry.payload, Concerned) if is_members or is_rooms else Concerned()
    return Event(
        str(entry.room_id),
        entry.seq,
        entry.kind,
        msgspec.json.encode(entry.payload) if data is None else data,
        fragment,
        subject=concerned.user if is_members else None,
        final=is_rooms and concerned.deleted,
        revises=entry.kind in REVISING,
    )
