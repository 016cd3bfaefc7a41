"""Which invitations somebody may see, answer and take back."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from accounts.models import User
from realtime.errors import Forbidden, NotFound
from rooms.models import Invitation, InvitationQuerySet, Membership, Room
from rooms.permissions import Action, allows
from rooms.services.inviting import NO_INVITATION


def made_for(user: User, room: Room) -> InvitationQuerySet:
    """The open ones of a room: the user's own, all of them where they manage them. Forbidden: they invite nobody."""
    held = Membership.objects.current().get(room=room, user=user)

    def may(action: Action) -> bool:
        return allows(action, role=held.role, kind=room.kind, settings=room.settings, overrides=held.permissions)

    if not may(Action.INVITE) and not may(Action.MANAGE_INVITATIONS):
        raise Forbidden("Your role in this room does not allow this.")
    invitations: InvitationQuerySet = Invitation.objects.filter(room=room)
    invitations = invitations.open()
    return invitations if may(Action.MANAGE_INVITATIONS) else invitations.filter(made_by=user)


def asked_of(user: User, invitation_id: UUID) -> Invitation:
    """One that was asked of the user. NotFound."""
    return _found(Q(user=user), invitation_id)


def within_reach(user: User, invitation_id: UUID) -> Invitation:
    """One of a room that the user is in now; whether they may take it back is the verb's to say. NotFound."""
    return _found(Q(room__in=Membership.objects.current().filter(user=user).values("room_id")), invitation_id)


def _found(reachable: Q, invitation_id: UUID) -> Invitation:
    found = Invitation.objects.filter(reachable, pk=invitation_id).select_related("room").first()
    if found is None:
        raise NotFound(NO_INVITATION)
    return found
