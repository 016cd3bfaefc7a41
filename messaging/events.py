"""From messages to the events that sockets get."""

from __future__ import annotations

from uuid import UUID

from messaging.models import Kind
from messaging.wire import MessageOut, encode_json
from realtime.events import Event, Note
from realtime.frames import frame

_EVENT_OF_KIND = {str(Kind.JOIN): "member.joined", str(Kind.LEAVE): "member.left"}
# In the metadata of what came from another system: its name.
IMPORTED = "imported"
# Events whose data is a whole message, as it is now; the web audience gets it rendered as well. The
# other entries of the log speak for themselves, in absolute terms.
MESSAGE_EVENTS = frozenset(
    {
        *("message.created", "message.edited", "message.deleted", "message.previewed", "poll.changed"),
        *("member.joined", "member.left"),
    }
)


def event_of(message: MessageOut, json: bytes | None = None, fragment: str | None = None) -> Event:
    """The event of a message's creation; a join or leave is its member's event.

    An imported one tells of another system's past: it ends nobody's membership here.
    """
    kind = "message.created" if IMPORTED in message.metadata else _EVENT_OF_KIND.get(message.kind, "message.created")
    subject = message.sender.id if kind != "message.created" and message.sender else None
    return Event(message.room, message.seq, kind, json or encode_json(message), fragment, subject)


def thread_note(user_id: UUID, room_id: UUID, root_id: UUID, *, following: bool, read: int, count: int) -> Note:
    """Tell a person's devices where they stand in a thread that has `count` replies."""
    unread = max(0, count - read) if following else 0
    return Note(
        str(user_id),
        frame("thread.read", room=str(room_id), root=str(root_id), following=following, index=read, unread=unread),
    )
