"""The socket commands on what people keep for themselves and send on: threads that they follow, saved
messages, forwards, messages to be sent later. Each does what its call of the REST API does."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Struct

from accounts.models import User
from messaging import forwarding, saved, scheduled, services
from messaging.commands.messages import OfMessage, change, client_id_of
from messaging.forwarding import ForwardList
from messaging.models import ThreadFollow
from messaging.scheduled import ScheduledOut
from realtime.commands import Command, command
from realtime.connection import Connection

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ThreadRead(Command, kw_only=True):
    message: UUID
    index: Annotated[int, msgspec.Meta(ge=0)]


class Save(Command, kw_only=True):
    message: UUID
    note: str = ""


class Forward(Command, kw_only=True):
    message: UUID
    rooms: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=forwarding.ROOMS_MAX)]
    comment: str = ""


class ScheduledCreate(Command, kw_only=True):
    room: UUID
    content: str
    send_at: _Moment
    reply_to: UUID | None = None
    thread: UUID | None = None
    silent: bool = False


class ScheduledChange(Command, kw_only=True):
    scheduled: UUID
    content: str | None = None
    send_at: _Moment | None = None
    silent: bool | None = None


class OfScheduled(Command, kw_only=True):
    scheduled: UUID


class Following(Struct, gc=False):
    """Whether the user is told of a thread's replies, and how far they have read it."""

    following: bool
    read_index: int


@command("thread.follow", OfMessage, scope="write")
async def thread_follow(connection: Connection, fields: OfMessage) -> None:
    await change(connection, fields, lambda user: _standing(services.follow(user, fields.message)))


@command("thread.unfollow", OfMessage, scope="write")
async def thread_unfollow(connection: Connection, fields: OfMessage) -> None:
    await change(connection, fields, lambda user: _standing(services.unfollow(user, fields.message)))


@command("thread.read", ThreadRead)
async def thread_read(connection: Connection, fields: ThreadRead) -> None:
    await change(
        connection, fields, lambda user: _standing(services.mark_thread_read(user, fields.message, fields.index))
    )


@command("message.save", Save, scope="write")
async def message_save(connection: Connection, fields: Save) -> None:
    await change(connection, fields, saved.save, fields.message, fields.note)


@command("message.unsave", OfMessage, scope="write")
async def message_unsave(connection: Connection, fields: OfMessage) -> None:
    await change(connection, fields, saved.unsave, fields.message)


@command("message.forward", Forward, scope="write")
async def message_forward(connection: Connection, fields: Forward) -> None:
    client_id = client_id_of(fields)

    def forward(user: User) -> ForwardList:
        results = forwarding.forward(user, fields.message, fields.rooms, client_id=client_id, comment=fields.comment)
        return forwarding.forward_out(results)

    await change(connection, fields, forward)


@command("scheduled.create", ScheduledCreate, scope="write")
async def scheduled_create(connection: Connection, fields: ScheduledCreate) -> None:
    plan = scheduled.Plan(
        room_id=fields.room,
        content=fields.content,
        send_at=fields.send_at,
        reply_to=fields.reply_to,
        thread=fields.thread,
        silent=fields.silent,
        client_id=client_id_of(fields),
    )
    await change(connection, fields, scheduled.create, plan)


@command("scheduled.change", ScheduledChange, scope="write")
async def scheduled_change(connection: Connection, fields: ScheduledChange) -> None:
    def edit(user: User) -> ScheduledOut:
        return scheduled.change(
            user, fields.scheduled, content=fields.content, send_at=fields.send_at, silent=fields.silent
        )

    await change(connection, fields, edit)


@command("scheduled.cancel", OfScheduled, scope="write")
async def scheduled_cancel(connection: Connection, fields: OfScheduled) -> None:
    await change(connection, fields, scheduled.cancel, fields.scheduled)


def _standing(held: ThreadFollow) -> Following:
    return Following(held.following, held.read_index)
