"""What goes out over REST about messages. A message itself is `messaging.wire.MessageOut`."""

from __future__ import annotations

import msgspec

from messaging.wire import MessageOut
from realtime.values import Id


class MessagePage(msgspec.Struct, gc=False):
    """Messages in ascending order. What changed after `as_of_seq` may or may not be in them."""

    results: list[MessageOut]
    has_before: bool
    has_after: bool
    as_of_seq: int


class LogEvent(msgspec.Struct, gc=False):
    """An event as the socket would have it; its message is shown as it is now."""

    type: str
    room: Id
    seq: int
    data: msgspec.Raw


class LogPage(msgspec.Struct, gc=False):
    """Events in order. Ask again `after=next_after` until that is `as_of_seq`, the end of the log."""

    results: list[LogEvent]
    next_after: int
    as_of_seq: int
    floor_seq: int
    epoch: Id


class Position(msgspec.Struct, gc=False):
    """Where the user stands in the room now."""

    number: int
    unread: int
    mentions: int
