"""People as those see them who may: the profile, and who reaches it.

One reaches the profiles of people whom one shares a room with, of contacts, of those with whom a
request to become that is open, and of those whom one has blocked (to take that back); beyond these,
of whoever one knows by their exact username. A guest reaches nobody but the people of their rooms.
Everybody else is not there. What a profile shows of phone and last visit is the person's own choice.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import pictures, privacy
from accounts.models import Block, Contact, ContactRequest, Privacy, User
from accounts.people import PersonNow, person_now
from realtime.errors import NotFound
from realtime.values import Id, Timestamp, timestamp
from rooms.models import Kind, Membership, Room

# What a person is to the one who looks. That they have blocked that one is never said.
_Relation = Literal["self", "contact", "request_sent", "request_received", "blocked", "none"]
# With the type that the description of the API wants named.
Relation = Annotated[_Relation, msgspec.Meta(extra_json_schema={"type": "string"})]


class Profile(PersonNow, frozen=True, gc=False):
    """A person as one other person sees them. `request` is the open one between the two."""

    avatars: dict[str, str] | None
    bio: str
    time_zone: str
    is_bot: bool
    is_guest: bool
    is_active: bool
    relation: Relation
    request: Id | None
    shared_rooms: int
    phone: str | None
    last_seen_at: Timestamp | None


class ProfileList(msgspec.Struct, gc=False):
    results: list[Profile]


def visible_to(viewer: User) -> QuerySet[User]:
    """The people whose profile the viewer reaches by their id."""
    person = OuterRef("pk")
    reached = Q(pk=viewer.pk) | Q(Exists(_current().filter(user=person, room_id__in=_rooms_of(viewer))))
    if not viewer.is_guest:
        reached |= Q(Exists(Contact.objects.filter(user=viewer, other=person)))
        reached |= Q(Exists(_open_requests().filter(sender=viewer, receiver=person)))
        reached |= Q(Exists(_open_requests().filter(receiver=viewer, sender=person)))
        reached |= Q(Exists(Block.objects.filter(blocker=viewer, blocked=person)))
    return User.objects.filter(reached)


def named(viewer: User, username: str) -> QuerySet[User]:
    """The person of exactly that username, if the viewer may find them: guests neither find nor are found."""
    people = visible_to(viewer) if viewer.is_guest else User.objects.filter(Q(is_guest=False) | Q(pk=viewer.pk))
    return people.filter(pk__in=User.objects.active().named(username).values("pk"))


def profile(viewer: User, user_id: UUID) -> Profile:
    """The person's profile. NotFound: there is none, or it is not for the viewer. Up to eight queries."""
    person = visible_to(viewer).filter(pk=user_id).first()
    if person is None:
        raise NotFound("There is no such person, or they are not for you to see.")
    return profile_of(viewer, person)


def profile_of(viewer: User, person: User) -> Profile:
    """What the viewer, who reaches the person, gets to see of them."""
    relation, request = _relation(viewer, person)
    avatar = person.avatar.name or ""
    now = person_now(person)
    return Profile(
        **msgspec.structs.asdict(now),
        avatars=pictures.urls(avatar),
        bio=person.bio,
        time_zone=person.time_zone,
        is_bot=person.is_bot,
        is_guest=person.is_guest,
        is_active=person.is_active,
        relation=relation,
        request=str(request) if request else None,
        shared_rooms=shared_rooms(viewer, person).count(),
        phone=person.phone if person.phone and _lets(person, viewer, Privacy.PHONE) else None,
        last_seen_at=timestamp(person.last_seen_at)
        if person.last_seen_at and _lets(person, viewer, Privacy.LAST_SEEN)
        else None,
    )


def shared_rooms(viewer: User, person: User) -> QuerySet[Room]:
    """The rooms that both are in, direct ones apart."""
    rooms = Room.objects.filter(pk__in=_rooms_of(viewer)).exclude(kind=Kind.DIRECT)
    return rooms.filter(pk__in=_rooms_of(person)).order_by("name", "pk")


def _relation(viewer: User, person: User) -> tuple[_Relation, UUID | None]:
    if viewer.pk == person.pk:
        return "self", None
    if Block.objects.filter(blocker=viewer, blocked=person).exists():
        return "blocked", None
    if Contact.objects.filter(user=viewer, other=person).exists():
        return "contact", None
    between = Q(sender=viewer, receiver=person) | Q(sender=person, receiver=viewer)
    request = _open_requests().filter(between).first()
    if request is None:
        return "none", None
    return ("request_sent" if request.sender_id == viewer.pk else "request_received"), request.pk


def _lets(person: User, viewer: User, what: Privacy) -> bool:
    return bool(privacy.who_allow(viewer, what, [person.pk]))


def _rooms_of(user: User) -> QuerySet[Membership]:
    return _current().filter(user=user).values("room_id")  # type: ignore[return-value]


def _current() -> QuerySet[Membership]:
    return Membership.objects.current().filter(room__deleted_at__isnull=True)


def _open_requests() -> QuerySet[ContactRequest]:
    return ContactRequest.objects.filter(state=ContactRequest.State.PENDING)
