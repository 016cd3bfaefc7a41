"""What travels to sockets: log events, and notes that are not in the log. Encoded once.

`Event` is a durable change of a room, in the order of its `seq`. The rest is ephemeral: a
`Note` to all sockets of a user, a `Glimpse` for those who have a room in view, and a `Recheck`,
which asks hubs to compare a user's sockets with the database.
"""

from __future__ import annotations

import msgspec

_encode = msgspec.json.encode


class Event(msgspec.Struct, gc=False, tag="e", array_like=True):
    """A log event. `data` is its JSON; `fragment` is the rendered message for the web audience."""

    room: str
    seq: int
    kind: str
    data: bytes
    fragment: str | None = None
    # The user whose membership this event begins, changes or ends: hubs unsubscribe by it.
    subject: str | None = None
    # Nothing of the room reaches anybody after this event (the room was deleted).
    final: bool = False
    # What came before is not as it was (a message edited or deleted, old ones gone): whoever missed
    # that reads it from the database, which shows it as it is now.
    revises: bool = False

    def data_text(self) -> bytes:
        """The frame's JSON for audience `data`."""
        return b'{"type":"%s","room":"%s","seq":%d,"data":%s}' % (
            self.kind.encode(),
            self.room.encode(),
            self.seq,
            self.data,
        )

    def web_text(self) -> bytes:
        """The frame's JSON for audience `web`."""
        if self.fragment is None:
            return self.data_text()
        return b'%s,"fragment":%s}' % (self.data_text()[:-1], _encode(self.fragment))


class Note(msgspec.Struct, gc=False, tag="n", array_like=True):
    """An ephemeral frame for all sockets of a user. `rev`: the user's, when the note tells of it."""

    user: str
    text: bytes
    rev: int | None = None


class Glimpse(msgspec.Struct, gc=False, tag="g", array_like=True):
    """An ephemeral frame for the sockets that have the room in view, but not for `but`'s.

    One with a `topic` goes only to those whose user takes part in it (`Standing.topics`).
    """

    room: str
    text: bytes
    but: str | None = None
    topic: str | None = None


class Recheck(msgspec.Struct, gc=False, tag="r", array_like=True):
    """The user's rights, rooms or credentials changed: look again."""

    user: str


Signal = Event | Note | Glimpse | Recheck
