"""Saved messages: what somebody wants to find again, with a note of their own.

A saved message is shown for as long as its reader may read it: with a room that one leaves its
entries hide, and are back when one is. What was deleted since is shown as deleted.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from messaging.drafts import check_text
from messaging.models import NOTE_MAX_LENGTH, Message, SavedMessage
from messaging.wire import MessageOut, messages_out
from realtime import bus
from realtime.errors import Gone, Invalid, NotFound
from realtime.events import Note
from realtime.frames import frame
from realtime.values import Id, Timestamp, timestamp
from rooms import log
from rooms.models import Room


class SavedOut(msgspec.Struct, gc=False):
    """A saved message as its owner sees it."""

    id: int
    note: str
    saved_at: Timestamp
    message: MessageOut


class SavedState(msgspec.Struct, gc=False):
    """Whether a message is saved, and with which note."""

    message: Id
    room: Id
    saved: bool
    note: str


def save(user: User, message_id: UUID, note: str = "") -> SavedState:
    """Save a message, or give a saved one another note; all of the user's devices are told.

    NotFound: no message that the user may read. Gone: it was deleted. Invalid: the note.
    """
    _check_note(note)
    with transaction.atomic():
        # No purge takes the message away between the look at it and the row that refers to it.
        log.wait_for(Message.objects.filter(pk=message_id).values("room_id"))
        found = Message.objects.reachable_by(user).filter(pk=message_id).values("room_id", "deleted_at").first()
        if found is None:
            raise NotFound("There is no such message.")
        if found["deleted_at"] is not None:
            raise Gone("This message has been deleted.")
        row, created = SavedMessage.objects.select_for_update(no_key=True).get_or_create(
            user=user, message_id=message_id, defaults={"note": note, "created_at": timezone.now()}
        )
        state = SavedState(str(message_id), str(found["room_id"]), True, note)
        if created or row.note != note:
            if not created:
                row.note = note
                row.save(update_fields=["note"])
            _tell(user, state)
    return state


def unsave(user: User, message_id: UUID) -> None:
    """Take a message off the user's list, also one of a room that they have left. Twice changes nothing."""
    with transaction.atomic():
        row = SavedMessage.objects.filter(user=user, message_id=message_id).first()
        if row is None:
            return
        row.delete()
        room = Message.objects.filter(pk=message_id).values_list("room_id", flat=True).first()
        if room is not None:
            _tell(user, SavedState(str(message_id), str(room), False, ""))


def page(user: User, *, before: int | None, limit: int) -> tuple[list[SavedOut], int | None]:
    """Up to `limit` saved messages that the user may read now, last saved first, and where the next page begins.

    `before` is the `id` of an entry: those saved earlier. At most two queries.
    """
    rows = SavedMessage.objects.filter(
        user=user,
        message__room__in=Room.objects.joined_by(user),
        message__number__gt=F("message__room__head__floor_number"),
    )
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("message__sender").order_by("-pk")[: limit + 1])
    shown = found[:limit]
    messages = messages_out([row.message for row in shown])
    entries = [
        SavedOut(row.pk, row.note, timestamp(row.created_at), message)
        for row, message in zip(shown, messages, strict=True)
    ]
    return entries, shown[-1].pk if len(found) > limit else None


def _check_note(note: str) -> None:
    if len(note) > NOTE_MAX_LENGTH:
        detail = f"A note has at most {NOTE_MAX_LENGTH} characters; this one has {len(note):,}."
        raise Invalid(detail, fields={"note": [detail]})
    check_text(note, "note")


def _tell(user: User, state: SavedState) -> None:
    text = frame("saved", **msgspec.structs.asdict(state))
    bus.publish_on_commit([Note(str(user.pk), text)])
