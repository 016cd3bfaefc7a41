"""The socket commands on what people keep for themselves and send on: threads that they follow, saved
messages, forwards, messages to be sent later. Each does what its call of the REST API does."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Struct

from accounts.doing import does
from accounts.models import User
from messaging import forwarding, saved, scheduled, services
from messaging.commands.messages import OfMessage, client_id_of, pace_change
from messaging.forwarding import ForwardList
from messaging.models import ThreadFollow
from messaging.scheduled import ScheduledOut
from realtime.commands import Command

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


@does("thread.follow", OfMessage, pace=pace_change)
def thread_follow(user: User, fields: OfMessage) -> Following:
    return _standing(services.follow(user, fields.message))


@does("thread.unfollow", OfMessage, pace=pace_change)
def thread_unfollow(user: User, fields: OfMessage) -> Following:
    return _standing(services.unfollow(user, fields.message))


@does("thread.read", ThreadRead, pace=pace_change, scope="read")
def thread_read(user: User, fields: ThreadRead) -> Following:
    return _standing(services.mark_thread_read(user, fields.message, fields.index))


@does("message.save", Save, pace=pace_change)
def message_save(user: User, fields: Save) -> Any:
    return saved.save(user, fields.message, fields.note)


@does("message.unsave", OfMessage, pace=pace_change)
def message_unsave(user: User, fields: OfMessage) -> Any:
    return saved.unsave(user, fields.message)


@does("message.forward", Forward, pace=pace_change)
def message_forward(user: User, fields: Forward) -> ForwardList:
    client_id = client_id_of(fields)
    results = forwarding.forward(user, fields.message, fields.rooms, client_id=client_id, comment=fields.comment)
    return forwarding.forward_out(results)


@does("scheduled.create", ScheduledCreate, pace=pace_change)
def scheduled_create(user: User, fields: ScheduledCreate) -> ScheduledOut:
    plan = scheduled.Plan(
        room_id=fields.room,
        content=fields.content,
        send_at=fields.send_at,
        reply_to=fields.reply_to,
        thread=fields.thread,
        silent=fields.silent,
        client_id=client_id_of(fields),
    )
    return scheduled.create(user, plan)


@does("scheduled.change", ScheduledChange, pace=pace_change)
def scheduled_change(user: User, fields: ScheduledChange) -> ScheduledOut:
    return scheduled.change(
        user, fields.scheduled, content=fields.content, send_at=fields.send_at, silent=fields.silent
    )


@does("scheduled.cancel", OfScheduled, pace=pace_change)
def scheduled_cancel(user: User, fields: OfScheduled) -> Any:
    return scheduled.cancel(user, fields.scheduled)


def _standing(held: ThreadFollow) -> Following:
    return Following(held.following, held.read_index)
