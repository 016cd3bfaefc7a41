"""Retention: messages that are older than their room keeps them disappear, with all that refers to them.

Under the lock of its head the room's floors rise, and one `messages.purged` says so: from then on
pages, unread counts, log pages and replays end there. The rows below go in the same transaction
where they are few, as they are minute for minute; else in further ones of some hundred each, under
the lock again, so that nobody waits long and nothing is added to what is about to go. When the last
has gone the event is repeated, for caches that were made meanwhile. A purge that was cut short is
finished by the next one: what lies below the floor tells what is left to do.

Send records stay: a retry of a purged message is `gone`. A higher app whose rows refer to messages
registers with `on_purge`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Subquery

from jobs.tasks import job
from messaging import dates
from messaging.models import (
    ComposerDraft,
    Mention,
    Message,
    MessageRevision,
    Pin,
    Poll,
    PollVote,
    Reaction,
    Receipt,
    SavedMessage,
    ScheduledMessage,
    ThreadFollow,
)
from rooms import log
from rooms.models import LogEntry, Room, RoomHead
from rooms.settings import settings_of
from rooms.uuid7 import floor_of

logger = logging.getLogger(__name__)

# Rows of a table that go in one transaction: a few tens of milliseconds during which the room waits.
CHUNK = 500
# The reason that events tell: the room keeps its messages for so long.
RETENTION = "retention"
# Messages outlive their time by a minute at most.
EVERY = timedelta(minutes=1)
# The first purge of a room of millions takes long; the next run finishes what one has to leave.
LIMIT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Purged:
    """Messages that go now, of one room. All of the room's up to `number` go, if not all at once."""

    room_id: UUID
    message_ids: list[UUID]
    number: int


# What refers to one message each, and goes with it.
REFERRING = [
    (Reaction, "message_id"),
    (MessageRevision, "message_id"),
    (Pin, "message_id"),
    (Mention, "message_id"),
    (ThreadFollow, "root_id"),
    (SavedMessage, "message_id"),
    (PollVote, "message_id"),
    (Poll, "message_id"),
]
_OnPurge = Callable[[Purged], None]
_listeners: list[_OnPurge] = []


def on_purge(remove: _OnPurge) -> _OnPurge:
    """Register what removes rows that refer to messages; called in the transaction that removes those."""
    _listeners.append(remove)
    return remove


def purge_due() -> int:
    """Purge every room that keeps its messages for a time only; return how many messages went.

    Safe in several processes at once: each step looks again at what is left, under the lock.
    """
    oldest = Message.objects.filter(room=OuterRef("pk"), number__gt=OuterRef("head__floor_number"))
    keeping = Room.objects.filter(settings__has_key="retention_s").annotate(
        oldest=Subquery(oldest.order_by("number").values("pk")[:1])
    )
    now, gone = _now(), 0
    for room_id, kept, oldest_id in keeping.order_by("pk").values_list("pk", "settings", "oldest"):
        retention_s = settings_of(kept).retention_s
        if retention_s is None or oldest_id is None:
            continue
        before = now - timedelta(seconds=retention_s)
        if oldest_id < floor_of(before):
            gone += purge(room_id, before=before, reason=RETENTION)
    return gone + sum(sweep(room_id) for room_id in unfinished())


@job(every=EVERY, limit_s=LIMIT_S)
def purge_rooms() -> None:
    """The schedule of `purge_due`."""
    purge_due()


def purge(room_id: UUID, *, before: datetime, reason: str) -> int:
    """Remove what was said in the room before that moment; return how many messages went."""
    gone = raise_floor(room_id, before, reason)
    return gone + sweep(room_id, reason)


def raise_floor(room_id: UUID, before: datetime, reason: str) -> int:
    """Let the room begin at that moment; return how many messages went at once, the rest is for `sweep`.

    By the times of ids: what was imported late goes as late. `reason` goes into the event. Nothing
    is said where the room begins there or later already.
    """
    first_kept = dates.first_from(room_id, floor_of(before))
    with transaction.atomic():
        head = log.lock([room_id])[room_id]
        passed = Message.objects.in_room(room_id).after(RoomHead.objects.get(pk=room_id).floor_number)
        # Of an empty rest: nothing that came meanwhile, which is newer than `before`.
        passed = passed.filter(pk__lt=floor_of(before)) if first_kept is None else passed.before(first_kept)
        last = passed.order_by("-number").values("seq", "number", "unread_index").first()
        if last is None:
            return 0
        log.raise_floor(head, seq=last["seq"], number=last["number"], index=last["unread_index"])
        gone = _remove_messages(room_id, last["number"])
        _tell(head, last["seq"], last["number"], reason)
    return gone


