"""From a message to the `<li>` of the web client: one template for pages, history and live events.

Rendered by the process that stored the message, once for all readers. A fragment is therefore
viewer-neutral: what depends on the reader (mine, grouped, times, words) is the client's to add.
"""

from __future__ import annotations

from functools import cache

from django.template import Context, Engine, Template
from django.utils.safestring import SafeString, mark_safe

from accounts.avatars import hue, initials
from messaging.models import Kind
from messaging.wire import MessageOut

# Kinds that tell what happened in the room; they are drawn as one quiet line.
EVENT_KINDS = frozenset({Kind.SYSTEM.value, Kind.JOIN.value, Kind.LEAVE.value})


@cache
def _template() -> Template:
    """The compiled template, without the loader and the context processors of a page."""
    return Engine.get_default().get_template("messaging/message.html")


def markup(message: MessageOut) -> SafeString:
    """Return the message's `<li>` for a page. `message.html` is trusted: `messaging.rendering` escaped it."""
    return _template().render(Context(_values(message)))


def render(message: MessageOut) -> str:
    """Return the message's `<li>` for a frame: a plain str, since encoders take no subclass of it."""
    return "".join((markup(message),))


def _values(message: MessageOut) -> dict[str, object]:
    """What the template shows. Flat, and numbers as text: each look-up and conversion counts."""
    sender = message.sender
    name = sender.display_name if sender else ""
    return {
        # The optimistic message has its client_id for a DOM id; the real one takes its place.
        "key": message.client_id or message.id,
        "id": message.id,
        "number": str(message.number),
        "seq": str(message.seq),
        "kind": message.kind,
        "is_event": message.kind in EVENT_KINDS,
        "sender": sender.id if sender else "",
        "name": name,
        "avatar": sender.avatar if sender else None,
        "hue": str(hue(sender.id)) if sender else "",
        "initials": initials(name),
        "at": message.created_at,
        "html": mark_safe(message.html),  # noqa: S308 (escaped where it was rendered)
        "reply": message.reply_to,
        "deleted": message.deleted_at,
        "edited": message.edited_at,
    }
