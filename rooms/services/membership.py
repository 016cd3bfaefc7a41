"""Who is in a room, and as what: joining, leaving, adding, removing, roles, muting, ownership."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts import privacy, relations
from accounts import services as accounts
from accounts.models import Privacy, User, UserQuerySet
from realtime import bus
from realtime.errors import Conflict, Forbidden, Invalid, NotFound
from realtime.events import Note
from realtime.frames import frame
from rooms import log
from rooms.models import LISTED_KINDS, Ban, Invitation, Kind, Membership, Role, Room
from rooms.permissions import RANK, Action
from rooms.services.change import NO_ROOM, Actor, Change, changing, touch

# What joining again sets; the rest (what to be notified of, a mute that still runs) stays.
_BEGUN_ANEW = [
    *("role", "permissions", "joined_at", "left_at", "read_number", "read_index", "last_read_at"),
    *("received_upto", "read_upto", "receipts_since"),
]
# One call holds the room's lock while it writes a notice for each.
ADDED_AT_ONCE_MAX = 100


def join(user: User, room: Room) -> Membership:
    """Make the user a member of a listed room; who is one already stays as they are.

    NotFound: others have to add them. ReadOnly: it is archived. Conflict: it is full.
    """
    with changing(room, user) as change:
        if change.own is not None:
            return change.own
        if change.room.kind not in LISTED_KINDS or user.is_guest:
            raise NotFound(NO_ROOM)
        change.require_unarchived()
        return admit(change, [user])[0]


def leave(user: User, room: Room) -> None:
    """End the user's own membership. An owner's room goes to the next in line.

    NotFound: they are no member. Forbidden: direct rooms are for good.
    """
    with changing(room, user) as change:
        if change.own is None:
            raise NotFound(NO_ROOM)
        if change.room.kind == Kind.DIRECT:
            raise Forbidden("A direct conversation cannot be left.")
        change.require(Action.LEAVE)
        end(change, change.own)


def add_members(actor: Actor, room: Room, users: Iterable[User | UUID]) -> list[Membership]:
    """Make these people (users or their ids) members; who is one already stays as they are.

    Returns the memberships of all of them. NotFound: one of the people is unknown, suspended or
    has left the server; nobody is added then.
    """
    with changing(room, actor) as change:
        change.require(Action.INVITE)
        change.require_unarchived()
        people = find_people(users)
        if len(people) > ADDED_AT_ONCE_MAX:
            detail = f"Add up to {ADDED_AT_ONCE_MAX} people at once."
            raise Invalid(detail, fields={"members": [detail]})
        check_may_add(change, people)
        memberships = admit(change, people)
        if added := [row.user.username for row in memberships if row.joined_at == change.now]:
            change.record("room.members_added", users=added)
        return memberships


def remove_member(actor: Actor, room: Room, user: User | UUID) -> None:
    """End the membership of somebody whose role is below the actor's."""
    with changing(room, actor) as change:
        change.require(Action.REMOVE_MEMBER)
        membership = change.member(user)
        if change.actor is not None and membership.user_id == change.actor.pk:
            raise Conflict("To go yourself, leave the room.")
        change.require_rank_over(membership)
        role = membership.role
        end(change, membership)
        change.record("room.member_removed", severity="notice", user=membership.user.username, role=role)


def change_role(actor: Actor, room: Room, user: User | UUID, role: str) -> Membership:
    """Give a member another role. Both the old and the new one are below the actor's own.

    The owner's role is passed on by `transfer`.
    """
    with changing(room, actor) as change:
        change.require(Action.CHANGE_ROLE)
        membership = change.member(user)
        if role not in (Role.ADMIN, Role.MODERATOR, Role.MEMBER):
            detail = "Choose admin, moderator or member. A room gets another owner by a transfer."
            raise Invalid(detail, fields={"role": [detail]})
        if membership.user.is_visitor:
            raise Forbidden("Guests who came by a name alone have no role.")
        if membership.role == Role.OWNER:
            raise Forbidden("The owner keeps their role until the room is transferred to another.")
        change.require_rank_over(membership)
        if change.own is not None and RANK[role] >= RANK[change.own.role]:
            raise Forbidden("You can only give roles below your own.")
        if membership.role != role:
            change.record(
                "room.role_changed",
                severity="notice",
                user=membership.user.username,
                before=membership.role,
                after=role,
            )
            _give_role(change, membership, role)
            touch([membership.user_id])
        return membership


