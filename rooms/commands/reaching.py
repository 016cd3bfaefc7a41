"""What the commands on rooms share: the way from an id to a room, and how fast a person may change any."""

from __future__ import annotations

from uuid import UUID

from accounts.doing import paced
from accounts.models import User
from realtime.commands import Command
from realtime.errors import NotFound
from realtime.limits import Buckets
from rooms.models import Room, RoomQuerySet
from rooms.services.change import NO_ROOM

# Changes a second that a person makes of rooms for long, and at once: each is an entry for all members.
PACE = paced(Buckets(rate=1, burst=30))


class OfRoom(Command, kw_only=True):
    room: UUID


class OfMember(Command, kw_only=True):
    room: UUID
    user: UUID


def visible(user: User, room_id: UUID) -> Room:
    """The room, if the user may know of it. NotFound."""
    return _found(Room.objects.visible_to(user), room_id)


def joined(user: User, room_id: UUID) -> Room:
    """The room, if the user is in it. NotFound."""
    return _found(Room.objects.joined_by(user), room_id)


def _found(rooms: RoomQuerySet, room_id: UUID) -> Room:
    room = rooms.filter(pk=room_id).select_related("head").first()
    if room is None:
        raise NotFound(NO_ROOM)
    return room
