"""Rooms over the socket: made, changed, joined, left, given away, deleted."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from accounts.doing import does, given
from accounts.models import User
from realtime.commands import Command
from rooms import services
from rooms.api import shapes
from rooms.commands.reaching import PACE, OfMember, OfRoom, joined, visible
from rooms.models import Kind
from rooms.services.membership import ADDED_AT_ONCE_MAX

_Seen = shapes.RoomDetail | shapes.ListedRoom


class RoomCreate(Command, kw_only=True):
    kind: Kind
    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    members: Annotated[list[UUID], msgspec.Meta(max_length=ADDED_AT_ONCE_MAX)] | UnsetType = UNSET


class RoomChange(Command, kw_only=True):
    room: UUID
    name: str | None = None
    topic: str | None = None
    slug: str | None = None
    settings: dict[str, Any] | None = None
    archived: bool | None = None


@does("room.create", RoomCreate, pace=PACE)
def room_create(user: User, fields: RoomCreate) -> _Seen:
    chosen = given(fields, "name", "slug", "topic", "members")
    return shapes.detail(user, services.make_room(user, kind=fields.kind, **chosen)[0])


@does("room.change", RoomChange, pace=PACE)
def room_change(user: User, fields: RoomChange) -> _Seen:
    names = ("name", "topic", "slug", "settings", "archived")
    changes = {name: value for name in names if (value := getattr(fields, name)) is not None}
    return shapes.detail(user, services.change_room(user, visible(user, fields.room), **changes))


@does("room.join", OfRoom, pace=PACE)
def room_join(user: User, fields: OfRoom) -> _Seen:
    return shapes.detail(user, services.join(user, visible(user, fields.room)).room)


@does("room.leave", OfRoom, pace=PACE)
def room_leave(user: User, fields: OfRoom) -> None:
    services.leave(user, joined(user, fields.room))


@does("room.transfer", OfMember, pace=PACE)
def room_transfer(user: User, fields: OfMember) -> shapes.Member:
    return shapes.members([services.transfer(user, joined(user, fields.room), fields.user)])[0]


@does("room.delete", OfRoom, pace=PACE)
def room_delete(user: User, fields: OfRoom) -> None:
    services.delete_room(user, visible(user, fields.room))
