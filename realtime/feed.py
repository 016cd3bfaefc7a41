"""One room as a process carries it: the order of its events, the holes in them, its sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from realtime import pool
from realtime.connection import Connection
from realtime.errors import Unavailable
from realtime.events import Event
from realtime.frames import Bundle, frame
from realtime.source import LogRange, Source

logger = logging.getLogger(__name__)

# Frames of two processes cross on their way; a hole that stays longer is read from the database.
HOLE_PATIENCE_S = 0.05
# How much of a room is replayed at most, to a socket or to a process; beyond, a page is cheaper.
REPLAY_MAX = 500
# Entries that one read brings: what a slow reader has yet to take is held in memory meanwhile.
READ_PAGE = 100
# Recent events are kept for sockets that go live, which are rarely further behind than this. In
# bytes too: messages can be long, and rooms many.
RECENT_MAX = 64
RECENT_BYTES = 256 << 10
RETRY_S = 1.0


class Feed:
    """Delivers a room's events to local sockets in `seq` order, each once, none left out.

    `seq` is the last event that has been delivered. An event already seen is dropped; one beyond
    a hole waits, first for the layer and then for one read of the database at a time.
    """

    def __init__(self, room: str, seq: int, source: Source, epoch: Callable[[], str]) -> None:
        self.room = room
        self.seq = seq
        self.data: set[Connection] = set()
        self.web: set[Connection] = set()
        self.left_alone_at = time.monotonic()
        self.repairs = 0
        self._source = source
        self._epoch = epoch
        # Every event after `_recent_from` up to `seq` that was not void.
        self._recent: deque[Event] = deque()
        self._recent_size = 0
        self._recent_from = seq
        self._ahead: dict[int, Event] = {}
        self._expected = seq
        self._timer: asyncio.TimerHandle | None = None
        self._repair: asyncio.Task[None] | None = None
        # Called with an event that takes sockets out of the room, right after its delivery.
        self.on_departure: Callable[[Feed, Event], None] = lambda feed, event: None
        # Called with the room after an event about somebody's membership.
        self.on_member: Callable[[str], None] = lambda room: None
        # Called when events were passed over: departures may have been among them.
        self.on_jump: Callable[[Feed], None] = lambda feed: None

    # --- Sockets ---

    def add(self, connection: Connection, live_from: int) -> None:
        """Send live events to the socket, which has had everything after `live_from`."""
        (self.web if connection.audience == "web" else self.data).add(connection)
        connection.rooms[self.room] = live_from

    def remove(self, connection: Connection) -> None:
        self.data.discard(connection)
        self.web.discard(connection)
        connection.rooms.pop(self.room, None)
        if not self.is_watched():
            self.left_alone_at = time.monotonic()

    def connections(self) -> list[Connection]:
        return [*self.data, *self.web]

    def is_watched(self) -> bool:
        return bool(self.data or self.web)

    def since(self, cursor: int) -> list[Event] | None:
        """The events delivered after the cursor, or None when they are no longer at hand."""
        if cursor == self.seq:
            return []
        if cursor < self._recent_from:
            return None
        return [event for event in self._recent if event.seq > cursor]

    # --- Events ---

    def offer(self, events: Sequence[Event]) -> None:
        """Take events as they come: of this process, of the layer, or of the database."""
        ready: list[Event] = []
        seq = self.seq
        for event in events:
            if event.seq == seq + 1:
                ready.append(event)
                seq += 1
            elif event.seq > seq:
                self._ahead[event.seq] = event
        while seq + 1 in self._ahead:
            seq += 1
            ready.append(self._ahead.pop(seq))
        if ready:
            self._deliver(ready, seq)
        if self._ahead:
            self._expect(max(self._ahead))

    def expect(self, head: int) -> None:
        """The database is at `head`; what has not come soon is read from it."""
        if head > self.seq:
            self._expect(head)

    def _expect(self, head: int) -> None:
        self._expected = max(self._expected, head)
        if self._timer is None and self._repair is None:
            self._timer = asyncio.get_running_loop().call_later(HOLE_PATIENCE_S, self._lost_patience)

    def _lost_patience(self) -> None:
        self._timer = None
        if self._expected > self.seq:
            self._start_repair()

    def _start_repair(self) -> asyncio.Task[None]:
        if self._repair is None:
            self._repair = asyncio.create_task(self._fill())
        return self._repair

    async def catch_up(self, head: int) -> None:
        """Return once everything up to `head` has been delivered. Raises `Unavailable`."""
        self._expected = max(self._expected, head)
        while self.seq < head:
            before = self.seq
            # Not awaited itself: a repair that is cancelled is none of the asker's doing.
            await asyncio.wait([self._start_repair()])
            if self.seq == before:
                raise Unavailable("The log cannot be read now.")

    async def _fill(self) -> None:
        """Read on from `seq` until nothing that is known of is missing."""
        try:
            while self.seq < self._expected:
                self.repairs += 1
                after, expected = self.seq, self._expected
                logger.info("reading the log of room %s after %d: something has not come", self.room, after)
                try:
                    found = await pool.run(self._source.read, self.room, after, READ_PAGE, fragments=bool(self.web))
                except Exception:
                    # The database is down: events wait there, and the next check tries again.
                    logger.exception("could not read the log of room %s after %d", self.room, after)
                    return
                if found is None:
                    return
                self._take(found, after)
                if found.head < expected:
                    self._disbelieve(found.head, expected)
        finally:
            self._repair = None

    def _take(self, found: LogRange, after: int) -> None:
        if found.head - after > REPLAY_MAX or after < found.floor:  # departures may lie below the floor
            self._jump(found.head)
            return
        fresh = [event for event in found.events if event.seq > self.seq]
        # Everything up to where was read and that is not here is void.
        if found.upto > self.seq:
            self._deliver(fresh, found.upto)
        self._ahead = {seq: event for seq, event in self._ahead.items() if seq > self.seq}
        if self._ahead:
            self.offer(())

    def _disbelieve(self, head: int, expected: int) -> None:
        """Forget events that were told of before the database was read, and that it does not know.

        They were lost in a failover or were never ours. Waited for, they would be asked for for good.
        """
        logger.warning("room %s: told of events up to %d; the database is at %d", self.room, expected, head)
        self._ahead = {seq: event for seq, event in self._ahead.items() if seq > expected}
        if self._expected == expected:
            self._expected = max(self.seq, *self._ahead, head)

    def _jump(self, head: int) -> None:
        """So much was missed that its readers had better read a page anew."""
        self.seq = self._recent_from = head
        self._recent.clear()
        self._recent_size = 0
        self._ahead = {seq: event for seq, event in self._ahead.items() if seq > head}
        text = frame("room.reset", room=self.room, head_seq=head, epoch=self._epoch())
        for connection in self.connections():
            connection.send(text)
        self.on_jump(self)

    def _deliver(self, events: Sequence[Event], seq: int) -> None:
        """Send events to all sockets in order; `seq` is where that brings the room."""
        start = 0
        for position, event in enumerate(events, 1):
            if event.final or event.kind == "member.left":
                # Who leaves gets this event and none after it.
                self._send(events[start:position])
                self.seq = event.seq
                start = position
                self.on_departure(self, event)
        self._send(events[start:])
        self.seq = seq
        if any(event.subject for event in events):
            self.on_member(self.room)
        self._recent.extend(events)
        self._recent_size += sum(len(event.data) for event in events)
        outdated = max((event.seq for event in events if event.revises), default=0)
        while self._recent and (
            len(self._recent) > RECENT_MAX or self._recent_size > RECENT_BYTES or self._recent[0].seq < outdated
        ):
            dropped = self._recent.popleft()
            self._recent_from = dropped.seq
            self._recent_size -= len(dropped.data)

    def _send(self, events: Sequence[Event]) -> None:
        if not events:
            return
        if self.data:
            bundle = Bundle([event.data_text() for event in events])
            for connection in tuple(self.data):
                connection.deliver(bundle)
        if self.web:
            bundle = Bundle([self.web_text(event) for event in events])
            for connection in tuple(self.web):
                connection.deliver(bundle)

    def text(self, event: Event, connection: Connection) -> bytes:
        """The event's frame for one socket."""
        return self.web_text(event) if connection.audience == "web" else event.data_text()

    def web_text(self, event: Event) -> bytes:
        """The frame for audience `web`. Its fragment is rendered here if nobody was known to want it."""
        if event.fragment is None:
            try:
                event.fragment = self._source.fragment(event)
            except Exception:
                # Of another version of the program, say. The event counts; its reader can reload.
                logger.exception("could not render event %d of room %s", event.seq, self.room)
        return event.web_text()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._repair:
            self._repair.cancel()
