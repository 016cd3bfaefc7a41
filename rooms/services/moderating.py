"""Keeping people out of a room, what single members may do besides their role, and changing all of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from realtime.errors import Conflict, Forbidden, Invalid
from rooms.models import Ban, Invitation, Membership, Room
from rooms.permissions import GIVABLE, SETTABLE, Action, allows
from rooms.services.change import Actor, Change, changing, touch
from rooms.services.guests import WITHOUT_RIGHTS
from rooms.services.membership import change_role, end, find_people, mute_member

REASON_MAX = 500


def ban(actor: Actor, room: Room, user: User | UUID, *, reason: str = "", until: datetime | None = None) -> Ban:
    """Keep somebody out, and put them out if they are in; their role has to be below the actor's.

    Again, it changes reason and end. Invitations to them end. NotFound: there is no such person.
    """
    reason = reason.strip()
    if len(reason) > REASON_MAX:
        raise _refused("reason", f"A reason has at most {REASON_MAX} characters.")
    with changing(room, actor) as change:
        change.require(Action.BAN_MEMBER)
        if until is not None and until <= change.now:
            raise _refused("until", "Choose a later time.")
        user_id = user.pk if isinstance(user, User) else user
        if change.actor is not None and user_id == change.actor.pk:
            raise Conflict("You cannot ban yourself. To go, leave the room.")
        membership = change.room.memberships.current().filter(user=user_id).select_related("user").first()
        # A member may be suspended just now, and back before the ban ends.
        person = membership.user if membership is not None else find_people([user_id])[0]
        if membership is not None:
            change.require_rank_over(membership)
            end(change, membership)
        held, made = Ban.objects.get_or_create(room=change.room, user=person)
        if made or (held.reason, held.until) != (reason, until):
            held.made_by, held.reason, held.until = change.actor, reason, until
            held.save()
            change.tell_bans()
            change.record("room.member_banned", severity="notice", user=person.username, reason=reason, until=until)
        Invitation.objects.filter(room=change.room, user=person, state=Invitation.State.OPEN).update(
            state=Invitation.State.REVOKED
        )
        return held


def unban(actor: Actor, room: Room, user: User | UUID) -> None:
    """Let somebody come in again, if they find a way. No change where there is no ban."""
    user_id = user.pk if isinstance(user, User) else user
    with changing(room, actor) as change:
        change.require(Action.BAN_MEMBER)
        held = change.room.bans.filter(user=user_id).select_related("user").first()
        if held is not None:
            change.record("room.member_unbanned", severity="notice", user=held.user.username)
            held.delete()
            change.tell_bans()


def change_member(actor: Actor, room: Room, user: User | UUID, **fields: Any) -> Membership:
    """Set any of `role`, `muted_until` and `permissions`; where one is refused, none. Invalid: none is given."""
    if not fields:
        raise Invalid("Give “role”, “muted_until” or “permissions”.")
    with transaction.atomic():
        if "role" in fields:
            member = change_role(actor, room, user, fields["role"])
        if "muted_until" in fields:
            member = mute_member(actor, room, user, fields["muted_until"])
        if "permissions" in fields:
            member = set_permissions(actor, room, user, fields["permissions"])
    return member


def set_permissions(actor: Actor, room: Room, user: User | UUID, permissions: Mapping[str, Any]) -> Membership:
    """Say what a single member may do besides what their role says, in place of what was said before.

    `{action: bool}`; what is not named follows the role. Invalid: there is no such action, or it is
    not to be given. Forbidden: the actor may not do it themselves, or the member's role is not below.
    """
    with changing(room, actor) as change:
        change.require(Action.SET_PERMISSIONS)
        membership = change.member(user)
        change.require_rank_over(membership)
        _check_permissions(change, membership, permissions)
        wanted = {str(Action(name)): given for name, given in sorted(permissions.items())}
        if membership.user.is_visitor:
            wanted = _of_guest(wanted)
        if wanted != membership.permissions:
            change.record(
                "room.permissions_changed",
                severity="notice",
                user=membership.user.username,
                before=membership.permissions,
                after=wanted,
            )
            membership.permissions = wanted
            membership.save(update_fields=["permissions"])
            change.tell_of(membership)
            touch([membership.user_id])
        return membership


def _of_guest(wanted: Mapping[str, bool]) -> dict[str, bool]:
    """What is decided about a guest who came by a name alone: things can be taken from them, never given."""
    if given := sorted(name for name, given in wanted.items() if given and WITHOUT_RIGHTS.get(name) is False):
        raise Forbidden(f"Guests who came by a name alone never get: {', '.join(given)}.")
    return dict(sorted({**wanted, **WITHOUT_RIGHTS}.items()))


def _check_permissions(change: Change, membership: Membership, permissions: Mapping[str, Any]) -> None:
    for name, given in permissions.items():
        if name not in SETTABLE:
            raise _refused("permissions", f"“{name}” is not an action that can be given or taken.")
        if not isinstance(given, bool):
            raise _refused("permissions", f"Say true or false for “{name}”.")
        if given and name not in GIVABLE:
            raise _refused("permissions", f"“{name}” comes with a role only.")
        if membership.permissions.get(name) == given or change.is_staff:
            continue  # as it is already, or by those who run the installation
        assert change.own is not None, "checked"
        own = change.own
        if not allows(
            Action(name),
            role=own.role,
            kind=change.room.kind,
            settings=change.room.settings,
            overrides=own.permissions,
        ):
            raise Forbidden(f"You can only decide about what you may do yourself, and not about “{name}”.")


def _refused(field: str, detail: str) -> Invalid:
    return Invalid(detail, fields={field: [detail]})
