"""A user's rooms as lists show them: the side bar, `ready` on the socket, `GET rooms/`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.db.models import F, Q
from django.utils import timezone

from accounts import pictures
from accounts.models import User
from accounts.people import PersonNow, person_now
from realtime.values import Id, Timestamp, timestamp
from rooms.models import Kind, Membership, MembershipQuerySet, NotificationLevel, Room, RoomHead


class Preferences(msgspec.Struct, gc=False):
    """What a member has chosen for a room: what tells them of it, and its place in their side bar."""

    notification_level: str
    notifications_muted_until: Timestamp | None
    favourite: bool
    section: Id | None
    position: float | None

    @property
    def is_quiet(self) -> bool:
        """Whether the room does not call for its reader now, but where somebody names them."""
        until = self.notifications_muted_until
        if self.notification_level == NotificationLevel.NONE:
            return True
        return until is not None and datetime.fromisoformat(until) > timezone.now()


class RoomSummary(msgspec.Struct, gc=False):
    """A room of PROTOCOL as one member sees it. `name` of a direct room is its other people."""

    id: Id
    slug: str
    kind: str
    name: str
    topic: str
    avatar: str | None
    head_seq: int
    last_number: int
    last_read_number: int
    unread: int
    mentions: int
    role: str
    last_message_at: Timestamp | None
    archived: bool
    member_count: int
    peer: PersonNow | None
    preferences: Preferences


_CountMentions = Callable[[Collection[UUID]], Mapping[tuple[UUID, UUID], int]]
_count_mentions: _CountMentions | None = None


def on_mentions(count: _CountMentions) -> None:
    """Register who counts, by user and room, unread messages that call them: `messaging`."""
    global _count_mentions
    _count_mentions = count


def unread_of(head: RoomHead, read_index: int) -> int:
    """How many messages that count as unread lie behind a read position and above the floor."""
    return max(0, head.last_index - max(read_index, head.floor_index))


class RoomKey(NamedTuple):
    """Where a page of a user's rooms ends: the last room's newest message, name and id."""

    last_message_at: datetime | None
    name: str
    room_id: UUID


def summaries(user_id: UUID | str) -> list[RoomSummary]:
    """The rooms of the user, newest activity first."""
    return summaries_of([user_id])[str(user_id)]


def summaries_page(
    user_id: UUID | str, *, after: RoomKey | None, limit: int
) -> tuple[list[RoomSummary], RoomKey | None]:
    """Up to `limit` of the user's rooms in that order, behind the key `after`, and the key of the next page."""
    memberships = _listed([user_id])
    if after is not None:
        at, name, room_id = after
        behind = Q(room__name__gt=name) | Q(room__name=name, room_id__gt=room_id)
        if at is None:
            behind &= Q(room__head__last_message_at__isnull=True)
        else:
            later = Q(room__head__last_message_at__lt=at) | Q(room__head__last_message_at__isnull=True)
            behind = later | (Q(room__head__last_message_at=at) & behind)
        memberships = memberships.filter(behind)
    found = list(memberships[: limit + 1])
    shown = found[:limit]
    last = shown[-1].room if len(found) > limit else None
    key = RoomKey(last.head.last_message_at, last.name, last.pk) if last else None
    return [each for _, each in _summarise(shown)], key


def summaries_of(user_ids: Collection[UUID | str]) -> dict[str, list[RoomSummary]]:
    """The rooms of each of the users, by their id. Two queries for all, three with direct rooms."""
    memberships = _listed(user_ids)
    rooms: dict[str, list[RoomSummary]] = {str(user_id): [] for user_id in user_ids}
    for user_id, found in _summarise(memberships):
        rooms[str(user_id)].append(found)
    return rooms


def _listed(user_ids: Collection[UUID | str]) -> MembershipQuerySet:
    """The memberships of these users, in the order in which lists show their rooms."""
    return (
        Membership.objects.current()
        .filter(user_id__in=user_ids, room__deleted_at__isnull=True)
        .select_related("room", "room__head")
        .order_by(F("room__head__last_message_at").desc(nulls_last=True), "room__name", "room_id")
    )


def summary(user_id: UUID | str, room: Room) -> RoomSummary | None:
    """One room of the user, or None when they are no member of it."""
    found = _summarise(
        Membership.objects.current()
        .filter(user_id=user_id, room=room, room__deleted_at__isnull=True)
        .select_related("room", "room__head")
    )
    return found[0][1] if found else None


def _summarise(memberships: Iterable[Membership]) -> list[tuple[UUID, RoomSummary]]:
    """What each membership's user sees of its room, in the order of the memberships."""
    rows = list(memberships)
    people = people_of_rooms({row.room_id for row in rows if row.room.kind == Kind.DIRECT})
    called = _count_mentions({row.user_id for row in rows}) if _count_mentions and rows else {}
    return [
        (
            row.user_id,
            _summary(
                row,
                [user for user in people.get(row.room_id, []) if user.pk != row.user_id],
                called.get((row.user_id, row.room_id), 0),
            ),
        )
        for row in rows
    ]


def _summary(membership: Membership, others: list[User], mentions: int) -> RoomSummary:
    room, head = membership.room, membership.room.head
    return RoomSummary(
        id=str(room.pk),
        slug=room.slug,
        kind=room.kind,
        name=direct_name(others) if room.kind == Kind.DIRECT else room.name,
        topic=room.topic,
        avatar=pictures.url(room.avatar.name or ""),
        head_seq=head.last_seq,
        last_number=head.last_number,
        last_read_number=membership.read_number,
        unread=unread_of(head, membership.read_index),
        mentions=mentions,
        role=membership.role,
        last_message_at=timestamp(head.last_message_at) if head.last_message_at else None,
        archived=room.archived_at is not None,
        member_count=head.member_count,
        peer=person_now(others[0]) if len(others) == 1 else None,
        preferences=preferences_of(membership),
    )


def preferences_of(membership: Membership) -> Preferences:
    until = membership.notifications_muted_until
    return Preferences(
        notification_level=membership.notification_level,
        notifications_muted_until=timestamp(until) if until else None,
        favourite=membership.is_favourite,
        section=str(membership.section_id) if membership.section_id else None,
        position=membership.sidebar_position,
    )


def direct_name(others: list[User]) -> str:
    """What a direct room is called by one of its people; alone in it, it is their notes."""
    return ", ".join(sorted(user.name for user in others)) or "Notes to self"


def people_of_rooms(room_ids: Collection[UUID]) -> dict[UUID, list[User]]:
    """The people of these rooms. Direct rooms are few people each, by their size limit."""
    people: dict[UUID, list[User]] = defaultdict(list)
    if room_ids:
        for row in Membership.objects.filter(room_id__in=room_ids).select_related("user"):
            people[row.room_id].append(row.user)
    return people
