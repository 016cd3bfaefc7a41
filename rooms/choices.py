"""How sockets are told what their user has chosen: of a room, and of the sections of the side bar.

The verbs tell it when it is chosen (`rooms.services.preferences`). What was chosen elsewhere, from a shell
or the admin, is found by comparing marks when `User.rev` has moved.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from realtime.frames import frame
from rooms.models import NotificationLevel
from rooms.sidebar import Section
from rooms.summaries import Preferences, RoomSummary

SECTIONS = "sections"
# What a member begins with. Most rooms of most people stay so, and take no place in a process's memory.
AT_FIRST = Preferences(
    notification_level=str(NotificationLevel.ALL),
    notifications_muted_until=None,
    favourite=False,
    section=None,
    position=None,
)


def marks(rooms: Sequence[RoomSummary], sections: Sequence[Section]) -> dict[str, int]:
    """By room id, and `SECTIONS`, a number that is another one where something else has been chosen."""
    found = {room.id: hash(msgspec.structs.astuple(room.preferences)) for room in rooms if room.preferences != AT_FIRST}
    if sections:
        found[SECTIONS] = hash(tuple((each.id, each.name) for each in sections))
    return found


def frame_of(key: str, rooms: Sequence[RoomSummary], sections: Sequence[Section]) -> bytes | None:
    """What a mark is about, as sockets are told of it. None: a room that the user has left."""
    if key == SECTIONS:
        return sections_frame(sections)
    found = next((room for room in rooms if room.id == key), None)
    return preferences_frame(key, found.preferences) if found else None


def preferences_frame(room_id: str, preferences: Preferences) -> bytes:
    return frame("room.preferences", room=room_id, preferences=msgspec.to_builtins(preferences))


def sections_frame(sections: Sequence[Section]) -> bytes:
    return frame("sections", sections=msgspec.to_builtins(list(sections)))
