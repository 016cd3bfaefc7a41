"""Messages as PROTOCOL writes them, for frames, REST and fragments alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from accounts.people import Person, person_of
from messaging.models import Message
from realtime.values import Id, Timestamp, timestamp

# A reply shows the beginning of what it answers; the whole is one jump away.
EXCERPT_LENGTH = 200


class ReplyOut(msgspec.Struct, frozen=True, gc=False):
    """What a reply shows of the message that it answers."""

    id: Id
    number: int
    sender: Person | None
    content: str
    deleted: bool


class MessageOut(msgspec.Struct, gc=False):
    """A message of PROTOCOL. The same for every reader: `me` is added by REST where it is due."""

    id: Id
    room: Id
    seq: int
    number: int
    kind: str
    sender: Person | None
    content: str
    html: str
    client_id: Id | None
    reply_to: ReplyOut | None
    thread: None
    attachments: list[Any]
    reactions: list[Any]
    mentions: list[Any]
    metadata: dict[str, Any]
    pinned: bool
    edited_at: Timestamp | None
    deleted_at: Timestamp | None
    created_at: Timestamp


encode_json = msgspec.json.Encoder().encode
decode_message = msgspec.json.Decoder(MessageOut).decode


def message_out(message: Message, replied: Mapping[UUID, Message]) -> MessageOut:
    """Write a stored message; its `sender` is loaded, its `reply_to` is looked up in `replied`."""
    deleted = message.deleted_at is not None
    return MessageOut(
        id=str(message.id),
        room=str(message.room_id),
        seq=message.seq,
        number=message.number,
        kind=message.kind,
        sender=person_of(message.sender) if message.sender else None,
        content="" if deleted else message.content,
        html="" if deleted else message.html,
        client_id=str(message.client_id) if message.client_id else None,
        reply_to=reply_out(message.reply_to_id, replied),
        thread=None,
        attachments=[],
        reactions=[],
        mentions=[],
        metadata=message.metadata,
        pinned=False,
        edited_at=timestamp(message.edited_at) if message.edited_at else None,
        deleted_at=timestamp(message.deleted_at) if message.deleted_at else None,
        created_at=timestamp(message.created_at),
    )


def reply_out(message_id: UUID | None, replied: Mapping[UUID, Message]) -> ReplyOut | None:
    if message_id is None or (original := replied.get(message_id)) is None:
        return None
    deleted = original.deleted_at is not None
    return ReplyOut(
        id=str(original.id),
        number=original.number,
        sender=person_of(original.sender) if original.sender else None,
        content="" if deleted else original.content[:EXCERPT_LENGTH],
        deleted=deleted,
    )


def messages_out(messages: Iterable[Message]) -> list[MessageOut]:
    """Write messages whose senders are loaded; at most one query, for what they reply to."""
    messages = list(messages)
    wanted = {message.reply_to_id for message in messages if message.reply_to_id}
    known = {message.id: message for message in messages}
    missing = wanted - known.keys()
    if missing:
        # db_constraint is off for replies, so a purged original is simply not found.
        known.update(Message.objects.select_related("sender").in_bulk(missing))
    return [message_out(message, known) for message in messages]
