"""The socket commands on messages: thin, each ends in a service."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from accounts.doing import does
from accounts.models import User
from messaging import composing, pacing, polls, services
from messaging.append import Outcome
from messaging.drafts import POLL_OPTIONS_MAX, Draft, NewPoll
from messaging.previews import work as previews
from messaging.wire import encode_json
from messaging.writer import Writer
from realtime import pool
from realtime.commands import Command, command
from realtime.connection import Connection
from realtime.errors import Invalid, RateLimited
from realtime.frames import ack
from realtime.hub import on_stop
from realtime.identity import Identity

# Sends of one socket that may be under way; a client that pipelines more is asked to wait.
PENDING_MAX = 1_000


class MessageSend(Command, kw_only=True):
    room: UUID
    content: str
    reply_to: UUID | None = None
    thread: UUID | None = None
    silent: bool = False
    poll: NewPoll | None = None
    attachments: list[Any] = []
    client_time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    attempt: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None


class MessageEdit(Command, kw_only=True):
    message: UUID
    content: str
    base_seq: Annotated[int, msgspec.Meta(ge=1)] | None = None


class OfMessage(Command, kw_only=True):
    message: UUID


class React(Command, kw_only=True):
    message: UUID
    emoji: str


class Vote(Command, kw_only=True):
    message: UUID
    options: Annotated[list[int], msgspec.Meta(max_length=POLL_OPTIONS_MAX)]


class PreviewDismiss(Command, kw_only=True):
    message: UUID
    url: str


class DraftSet(Command, kw_only=True):
    room: UUID
    content: str
    thread: UUID | None = None
    reply_to: UUID | None = None


class Read(Command, kw_only=True):
    room: UUID
    number: int | None = None
    unread_from: int | None = None


def client_id_of(command: Command) -> UUID:
    """The `ref` of a command that is carried out once however often it comes. Invalid: it is no UUID."""
    try:
        return UUID(command.ref or "")
    except ValueError:
        raise Invalid("“ref” must be a UUID: it is the message's client_id.") from None


@command("message.send", MessageSend, scope="write")
async def message_send(connection: Connection, fields: MessageSend) -> None:
    """Hand the draft to the writer and return: the next command need not wait for the COMMIT."""
    client_id = client_id_of(fields)
    if fields.attachments:
        raise Invalid("There are no such attachments.")
    identity = connection.identity
    pacing.pace(
        pacing.MESSAGE_BUCKETS,
        identity.user_id,
        unthrottled=identity.unthrottled,
        cost=pacing.cost_of(fields.content),
    )
    if connection.pending >= PENDING_MAX:
        raise RateLimited("Too many of your messages are under way.", retry_after=0.1)
    draft = Draft(
        room_id=fields.room,
        sender_id=UUID(identity.user_id),
        content=fields.content,
        client_id=client_id,
        reply_to=fields.reply_to,
        thread=fields.thread,
        silent=fields.silent,
        poll=fields.poll,
        client_time=fields.client_time,
        # Kept, so that a client's retries can be told from its first tries.
        metadata={"attempt": fields.attempt} if fields.attempt else {},
    )
    _writer().submit(draft, partial(_answer, connection, fields.ref or ""))
    connection.pending += 1


def _answer(connection: Connection, ref: str, outcome: Outcome) -> None:
    connection.pending -= 1
    if outcome.error is not None:
        connection.refuse(outcome.error, ref)
    else:
        connection.send(ack(ref, outcome.json or encode_json(outcome.message)))


def pace_change(identity: Identity, _: Command) -> None:
    """Edits, reactions and the like."""
    pacing.pace(pacing.CHANGE_BUCKETS, identity.user_id, unthrottled=identity.unthrottled)


def _pace_edit(identity: Identity, fields: MessageEdit) -> None:
    cost = pacing.cost_of(fields.content)
    pacing.pace(pacing.CHANGE_BUCKETS, identity.user_id, unthrottled=identity.unthrottled, cost=cost)


@does("message.edit", MessageEdit, pace=_pace_edit)
def message_edit(user: User, fields: MessageEdit) -> Any:
    return services.edit(user, fields.message, fields.content, base_seq=fields.base_seq)


@does("message.delete", OfMessage, pace=pace_change)
def message_delete(user: User, fields: OfMessage) -> Any:
    return services.delete(user, fields.message)


@does("reaction.add", React, pace=pace_change)
def reaction_add(user: User, fields: React) -> Any:
    return services.react(user, fields.message, fields.emoji)


@does("reaction.remove", React, pace=pace_change)
def reaction_remove(user: User, fields: React) -> Any:
    return services.unreact(user, fields.message, fields.emoji)


@does("message.pin", OfMessage, pace=pace_change)
def message_pin(user: User, fields: OfMessage) -> Any:
    return services.pin(user, fields.message)


@does("message.unpin", OfMessage, pace=pace_change)
def message_unpin(user: User, fields: OfMessage) -> Any:
    return services.unpin(user, fields.message)


@does("poll.vote", Vote, pace=pace_change)
def poll_vote(user: User, fields: Vote) -> Any:
    return polls.vote(user, fields.message, fields.options)


@does("poll.close", OfMessage, pace=pace_change)
def poll_close(user: User, fields: OfMessage) -> Any:
    return polls.close(user, fields.message)


@does("preview.dismiss", PreviewDismiss, pace=pace_change)
def preview_dismiss(user: User, fields: PreviewDismiss) -> Any:
    return previews.dismiss(user, fields.message, url=fields.url)


@command("draft.set", DraftSet, scope="write")
async def draft_set(connection: Connection, fields: DraftSet) -> None:
    """Keep what is being written. The client waits a moment after each key, and sends the last of it."""
    identity = connection.identity
    pacing.pace(pacing.DRAFT_BUCKETS, identity.user_id, unthrottled=identity.unthrottled)
    written = await pool.run(
        composing.set_draft,
        UUID(identity.user_id),
        fields.room,
        fields.content,
        thread=fields.thread,
        reply_to=fields.reply_to,
        connection_id=connection.id,
    )
    connection.send(ack(fields.ref or "", encode_json(written)))


@command("read", Read)
async def read(connection: Connection, fields: Read) -> None:
    identity = connection.identity
    pacing.pace(pacing.READ_BUCKETS, identity.user_id, unthrottled=identity.unthrottled)
    position = await pool.run(
        services.mark_read,
        UUID(identity.user_id),
        fields.room,
        number=fields.number,
        unread_from=fields.unread_from,
    )
    connection.send(ack(fields.ref or "", encode_json(position)))


_writers: WeakKeyDictionary[asyncio.AbstractEventLoop, Writer] = WeakKeyDictionary()


def _writer() -> Writer:
    """The writer of the running loop, started with the first send."""
    loop = asyncio.get_running_loop()
    writer = _writers.get(loop)
    if writer is None:
        writer = _writers[loop] = Writer(loop)
    return writer


@on_stop
async def _stop_writer() -> None:
    """Before the server ends: what clients were told was taken is stored, and answered."""
    loop = asyncio.get_running_loop()
    if writer := _writers.pop(loop, None):
        await loop.run_in_executor(None, writer.stop)