def mute_member(actor: Actor, room: Room, user: User | UUID, until: datetime | None) -> Membership:
    """Let a member read but not write until then; None lets them write again."""
    with changing(room, actor) as change:
        change.require(Action.MUTE_MEMBER)
        membership = change.member(user)
        change.require_rank_over(membership)
        if until is not None and until <= change.now:
            raise Invalid("Choose a later time.", fields={"muted_until": ["Choose a later time."]})
        if membership.muted_until != until:
            membership.muted_until = until
            membership.save(update_fields=["muted_until"])
            change.tell_of(membership)
            action = "room.member_muted" if until else "room.member_unmuted"
            change.record(action, severity="notice", user=membership.user.username, until=until)
            touch([membership.user_id])
        return membership


def transfer(actor: Actor, room: Room, user: User | UUID) -> Membership:
    """Make a member the owner; who owned the room until now becomes an admin."""
    with changing(room, actor) as change:
        change.require(Action.TRANSFER)
        membership = change.member(user)
        if membership.role == Role.OWNER:
            return membership
        if not _possible_owners(change.room).filter(pk=membership.user_id).exists():
            raise Conflict("This person cannot own a room: their account is suspended, or a bot's or a guest's.")
        former = change.room.memberships.current().filter(role=Role.OWNER).select_related("user").first()
        hand_over(change, former, membership)
        change.record(
            "room.transferred",
            severity="notice",
            before=former.user.username if former else None,
            after=membership.user.username,
        )
        return membership


def hand_over(change: Change, former: Membership | None, successor: Membership) -> None:
    """Make the successor the owner and who was it an admin. Last in a transaction: it locks their rows."""
    # The one owner that the database allows: the old one gives it up first.
    if former is not None:
        _give_role(change, former, Role.ADMIN)
    _give_role(change, successor, Role.OWNER)
    touch([successor.user_id, *([former.user_id] if former else [])])


def find_people(given: Iterable[User | UUID]) -> list[User]:
    """Read these people afresh, in their order and each once. NotFound: nobody may meet one of them."""
    ids = list(dict.fromkeys(each.pk if isinstance(each, User) else each for each in given))
    found = User.objects.active().with_accounts().in_bulk(ids)
    if missing := [user_id for user_id in ids if user_id not in found]:
        detail = "There is no such person."
        raise NotFound(detail, fields={"members": [f"{detail} ({user_id})" for user_id in missing]})
    return [found[user_id] for user_id in ids]


def admit(change: Change, users: Collection[User], *, owner: User | None = None) -> list[Membership]:
    """Make the users members, where they are not; return the memberships of all, in their order.

    Each gets a notice, and stands behind all of them: what was said before is nobody's unread.
    Conflict: the room would be too full. Forbidden: one of them is banned from it.
    """
    room, head = change.room, change.head
    known = {row.user_id: row for row in room.memberships.filter(user__in=users).select_related("user")}
    newcomers = [user for user in users if user.pk not in known or not known[user.pk].is_current]
    _check_not_banned(change, newcomers)
    check_size(room.kind, head.member_count + len(newcomers))
    for user in newcomers:
        log.notice(head, "join", user, **_by(change, user))
    head.member_count += len(newcomers)
    made: list[Membership] = []
    for user in newcomers:
        row = known.get(user.pk) or Membership(room=room, user=user)
        # What was held against them outlasts their leaving, else it would end by going and coming back.
        row.permissions = {action: given for action, given in row.permissions.items() if not given}
        row.role, row.joined_at, row.left_at = Role.OWNER if user == owner else Role.MEMBER, change.now, None
        row.read_number, row.read_index, row.last_read_at = head.last_number, head.last_index, None
        row.received_upto = row.read_upto = row.receipts_since = head.last_number
        if row.pk is None:
            made.append(row)
        else:
            row.save(update_fields=_BEGUN_ANEW)
        known[user.pk] = row
    Membership.objects.bulk_create(made)
    if newcomers:
        asked = room.invitations.filter(user__in=newcomers, state=Invitation.State.OPEN)
        if answered := [row.user for row in asked.select_related("user") if row.user]:
            asked.update(state=Invitation.State.ACCEPTED)
            tell_waiting(answered)
        touch([user.pk for user in newcomers])
    return [known[user.pk] for user in users]