def unfinished() -> list[UUID]:
    """Rooms with messages below their floor: those whose purge has begun and not ended."""
    below = Message.objects.filter(room=OuterRef("pk"), number__lte=OuterRef("floor_number"))
    heads = RoomHead.objects.filter(Exists(below), floor_number__gt=0)
    return list(heads.order_by("pk").values_list("pk", flat=True))


def sweep(room_id: UUID, reason: str = RETENTION) -> int:
    """Remove what still lies below the room's floor, chunk by chunk; return how many messages went."""
    floor = RoomHead.objects.get(pk=room_id)
    # Messages last: as long as one is left, the purge is known not to have ended.
    while _remove_log(room_id, floor.floor_seq, floor.floor_number):
        pass  # each chunk is a transaction of its own
    gone = 0
    while True:
        with transaction.atomic():
            head = log.lock([room_id])[room_id]
            removed = _remove_messages(room_id, floor.floor_number)
            gone += removed
            if removed < CHUNK:
                if gone:
                    _tell(head, floor.floor_seq, floor.floor_number, reason)
                break
    if gone:
        logger.info("purged %d messages of room %s", gone, room_id)
    return gone


def _tell(head: log.Head, seq: int, number: int, reason: str) -> None:
    payload = {"floor_seq": seq, "floor_number": number, "reason": reason}
    log.conclude(head, "messages.purged", None, payload)


def _remove_messages(room_id: UUID, upto: int) -> int:
    """Remove the oldest messages up to that number, a chunk of them; return how many. Its head is locked."""
    rows = list(
        Message.objects.in_room(room_id).filter(number__lte=upto).order_by("number").values_list("pk", "number")[:CHUNK]
    )
    if not rows:
        return 0
    purged = Purged(room_id, [pk for pk, _ in rows], rows[-1][1])
    for model, key in REFERRING:
        model._default_manager.filter(**{f"{key}__in": purged.message_ids}).delete()
    _loosen(purged)
    for remove in _listeners:
        remove(purged)
    Message.objects.filter(pk__in=purged.message_ids).delete()
    return len(rows)


def _loosen(purged: Purged) -> None:
    """Let go of the purged where people's own writing refers to them: the words stay theirs."""
    drafts = ComposerDraft.objects.filter(room_id=purged.room_id)
    drafts.filter(thread_root_id__in=purged.message_ids).delete()
    replies = drafts.filter(reply_to_id__in=purged.message_ids)
    replies.filter(content="").delete()
    replies.update(reply_to=None)
    scheduled = ScheduledMessage.objects.filter(room_id=purged.room_id)
    scheduled.filter(reply_to_id__in=purged.message_ids).update(reply_to=None)
    scheduled.filter(message_id__in=purged.message_ids).update(message=None)


def _remove_log(room_id: UUID, floor_seq: int, floor_number: int) -> bool:
    """Remove a chunk of what the log and the receipts still tell of what has gone; whether there may be more."""
    with transaction.atomic():
        entries = LogEntry.objects.filter(room_id=room_id, seq__lte=floor_seq).order_by("seq")
        entry_ids = list(entries.values_list("pk", flat=True)[:CHUNK])
        LogEntry.objects.filter(pk__in=entry_ids).delete()
        receipts = Receipt.objects.filter(room_id=room_id, to_number__lte=floor_number)
        receipt_ids = list(receipts.values_list("pk", flat=True)[:CHUNK])
        Receipt.objects.filter(pk__in=receipt_ids).delete()
    return CHUNK in (len(entry_ids), len(receipt_ids))


def _now() -> datetime:
    with connection.cursor() as cursor:
        return log.database_clock(cursor)
