"""From a moment to the message that was said then: jumping to a date, and where retention ends.

A room's ids are in the order of its numbers, and each holds a time that is not before the
message's own. They are found by halving: the index of (room, number) is one lookup a step, while
one of (id) would walk through the messages of all other rooms.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from messaging.models import Message
from rooms.models import RoomHead
from rooms.uuid7 import EPOCH, floor_of


def number_at(room_id: UUID, moment: datetime) -> int | None:
    """The number of the first message in the room's flow said at or after the moment; None: there is none.

    Some twenty lookups in a room of a million. What an import brought later than messages that
    were there already stands behind them, with a time of its own before theirs: it is passed over.
    """
    number = first_from(room_id, floor_of(max(moment, EPOCH)))
    if number is None:
        return None
    return (
        Message.objects.in_room(room_id)
        .in_the_flow()
        .filter(number__gte=number, created_at__gte=moment)
        .order_by("number")
        .values_list("number", flat=True)
        .first()
    )


def first_from(room_id: UUID, bound: UUID) -> int | None:
    """The least number above the floor whose message has an id of at least `bound`; None: there is none."""
    head = RoomHead.objects.only("floor_number", "last_number").get(room_id=room_id)
    low, high = head.floor_number + 1, head.last_number
    found = None
    while low <= high:
        middle = (low + high) // 2
        # Numbers are dense, but for what a purge is about to finish: then the next one stands for it.
        at = _next(room_id, middle)
        if at is None:
            high = middle - 1
        elif at[1] >= bound:
            found, high = at[0], middle - 1
        else:
            low = at[0] + 1
    return found


def read_moment(text: str, time_zone: str) -> datetime | None:
    """Read a moment (RFC 3339), or a day (`2025-01-31`) as its beginning in that time zone; None: it is neither.

    An unknown or empty time zone is taken for UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = datetime.combine(date.fromisoformat(text), time(), _zone(time_zone))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


def _next(room_id: UUID, number: int) -> tuple[int, UUID] | None:
    """The first message from that number on: its number and id."""
    return (
        Message.objects.in_room(room_id)
        .filter(number__gte=number)
        .order_by("number")
        .values_list("number", "pk")
        .first()
    )
