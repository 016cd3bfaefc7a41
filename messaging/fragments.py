"""From a message to the `<li>` of the web client: one template for pages, history and live events.

Rendered by the process that stored the message, once for all readers. A fragment is therefore
viewer-neutral: what depends on the reader (mine, grouped, times, words) is the client's to add.
"""

from __future__ import annotations

from functools import cache

from django.template import Context, Engine, Template
from django.utils.safestring import SafeString

from accounts.avatars import hue, initials
from messaging.models import NOTICES
from messaging.wire import MessageOut


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
    """What the template shows. Flat and as text, since each look-up and conversion counts.

    Ids, numbers, kinds and times are the server's own writing, so `SafeString` spares them the
    escaping that names and addresses get.
    """
    sender = message.sender
    name = sender.display_name if sender else ""
    return {
        # The optimistic message has its client_id for a DOM id; the real one takes its place.
        "key": SafeString(message.client_id or message.id),
        "id": SafeString(message.id),
        "number": SafeString(message.number),
        "seq": SafeString(message.seq),
        "kind": SafeString(message.kind),
        "is_event": message.kind in NOTICES,
        "sender": SafeString(sender.id) if sender else "",
        "name": name,
        "avatar": sender.avatar if sender else None,
        "hue": SafeString(hue(sender.id)) if sender else "",
        "initials": initials(name),
        "at": SafeString(message.created_at),
        "html": SafeString(message.html),
        "reply": message.reply_to,
        "deleted": message.deleted_at,
        "edited": message.edited_at,
    }
