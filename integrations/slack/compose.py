"""From a Slack message to what is stored of it here: kind, text and metadata. Pure; no database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from integrations.slack.markup import Names, plain
from integrations.slack.shapes import Fields, SlackMessage
from messaging.models import Kind

_JOINS = frozenset({"channel_join", "group_join"})
_LEAVES = frozenset({"channel_leave", "group_leave"})
# What Slack tells of the room itself; with `channel_…` and `group_…`, which are all of this sort.
_NOTICES = frozenset(
    {
        "bot_add", "bot_remove", "bot_enable", "bot_disable", "pinned_item", "unpinned_item",
        "reminder_add", "app_conversation_join", "app_conversation_leave", "sh_room_created", "huddle_thread",
    }
)  # fmt: skip
# Messages of exports before 2018 whose text Slack wrote, about a file.
_FILE_NOTICES = frozenset({"file_share", "file_comment", "file_mention"})
# A message needs some text, and Slack has messages without any.
EMPTY = "(no text)"
PREVIEW_MAX = 2_000  # characters kept of a snippet's or a link's own text
_FENCE = "```"


@dataclass(frozen=True, slots=True)
class Composed:
    """`parts` is the text, cut where it is longer than a message may be; none of them is blank."""

    kind: Kind
    parts: list[str]
    metadata: dict[str, Any]


def compose(message: SlackMessage, names: Names, limit: int) -> Composed:
    """Say what is stored of a message; `limit` is the longest text in characters."""
    kind = _kind(message.subtype)
    text = message.text or ""
    author = message.author()
    if author and (kind is not Kind.TEXT or message.subtype in _FILE_NOTICES):
        # “<@U1> has joined the channel”: the name stands in front of the text already.
        text = re.sub(rf"\A<@{re.escape(author)}(\|[^>]*)?>:?\s*", "", text)
    written = plain(text, names).strip()
    pieces = [written]
    if not written:
        pieces.append(plain(_blocks_text(message.blocks), names))
    pieces += [plain(_attachment_text(each), names) for each in message.attachments or []]
    pieces += [f"File: {name}" for name in _file_names(message.files) if name not in written]
    content = "\n".join(piece.strip() for piece in pieces if piece.strip()) or EMPTY
    return Composed(kind, split(content, limit), _metadata(message))


def _kind(subtype: str | None) -> Kind:
    if subtype in _JOINS:
        return Kind.JOIN
    if subtype in _LEAVES:
        return Kind.LEAVE
    if subtype and (subtype in _NOTICES or subtype.startswith(("channel_", "group_"))):
        return Kind.SYSTEM
    return Kind.TEXT


def split(text: str, limit: int) -> list[str]:
    """Cut a text into parts of at most `limit` characters, at line ends or else spaces.

    A code block that is cut is closed in one part and opened again in the next.
    """
    parts = []
    while len(text) > limit:
        end = limit - len(_FENCE) - 1  # leave the place for closing a code block
        at = max(text.rfind("\n", end // 2, end), 0) or max(text.rfind(" ", end // 2, end), 0) or end
        part, text = text[:at], text[at:].removeprefix("\n").removeprefix(" ")
        if part.count(_FENCE) % 2:
            part, text = f"{part}\n{_FENCE}", f"{_FENCE}\n{text}"
        parts.append(part)
    parts.append(text)
    return [part for part in parts if part.strip()]


# --- What is not in `text` --------------------------------------------------------------------


def _attachment_text(attachment: Fields) -> str:
    """What a bot posted beside its text, or a message that somebody shared.

    The preview of a link is no text of anybody's: the link is in the message.
    """
    shared = attachment.get("is_msg_unfurl") or attachment.get("is_share")
    if not shared and (attachment.get("from_url") or attachment.get("original_url")):
        return ""
    title, link = _string(attachment, "title"), _string(attachment, "title_link")
    fields = [each for each in attachment.get("fields") or [] if isinstance(each, dict)]
    lines = [
        _string(attachment, "pretext"),
        _string(attachment, "author_name"),
        f"<{link}|{title}>" if link and title else title,
        _string(attachment, "text"),
        *(": ".join(filter(None, (_string(each, "title"), _string(each, "value")))) for each in fields),
    ]
    text = "\n".join(filter(None, lines))
    text = text or _blocks_text(attachment.get("blocks")) or _string(attachment, "fallback")
    text = text or _string(attachment, "image_url")
    return "\n".join(f"> {line}" for line in text.splitlines()) if shared else text


def _blocks_text(blocks: Any) -> str:
    return "\n".join(filter(None, _words(blocks))) if isinstance(blocks, list) else ""


def _words(node: Any) -> Iterator[str]:
    """The texts of Block Kit, in Slack's mark-up, a line each; what has no words gives none."""
    if isinstance(node, list):
        for each in node:
            yield from _words(each)
    if not isinstance(node, dict):
        return
    if node.get("type") == "rich_text_section":
        yield "".join(_span(each) for each in node.get("elements") or [] if isinstance(each, dict))
    elif isinstance(node.get("text"), str):
        yield node["text"]
    else:
        for key in ("title", "text", "fields", "elements"):
            yield from _words(node.get(key))


def _span(element: Fields) -> str:
    """A run of a line of rich text."""
    match element.get("type"):
        case "user":
            return f"<@{element.get('user_id')}>"
        case "channel":
            return f"<#{element.get('channel_id')}>"
        case "broadcast":
            return f"<!{element.get('range')}>"
        case "emoji":
            return f":{element.get('name')}:"
        case "link":
            url, label = _string(element, "url"), _string(element, "text")
            return f"<{url}|{label}>" if label else f"<{url}>"
        case _:
            return _string(element, "text")


def _file_names(files: list[Fields] | None) -> list[str]:
    return [_string(each, "title") or _string(each, "name") or "no longer available" for each in files or []]


def _string(fields: Fields, key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


# --- Metadata: what has no column of its own, kept for the features that will read it ---------


def _metadata(message: SlackMessage) -> dict[str, Any]:
    files = [*(message.files or []), *([message.file] if message.file else [])]
    kept = {
        "ts": message.ts,
        "subtype": message.subtype,
        "bot_id": message.bot_id,
        "username": message.username,
        "thread_ts": message.thread_ts,
        "edited": message.edited,
        "reactions": message.reactions,
        "files": [_file(each) for each in files],
        "links": [link for each in message.attachments or [] if (link := _preview(each))],
    }
    return {"imported": "slack", "slack": {key: value for key, value in kept.items() if value}}


def _file(file: Fields) -> dict[str, Any]:
    kept = {key: file.get(key) for key in ("id", "name", "title", "mimetype", "size", "mode")}
    # Without its query: that is a token, and it opens every file of the workspace.
    kept["url"] = (_string(file, "url_private") or _string(file, "permalink")).partition("?")[0]
    kept["preview"] = _string(file, "preview")[:PREVIEW_MAX]
    return {key: value for key, value in kept.items() if value}


def _preview(attachment: Fields) -> dict[str, str]:
    url = _string(attachment, "from_url") or _string(attachment, "original_url")
    if not url:
        return {}
    kept = {key: _string(attachment, key)[:PREVIEW_MAX] for key in ("service_name", "title", "text")}
    return {"url": url, **{key: value for key, value in kept.items() if value}}
