"""The verbs on messages that exist: delete, mark as read. `append` is in a module of its own."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from audit.services import record
from messaging import fragments
from messaging.events import IMPORTED
from messaging.models import NOTICES, Message
from messaging.wire import MessageOut, encode_json, messages_out
from realtime import bus
from realtime.errors import Forbidden, Invalid, NotFound
from realtime.events import Note
from realtime.frames import frame
from rooms import log
from rooms.models import Membership, Room, RoomHead
from rooms.permissions import Action, allows
from rooms.services import Actor, Staff
from rooms.summaries import unread_of


def delete(actor: Actor, message_id: UUID) -> MessageOut:
    """Leave a tombstone where the message was; its content is gone from the database.

    One's own, or another's as the room's table allows; staff any. Deleting twice changes nothing.
    Raises `NotFound`, `Forbidden`.
    """
    user = actor.user if isinstance(actor, Staff) else actor
    messages = Message.objects.all() if isinstance(actor, Staff) else Message.objects.reachable_by(actor)
    found = messages.filter(pk=message_id).values_list("room_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such message.")
    with transaction.atomic():
        head = log.lock([found])[found]
        message = Message.objects.select_related("sender", "room").get(pk=message_id)
        if isinstance(actor, User):
            _check_may_delete(actor, message)
        if message.deleted_at is not None:
            return messages_out([message])[0]
        message.deleted_at = head.now
        message.content = message.html = ""
        # A notice of another system's past stays one: it would end or begin a membership here.
        message.metadata = {name: value for name, value in message.metadata.items() if name == IMPORTED}
        message.save(update_fields=["deleted_at", "content", "html", "metadata"])
        written = messages_out([message])[0]
        log.enter(
            head,
            "message.deleted",
            user,
            {"message": str(message.pk), "number": message.number},
            data=encode_json(written),
            fragment=fragments.render(written),
        )
        log.advance([head])
        if user is None or message.sender_id != user.pk:
            record("message.deleted", actor=user, target=message, details={"room": str(found)})
    return written


def _check_may_delete(actor: User, message: Message) -> None:
    membership = Membership.objects.current().filter(room_id=message.room_id, user=actor).first()
    if membership is None:
        raise NotFound("There is no such message.")
    if message.kind in NOTICES:
        raise Forbidden("Notices of the room stay: they tell what happened.")
    action = Action.DELETE_OWN if message.sender_id == actor.pk else Action.DELETE_OTHERS
    if not allows(
        action,
        role=membership.role,
        kind=message.room.kind,
        settings=message.room.settings,
        overrides=membership.permissions,
    ):
        raise Forbidden("You may not delete this message.")


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """Where a member stands in a room."""

    number: int
    unread: int
    mentions: int


def mark_read(
    user: User | UUID, room_id: UUID, *, number: int | None = None, unread_from: int | None = None
) -> ReadPosition:
    """Move the user's read position to `number`, never back; or back to before `unread_from`.

    All of the user's devices are told. Raises `NotFound` for a room that the user is not in,
    `Invalid` for a number that does not exist yet.
    """
    user_id = user.pk if isinstance(user, User) else user
    if (number is None) == (unread_from is None):
        raise Invalid("Give either “number” or “unread_from”.")
    with transaction.atomic():
        membership = (
            Membership.objects.current()
            .select_for_update(of=("self",), no_key=True)
            .filter(user_id=user_id, room_id=room_id, room__deleted_at__isnull=True)
            .select_related("room__head")
            .first()
        )
        if membership is None:
            raise NotFound("There is no such room.")
        head = membership.room.head
        wanted = number if number is not None else unread_from - 1  # type: ignore[operator]
        if not 0 <= wanted <= head.last_number:
            detail = f"The room's numbers go up to {head.last_number}."
            raise Invalid(detail, fields={"number" if number is not None else "unread_from": [detail]})
        if wanted == membership.read_number or (number is not None and wanted < membership.read_number):
            return _position(membership, head)
        membership.read_number = wanted
        membership.read_index = _index_at(room_id, wanted, head)
        membership.last_read_at = timezone.now()
        membership.save(update_fields=["read_number", "read_index", "last_read_at"])
        User.objects.filter(pk=user_id).update(rev=F("rev") + 1)
        rev = User.objects.values_list("rev", flat=True).get(pk=user_id)
        position = _position(membership, head)
        text = frame(
            "read", room=str(room_id), number=position.number, unread=position.unread, mentions=position.mentions
        )
        bus.publish_on_commit([Note(str(user_id), text, rev)])
    return position


def _position(membership: Membership, head: RoomHead) -> ReadPosition:
    return ReadPosition(membership.read_number, unread_of(head, membership.read_index), mentions=0)


def _index_at(room_id: UUID, number: int, head: RoomHead) -> int:
    """How many messages count as unread up to that number. One row by index, purged ones aside."""
    if number == head.last_number:
        return head.last_index
    found = (
        Message.objects.in_room(room_id)
        .filter(number__lte=number)
        .order_by("-number")
        .values_list("unread_index", flat=True)
        .first()
    )
    return head.floor_index if found is None else max(found, head.floor_index)


def room_of(user: User, room_id: UUID) -> Room:
    """The room, if the user is in it now. Raises `NotFound`."""
    room = Room.objects.joined_by(user).filter(pk=room_id).first()
    if room is None:
        raise NotFound("There is no such room.")
    return room
