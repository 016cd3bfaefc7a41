"""What travels to sockets: log events, and notes that are not in the log. Encoded once.

`Event` is a durable change of a room, in the order of its `seq`. The rest is ephemeral: a
`Note` to all sockets of a user, a `Glimpse` or a `Glance` for those who have a room in view, a
`Recheck`, which asks hubs to compare a user's sockets with the database, and `News` among processes.
"""

from __future__ import annotations

from collections.abc import Collection

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
    """What a user does, for the sockets that have the room in view: not their own, nor those that do not see them.

    `near`: for those near the user only.
    """

    room: str
    text: bytes
    user: str
    near: bool = False


class Seen(msgspec.Struct, gc=False, array_like=True):
    """What a glance says of one user, as JSON; `near`: for those near them only."""

    value: bytes
    near: bool = False


class Glance(msgspec.Struct, gc=False, tag="l", array_like=True):
    """How some users of a room are, for the sockets that have it in view: each gets what it may see.

    With a `topic`, sockets that take part in it get it all (`Standing.topics`), those that take part
    in `near(topic)` what is about users near them, and the others nothing.
    """

    room: str
    kind: str
    field: str  # of the frame: an object by user
    users: dict[str, Seen]
    topic: str | None = None

    def text(self, users: Collection[str]) -> bytes:
        """The frame about these of its users."""
        values = b",".join(b'"%s":%s' % (user.encode(), self.users[user].value) for user in users)
        head = b'{"type":"%s","room":"%s"' % (self.kind.encode(), self.room.encode())
        return b'%s,"%s":{%s}}' % (head, self.field.encode(), values)


def near(topic: str) -> str:
    """The topic of those who take part in `topic` among the users near them only."""
    return f"{topic}:near"


class Recheck(msgspec.Struct, gc=False, tag="r", array_like=True):
    """The user's rights, rooms or credentials changed: look again."""

    user: str


class News(msgspec.Struct, gc=False, tag="w", array_like=True):
    """What processes tell each other, and no socket: that something about these keys is not as it was.

    For whoever registered for the kind with `realtime.hub.on_news`. A hint: the truth is elsewhere.
    """

    kind: str
    keys: list[str]


Signal = Event | Note | Glimpse | Glance | Recheck | News
