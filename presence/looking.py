"""What the database says of who may be shown whom: a room's members, the people one may meet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Q

from accounts.availability import invisible
from accounts.models import Privacy, User
from accounts.people import Person, person_of
from accounts.privacy import allowing
from messaging.receipts import asking
from rooms.models import Membership, RoomHead

# Rooms up to this size show of all members whether they are here; of a crowd a socket shows a part.
ROOM_MAX = 500


@dataclass(frozen=True, slots=True)
class Roster:
    """Whose presence a room shows; of a crowd nobody's, and who of those asked about is not in it."""

    members: frozenset[str] = frozenset()
    is_crowd: bool = False
    strangers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Look:
    """A room as somebody sees it who opens it."""

    roster: Roster
    picked: frozenset[str]  # whom of a crowd they show
    allowed: frozenset[str]  # those who let them know whether they are here
    typists: list[Person] = field(default_factory=list)
    faces: Mapping[str, Person] = field(default_factory=dict)
    receipts: Mapping[str, asking.Watermarks] = field(default_factory=dict)


def is_crowd(room: str, limit: int = ROOM_MAX) -> bool:
    return not RoomHead.objects.filter(room_id=room, member_count__lte=limit).exists()


def roster(room: str, picked: Collection[str]) -> Roster:
    """The room's members, or in a crowd who of `picked` is none."""
    members = Membership.objects.current().filter(room_id=room)
    if is_crowd(room):
        found = members.filter(user_id__in=picked).values_list("user_id", flat=True)
        return Roster(is_crowd=True, strangers=frozenset(picked).difference(map(str, found)))
    return Roster(frozenset(str(user) for user in members.values_list("user_id", flat=True)))


def look(room: str, viewer: str, *, picked: Collection[str], writing: Collection[str], named: Collection[str]) -> Look:
    """Read what is shown of a room: whose presence, who of `writing` types, and those to be named."""
    members = Membership.objects.current().filter(room_id=room)
    crowd = is_crowd(room)
    if crowd:
        members = members.filter(user_id__in=picked)
    shown = ExpressionWrapper(allowing(UUID(viewer), Privacy.PRESENCE, "user__"), output_field=BooleanField())
    rows = list(members.annotate(is_shown=shown).values_list("user_id", "is_shown")) if picked or not crowd else []
    everybody = frozenset(str(user) for user, _ in rows)
    faces = {str(user.pk): person_of(user) for user in User.objects.filter(pk__in=named)} if named else {}
    return Look(
        roster=Roster(is_crowd=True) if crowd else Roster(everybody),
        picked=everybody if crowd else frozenset(),
        allowed=frozenset(str(user) for user, is_allowed in rows if is_allowed),
        typists=_typists(room, viewer, writing) if writing else [],
        faces=faces,
        receipts={} if crowd else asking.watermarks(room, viewer),  # in a crowd nobody's
    )


def _typists(room: str, viewer: str, writing: Collection[str]) -> list[Person]:
    """Those of them who are members and let the viewer know that they are here."""
    if is_crowd(room, settings.TYPING_MAX_MEMBERS):
        return []
    members = Membership.objects.current().filter(room_id=room, user_id__in=writing).values("user_id")
    people = User.objects.filter(allowing(UUID(viewer), Privacy.PRESENCE), pk__in=members)
    return [person_of(each) for each in people.exclude(invisible())]


def typist(user: str, room: str) -> Person | None:
    """Who types, as others see them; nobody where the room is a crowd."""
    if is_crowd(room, settings.TYPING_MAX_MEMBERS):
        return None
    return person_of(User.objects.get(pk=user))


def meeting(viewer: User | str, people: Collection[UUID]) -> frozenset[str]:
    """Of these people, those whom the viewer may meet: all who can be found, for a guest those in their rooms."""
    user = viewer if isinstance(viewer, User) else User.objects.get(pk=viewer)
    found = User.objects.active().filter(pk__in=people)
    if user.is_guest:
        own = Membership.objects.current().filter(user=user).values("room_id")
        found = found.filter(
            Q(pk=user.pk) | Q(pk__in=Membership.objects.current().filter(room__in=own).values("user_id"))
        )
    return frozenset(str(user_id) for user_id in found.values_list("pk", flat=True))


def allowed(viewer: str, people: Collection[str]) -> frozenset[str]:
    """Of these people, those who let the viewer know whether they are here."""
    found = User.objects.filter(allowing(UUID(viewer), Privacy.PRESENCE), pk__in=people)
    return frozenset(str(user_id) for user_id in found.values_list("pk", flat=True))
