"""What surrounds every signed-in page: the side bar, and what the client starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from accounts.models import User
from accounts.people import person_of
from rooms.models import Kind, LogEpoch
from rooms.summaries import RoomSummary, summaries


@dataclass(frozen=True, slots=True)
class Shell:
    """The user's rooms as the side bar lists them, and the open one among them, if any."""

    rooms: list[RoomSummary]  # by name: a list that reorders itself cannot be learnt
    direct: list[RoomSummary]  # newest activity first
    here: RoomSummary | None
    boot: dict[str, Any]  # the JSON of `<script id="boot">`


def shell(user: User, slug: str | None = None) -> Shell:
    """Read the rooms of the user; `slug` names the open one. At most four queries."""
    mine = summaries(user.pk)
    here = next((room for room in mine if room.slug == slug), None)
    return Shell(
        rooms=sorted((room for room in mine if room.kind != Kind.DIRECT), key=lambda room: room.name.casefold()),
        direct=[room for room in mine if room.kind == Kind.DIRECT],
        here=here,
        boot={
            "socket": "/ws/",
            "epoch": LogEpoch.current(),
            "user": msgspec.to_builtins(person_of(user)),
            "rooms": msgspec.to_builtins(mine),
            "room": msgspec.to_builtins(here),
        },
    )
