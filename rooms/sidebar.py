"""How somebody's side bar is laid out: favourites, their own sections, rooms, direct messages.

One place knows the order; the pages show it and the verbs place rooms within it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from realtime.values import Id
from rooms.models import Kind, SidebarSection
from rooms.summaries import RoomSummary

FAVOURITES, ROOMS, DIRECT = "favourites", "rooms", "direct"


class Section(msgspec.Struct, gc=False):
    """A section of the user's own. They come in the user's order."""

    id: Id
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """One heading of the side bar with its rooms, in order. `key` is a section's id or one of the fixed names."""

    key: str
    name: str
    rooms: list[RoomSummary]

    @property
    def is_own(self) -> bool:
        return self.key not in (FAVOURITES, ROOMS, DIRECT)


def sections_of(user_id: UUID | str) -> list[Section]:
    """The user's own sections, in order."""
    return sections_of_all([user_id])[str(user_id)]


def sections_of_all(user_ids: Collection[UUID | str]) -> dict[str, list[Section]]:
    """The sections of each of the users, by their id. One query."""
    found: dict[str, list[Section]] = defaultdict(list)
    for row in SidebarSection.objects.filter(user_id__in=user_ids).order_by("position", "id"):
        found[str(row.user_id)].append(Section(str(row.pk), row.name))
    return found


def group_of(room: RoomSummary) -> str:
    """The key of the group in which the room is shown."""
    if room.preferences.favourite:
        return FAVOURITES
    return room.preferences.section or (DIRECT if room.kind == Kind.DIRECT else ROOMS)


def groups(rooms: Iterable[RoomSummary], sections: Iterable[Section]) -> list[Group]:
    """The whole side bar, of rooms that come newest activity first."""
    lists: dict[str, list[RoomSummary]] = defaultdict(list)
    for room in rooms:
        lists[group_of(room)].append(room)
    headings = [(FAVOURITES, "Favourites"), *((each.id, each.name) for each in sections)]
    headings += [(ROOMS, "Rooms"), (DIRECT, "Direct messages")]
    return [Group(key, name, sorted(lists[key], key=_order)) for key, name in headings]


def _order(room: RoomSummary) -> tuple[bool, float, bool, str]:
    """As the person ordered; then rooms by name, and direct ones as they came: by activity."""
    position = room.preferences.position
    is_direct = room.kind == Kind.DIRECT
    return position is None, position or 0.0, is_direct, "" if is_direct else room.name.casefold()
