"""The socket commands on messages: thin, each ends in a service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

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


@command("message.edit", MessageEdit, scope="write")
async def message_edit(connection: Connection, fields: MessageEdit) -> None:
    cost = pacing.cost_of(fields.content)
    await change(connection, fields, services.edit, fields.message, fields.content, cost=cost, base_seq=fields.base_seq)


@command("message.delete", OfMessage, scope="write")
async def message_delete(connection: Connection, fields: OfMessage) -> None:
    await change(connection, fields, services.delete, fields.message)


@command("reaction.add", React, scope="write")
async def reaction_add(connection: Connection, fields: React) -> None:
    await change(connection, fields, services.react, fields.message, fields.emoji)


@command("reaction.remove", React, scope="write")
async def reaction_remove(connection: Connection, fields: React) -> None:
    await change(connection, fields, services.unreact, fields.message, fields.emoji)


@command("message.pin", OfMessage, scope="write")
async def message_pin(connection: Connection, fields: OfMessage) -> None:
    await change(connection, fields, services.pin, fields.message)


@command("message.unpin", OfMessage, scope="write")
async def message_unpin(connection: Connection, fields: OfMessage) -> None:
    await change(connection, fields, services.unpin, fields.message)


@command("poll.vote", Vote, scope="write")
async def poll_vote(connection: Connection, fields: Vote) -> None:
    await change(connection, fields, polls.vote, fields.message, fields.options)


@command("poll.close", OfMessage, scope="write")
async def poll_close(connection: Connection, fields: OfMessage) -> None:
    await change(connection, fields, polls.close, fields.message)


@command("preview.dismiss", PreviewDismiss, scope="write")
async def preview_dismiss(connection: Connection, fields: PreviewDismiss) -> None:
    await change(connection, fields, previews.dismiss, fields.message, url=fields.url)


async def change(
    connection: Connection,
    command: Command,
    verb: Callable[..., Struct | None],
    *args: Any,
    cost: float = 1,
    **options: Any,
) -> None:
    """Do what the verb does, in the name of the socket's user; answer with what it returns: how things stand then."""
    identity = connection.identity
    pacing.pace(pacing.CHANGE_BUCKETS, identity.user_id, unthrottled=identity.unthrottled, cost=cost)
    written = await pool.run(_as_user, identity.user_id, verb, args, options)
    connection.send(ack(command.ref or "", encode_json(written)))


def _as_user(
    user_id: str, verb: Callable[..., Struct | None], args: tuple[Any, ...], options: dict[str, Any]
) -> Struct | None:
    return verb(User.objects.active().get(pk=user_id), *args, **options)


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
