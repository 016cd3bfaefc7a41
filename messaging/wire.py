"""Messages as PROTOCOL writes them, for frames, REST and fragments alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from accounts.people import Person, person_of
from messaging.drafts import NewPoll
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


class ThreadOut(msgspec.Struct, frozen=True, gc=False):
    """Where a message stands in a thread: its root has no `index`, its replies count from 1.

    `count` is how many replies the thread has; of a reply, how many it had with this one.
    """

    root: Id
    count: int
    index: int | None


class ReactionOut(msgspec.Struct, gc=False, omit_defaults=True):
    """How many people reacted with an emoji. REST adds `me`: whether the asker did."""

    emoji: str
    count: int
    me: bool | msgspec.UnsetType = msgspec.UNSET


class OptionOut(msgspec.Struct, gc=False):
    text: str
    count: int


class PollOut(msgspec.Struct, gc=False):
    """A poll as all see it; its question is the message's content. `voters`: how many people voted."""

    options: list[OptionOut]
    multiple: bool
    anonymous: bool
    closes_at: Timestamp | None
    closed: bool
    voters: int


class PreviewOut(msgspec.Struct, gc=False):
    """What was found at an address that the message links to."""

    url: str
    title: str
    description: str
    site: str


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
    thread: ThreadOut | None
    attachments: list[Any]
    reactions: list[ReactionOut]
    # Ids of people, and the words “room” and “here”.
    mentions: list[str]
    poll: PollOut | None
    previews: list[PreviewOut]
    metadata: dict[str, Any]
    pinned: bool
    silent: bool
    # False: a reply that stands in its thread only.
    in_flow: bool
    # The log's number of the newest edit: what an editor gives as `base_seq`.
    edited_seq: int | None
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
        thread=_thread_out(message),
        attachments=[],
        reactions=[] if deleted else msgspec.convert(message.reactions, list[ReactionOut]),
        mentions=[] if deleted else message.mentions,
        poll=None if deleted or message.poll is None else msgspec.convert(message.poll, PollOut),
        previews=[] if deleted else msgspec.convert(message.previews, list[PreviewOut]),
        metadata=message.metadata,
        pinned=message.pinned_at is not None,
        silent=message.silent,
        in_flow=message.in_flow,
        edited_seq=message.edited_seq,
        edited_at=timestamp(message.edited_at) if message.edited_at else None,
        deleted_at=timestamp(message.deleted_at) if message.deleted_at else None,
        created_at=timestamp(message.created_at),
    )


def new_poll(poll: NewPoll) -> PollOut:
    """A poll as it begins: nobody has voted."""
    return PollOut(
        options=[OptionOut(option, 0) for option in poll.options],
        multiple=poll.multiple,
        anonymous=poll.anonymous,
        closes_at=timestamp(poll.closes_at) if poll.closes_at else None,
        closed=False,
        voters=0,
    )


def _thread_out(message: Message) -> ThreadOut | None:
    if message.thread_root_id is not None:
        # A reply's count is its own index: how many there were with it, and never stale.
        return ThreadOut(str(message.thread_root_id), message.thread_index or 0, message.thread_index)
    return ThreadOut(str(message.id), message.thread_count, None) if message.thread_count else None


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
    """Write messages whose senders are loaded; at most one query, for what they reply to.

    None where that has been loaded along (`reply_to__sender`).
    """
    messages = list(messages)
    wanted = {message.reply_to_id for message in messages if message.reply_to_id}
    known = {message.id: message for message in messages}
    for message in messages:
        if Message.reply_to.is_cached(message) and message.reply_to is not None:
            known[message.reply_to.id] = message.reply_to
    missing = wanted - known.keys()
    if missing:
        # db_constraint is off for replies, so a purged original is simply not found.
        known.update(Message.objects.above_the_floor().select_related("sender").in_bulk(missing))
    return [message_out(message, known) for message in messages]
