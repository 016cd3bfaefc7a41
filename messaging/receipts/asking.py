"""Answers from receipts: who has received and read a message, and how far each member of a room is.

Of a message the list has the members who let the asker know and whom the asker lets know
(`accounts.privacy.mutual`, blocks included): in the room since before it, or then and not any more.
As people decide now, so they are shown, whatever was shown before. Its sender is not in it.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db.models import BooleanField, Case, Count, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts import privacy
from accounts.models import Audience, Privacy, User
from accounts.people import Person, person_of
from messaging.models import Message, Receipt
from messaging.receipts import SHOWN_MAX_MEMBERS
from realtime.errors import Forbidden, NotFound
from realtime.values import Timestamp, timestamp
from rooms.models import Membership, RoomHead

State = Literal["read", "received", "waiting"]


class Watermarks(msgspec.Struct, frozen=True, gc=False):
    """How far a member has received and read a room; it says nothing of numbers up to `since`."""

    received: int
    read: int
    since: int


class ReceiptOut(msgspec.Struct, frozen=True, gc=False):
    """When a person received and read a message; null: they have not."""

    user: Person
    received_at: Timestamp | None
    read_at: Timestamp | None


class ReceiptCounts(msgspec.Struct, frozen=True, gc=False):
    """“Read by 5 of 12”: of how many people, who received it and who of these read it."""

    read: int
    received: int
    of: int


class ReceiptPage(msgspec.Struct, frozen=True, gc=False):
    """People in a steady order, and how many there are in all."""

    counts: ReceiptCounts
    results: list[ReceiptOut]
    next: str | None


def watermarks(room_id: UUID | str, viewer_id: UUID | str) -> dict[str, Watermarks]:
    """How far each other member of a room is, by id, as far as the two let each other know; nobody in a crowd."""
    if not RoomHead.objects.filter(room_id=room_id, member_count__lte=SHOWN_MAX_MEMBERS).exists():
        return {}
    viewer = UUID(str(viewer_id))
    told = privacy.mutual(viewer, Privacy.READ_RECEIPTS, "user__")
    members = Membership.objects.current().filter(told, room_id=room_id)
    found = {
        str(user_id): Watermarks(*marks)
        for user_id, *marks in members.values_list("user_id", "received_upto", "read_upto", "receipts_since")
    }
    return found if found.pop(str(viewer), None) else {}  # who is not in it is no member any more


def message_for(viewer: User, message_id: UUID) -> Message:
    """The message whose receipts the viewer asks for.

    Raises `NotFound` (not in a room of theirs, or purged), `Forbidden` (they keep their own).
    """
    messages = Message.objects.reachable_by(viewer).select_related("room__head")
    message = messages.filter(pk=message_id).first()
    if message is None or message.number <= message.room.head.floor_number:
        raise NotFound("There is no such message.")
    if privacy.settings_of(viewer).read_receipts == Audience.NOBODY:
        raise Forbidden(
            "You keep read receipts to yourself, and so you do not see those of others."
            " You can turn them on in your privacy settings."
        )
    return message


def counts(message: Message, viewer: User) -> ReceiptCounts:
    """How many people received and read the message, of how many, as the viewer may know. Two queries."""
    found = recipients(message, viewer).aggregate(
        read=Count("pk", filter=Q(has_read=True)), received=Count("pk", filter=Q(has_received=True)), of=Count("pk")
    )
    return ReceiptCounts(**found)


def people(
    message: Message, viewer: User, *, state: State | None = None, after: int = 0, limit: int
) -> list[tuple[int, ReceiptOut]]:
    """Up to `limit` people of the list, in the order of their memberships, whose ids go along.

    `state`: only those who have read it, received but not read it, or neither. `after` is the id
    of the last membership that is known.
    """
    rows = recipients(message, viewer).filter(pk__gt=after).select_related("user").order_by("pk")
    if state == "read":
        rows = rows.filter(has_read=True)
    elif state == "received":
        rows = rows.filter(has_read=False, has_received=True)
    elif state == "waiting":
        rows = rows.filter(has_received=False)
    rows = rows.annotate(
        read_at=Subquery(_covering(message, Receipt.Kind.READ).values("at")[:1]),
        received_at=Subquery(_covering(message, Receipt.Kind.RECEIVED).values("at")[:1]),
    )
    return [(row.pk, _receipt(row, message.number)) for row in rows[:limit]]


def recipients(message: Message, viewer: User) -> QuerySet[Any]:
    """The memberships of a message's list as the viewer may see it.

    Each has `has_read` and `has_received` beside its fields.
    Of who has been there since before the message the watermarks say it. Who came back since
    began anew, and one row of theirs is looked up.
    """
    number = message.number
    stayed, returned = Q(receipts_since__lt=number), Q(receipts_since__gte=number)
    has_read = (stayed & Q(read_upto__gte=number)) | (returned & Q(read_from__lte=number))
    has_received = has_read | (stayed & Q(received_upto__gte=number)) | (returned & Q(received_from__lte=number))
    rows = (
        Membership.objects.filter(privacy.mutual(viewer.pk, Privacy.READ_RECEIPTS, "user__"), room_id=message.room_id)
        .annotate(
            read_from=Subquery(_covering(message, Receipt.Kind.READ).values("from_number")[:1]),
            received_from=Subquery(_covering(message, Receipt.Kind.RECEIVED).values("from_number")[:1]),
        )
        .annotate(has_read=_is(has_read), has_received=_is(has_received))
        .filter(Q(has_received=True) | (stayed & Q(left_at__isnull=True)))
    )
    return rows.exclude(user_id=message.sender_id) if message.sender_id else rows


def _is(condition: Q) -> Case:
    """True or false: what compares with nothing is false, and not unknown."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _covering(message: Message, kind: str) -> QuerySet[Receipt]:
    """Of each person's receipts the first that reaches the message: it covers it, if any does."""
    return Receipt.objects.filter(
        room_id=message.room_id, kind=kind, user_id=OuterRef("user_id"), to_number__gte=message.number
    ).order_by("to_number")


def _receipt(row: Any, number: int) -> ReceiptOut:
    read_at = row.read_at if row.read_from is not None and row.read_from <= number else None
    received_at = row.received_at if row.received_from is not None and row.received_from <= number else None
    # Reading implies receiving, and leaves a row only where nothing was known to be received before.
    received_at = min(filter(None, (received_at, read_at)), default=None)
    return ReceiptOut(
        user=person_of(row.user),
        received_at=timestamp(received_at) if received_at else None,
        read_at=timestamp(read_at) if read_at else None,
    )
