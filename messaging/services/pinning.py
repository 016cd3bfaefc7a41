"""Pins: messages that a room keeps at hand."""

from __future__ import annotations

from uuid import UUID

from messaging import search
from messaging.changing import changing_message
from messaging.models import NOTICES, Pin
from messaging.wire import MessageOut
from realtime.errors import Conflict, Forbidden
from rooms.permissions import Action
from rooms.services import Actor

# More would be a second history that nobody reads.
PINS_MAX = 200


def pin(actor: Actor, message_id: UUID) -> MessageOut:
    """Pin the message; return it as it is then. Twice changes nothing. Conflict: the room has its most."""
    with changing_message(actor, message_id) as change:
        change.require_open()
        if change.message.kind in NOTICES:
            raise Forbidden("Notices of the room cannot be pinned.")
        change.require(Action.PIN)
        message = change.message
        if message.pinned_at is not None:
            return change.written()
        if Pin.objects.filter(room_id=message.room_id).count() >= PINS_MAX:
            raise Conflict(f"A room has at most {PINS_MAX} pins. Unpin another message first.")
        message.pinned_at = change.now
        search.save(message, ["pinned_at"])
        Pin.objects.create(room_id=message.room_id, message=message, user=change.actor, created_at=change.now)
        change.tell("message.pinned", {"user": change.person})
        return change.written()


def unpin(actor: Actor, message_id: UUID) -> MessageOut:
    """Let the message go; return it as it is then. Twice changes nothing."""
    with changing_message(actor, message_id) as change:
        change.require_open()
        change.require(Action.PIN)
        message = change.message
        if message.pinned_at is None:
            return change.written()
        message.pinned_at = None
        search.save(message, ["pinned_at"])
        Pin.objects.filter(message=message).delete()
        change.tell("message.unpinned", {"user": change.person})
        return change.written()
