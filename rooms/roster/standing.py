"""From an address to a room and to whom it names, for somebody in the room; and what the table lets them do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.requests import user_of
from rooms.models import Membership, Role, Room
from rooms.permissions import RANK, Action, allows, outranks

QUERY_MAX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """A member of a room, on whose behalf a page is made. `room.head` is loaded."""

    user: User
    room: Room
    own: Membership

    def may(self, action: Action) -> bool:
        room, own = self.room, self.own
        return allows(action, role=own.role, kind=room.kind, settings=room.settings, overrides=own.permissions)

    def may_to(self, action: Action, member: Membership) -> bool:
        """Whether they may do that to a member: the role must be above theirs."""
        return self.may(action) and outranks(self.own.role, member.role)

    def roles_for(self, member: Membership) -> list[Role]:
        """The roles that they can give a member, from the highest; none where they cannot give another."""
        if not self.may_to(Action.CHANGE_ROLE, member):
            return []
        return [role for role in (Role.ADMIN, Role.MODERATOR, Role.MEMBER) if RANK[role] < RANK[self.own.role]]


def standing(request: HttpRequest, slug: str) -> Standing:
    """Where the user stands in the room. Http404: nowhere."""
    user = user_of(request)
    room = get_object_or_404(Room.objects.joined_by(user).select_related("head"), slug=slug)
    return Standing(user, room, get_object_or_404(Membership.objects.current(), room=room, user=user))


def member_or_404(room: Room, user_id: UUID) -> Membership:
    rows = Membership.objects.current().of_room(room).select_related("user")
    return get_object_or_404(rows, user_id=user_id)


def asked(request: HttpRequest, name: str = "q") -> str:
    """What was typed to look for; NUL is in no name, and a database takes it badly."""
    data = request.POST if request.method == "POST" else request.GET
    return data.get(name, "").replace("\0", "").strip()[:QUERY_MAX_LENGTH]


def uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404("Nothing has such an id.") from None
