"""What surrounds every signed-in page: the side bar, and what the client starts from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from accounts import guests
from accounts.models import User
from accounts.people import person_of
from rooms.models import Invitation, Kind, LogEpoch, Room
from rooms.sidebar import Group, groups, sections_of
from rooms.summaries import RoomSummary, direct_name, people_of_rooms, summaries


@dataclass(frozen=True, slots=True)
class Shell:
    """The user's rooms as the side bar lists them, and the open one among them, if any."""

    groups: list[Group]  # rooms by name: a list that reorders itself cannot be learnt
    here: RoomSummary | None
    invitations: int  # into rooms, on which the user's word is awaited
    boot: dict[str, Any]  # the JSON of `<script id="boot">`
    barred: str  # what the client does not offer the user, though others have it: see `accounts.guests`


# What apps above add to the boot data, by name.
_additions: dict[str, Callable[[User], Any]] = {}


def on_boot(name: str, read: Callable[[User], Any]) -> None:
    """Register what an app above has to tell the client at its start; `read` takes one query at most."""
    _additions[name] = read


def shell(user: User, slug: str | None = None) -> Shell:
    """Read the rooms of the user; `slug` names the open one. At most five queries, and one for each addition."""
    mine = summaries(user.pk)
    waiting = Invitation.objects.waiting_for(user).count()
    sections = sections_of(user.pk)
    here = next((room for room in mine if room.slug == slug), None)
    return Shell(
        groups=groups(mine, sections),
        here=here,
        invitations=waiting,
        boot={
            "socket": "/ws/",
            "epoch": LogEpoch.current(),
            "user": msgspec.to_builtins(person_of(user)),
            "rooms": msgspec.to_builtins(mine),
            "invitations": waiting,
            "sections": msgspec.to_builtins(sections),
            "room": msgspec.to_builtins(here),
            **{name: read(user) for name, read in _additions.items()},
        },
        barred=" ".join(sorted(guests.BARRED)) if user.is_visitor else "",
    )


def names_of(user: User, rooms: Collection[Room]) -> dict[UUID, str]:
    """What rooms that the user is in are called to them: a direct one by its other people. One query at most."""
    people = people_of_rooms({room.pk for room in rooms if room.kind == Kind.DIRECT})
    return {
        room.pk: direct_name([each for each in people.get(room.pk, []) if each.pk != user.pk])
        if room.kind == Kind.DIRECT
        else room.name
        for room in rooms
    }
