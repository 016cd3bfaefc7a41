"""The socket commands on presence: what is in view, who types, who is idle."""

from __future__ import annotations

import asyncio
import logging
from typing import Literal
from uuid import UUID

from redis.exceptions import RedisError

from accounts.models import User
from accounts.people import Person, person_of
from messaging.pacing import pace
from messaging.receipts import asking
from presence.tracker import get_tracker
from realtime import bus, pool
from realtime.commands import Command, command
from realtime.connection import Connection
from realtime.errors import NotFound
from realtime.events import Glimpse
from realtime.frames import frame
from realtime.hub import get_hub
from realtime.limits import Buckets
from rooms.models import Membership, RoomHead

logger = logging.getLogger(__name__)

# Rooms up to this size say who of them is here, and who is typing; in a crowd it is noise.
ROOM_MAX = 500
# A client says “on” again every few seconds while someone types; more often tells nothing new.
TYPING_BUCKETS = Buckets(rate=1, burst=4)
# “off” follows each “on” that was told of, and no more need to be told of either.
RESTING_BUCKETS = Buckets(rate=1, burst=4)


# Rooms that a person brings into view, in all tabs together: each is some queries.
VIEW_BUCKETS = Buckets(rate=5, burst=60)


class View(Command, kw_only=True):
    room: UUID | None


class Typing(Command, kw_only=True):
    room: UUID
    on: bool


class Status(Command, kw_only=True):
    status: Literal["active", "idle"]


@command("view", View)
async def view(connection: Connection, fields: View) -> None:
    """Follow the ephemeral side of a room, and answer how it is now."""
    room = str(fields.room) if fields.room else None
    if room is not None and room not in connection.rooms:
        raise NotFound("There is no such room.")
    pace(VIEW_BUCKETS, connection.identity.user_id, unthrottled=connection.identity.unthrottled)
    # Before reading: what changes meanwhile comes as a frame, before this answer or after it.
    get_hub().view(connection, room)
    statuses: dict[str, str] = {}
    typists: list[Person] = []
    receipts: dict[str, asking.Watermarks] = {}
    if room is not None:
        store, user = get_tracker().store, connection.identity.user_id
        writing = [each for each in await store.read_typing(room) if each != user]
        members, typists, receipts = await pool.run(_look, room, user, writing)
        statuses = await store.read(members)
    state = {"presence": statuses, "typing": typists, "receipts": receipts}
    connection.send(frame("viewing", **({"ref": fields.ref} if fields.ref else {}), room=room, **state))


def _look(room: str, user: str, writing: list[str]) -> tuple[list[str], list[Person], dict[str, asking.Watermarks]]:
    """Whose presence is shown (in a crowd nobody's), who types, and how far each has read."""
    receipts = asking.watermarks(room, user)
    if not RoomHead.objects.filter(room_id=room, member_count__lte=ROOM_MAX).exists():
        return [], [], receipts
    members = Membership.objects.current().filter(room_id=room)
    shown = [str(user_id) for user_id in members.values_list("user_id", flat=True)]
    typists = User.objects.filter(pk__in=set(writing).intersection(shown)) if writing else ()
    return shown, [person_of(each) for each in typists], receipts


@command("typing", Typing)
async def typing(connection: Connection, fields: Typing) -> None:
    """Tell those who have the room in view. Answers nothing, as PROTOCOL says."""
    room, user = str(fields.room), connection.identity.user_id
    if room not in connection.rooms:
        raise NotFound("There is no such room.")
    if (TYPING_BUCKETS if fields.on else RESTING_BUCKETS).take(user):
        return
    person = await pool.run(_person, user, room)
    if person is not None:
        bus.publish([Glimpse(room, frame("typing", room=room, user=person, on=fields.on), user)])
        # Not waited for: a Redis that hangs would hold up what this socket says next.
        task = asyncio.create_task(_keep_typing(room, user, fields.on))
        _keeping.add(task)
        task.add_done_callback(_keeping.discard)


# The loop itself holds its tasks only weakly.
_keeping: set[asyncio.Task[None]] = set()


async def _keep_typing(room: str, user: str, on: bool) -> None:
    try:
        await get_tracker().store.write_typing(room, user, on)
    except RedisError as error:
        logger.warning("who types did not reach the other processes: %s", error)


def _person(user: str, room: str) -> object | None:
    """Who types, as others see them; nobody where the room is a crowd."""
    if not RoomHead.objects.filter(room_id=room, member_count__lte=ROOM_MAX).exists():
        return None
    return person_of(User.objects.get(pk=user))


@command("presence", Status)
async def presence(connection: Connection, fields: Status) -> None:
    """The person behind this socket is active, or has left the keyboard."""
    idle = fields.status == "idle"
    if connection.idle != idle:
        connection.idle = idle
        get_tracker().touch(connection)
