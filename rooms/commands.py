"""The socket commands on rooms: settings, joining, leaving, roles. Each does what its call of the REST API does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from accounts.models import User
from realtime import pool
from realtime.commands import Command, command
from realtime.connection import Connection
from realtime.errors import Invalid, NotFound, RateLimited
from realtime.frames import ack
from realtime.limits import Buckets
from rooms import services
from rooms.api import shapes
from rooms.models import Room, RoomQuerySet
from rooms.services.change import NO_ROOM

# Changes a second that a person makes of rooms for long, and at once: each is an entry for all members.
ROOM_BUCKETS = Buckets(rate=1, burst=30)


class RoomChange(Command, kw_only=True):
    room: UUID
    name: str | None = None
    topic: str | None = None
    slug: str | None = None
    settings: dict[str, Any] | None = None
    archived: bool | None = None


class OfRoom(Command, kw_only=True):
    room: UUID


class MemberChange(Command, kw_only=True):
    room: UUID
    user: UUID
    role: Literal["admin", "moderator", "member"] | None = None
    # null lets them write again; left out, it stays.
    muted_until: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType | None = msgspec.UNSET


@command("room.change", RoomChange, scope="write")
async def room_change(connection: Connection, fields: RoomChange) -> None:
    names = ("name", "topic", "slug", "settings", "archived")
    given = {name: value for name in names if (value := getattr(fields, name)) is not None}
    if not given:
        raise Invalid("Give something to change.")

    def change(user: User) -> object:
        room = _found(Room.objects.visible_to(user), fields.room)
        return shapes.detail(user, services.change_room(user, room, **given))

    await _do(connection, fields, change)


@command("room.join", OfRoom, scope="write")
async def room_join(connection: Connection, fields: OfRoom) -> None:
    def join(user: User) -> object:
        return shapes.detail(user, services.join(user, _found(Room.objects.visible_to(user), fields.room)).room)

    await _do(connection, fields, join)


@command("room.leave", OfRoom, scope="write")
async def room_leave(connection: Connection, fields: OfRoom) -> None:
    def leave(user: User) -> None:
        services.leave(user, _found(Room.objects.joined_by(user), fields.room))

    await _do(connection, fields, leave)


@command("member.change", MemberChange, scope="write")
async def member_change(connection: Connection, fields: MemberChange) -> None:
    given: dict[str, Any] = {"role": fields.role} if fields.role is not None else {}
    if fields.muted_until is not msgspec.UNSET:
        given["muted_until"] = fields.muted_until
    if not given:
        raise Invalid("Give “role” or “muted_until”.")

    def change(user: User) -> object:
        room = _found(Room.objects.joined_by(user), fields.room)
        return shapes.members([services.change_member(user, room, fields.user, **given)])[0]

    await _do(connection, fields, change)


async def _do(connection: Connection, command: Command, work: Callable[[User], object]) -> None:
    """Do the work in the name of the socket's user, and answer with what it returns."""
    identity = connection.identity
    if not identity.unthrottled and (wait := ROOM_BUCKETS.take(identity.user_id)):
        raise RateLimited("You are changing rooms very fast. Wait a moment.", retry_after=round(wait, 3))
    written = await pool.run(_as_user, identity.user_id, work)
    connection.send(ack(command.ref or "", msgspec.json.encode(written)))


def _as_user(user_id: str, work: Callable[[User], object]) -> object:
    return work(User.objects.active().get(pk=user_id))


def _found(rooms: RoomQuerySet, room_id: UUID) -> Room:
    """The room, if it is among these. NotFound."""
    room = rooms.filter(pk=room_id).select_related("head").first()
    if room is None:
        raise NotFound(NO_ROOM)
    return room
