"""What every change of a message shares: its transaction, who acts with what right, who is told.

with changing_message(actor, message_id) as change:   # head locked, all read afresh: 2 queries
    change.require(Action.PIN)
    ...                                               # write
    change.tell("message.pinned", {...})              # the entry and the new head; 1 query, on SQLite 2
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import DateTimeField, F, FilteredRelation, Func, Q
from django.utils import timezone

from accounts.models import User
from accounts.people import person_of
from audit.services import record
from messaging import fragments, reach
from messaging.models import Message
from messaging.wire import MessageOut, encode_json, messages_out
from realtime import bus
from realtime.errors import Forbidden, NotFound, ReadOnly
from rooms import log
from rooms.permissions import Action, allows, staff_may
from rooms.services import Actor, Staff
from rooms.settings import RoomSettings, settings_of

NO_MESSAGE = "There is no such message."
# What puts words or marks before others: closed to whom a moderator has muted, as sending is.
_OF_THE_VOICE = frozenset({Action.EDIT_OWN, Action.REACT, Action.PIN})


@dataclass(slots=True)
class MessageChange:
    """A message while its room's head is locked. `actor` is None when a command acts."""

    message: Message
    head: log.Head
    actor: User | None
    is_staff: bool
    # The actor's, as a member; of staff there are none.
    role: str | None
    overrides: dict[str, Any] | None
    muted_until: datetime | None

    @property
    def now(self) -> datetime:
        assert self.head.now is not None, "set when the head was locked"
        return self.head.now

    @property
    def settings(self) -> RoomSettings:
        return settings_of(self.message.room.settings)

    @property
    def is_own(self) -> bool:
        return self.actor is not None and self.message.sender_id == self.actor.pk

    @property
    def person(self) -> dict[str, Any] | None:
        """Who acts, as others see them, for an entry's payload."""
        return msgspec.to_builtins(person_of(self.actor)) if self.actor else None

    def may(self, action: Action) -> bool:
        if self.is_staff:
            return staff_may(action, self.message.room.kind)
        assert self.role is not None, "who is no member finds no message"
        room = self.message.room
        return allows(action, role=self.role, kind=room.kind, settings=room.settings, overrides=self.overrides)

    def require(self, action: Action) -> None:
        """ReadOnly: a moderator has muted the actor. Forbidden: they may not do this, or not to the other of two."""
        if action in _OF_THE_VOICE and self.muted_until is not None and self.muted_until > self.now:
            wait = (self.muted_until - self.now).total_seconds()
            raise ReadOnly("A moderator has muted you in this room.", retry_after=wait)
        if not self.may(action):
            raise Forbidden("Your role in this room does not allow this.")
        if action in _OF_THE_VOICE:
            self.require_reach()

    def require_reach(self) -> None:
        """Forbidden: in a conversation of two, the other is closed to the actor."""
        if self.actor is not None and not self.is_staff:
            reach.check(reach.peer_in(self.message.room, self.actor.pk))

    def require_open(self) -> None:
        """ReadOnly: the room is archived. NotFound: the message has been deleted."""
        if self.message.room.archived_at is not None:
            raise ReadOnly("This room is archived.")
        if self.message.deleted_at is not None:
            raise NotFound("This message has been deleted.")

    def written(self) -> MessageOut:
        """The message as it is now."""
        return messages_out([self.message])[0]

    def tell(self, kind: str, payload: dict[str, Any]) -> None:
        """Write an entry that speaks for itself: its payload is the event's data."""
        log.conclude(self.head, kind, self.actor, self._about() | payload)

    def tell_whole(self, kind: str) -> MessageOut:
        """Write an entry that shows the message as it is; return it so."""
        written = self.written()
        fragment = fragments.render(written) if bus.wants_fragment(written.room) else None
        log.conclude(self.head, kind, self.actor, self._about(), data=encode_json(written), fragment=fragment)
        return written

    def _about(self) -> dict[str, Any]:
        return {"message": str(self.message.pk), "number": self.message.number}

    def record(self, action: str, **details: Any) -> None:
        """Write the act into the audit record."""
        record(action, actor=self.actor, target=self.message, details={"room": str(self.message.room_id), **details})


class _Clock(Func):
    """The database's clock, not the transaction's start: readings follow the order of commits."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = DateTimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[str | int, ...]]:
        # The embedded database shares this process's clock.
        return "%s", (connection.ops.adapt_datetimefield_value(timezone.now()),)


@contextmanager
def changing_message(actor: Actor, message_id: UUID) -> Iterator[MessageChange]:
    """Lock the head of the message's room and read what the change needs, in a query of its own each.

    The last `tell` ends the change: it also advances the head. NotFound: there is no such message,
    or the actor is no member of its room now.
    """
    user = actor.user if isinstance(actor, Staff) else actor
    with transaction.atomic():
        log.wait_for(Message.objects.filter(pk=message_id).values("room_id"))
        own = Q(room__memberships__user=user, room__memberships__left_at__isnull=True)
        message: Any = (
            Message.objects.filter(pk=message_id, room__deleted_at__isnull=True)
            .above_the_floor()
            .select_related("room__head", "sender", "reply_to__sender")
            .alias(own=FilteredRelation("room__memberships", condition=own))
            .annotate(own_role=F("own__role"), own_overrides=F("own__permissions"))
            .annotate(own_muted_until=F("own__muted_until"), now=_Clock())
            .first()
        )
        if message is None or (message.own_role is None and not isinstance(actor, Staff)):
            raise NotFound(NO_MESSAGE)
        head = log.Head.of(message.room.head, now=message.now)
        is_staff = isinstance(actor, Staff)
        # Staff act from outside, whatever binds them as members.
        muted_until = None if is_staff else message.own_muted_until
        yield MessageChange(message, head, user, is_staff, message.own_role, message.own_overrides, muted_until)
