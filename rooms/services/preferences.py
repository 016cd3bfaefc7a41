"""What somebody chooses for themselves: how rooms call for them, and where they stand in the side bar.

Each verb sets an absolute state under the locks of the user's memberships and row, so that two
devices agree in the end, and tells the state to all of the user's sockets. Nobody else learns of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from accounts.models import User
from realtime import bus
from realtime.errors import Conflict, Invalid, NotFound
from realtime.events import Note
from rooms import sidebar
from rooms.choices import preferences_frame, sections_frame
from rooms.models import SECTION_NAME_MAX_LENGTH, Membership, NotificationLevel, Room, SidebarSection
from rooms.services.change import NO_ROOM
from rooms.sidebar import Section
from rooms.summaries import Preferences, RoomSummary, preferences_of, summaries

SECTIONS_MAX = 50
POSITION_MAX = 1_000  # where somebody may say that one goes; all beyond the last are the last
NO_SECTION = "There is no such section."
# Two neighbours that are nearer to each other have no room for a third between them.
_GAP_MIN = 1e-6

Side = Literal["before", "after"]


def preferences_for(user: User, room: Room) -> Preferences:
    """What the user has chosen for the room. NotFound: they are no member of it."""
    held = Membership.objects.current().filter(user=user, room=room, room__deleted_at__isnull=True).first()
    if held is None:
        raise NotFound(NO_ROOM)
    return preferences_of(held)


def set_preferences(
    user: User, room: Room, *, before: UUID | None = None, after: UUID | None = None, **fields: Any
) -> Preferences:
    """Set what is given of `notification_level`, `notifications_muted_until`, `favourite` and `section` (an id).

    `before` or `after` says beside which room of the same part of the side bar it goes; without, a
    room that changes its part takes its place there by name or activity. NotFound: no such room or
    section of the user's. Invalid: the other room is not in that part, or nothing is given.
    """
    place: tuple[Side, UUID] | None = ("before", before) if before else ("after", after) if after else None
    if before and after:
        raise Invalid("Give either “before” or “after”.")
    if not fields and place is None:
        raise Invalid("Give something to change.")
    with _own(user) as memberships:
        held = memberships.get(room.pk)
        if held is None:
            raise NotFound(NO_ROOM)
        known = {row.pk: preferences_of(row) for row in memberships.values()}
        was = (held.is_favourite, held.section_id)
        _take(user, held, fields)
        # A position counts within one part; one that is a favourite stays among these, whatever its section.
        if (held.is_favourite, held.section_id) != was and not (held.is_favourite and was[0]):
            held.sidebar_position = None
        held.save(
            update_fields=[
                *("notification_level", "notifications_muted_until", "is_favourite", "section", "sidebar_position"),
            ]
        )
        if place is not None:
            _place(user, memberships, room.pk, *place)
        _tell(user, [row for row in memberships.values() if preferences_of(row) != known[row.pk]])
    return preferences_of(held)


def create_section(user: User, name: str) -> Section:
    """Make a section below the others. Conflict: there are enough. Invalid: the name."""
    name = _checked_name(name)
    with _own(user):
        rows = _sections(user)
        if len(rows) >= SECTIONS_MAX:
            raise Conflict(f"A side bar has at most {SECTIONS_MAX} sections of your own.")
        row = SidebarSection.objects.create(user=user, name=name, position=rows[-1].position + 1 if rows else 0)
        _tell(user, (), sections=True)
    return Section(str(row.pk), row.name)


def change_section(user: User, section_id: UUID, *, name: str | None = None, position: int | None = None) -> Section:
    """Rename a section, or make it the one at `position` from 0 (beyond the last: the last).

    Invalid: neither is given, or the name. NotFound: no section of the user's.
    """
    if name is None and position is None:
        raise Invalid("Give something to change.")
    with _own(user):
        rows = _sections(user)
        row = next((each for each in rows if each.pk == section_id), None)
        if row is None:
            raise NotFound(NO_SECTION)
        before = [(each.pk, each.name) for each in rows]
        if name is not None:
            row.name = _checked_name(name)
        if position is not None:
            rows.remove(row)
            rows.insert(position, row)
        if [(each.pk, each.name) for each in rows] != before:
            for number, each in enumerate(rows):
                each.position = number
            SidebarSection.objects.bulk_update(rows, ["name", "position"])
            _tell(user, (), sections=True)
    return Section(str(row.pk), row.name)


def delete_section(user: User, section_id: UUID) -> None:
    """Take a section away; its rooms go back to where they belong by kind. NotFound: no section of the user's."""
    with _own(user) as memberships:
        row = SidebarSection.objects.filter(user=user, pk=section_id).first()
        if row is None:
            raise NotFound(NO_SECTION)
        inside = [each for each in memberships.values() if each.section_id == section_id]
        for each in inside:
            each.section = None
            if not each.is_favourite:
                each.sidebar_position = None
        Membership.objects.bulk_update(inside, ["section", "sidebar_position"])
        row.delete()  # also out of memberships that have ended
        _tell(user, inside, sections=True)


