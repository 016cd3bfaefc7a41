"""Which invitations of a room somebody may see and take back."""

from __future__ import annotations

from accounts.models import User
from realtime.errors import Forbidden
from rooms.models import Invitation, InvitationQuerySet, Membership, Room
from rooms.permissions import Action, allows


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
