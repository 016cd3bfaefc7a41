"""History pages: keyset by number, the head read before the rows."""

from __future__ import annotations

from dataclasses import dataclass

from messaging.models import Message, MessageQuerySet
from messaging.wire import MessageOut, messages_out
from realtime.errors import Invalid
from rooms.models import Room, RoomHead

PAGE_DEFAULT = 50
PAGE_MAX = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of the room's flow in ascending order. What changed after `as_of_seq` may or may not be in them."""

    results: list[MessageOut]
    has_before: bool
    has_after: bool
    as_of_seq: int


def page(
    room: Room,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = PAGE_DEFAULT,
) -> Page:
    """Return up to `limit` messages before, after or around a number; by default the newest.

    Raises `Invalid` when more than one bound is given or the limit is not 1–500.
    """
    if sum(bound is not None for bound in (before, after, around)) > 1:
        raise Invalid("Give at most one of “before”, “after” and “around”.")
    if not 1 <= limit <= PAGE_MAX:
        raise Invalid(f"“limit” must be from 1 to {PAGE_MAX}.", fields={"limit": [f"Must be from 1 to {PAGE_MAX}."]})
    head = RoomHead.objects.get(room_id=room.pk)
    floor = head.floor_number
    messages = Message.objects.in_room(room).in_the_flow().select_related("sender")
    if around is not None:
        found = _around(messages, around, floor, limit)
    elif after is not None:
        found = list(messages.after(max(after, floor)).oldest(limit))
    else:
        below = messages.before(before) if before is not None else messages
        found = list(below.after(floor).newest(limit))[::-1]
    return Page(
        messages_out(found),
        has_before=bool(found) and found[0].number > _first_number(messages, floor),
        has_after=bool(found) and _goes_on(messages, found[-1].number, head.last_number),
        as_of_seq=head.last_seq,
    )


def _goes_on(messages: MessageQuerySet, number: int, last_number: int) -> bool:
    """Whether more of the room's flow follows: what has a higher number may stand in threads only."""
    return number < last_number and messages.after(number).exists()


# Each query below has one lower bound: of two, SQLite may search by the weaker and walk from there.


def _around(messages: MessageQuerySet, number: int, floor: int, limit: int) -> list[Message]:
    """Half before, half from the number on; what one side lacks the other gives."""
    newer = list(messages.after(max(number - 1, floor)).oldest(limit))
    older = list(messages.before(number).after(floor).newest(limit))[::-1]
    from_newer = max(limit - limit // 2, limit - len(older))
    newer = newer[:from_newer]
    return older[max(0, len(older) - (limit - len(newer))) :] + newer


def _first_number(messages: MessageQuerySet, floor: int) -> int:
    """The least number above the floor: messages right above it may have been purged too."""
    first = messages.after(floor).order_by("number").values_list("number", flat=True).first()
    return floor + 1 if first is None else first
