"""The socket commands on presence: what is in view, whom one watches, who types, who is idle or not to be disturbed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from accounts import services
from accounts.availability import described
from accounts.models import Audience, Availability, User
from messaging.pacing import pace
from presence import looking
from presence.audience import candidates
from presence.states import OFF, OFFLINE, seen
from presence.tracker import get_tracker
from realtime import bus, pool
from realtime.commands import Command, command
from realtime.connection import Connection
from realtime.errors import Invalid, NotFound, RateLimited
from realtime.events import Glimpse
from realtime.frames import ack, encode_json, frame
from realtime.hub import get_hub
from realtime.limits import Buckets

# Whom a socket may show of a crowd, and beside its room.
PICKED_MAX = 200
WATCHED_MAX = 500
# A client says “on” again every few seconds while someone types; more often tells nothing new.
TYPING_BUCKETS = Buckets(rate=1, burst=4)
# “off” follows each “on” that was told of, and no more need to be told of either.
RESTING_BUCKETS = Buckets(rate=1, burst=4)


# Rooms that a person brings into view, in all tabs together: each is some queries.
VIEW_BUCKETS = Buckets(rate=5, burst=60)
# Each is some queries; a page says it once, and again when its lists change.
WATCH_BUCKETS = Buckets(rate=2, burst=20)
# Changing one's mind is one write each.
AVAILABILITY_BUCKETS = Buckets(rate=0.5, burst=10)


class View(Command, kw_only=True):
    room: UUID | None
    people: Annotated[list[UUID], msgspec.Meta(max_length=PICKED_MAX)] = []


class Watch(Command, kw_only=True):
    people: Annotated[list[UUID], msgspec.Meta(max_length=WATCHED_MAX)]


class Typing(Command, kw_only=True):
    room: UUID
    on: bool


class Status(Command, kw_only=True):
    status: Literal["active", "idle"]


class AvailabilitySet(Command, kw_only=True):
    availability: Availability
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@command("view", View)
async def view(connection: Connection, fields: View) -> None:
    """Follow the ephemeral side of a room, and answer how it is now."""
    room = str(fields.room) if fields.room else None
    if room is not None and room not in connection.rooms:
        raise NotFound("There is no such room.")
    pace(VIEW_BUCKETS, connection.identity.user_id, unthrottled=connection.identity.unthrottled)
    tracker, hub = get_tracker(), get_hub()
    before = connection.viewing
    # Before reading: what changes meanwhile comes as a frame, before this answer or after it.
    hub.view(connection, room)
    ref = {"ref": fields.ref} if fields.ref else {}
    if room is None:
        tracker.audience.leave_room(connection)
        tracker.turned(connection, before)
        nothing = {"presence": {}, "participants": {"count": 0, "people": []}, "typing": [], "receipts": {}}
        connection.send(frame("viewing", **ref, room=None, **nothing))
        return
    user = connection.identity.user_id
    writing = [each for each in await tracker.store.read_typing(room) if each != user]
    opened = await tracker.audience.opened(room)
    picked = [str(each) for each in fields.people]
    found = await pool.run(looking.look, room, user, picked=picked, writing=writing, named=[*candidates(opened)])
    if connection.ended:
        return
    if room not in connection.rooms:  # lost meanwhile
        raise NotFound("There is no such room.")
    tracker.audience.view(
        connection,
        room,
        members=found.roster.members,
        is_crowd=found.roster.is_crowd,
        picked=found.picked,
        opened=opened,
    )
    tracker.turned(connection, before)
    states = await tracker.audience.states(found.roster.members | found.picked)
    shown = {each: seen(each, states[each], connection, user) for each in found.allowed}
    connection.send(
        frame(
            "viewing",
            **ref,
            room=room,
            presence={each: status for each, status in shown.items() if status != OFFLINE},
            participants=tracker.audience.participants_for(connection, opened, found.faces),
            typing=found.typists,
            receipts=found.receipts,
        )
    )


@command("watch", Watch)
async def watch(connection: Connection, fields: Watch) -> None:
    """Show these people beside the room in view, in place of those before; answer how they are now."""
    identity = connection.identity
    if not identity.unthrottled and (wait := WATCH_BUCKETS.take(identity.user_id)):
        raise RateLimited("You change whom you watch very often. Wait a moment.", retry_after=wait)
    people, allowed = await pool.run(_watched, identity.user_id, fields.people)
    if connection.ended:
        return
    tracker = get_tracker()
    tracker.audience.watch(connection, people)
    states = await tracker.audience.states(people)
    shown = {each: seen(each, states.get(each, OFF), connection, identity.user_id) for each in allowed}
    connection.send(
        frame(
            "watching",
            **({"ref": fields.ref} if fields.ref else {}),
            statuses={each: status for each, status in shown.items() if status != OFFLINE},
            own=described(connection.manner),
        )
    )


def _watched(viewer: str, people: list[UUID]) -> tuple[frozenset[str], frozenset[str]]:
    met = looking.meeting(viewer, people) if people else frozenset()
    return met, looking.allowed(viewer, met) if met else met


@command("typing", Typing)
async def typing(connection: Connection, fields: Typing) -> None:
    """Tell those who have the room in view, and may know that this person is here. Answers nothing."""
    room, user = str(fields.room), connection.identity.user_id
    if room not in connection.rooms:
        raise NotFound("There is no such room.")
    if (TYPING_BUCKETS if fields.on else RESTING_BUCKETS).take(user):
        return
    state = get_tracker().state(user)
    if state.public == OFFLINE or state.audience == Audience.NOBODY:
        return
    person = await pool.run(looking.typist, user, room)
    if person is not None:
        text = frame("typing", room=room, user=person, on=fields.on)
        bus.publish([Glimpse(room, text, user, near=state.audience == Audience.CONTACTS)])
        # Not waited for: a Redis that hangs would hold up what this socket says next.
        task = asyncio.create_task(get_tracker().store.write_typing(room, user, fields.on))
        _keeping.add(task)
        task.add_done_callback(_keeping.discard)


# The loop itself holds its tasks only weakly.
_keeping: set[asyncio.Task[None]] = set()


@command("presence", Status)
async def presence(connection: Connection, fields: Status) -> None:
    """The person behind this socket is active, or has left the keyboard."""
    idle = fields.status == "idle"
    if connection.idle != idle:
        connection.idle = idle
        get_tracker().touch(connection)


@command("availability.set", AvailabilitySet, scope="write")
async def availability_set(connection: Connection, fields: AvailabilitySet) -> None:
    """Say whether one may be disturbed; all one's sockets hear of it as `availability`."""
    if fields.ref is None:
        raise Invalid("“ref” is needed for the answer.")
    identity = connection.identity
    if not identity.unthrottled and (wait := AVAILABILITY_BUCKETS.take(identity.user_id)):
        raise RateLimited("You change this very often. Wait a moment.", retry_after=wait)
    said = await pool.run(_set_availability, identity.user_id, fields.availability, fields.until)
    connection.send(ack(fields.ref, encode_json(said)))


def _set_availability(user: str, availability: Availability, until: datetime | None) -> dict[str, str | None]:
    return described(services.set_availability(User.objects.get(pk=user), availability, until))
