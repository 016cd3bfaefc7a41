"""What every change of a room shares: its transaction, who acts with what right, and who is told.

    with changing(room, actor) as change:       # head locked, room and membership read afresh
        change.require(Action.EDIT_ROOM)
        ...
        change.tell_room()                      # an entry of the log; its event follows COMMIT

Locks are taken in one order everywhere: heads by id, then memberships, then users.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import pictures
from accounts.models import User
from audit.services import record
from realtime import bus
from realtime.errors import Forbidden, NotFound, ReadOnly
from realtime.values import timestamp
from rooms import log
from rooms.models import LISTED_KINDS, Membership, Room
from rooms.permissions import Action, allows, outranks, staff_may

NO_ROOM = "There is no such room."
# Users of one statement: some ten thousand parameters are what SQLite takes.
TOUCHED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Staff:
    """One who acts on a room from outside of it: from the admin, or (no user) from a command.

    Roles do not bind them. It is a type of its own, and not a flag, so that nothing that came in
    as input can turn into it: the code that makes one has checked who asks.
    """

    user: User | None = None

    def __post_init__(self) -> None:
        if self.user is not None and not (self.user.is_staff and self.user.is_active):
            raise Forbidden("Only staff may do this.")


# Who changes a room: a person by the role that they have in it, or staff.
Actor = User | Staff


@dataclass(slots=True)
class Change:
    """A room while its head is locked. `actor` is None when a command acts."""

    room: Room
    head: log.Head
    actor: User | None
    own: Membership | None  # the actor's, if they are a member now
    is_staff: bool

    @property
    def now(self) -> datetime:
        assert self.head.now is not None, "heads come from lock()"
        return self.head.now

    def require(self, action: Action) -> None:
        """Forbidden (NotFound where the room is hidden from the actor): they may not do this."""
        if self.is_staff:
            if not staff_may(action, self.room.kind):
                raise Forbidden("A direct conversation keeps its people and its settings.")
            return
        if self.own is None:
            assert self.actor is not None, "only staff act without a user"
            if self.room.kind in LISTED_KINDS and not self.actor.is_guest:
                raise Forbidden("Only members of this room may do this.")
            raise NotFound(NO_ROOM)
        if not allows(
            action,
            role=self.own.role,
            kind=self.room.kind,
            settings=self.room.settings,
            overrides=self.own.permissions,
        ):
            raise Forbidden("Your role in this room does not allow this.")

    def require_unarchived(self) -> None:
        if self.room.archived_at is not None:
            raise ReadOnly("This room is archived.")

    def require_rank_over(self, membership: Membership) -> None:
        """Forbidden: the actor's role is not above that of the member on whom they act."""
        if not self.is_staff and (self.own is None or not outranks(self.own.role, membership.role)):
            raise Forbidden("You can only do this to members whose role is below yours.")

    def member(self, user: User | UUID) -> Membership:
        """Return the current membership of the user. NotFound: they have none."""
        user_id = user.pk if isinstance(user, User) else user
        found = self.room.memberships.current().filter(user_id=user_id).select_related("user").first()
        if found is None:
            raise NotFound("This person is not a member of the room.")
        return found

    def tell_room(self) -> None:
        """Write the room's new state into the log."""
        log.enter(self.head, "room.changed", self.actor, state_of(self.room))

    def notice(self, what: str, /, **details: Any) -> None:
        """Say in the room's flow what the actor did; a message that notifies nobody."""
        log.notice(self.head, "system", self.actor, what=what, **details)

    def tell_of(self, membership: Membership) -> None:
        """Write a member's new state into the log."""
        muted_until = membership.muted_until
        payload = {
            "user": str(membership.user_id),
            "role": str(membership.role),
            "muted_until": timestamp(muted_until) if muted_until and muted_until > self.now else None,
            "permissions": membership.permissions,
        }
        log.enter(self.head, "member.changed", self.actor, payload)

    def tell_bans(self) -> None:
        """Have those who may see the bans read them anew. The others learn neither whose it is nor who decided."""
        log.enter(self.head, "bans.changed", None, {})

    def record(self, action: str, *, severity: str = "info", **details: Any) -> None:
        """Write the act into the audit record."""
        record(action, actor=self.actor, target=self.room, severity=severity, details=details)


@contextmanager
def changing(room: Room, actor: Actor, *, deleted: bool = False) -> Iterator[Change]:
    """Lock the room's head, read the room and the actor's membership, and advance the head at the end.

    NotFound: the room has gone; so has a deleted one, unless `deleted` asks for it.
    """
    with transaction.atomic():
        heads = log.lock([room.pk])
        found = Room.objects.filter(pk=room.pk).first() if heads else None
        if found is None or (found.deleted_at is not None and not deleted):
            raise NotFound(NO_ROOM)
        change = entering(found, heads[room.pk], actor)
        yield change
        log.advance([change.head])


def entering(room: Room, head: log.Head, actor: Actor) -> Change:
    """Return the change of a room whose head is locked."""
    if isinstance(actor, Staff):
        return Change(room, head, actor.user, None, is_staff=True)
    own = room.memberships.current().filter(user=actor).select_related("user").first()
    return Change(room, head, actor, own, is_staff=False)


def state_of(room: Room) -> dict[str, Any]:
    """The room as `room.changed` tells of it: all of it, so that applying it twice is harmless."""
    return {
        "slug": room.slug,
        "kind": str(room.kind),
        "name": room.name,
        "topic": room.topic,
        "avatar": pictures.url(room.avatar.name or ""),
        "settings": room.settings,
        "archived": room.archived_at is not None,
        "deleted": room.deleted_at is not None,
    }


def touch(user_ids: Collection[UUID]) -> None:
    """Say that what these users may see or do has changed; last in a transaction, after the memberships.

    Their rows are locked in id order, so that changes of several rooms which concern the same
    people never wait for each other in a circle.
    """
    ordered = sorted(user_ids)
    for start in range(0, len(ordered), TOUCHED_AT_ONCE):
        users = User.objects.filter(pk__in=ordered[start : start + TOUCHED_AT_ONCE])
        if len(ordered) > 1:
            list(users.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        users.touch_rev()
    bus.recheck(ordered)