@contextmanager
def _own(user: User) -> Iterator[dict[UUID, Membership]]:
    """The user's memberships by room, locked with their row: in this order, as all that changes rooms does."""
    with transaction.atomic():
        rows = Membership.objects.current().filter(user=user, room__deleted_at__isnull=True)
        memberships = {row.room_id: row for row in rows.select_for_update(of=("self",), no_key=True).order_by("pk")}
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk").first()
        yield memberships


def _take(user: User, held: Membership, fields: dict[str, Any]) -> None:
    if "notification_level" in fields:
        held.notification_level = NotificationLevel(fields["notification_level"])
    if "notifications_muted_until" in fields:
        until: datetime | None = fields["notifications_muted_until"]
        held.notifications_muted_until = until
    if "favourite" in fields:
        held.is_favourite = fields["favourite"]
    if "section" in fields:
        section_id: UUID | None = fields["section"]
        if section_id is not None and not SidebarSection.objects.filter(user=user, pk=section_id).exists():
            raise NotFound(NO_SECTION)
        held.section_id = section_id


def _place(user: User, memberships: dict[UUID, Membership], room_id: UUID, side: Side, other_id: UUID) -> None:
    """Give the room a position beside the other one, and as few others one as that takes."""
    rooms = summaries(user.pk)
    mine = next(each for each in rooms if each.id == str(room_id))
    key = sidebar.group_of(mine)
    shown = next(each for each in sidebar.groups(rooms, sidebar.sections_of(user.pk)) if each.key == key).rooms
    if other_id == room_id or str(other_id) not in {each.id for each in shown}:
        detail = "The other room is not in this part of your side bar."
        raise Invalid(detail, fields={side: [detail]})
    wanted = [each for each in shown if each.id != mine.id]
    at = next(place for place, each in enumerate(wanted) if each.id == str(other_id)) + (side == "after")
    wanted.insert(at, mine)
    if [each.id for each in wanted] == [each.id for each in shown] and mine.preferences.position is not None:
        return
    positions = _positions(wanted, at)
    changed = []
    for each_id, position in positions.items():
        row = memberships[UUID(each_id)]
        if row.sidebar_position != position:
            row.sidebar_position = position
            changed.append(row)
    Membership.objects.bulk_update(changed, ["sidebar_position"])


def _positions(wanted: Sequence[RoomSummary], at: int) -> dict[str, float]:
    """New positions, by room. Those below the placed one keep their order by name or activity."""
    held = [each.preferences.position for each in wanted]
    above = held[at - 1] if at > 0 else None
    below = held[at + 1] if at + 1 < len(held) else None
    mine = wanted[at].id
    if below is not None and at == 0:
        return {mine: below - 1}
    if above is not None and below is None:
        return {mine: above + 1}
    if above is not None and below is not None and below - above > _GAP_MIN:
        return {mine: (above + below) / 2}
    # Nothing to hold on to: number all down to the placed one, or to the last that has a position.
    last = max([at, *(place for place, position in enumerate(held) if position is not None and place != at)])
    return {each.id: float(place) for place, each in enumerate(wanted[: last + 1])}


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name:
        detail = "Give the section a name."
    elif len(name) > SECTION_NAME_MAX_LENGTH:
        detail = f"A section's name has at most {SECTION_NAME_MAX_LENGTH} characters."
    elif not name.isprintable():
        detail = "A section's name is one line of visible characters."
    else:
        return name
    raise Invalid(detail, fields={"name": [detail]})


def _sections(user: User) -> list[SidebarSection]:
    return list(SidebarSection.objects.filter(user=user).order_by("position", "id"))


def _tell(user: User, changed: Sequence[Membership], *, sections: bool = False) -> None:
    """Tell the user's sockets of these rooms' preferences, and of the sections; the last in the transaction.

    `User.rev` goes up, so that a server that does not hear of it finds it out.
    """
    texts = [preferences_frame(str(row.room_id), preferences_of(row)) for row in changed]
    if sections:
        texts.append(sections_frame(sidebar.sections_of(user.pk)))
    if not texts:
        return
    User.objects.filter(pk=user.pk).touch_rev()
    rev = User.objects.values_list("rev", flat=True).get(pk=user.pk)
    name = str(user.pk)
    bus.publish_on_commit([*(Note(name, text) for text in texts[:-1]), Note(name, texts[-1], rev)])
