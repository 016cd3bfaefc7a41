"""From a message to the `<li>` of the web client: one template for pages, history and live events.

Rendered by the process that stored the message, once for all readers. A fragment is therefore
viewer-neutral: what depends on the reader (mine, grouped, times, words) is the client's to add.

Most messages are a name and a text. What only some have (a quote, a poll, previews, reactions, a
thread) is rendered from templates of its own and only where there is any, so that all others do
not pay for it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.template import Context, Engine, Template
from django.templatetags.static import static
from django.utils.html import escape
from django.utils.safestring import SafeString

from accounts.avatars import hue, initials
from messaging import rendering
from messaging.models import NOTICES
from messaging.wire import EXCERPT_LENGTH, MessageOut

_NOTHING = SafeString("")


@cache
def _template(name: str) -> Template:
    """A compiled template, without the loader and the context processors of a page."""
    return Engine.get_default().get_template(f"messaging/{name}.html")


@cache
def _icons() -> str:
    return static("img/icons.svg")


def markup(message: MessageOut) -> SafeString:
    """Return the message's `<li>` for a page. `message.html` is trusted: `messaging.rendering` made it safe."""
    return _template("message").render(Context(_values(message)))


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
        "deleted": message.deleted_at,
        "facts": _facts(message),
        "marks": _marks(message),
        "above": _above(message),
        "below": _below(message),
    }


def _facts(message: MessageOut) -> SafeString:
    """What the client must know of the message beyond what it shows: attributes of the `<li>`."""
    thread = message.thread
    facts = ""
    if message.deleted_at:
        facts += " data-deleted"
    if message.edited_at:
        facts += f' data-edited="{message.edited_seq or ""}"'
    if message.pinned:
        facts += " data-pinned"
    if message.silent:
        facts += " data-silent"
    if message.mentions:
        facts += f' data-mentions="{escape(" ".join(message.mentions))}"'
    if thread is not None and thread.index is not None:
        facts += f' data-thread="{thread.root}" data-index="{thread.index}"'
    if not message.in_flow:
        facts += " data-thread-only"
    if message.poll is not None:
        facts += " data-poll"
    if message.kind in NOTICES and "by" in message.metadata:  # who came was added, who went was removed
        facts += f' data-by="{escape(message.metadata["by"])}"'
    if "what" in message.metadata:
        facts += f' data-what="{escape(json.dumps(message.metadata))}"'
    return SafeString(facts)


def _marks(message: MessageOut) -> SafeString:
    """Small words beside the time: edited, pinned, sent without a notification, also in a thread."""
    marks = ""
    if message.edited_at and not message.deleted_at:
        marks += f' <a class="message-mark message-edited" href="/m/{message.id}/revisions/" data-label="edited"></a>'
    if message.pinned:
        marks += ' <span class="message-mark is-pinned" data-label="pinned"></span>'
    if message.silent:
        marks += ' <span class="message-mark" data-label="silent"></span>'
    if message.in_flow and message.thread is not None and message.thread.index is not None:
        root = message.thread.root
        marks += f' <a class="message-mark is-in-thread" href="/m/{root}/" data-label="inThread"></a>'
    return SafeString(marks)


def _above(message: MessageOut) -> SafeString:
    forwarded = message.metadata.get("forwarded") if message.metadata else None
    if message.reply_to is None and not forwarded:
        return _NOTHING
    reply = message.reply_to
    words = _excerpt(reply.content) if reply is not None else ""
    return _part("above", {"forwarded": forwarded, "reply": reply, "words": words})


def _excerpt(content: str) -> str:
    """What a quote shows of the beginning that `ReplyOut` has."""
    return rendering.plain(content, EXCERPT_LENGTH, is_cut=len(content) == EXCERPT_LENGTH)


def _below(message: MessageOut) -> SafeString:
    thread = message.thread
    replies = thread.count if thread is not None and thread.index is None else 0
    if not (message.reactions or replies or message.poll or message.previews):
        return _NOTHING
    parts = {
        "reactions": message.reactions,
        "previews": message.previews,
        "poll": message.poll,
        "replies": replies,
    }
    return _part("below", parts)


def _part(name: str, values: dict[str, Any]) -> SafeString:
    return _template(name).render(Context({"icons": _icons(), **values}))