def check_may_add(change: Change, users: Collection[User]) -> None:
    """Forbidden: one of those who are no members yet does not let the actor add them to rooms.

    Nobody learns why: what somebody has set, and whom they have blocked, answer alike. One's own
    blocks one is reminded of.
    """
    if change.is_staff or change.actor is None:
        return
    members = set(change.room.memberships.current().filter(user__in=users).values_list("user_id", flat=True))
    asked = [user for user in users if user.pk not in members]
    willing = privacy.who_allow(change.actor, Privacy.ROOMS, [user.pk for user in asked])
    if refusing := [user for user in asked if user.pk not in willing]:
        blocked = set(relations.blocked_by(change.actor.pk))
        words = {True: "You have blocked @{}.", False: "@{} does not let you add them. Invite them."}
        raise Forbidden(
            "You have blocked somebody among them. Unblock them first."
            if any(user.pk in blocked for user in refusing)
            else "Not everybody lets you add them to rooms. Send them an invitation instead.",
            fields={"members": [words[user.pk in blocked].format(user.username) for user in refusing]},
        )


def _check_not_banned(change: Change, users: Collection[User]) -> None:
    if not users:
        return
    banned = list(bans_of(change).filter(user__in=users).select_related("user"))
    if not banned:
        return
    if change.actor is not None and [ban.user_id for ban in banned] == [change.actor.pk]:
        until = banned[0].until
        raise Forbidden(f"You are banned from this room{f' until {until:%-d %B %Y, %H:%M} UTC' if until else ''}.")
    raise Forbidden(
        "Somebody among them is banned from this room. Lift the ban first.",
        fields={"members": [f"@{ban.user.username} is banned from this room." for ban in banned]},
    )


def bans_of(change: Change) -> QuerySet[Ban]:
    """The room's bans that stand now."""
    return change.room.bans.filter(Q(until__isnull=True) | Q(until__gt=change.now))


def tell_waiting(users: Iterable[User]) -> None:
    """Tell all devices of people how many invitations await their word."""
    waiting = {user.pk: Invitation.objects.waiting_for(user).count() for user in users}
    bus.publish_on_commit([Note(str(pk), frame("invitations", waiting=count)) for pk, count in waiting.items()])


def check_size(kind: str, people: int) -> None:
    """Conflict: a room of that kind does not hold so many."""
    limit = settings.ROOM_SIZE_LIMITS[kind]
    if limit and people > limit:
        raise Conflict(f"The room is full: it holds up to {limit} people.")


def end(change: Change, membership: Membership) -> None:
    """End a membership; the owner's role goes to the next in line, if there is one."""
    owned = membership.role == Role.OWNER
    membership.left_at, membership.role = change.now, Role.MEMBER
    membership.save(update_fields=["left_at", "role"])
    change.head.member_count -= 1
    log.notice(change.head, "leave", membership.user, **_by(change, membership.user))
    touched = [membership.user_id]
    if owned and (successor := heir(change.room)):
        _give_role(change, successor, Role.OWNER)
        change.record("room.inherited", before=membership.user.username, after=successor.user.username)
        touched.append(successor.user_id)
    touch(touched)
    if membership.user.is_visitor:  # this room was all that they had
        accounts.deactivate(membership.user)


def heir(room: Room) -> Membership | None:
    """The longest-standing of the highest role that anybody has who can own a room."""
    possible = _possible_owners(room)
    for role in (Role.ADMIN, Role.MODERATOR, Role.MEMBER):
        ranked = room.memberships.current().filter(role=role, user__in=possible).select_related("user")
        if found := ranked.order_by("joined_at", "id").first():
            return found
    return None


def _possible_owners(room: Room) -> UserQuerySet:
    """The room's people who can answer for it."""
    members = room.memberships.current().values("user_id")
    active: UserQuerySet = User.objects.active()
    return active.filter(pk__in=members, is_bot=False, is_guest=False)


def _give_role(change: Change, membership: Membership, role: str) -> None:
    membership.role = Role(role)
    membership.save(update_fields=["role"])
    change.tell_of(membership)
    change.notice("role", user=membership.user.name, user_id=str(membership.user_id), role=str(role))


def _by(change: Change, user: User) -> dict[str, str]:
    """Name in a notice who brought it about, where it was another."""
    return {"by": str(change.actor.pk)} if change.actor is not None and change.actor.pk != user.pk else {}
