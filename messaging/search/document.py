"""What the index knows of a message: its words, and marks for what filters ask.

A mark is a word that nobody can write, for it begins with a colon: `:from=<id>`, `:has=link`. So
filters are looked up in the same index, in the same look, as words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from messaging.models import NOTICES, Kind, Message
from messaging.search.words import parts_of, texts_of

if TYPE_CHECKING:
    from messaging.store.rows import MessageRow

_LINK = re.compile(r"https?://\w|\bwww\.\w", re.IGNORECASE)
_FILES = frozenset({Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE})


class Document(NamedTuple):
    """A message as the index keeps it. `created_at` is where it stands: hits are sorted by it."""

    message_id: UUID
    room_id: UUID
    number: int
    created_at: datetime
    words: list[str]
    # What belongs to the message without being its text: options of a poll, parts of long names.
    extra: list[str]
    marks: list[str]


def mark(name: str, value: UUID | str) -> str:
    return f":{name}={value.hex if isinstance(value, UUID) else value}"


def document(
    *,
    message_id: UUID,
    room_id: UUID,
    number: int,
    created_at: datetime,
    kind: str,
    sender_id: UUID | None,
    content: str,
    mentions: Iterable[str] = (),
    poll: dict[str, Any] | None = None,
    pinned: bool = False,
) -> Document | None:
    """Return what to index of a message, or None for a notice of the room: nobody wrote it."""
    if kind in NOTICES:
        return None
    extra = parts_of(content)
    marks = [mark("from", sender_id)] if sender_id else []
    if kind in _FILES:
        marks += [mark("has", "file"), *([mark("has", kind)] if kind != Kind.FILE else [])]
    if _LINK.search(content):
        marks.append(mark("has", "link"))
    if poll is not None:
        marks.append(mark("has", "poll"))
        for option in poll["options"]:
            extra += texts_of(option["text"])
    if pinned:
        marks.append(mark("is", "pinned"))
    marks += [mark("mentions", value.replace("-", "")) for value in map(str, mentions)]
    return Document(message_id, room_id, number, created_at, texts_of(content), extra, marks)


def document_of(message: Message) -> Document | None:
    """Return what to index of a stored message as it is now; None: nothing of it can be found."""
    if message.deleted_at is not None:
        return None
    return document(
        message_id=message.id,
        room_id=message.room_id,
        number=message.number,
        created_at=message.created_at,
        kind=message.kind,
        sender_id=message.sender_id,
        content=message.content,
        mentions=message.mentions,
        poll=message.poll,
        pinned=message.pinned_at is not None,
    )


def documents_of_rows(rows: Iterable[MessageRow]) -> list[Document]:
    """Return what to index of messages that are about to be inserted."""
    made = (
        document(
            message_id=row.id,
            room_id=row.room_id,
            number=row.number,
            created_at=row.created_at,
            kind=row.kind,
            sender_id=row.sender_id,
            content=row.content,
            mentions=row.mentions,
            poll=row.poll,
        )
        for row in rows
    )
    return [each for each in made if each is not None]
