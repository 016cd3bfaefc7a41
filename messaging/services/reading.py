"""How far somebody has read a room: a private position that moves both ways.

What others may know of it, and when, is `messaging.receipts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from messaging import mentions
from messaging.models import Message
from messaging.receipts import recording
from realtime import bus
from realtime.errors import Invalid, NotFound
from realtime.events import Note
from realtime.frames import frame
from rooms.models import Membership, Room, RoomHead
from rooms.summaries import unread_of


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

    All of the user's devices are told, and by a `number` the receipts go on. Raises `NotFound` for
    a room that the user is not in, `Invalid` for a number that does not exist yet.
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
        # A message of one's own can have moved the position beyond what one was seen to have read.
        if number is not None and number > membership.read_upto:
            transaction.on_commit(partial(recording.note, user_id, room_id, read=number))
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
    return ReadPosition(
        membership.read_number,
        unread_of(head, membership.read_index),
        mentions.unread_in(membership.user_id, membership.room_id, membership.read_number),
    )


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
