"""History pages: keyset by number, the head read before the rows, and kept for who reads them next.

A kept page is never stale, because its key names all that it depends on: the room and where its log
stood (every change that members see moves that), the age of the log (a restored backup gives
numbers out again), the bounds, and what wrote it (renderer, shape of a message). What changes
without an entry of the log is not kept:

- who somebody is (names, pictures, whether there still is an account): filled in on each reading;
- HTML of an older renderer, which is made anew in the background: a page with any is not kept;
- what a transaction has not committed: within one, nothing is kept and nothing kept is read.

A page is the same for every reader; what depends on who reads (`messaging.overlay`) comes after.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

import msgspec
from django.core.cache import caches
from django.db import connection
from django.db.models import Subquery

from accounts.models import User
from accounts.people import Person, person
from messaging.models import Message, MessageQuerySet
from messaging.rendering import RENDERER_VERSION
from messaging.wire import MessageOut, messages_out
from realtime.errors import Invalid
from realtime.limits import Buckets
from rooms.models import LogEpoch, Room, RoomHead

PAGE_DEFAULT = 50
PAGE_MAX = 500
# Longer pages are asked for by programs that read all of a room, each once.
KEPT_LIMIT_MAX = 100
KEPT_BYTES_MAX = 256 * 1024


# What of a room is kept anew, in pages a second and at once: a reader who asks for its pages at every
# number would otherwise fill the cache with fifty times the room.
_KEPT = Buckets(rate=1, burst=100)


class Page(msgspec.Struct, frozen=True, gc=False):
    """Messages of the room's flow in ascending order. What changed after `as_of_seq` may or may not be in them."""

    results: list[MessageOut]
    has_before: bool
    has_after: bool
    as_of_seq: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Page).decode
_SHAPE = hashlib.sha256(msgspec.json.encode(msgspec.json.schema(Page))).hexdigest()[:12]


def page(
    room: Room,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = PAGE_DEFAULT,
) -> Page:
    """Return up to `limit` messages before, after or around a number; by default the newest.

    Raises `Invalid` when more than one bound is given or the limit is not 1–500.
    """
    if sum(bound is not None for bound in (before, after, around)) > 1:
        raise Invalid("Give at most one of “before”, “after” and “around”.")
    if not 1 <= limit <= PAGE_MAX:
        raise Invalid(f"“limit” must be from 1 to {PAGE_MAX}.", fields={"limit": [f"Must be from 1 to {PAGE_MAX}."]})
    newest_epoch = LogEpoch.objects.order_by("-began_at").values("id")[:1]
    head = RoomHead.objects.annotate(epoch=Subquery(newest_epoch)).get(room_id=room.pk)
    if limit > KEPT_LIMIT_MAX or connection.in_atomic_block:
        return _read(head, before, after, around, limit)[0]
    key = f"{head.epoch}:{room.pk}:{head.last_seq}:{before}:{after}:{around}:{limit}:{RENDERER_VERSION}:{_SHAPE}"
    if (kept := caches["pages"].get(key)) is not None:
        return _with_people(_decode(kept))
    found, is_lasting = _read(head, before, after, around, limit)
    if is_lasting and len(encoded := _encode(found)) <= KEPT_BYTES_MAX and not _KEPT.take(str(room.pk)):
        caches["pages"].set(key, encoded)
    return found


def _read(head: RoomHead, before: int | None, after: int | None, around: int | None, limit: int) -> tuple[Page, bool]:
    """Read a page; and whether it will be the same for as long as the head stays."""
    floor = head.floor_number
    messages = Message.objects.in_room(head.room_id).in_the_flow().select_related("sender")
    if around is not None:
        found = _around(messages, around, floor, limit)
    elif after is not None:
        found = list(messages.after(max(after, floor)).oldest(limit))
    else:
        below = messages.before(before) if before is not None else messages
        found = list(below.after(floor).newest(limit))[::-1]
    results = messages_out(found)
    for each in results:
        # What is below the floor is gone, also while its rows are still being removed.
        if each.reply_to is not None and each.reply_to.number <= floor:
            each.reply_to = None
    read = Page(
        results,
        has_before=bool(found) and found[0].number > _first_number(messages, floor),
        has_after=bool(found) and _goes_on(messages, found[-1].number, head.last_number),
        as_of_seq=head.last_seq,
    )
    return read, all(message.html_version == RENDERER_VERSION or not message.html for message in found)


def _with_people(kept: Page) -> Page:
    """The page with everybody as they are now; one query."""
    senders = [message.sender for message in kept.results]
    senders += [message.reply_to.sender for message in kept.results if message.reply_to is not None]
    people = _people({sender.id for sender in senders if sender is not None})
    for message in kept.results:
        message.sender = people.get(message.sender.id) if message.sender else None
        if (reply := message.reply_to) is not None and reply.sender is not None:
            message.reply_to = msgspec.structs.replace(reply, sender=people.get(reply.sender.id))
    return kept


def _people(user_ids: set[str]) -> dict[str, Person]:
    rows = User.objects.filter(pk__in=map(UUID, user_ids)).values_list("id", "username", "display_name", "avatar")
    return {str(row[0]): person(*row) for row in rows} if user_ids else {}


def _goes_on(messages: MessageQuerySet, number: int, last_number: int) -> bool:
    """Whether more of the room's flow follows: what has a higher number may stand in threads only."""
    # In order, though any would do: the partitions then stop at the first row instead of being asked in turn.
    following = messages.after(number).order_by("number").values_list("number", flat=True)
    return number < last_number and following.first() is not None


# Each query below has one lower bound: of two, SQLite may search by the weaker and walk from there.


def _around(messages: MessageQuerySet, number: int, floor: int, limit: int) -> list[Message]:
    """Half before, half from the number on; what one side lacks the other gives."""
    newer = list(messages.after(max(number - 1, floor)).oldest(limit))
    older = list(messages.before(number).after(floor).newest(limit))[::-1]
    from_newer = max(limit - limit // 2, limit - len(older))
    newer = newer[:from_newer]
    return older[max(0, len(older) - (limit - len(newer))) :] + newer


def _first_number(messages: MessageQuerySet, floor: int) -> int:
    """The least number above the floor: messages right above it may have been purged too."""
    first = messages.after(floor).order_by("number").values_list("number", flat=True).first()
    return floor + 1 if first is None else first
