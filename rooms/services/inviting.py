"""Ways into a room that one cannot find or join oneself: links, and questions to single people.

All of it happens under the lock of the room's head, so that a link lets in as many as it says, however
many use it at once, and nobody comes in by what has just been revoked.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from accounts.models import User
from realtime.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from rooms.models import Invitation, Kind, Membership, Room
from rooms.permissions import Action
from rooms.services.change import Actor, Change, changing
from rooms.services.membership import admit, bans_of, find_people, tell_waiting

NO_INVITATION = "There is no such invitation."
CODE_BYTES = 18  # 144 bits: nobody finds one by trying
# Open ones of a room. More are forgotten, and each is a way in.
LINKS_MAX, PERSONAL_MAX = 50, 500
USES_MAX = 100_000


def invite_by_link(
    actor: Actor, room: Room, *, expires_at: datetime | None = None, uses_max: int | None = None
) -> Invitation:
    """Make a link that lets in whoever has it: until a time, as many as it says; None: no such limit.

    Conflict: the room has many already. Guests have no way in by one.
    """
    with changing(room, actor) as change:
        _require_open(change)
        if expires_at is not None and expires_at <= change.now:
            raise _refused("expires_at", "Choose a later time.")
        if uses_max is not None and not 1 <= uses_max <= USES_MAX:
            raise _refused("uses_max", f"Choose between 1 and {USES_MAX:,} uses.")
        if change.room.invitations.open().filter(code__isnull=False).count() >= LINKS_MAX:
            raise Conflict(f"A room has at most {LINKS_MAX} links in use. Revoke one first.")
        made = Invitation.objects.create(
            room=change.room,
            code=secrets.token_urlsafe(CODE_BYTES),
            made_by=change.actor,
            expires_at=expires_at,
            uses_max=uses_max,
            created_at=change.now,
        )
        change.record("room.link_made", invitation=str(made.pk), expires_at=expires_at, uses_max=uses_max)
        return made


def invite(actor: Actor, room: Room, user: User | UUID) -> Invitation:
    """Ask somebody into the room; one who has been asked already is not asked twice.

    Somebody who blocked the actor is not asked, and the actor is not told. Conflict: they are in it.
    Forbidden: they are banned from it.
    """
    with changing(room, actor) as change:
        _require_open(change)
        person = find_people([user])[0]
        if person.is_guest:
            raise Forbidden("Guests stay in the room that they came for.")
        if change.room.memberships.current().filter(user=person).exists():
            raise Conflict(f"@{person.username} is in this room already.")
        if bans_of(change).filter(user=person).exists():
            raise Forbidden(f"@{person.username} is banned from this room. Lift the ban first.")
        held = change.room.invitations.open().filter(user=person).first()
        if held is not None:
            return held
        if change.room.invitations.open().filter(user__isnull=False).count() >= PERSONAL_MAX:
            raise Conflict(f"At most {PERSONAL_MAX} people are asked at a time. Revoke an invitation first.")
        made = Invitation.objects.create(room=change.room, user=person, made_by=change.actor, created_at=change.now)
        change.record("room.invited", user=person.username)
        tell_waiting([person])
        return made


def revoke(actor: Actor, invitation: Invitation) -> None:
    """End an invitation: one's own, or another's by who manages them. Who came in by it stays."""
    with changing(invitation.room, actor) as change:
        held = _held(invitation)
        is_own = change.actor is not None and held.made_by_id == change.actor.pk and change.own is not None
        if not is_own:
            change.require(Action.MANAGE_INVITATIONS)
        if held.state == Invitation.State.OPEN:
            _end(held, Invitation.State.REVOKED)
            change.record("room.invitation_revoked", invitation=str(held.pk), user=held.user and held.user.username)


def link_of(code: str) -> Invitation:
    """The link with that code, for who wants to know where it leads.

    NotFound: there is none. Gone: it has ended, is used up, or its room takes nobody.
    """
    # What is in none of ours, NUL above all, is kept from the database.
    is_ours = code.isascii() and code.isprintable()
    found = Invitation.objects.filter(code=code).select_related("room__head", "made_by").first() if is_ours else None
    if found is None:
        raise NotFound(NO_INVITATION)
    _check_leads_somewhere(found)
    return found


def accept_link(user: User, code: str) -> Membership:
    """Come in by a link; who is in the room already uses nothing of it.

    NotFound, Gone (see `link_of`). Conflict: the room is full. Forbidden: one is banned, or a guest.
    """
    if user.is_guest:
        raise Forbidden("Guests stay in the room that they came for.")
    found = link_of(code)
    with changing(found.room, user) as change:
        if change.own is not None:
            return change.own
        held = _held(found)
        _check_leads_somewhere(held)
        membership = admit(change, [user])[0]
        held.uses += 1
        held.save(update_fields=["uses"])
        change.record("room.link_used", invitation=str(held.pk))
        return membership


def answer(user: User, invitation: Invitation, *, accept: bool) -> Membership | None:
    """Accept or decline what one was asked; return the membership that comes of it.

    NotFound: it is not one's own, or open no more. Conflict: the room is full.
    """
    if invitation.user_id != user.pk:
        raise NotFound(NO_INVITATION)
    with changing(invitation.room, user) as change:
        if not Invitation.objects.waiting_for(user).filter(pk=invitation.pk).exists():
            raise NotFound(NO_INVITATION)
        held = _held(invitation)
        membership = admit(change, [user])[0] if accept else None
        if membership is None:
            _end(held, Invitation.State.DECLINED)  # accepted ones end with any way in
        change.record("room.invitation_accepted" if accept else "room.invitation_declined", invitation=str(held.pk))
        return membership


def _require_open(change: Change) -> None:
    change.require(Action.INVITE)
    change.require_unarchived()
    if change.room.kind == Kind.DIRECT:  # staff, whom the table does not bind
        raise Forbidden("A direct conversation keeps its people.")


def _held(invitation: Invitation) -> Invitation:
    """Read it again under the lock of the room's head."""
    return Invitation.objects.select_related("room", "user").get(pk=invitation.pk)


def _check_leads_somewhere(invitation: Invitation) -> None:
    room = invitation.room
    is_open = Invitation.objects.open().filter(pk=invitation.pk).exists()
    if not is_open or room.deleted_at is not None or room.archived_at is not None:
        raise Gone("This invitation is no longer valid. Ask for another one.")


def _end(invitation: Invitation, state: Invitation.State) -> None:
    invitation.state = state
    invitation.save(update_fields=["state"])
    if invitation.user is not None:
        tell_waiting([invitation.user])


def _refused(field: str, detail: str) -> Invalid:
    return Invalid(detail, fields={field: [detail]})
