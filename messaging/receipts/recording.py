"""Writing receipts: advances are gathered for a second, then written and told.

A person who reads on moves their watermark with every message; gathered, that is one row a second
at most. What a crash takes along is that second's receipts, never the read position of the person.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Q, Subquery

from accounts import privacy
from accounts.models import Audience, Privacy
from messaging.models import Receipt
from messaging.receipts import SHOWN_MAX_MEMBERS, TOPIC
from realtime import bus, pool
from realtime.events import Glance, Seen
from realtime.frames import encode_json
from realtime.gateway import arrivals
from realtime.hub import on_stop
from rooms import log
from rooms.models import Membership, RoomHead

logger = logging.getLogger(__name__)

# The first advance after a quiet time is written at once; what follows within this time, together.
GATHER_S = 1.0
# Memberships of one transaction: a send of one of these people waits for it.
BATCH_MAX = 100

Key = tuple[UUID, UUID]  # room, user


@dataclass(frozen=True, slots=True)
class Advance:
    """Up to which number somebody has received and read, and when they last went on.

    0: nothing new. Times are the process's monotonic clock, in seconds.
    """

    received: int = 0
    received_at: float = 0.0
    read: int = 0
    read_at: float = 0.0

    def __or__(self, other: Advance) -> Advance:
        """Both together."""
        received = max((self.received, self.received_at), (other.received, other.received_at))
        read = max((self.read, self.read_at), (other.read, other.read_at))
        return Advance(*received, *read)


def note(user_id: UUID, room_id: UUID, *, received: int = 0, read: int = 0) -> None:
    """Take in that the user has received or read the room up to a number; from any thread.

    A number behind what is known already, or that does not exist yet, changes nothing. In a
    process without sockets (a command, say) nobody gathers, and it is written at once.
    """
    now = time.monotonic()
    advances = {(room_id, user_id): Advance(received, now, read, now)}
    recorder = next(iter(tuple(_recorders.values())), None)
    if recorder is None:
        write(advances, skip_held=False)  # one membership: it holds none while it waits
    else:
        recorder.take(advances)


# --- Writing --------------------------------------------------------------------------------------


def write(advances: Mapping[Key, Advance], *, skip_held: bool = True) -> set[Key]:
    """Write what is new of these advances, in one transaction, and tell those who look.

    Returns those whose membership another transaction held: it waits for none while it holds some
    itself, so that no send can wait for it in a circle.
    """
    tellings: dict[UUID, dict[str, Seen]] = defaultdict(dict)
    with transaction.atomic():
        memberships = list(
            Membership.objects.current()
            .filter(_named(advances))
            .select_for_update(no_key=True, skip_locked=skip_held)
            .only("room_id", "user_id", "received_upto", "read_upto", "receipts_since")
        )
        heads = RoomHead.objects.in_bulk({row.room_id for row in memberships})
        shown_to = privacy.audiences(Privacy.READ_RECEIPTS, {row.user_id for row in memberships})
        receipts: list[Receipt] = []
        moved: list[tuple[int, int, int]] = []
        with connection.cursor() as cursor:
            moment = _clock(cursor)
            for row in memberships:
                head = heads[row.room_id]
                audience = shown_to[row.user_id]
                new = (
                    [] if audience == Audience.NOBODY else _move(row, advances[row.room_id, row.user_id], head, moment)
                )
                if new:
                    receipts += new
                    moved.append((row.received_upto, row.read_upto, row.pk))
                    if head.member_count <= SHOWN_MAX_MEMBERS:
                        seen = Seen(encode_json(watermarks_of(row)), near=audience == Audience.CONTACTS)
                        tellings[row.room_id][str(row.user_id)] = seen
            if moved:
                cursor.executemany(
                    "UPDATE rooms_membership SET received_upto = %s, read_upto = %s WHERE id = %s", moved
                )
        Receipt.objects.bulk_create(receipts)
        bus.publish_on_commit(
            [Glance(str(room), "receipt", "receipts", people, topic=TOPIC) for room, people in tellings.items()]
        )
    return _held(advances.keys() - {(row.room_id, row.user_id) for row in memberships})


def watermarks_of(row: Membership) -> dict[str, int]:
    """What others may know of a member now, as frames have it."""
    return {"received": row.received_upto, "read": row.read_upto, "since": row.receipts_since}


def _named(keys: Collection[Key]) -> Q:
    rooms: dict[UUID, list[UUID]] = defaultdict(list)
    for room_id, user_id in keys:
        rooms[room_id].append(user_id)
    return reduce(or_, (Q(room_id=room_id, user_id__in=people) for room_id, people in rooms.items()))


_Moment = Callable[[float], datetime]


def _clock(cursor: Any) -> _Moment:
    """Tell times of this process's monotonic clock by the database's; rather late than too early."""
    here = time.monotonic()
    now = log.database_clock(cursor)
    return lambda at: now - timedelta(seconds=here - at)


def _move(row: Membership, advance: Advance, head: RoomHead, moment: _Moment) -> list[Receipt]:
    """Move the membership's watermarks as far as they go forward; return a row for each that did.

    Who has read a message has received it: where that came together, one row says both.
    """
    new = []
    received, read = advance.received, advance.read
    if head.member_count > settings.RECEIVED_MAX_MEMBERS or received <= read:
        received = 0
    if row.received_upto < received <= head.last_number:
        new.append(_receipt(row, Receipt.Kind.RECEIVED, row.received_upto, received, moment(advance.received_at)))
        row.received_upto = received
    if row.read_upto < read <= head.last_number:
        new.append(_receipt(row, Receipt.Kind.READ, row.read_upto, read, moment(advance.read_at)))
        row.read_upto = read
        row.received_upto = max(row.received_upto, read)
    return new


def _receipt(row: Membership, kind: str, before: int, upto: int, at: datetime) -> Receipt:
    return Receipt(room_id=row.room_id, user_id=row.user_id, kind=kind, from_number=before + 1, to_number=upto, at=at)


def _held(missing: Collection[Key]) -> set[Key]:
    """Of the memberships that were not found free, those that exist."""
    if not missing:
        return set()
    return set(Membership.objects.current().filter(_named(missing)).values_list("room_id", "user_id"))


def begin_anew(user_id: UUID) -> None:
    """The person lets others know again: from now on, and of nothing that is there already."""
    newest = RoomHead.objects.filter(room_id=OuterRef("room_id")).values("last_number")
    Membership.objects.filter(user_id=user_id).update(
        received_upto=Subquery(newest), read_upto=Subquery(newest), receipts_since=Subquery(newest)
    )


privacy.on_receipts_begin(begin_anew)

# --- Gathering ------------------------------------------------------------------------------------


class Recorder:
    """Gathers the advances that come to one event loop's process, and has the pool write them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[Key, Advance] = {}
        self._guard = threading.Lock()
        self._wake = asyncio.Event()
        self._task = loop.create_task(self._run())

    def take(self, advances: Mapping[Key, Advance]) -> None:
        """Take advances in, from any thread."""
        with self._guard:
            for key, advance in advances.items():
                self._waiting[key] = self._waiting.get(key, Advance()) | advance
        self._loop.call_soon_threadsafe(self._wake.set)

    async def stop(self) -> None:
        """Write what has been taken."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._flush()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._flush()
            await asyncio.sleep(GATHER_S)

    async def _flush(self) -> None:
        with self._guard:
            waiting, self._waiting = list(self._waiting.items()), {}
        for start in range(0, len(waiting), BATCH_MAX):
            batch = dict(waiting[start : start + BATCH_MAX])
            try:
                held = await pool.run(write, batch)
            except Exception:
                # The database is down, say. They are written when it is back.
                logger.exception("could not write %d receipts", len(batch))
                held = set(batch)
            if held:
                self.take({key: batch[key] for key in held})


_recorders: WeakKeyDictionary[asyncio.AbstractEventLoop, Recorder] = WeakKeyDictionary()


def _record(*_: object) -> None:
    """Gather from the first socket on."""
    loop = asyncio.get_running_loop()
    if loop not in _recorders:
        _recorders[loop] = Recorder(loop)


arrivals.append(_record)


@on_stop
async def _stop_recording() -> None:
    if recorder := _recorders.pop(asyncio.get_running_loop(), None):
        await recorder.stop()
