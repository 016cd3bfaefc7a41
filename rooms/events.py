"""From log entries to the events that sockets get."""

from __future__ import annotations

import msgspec

from realtime.events import Event
from rooms.models import LogEntry


class Concerned(msgspec.Struct):
    """The parts of an entry's payload that decide whose sockets it ends or begins."""

    user: str | None = None
    deleted: bool = False


def event_of_entry(entry: LogEntry, data: bytes | None = None, fragment: str | None = None) -> Event:
    """The event of a log entry: its payload, or `data` in its place (a message as it is now)."""
    concerned = msgspec.convert(entry.payload, Concerned)
    return Event(
        str(entry.room_id),
        entry.seq,
        entry.kind,
        msgspec.json.encode(entry.payload) if data is None else data,
        fragment,
        subject=concerned.user if entry.kind.startswith("member.") else None,
        final=entry.kind == "room.changed" and concerned.deleted,
    )
