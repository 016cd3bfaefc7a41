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
from rooms.models import Invitation, Room, RoomQuerySet
from rooms.services.change import NO_ROOM
from rooms.services.inviting import NO_INVITATION

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
    permissions: dict[str, bool] | None = None


class OfMember(Command, kw_only=True):
    room: UUID
    user: UUID


class MemberBan(Command, kw_only=True):
    room: UUID
    user: UUID
    reason: str = ""
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Invite(Command, kw_only=True):
    room: UUID
    # Whom to ask; without it a link is made, with these limits.
    user: UUID | None = None
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    uses_max: int | None = None


class Answer(Command, kw_only=True):
    invitation: UUID
    accept: bool


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
    if fields.permissions is not None:
        given["permissions"] = fields.permissions
    if not given:
        raise Invalid("Give “role”, “muted_until” or “permissions”.")

    def change(user: User) -> object:
        room = _found(Room.objects.joined_by(user), fields.room)
        return shapes.members([services.change_member(user, room, fields.user, **given)])[0]

    await _do(connection, fields, change)


@command("member.add", OfMember, scope="write")
async def member_add(connection: Connection, fields: OfMember) -> None:
    def add(user: User) -> object:
        room = _found(Room.objects.joined_by(user), fields.room)
        return shapes.members(services.add_members(user, room, [fields.user]))[0]

    await _do(connection, fields, add)


@command("member.remove", OfMember, scope="write")
async def member_remove(connection: Connection, fields: OfMember) -> None:
    def remove(user: User) -> None:
        services.remove_member(user, _found(Room.objects.joined_by(user), fields.room), fields.user)

    await _do(connection, fields, remove)


@command("member.ban", MemberBan, scope="write")
async def member_ban(connection: Connection, fields: MemberBan) -> None:
    def ban(user: User) -> None:
        room = _found(Room.objects.joined_by(user), fields.room)
        services.ban(user, room, fields.user, reason=fields.reason, until=fields.until)

    await _do(connection, fields, ban)


@command("member.unban", OfMember, scope="write")
async def member_unban(connection: Connection, fields: OfMember) -> None:
    def unban(user: User) -> None:
        services.unban(user, _found(Room.objects.joined_by(user), fields.room), fields.user)

    await _do(connection, fields, unban)


@command("room.invite", Invite, scope="write")
async def room_invite(connection: Connection, fields: Invite) -> None:
    if fields.user is not None and (fields.expires_at is not None or fields.uses_max is not None):
        raise Invalid("An invitation of one person takes no limits: give “user” alone.")

    def invite(user: User) -> object:
        room = _found(Room.objects.joined_by(user), fields.room)
        if fields.user is not None:
            return shapes.invitation(services.invite(user, room, fields.user))
        made = services.invite_by_link(user, room, expires_at=fields.expires_at, uses_max=fields.uses_max)
        return shapes.invitation(made)

    await _do(connection, fields, invite)


@command("invitation.answer", Answer, scope="write")
async def invitation_answer(connection: Connection, fields: Answer) -> None:
    def answer(user: User) -> object:
        found = Invitation.objects.filter(user=user, pk=fields.invitation).select_related("room").first()
        if found is None:
            raise NotFound(NO_INVITATION)
        services.answer(user, found, accept=fields.accept)
        return shapes.invitation(found)

    await _do(connection, fields, answer)


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
