"""What goes out over REST about rooms."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from accounts import pictures
from accounts.models import User
from accounts.people import Person, PersonNow, person_now, person_of
from realtime.values import Id, Timestamp, timestamp
from rooms.models import Invitation, Membership, Room
from rooms.permissions import Action, allows
from rooms.summaries import RoomSummary, summary


class ListedRoom(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A room that anyone may find, as the directory shows it. `role` is the asker's, if they are in it.

    The schema says that there is nothing else in it: that tells it from a `RoomDetail`.
    """

    id: Id
    slug: str
    kind: str
    name: str
    topic: str
    avatar: str | None
    member_count: int
    last_message_at: Timestamp | None
    archived: bool
    role: str | None


class RoomDetail(RoomSummary, gc=False):
    """A room as a member of it sees it. `may` is what they may do in it."""

    settings: dict[str, Any]
    muted_until: Timestamp | None
    may: list[str]


class Member(msgspec.Struct, gc=False):
    """A person's place in a room."""

    user: PersonNow
    role: str
    joined_at: Timestamp
    muted_until: Timestamp | None
    # `{action: bool}`: where it is not as the role says.
    permissions: dict[str, bool]


class InvitedTo(msgspec.Struct, gc=False):
    """Of a room, what somebody may know who has been asked into it."""

    id: Id
    slug: str
    kind: str
    name: str
    topic: str
    member_count: int


class InvitationOut(msgspec.Struct, gc=False):
    """`code` is a link's, `user` whom a personal one asks. `state`: open, accepted, declined or revoked."""

    id: Id
    room: InvitedTo
    code: str | None
    user: Person | None
    made_by: Person | None
    state: str
    expires_at: Timestamp | None
    uses_max: int | None
    uses: int
    created_at: Timestamp


class RoomList(msgspec.Struct, gc=False):
    """`next` is the cursor of the page after this one, if a `limit` left any rooms out."""

    results: list[RoomSummary]
    next: str | None


class DirectoryPage(msgspec.Struct, gc=False):
    """`next` is the cursor of the page after this one, if there is one."""

    results: list[ListedRoom]
    next: str | None


class MemberPage(msgspec.Struct, gc=False):
    """`next` is the cursor of the page after this one, if there is one."""

    results: list[Member]
    next: str | None


class MemberList(msgspec.Struct, gc=False):
    results: list[Member]


def detail(user: User, room: Room) -> RoomDetail | ListedRoom:
    """The room as the user sees it: in full as a member, else as the directory shows it."""
    held = Membership.objects.current().of_room(room).filter(user=user).first()
    seen = summary(user.pk, room) if held else None
    if held is None or seen is None:
        return listed([room], user)[0]
    may = [
        action.value
        for action in Action
        if allows(action, role=held.role, kind=room.kind, settings=room.settings, overrides=held.permissions)
    ]
    return RoomDetail(**msgspec.structs.asdict(seen), settings=room.settings, muted_until=_muted_until(held), may=may)


def listed(rooms: Collection[Room], user: User) -> list[ListedRoom]:
    """Rooms as the directory shows them; their `head` is loaded. One query, for the user's roles."""
    roles = dict(Membership.objects.current().filter(user=user, room__in=rooms).values_list("room_id", "role"))
    return [
        ListedRoom(
            id=str(room.pk),
            slug=room.slug,
            kind=room.kind,
            name=room.name,
            topic=room.topic,
            avatar=pictures.url(room.avatar.name or ""),
            member_count=room.head.member_count,
            last_message_at=timestamp(room.head.last_message_at) if room.head.last_message_at else None,
            archived=room.archived_at is not None,
            role=roles.get(room.pk),
        )
        for room in rooms
    ]


def members(memberships: Iterable[Membership]) -> list[Member]:
    """Memberships with their users loaded."""
    return [
        Member(person_now(row.user), row.role, timestamp(row.joined_at), _muted_until(row), row.permissions)
        for row in memberships
    ]


def _muted_until(membership: Membership) -> Timestamp | None:
    return timestamp(membership.muted_until) if membership.muted_until else None


def invitation(of: Invitation) -> InvitationOut:
    """An invitation as it is now, read afresh."""
    return written(Invitation.objects.select_related("room__head", "user", "made_by").get(pk=of.pk))


def written(each: Invitation) -> InvitationOut:
    """An invitation with its people, its room and that room's head loaded."""
    return InvitationOut(
        id=str(each.pk),
        room=invited_to(each.room),
        code=each.code,
        user=person_of(each.user) if each.user else None,
        made_by=person_of(each.made_by) if each.made_by else None,
        state=each.state,
        expires_at=timestamp(each.expires_at) if each.expires_at else None,
        uses_max=each.uses_max,
        uses=each.uses,
        created_at=timestamp(each.created_at),
    )


def invited_to(room: Room) -> InvitedTo:
    """A room with its head loaded, as one who is asked into it sees it."""
    return InvitedTo(str(room.pk), room.slug, room.kind, room.name, room.topic, room.head.member_count)
