"""The hub of a process: its sockets by user and by room, and what keeps them right.

Signals come from this process's writers (`realtime.bus`) and from other processes (the relay);
both only hint. Every few seconds the hub compares the heads of its rooms and the `rev`s of its
users with the database, so that nothing lost on the way stays lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from weakref import WeakKeyDictionary

from realtime import bus, pool, upkeep
from realtime.connection import Code, Connection
from realtime.errors import Unavailable
from realtime.events import Event, Glimpse, Note, Recheck, Signal
from realtime.feed import REPLAY_MAX, Feed
from realtime.frames import frame
from realtime.relay import Relay, room_group, user_group
from realtime.source import LogRange, RoomView, Source, Standing, source

logger = logging.getLogger(__name__)

# How long a lost event, a crash between COMMIT and publish or a command run from a shell stays
# unseen at most.
CHECK_INTERVAL_S = 2.0
# Rooms that nobody here follows are still carried for a while: people reload pages.
LINGER_S = 15.0


class Attendance:
    """A user's sockets in this process, and where the user stood when last looked at."""

    __slots__ = ("connections", "reads", "rev")

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.rev = -1
        self.reads: dict[str, int] = {}


class Hub:
    """All sockets of one event loop."""

    def __init__(self) -> None:
        self.source = source()
        self.feeds: dict[str, Feed] = {}
        self.users: dict[str, Attendance] = {}
        # Sockets that have a room in view: the only ones that ephemeral frames of it go to.
        self.viewers: dict[str, set[Connection]] = {}
        self.epoch = ""
        self._loop = asyncio.get_running_loop()
        self.relay = Relay(self._receive, self._followed)
        self._rechecks: set[str] = set()
        self._rechecks_wake = asyncio.Event()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # --- Life ---

    def start(self) -> None:
        bus.attach(self)
        self.relay.start()
        self._tasks = [
            asyncio.create_task(self._run_checks()),
            asyncio.create_task(self._run_rechecks()),
            *(asyncio.create_task(upkeep.run(job)) for job in upkeep.jobs),
        ]

    async def stop(self) -> None:
        """Close every socket with 1012, so that clients come back with jitter."""
        bus.detach(self)
        for attendance in list(self.users.values()):
            for connection in tuple(attendance.connections):
                connection.end(Code.RESTART, "server restart")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for feed in self.feeds.values():
            feed.close()
        await self.relay.stop()

    # --- Signals ---

    def accept(self, signals: Sequence[Signal]) -> None:
        """Take signals of this process's writers, from any thread; they were committed."""
        self._loop.call_soon_threadsafe(self._accept, signals)

    def wants_fragment(self, room: str) -> bool:
        """From any thread: whether a web socket here follows the room.

        Its sender's own, as a rule: the message is then rendered once, by the process that stored
        it. Another process that has the only web sockets renders for itself.
        """
        feed = self.feeds.get(room)
        return feed is not None and bool(feed.web)

    def _accept(self, signals: Sequence[Signal]) -> None:
        self.relay.send(signals)
        self._receive(signals)

    def _receive(self, signals: Sequence[Signal]) -> None:
        by_room: dict[str, list[Event]] = defaultdict(list)
        for signal in signals:
            if isinstance(signal, Event):
                by_room[signal.room].append(signal)
            elif isinstance(signal, Glimpse):
                self._show(signal)
            elif signal.user in self.users:
                self._tell(signal)
        for room, events in by_room.items():
            if feed := self.feeds.get(room):
                feed.offer(events)

    def _show(self, glimpse: Glimpse) -> None:
        for connection in tuple(self.viewers.get(glimpse.room, ())):
            # In view but not a member's any more: the room ended for this socket meanwhile.
            if connection.identity.user_id != glimpse.but and glimpse.room in connection.rooms:
                connection.send(glimpse.text)

    def _tell(self, signal: Note | Recheck) -> None:
        if isinstance(signal, Recheck):
            self.recheck(signal.user)
            return
        attendance = self.users[signal.user]
        for connection in tuple(attendance.connections):
            connection.send(signal.text)
        if signal.rev is not None and signal.rev == attendance.rev + 1:
            attendance.rev = signal.rev  # this note told of the change: no need to look again

    # --- Sockets ---

    def feed(self, room: str, seq: int) -> Feed:
        """The room's feed; a new one begins at `seq`, which was read from the database."""
        feed = self.feeds.get(room)
        if feed is None:
            feed = self.feeds[room] = Feed(room, seq, self.source, lambda: self.epoch)
            feed.on_departure = self._depart
            self.relay.follow([room_group(room)])
        return feed

    async def register(self, connection: Connection) -> Standing | None:
        """Take the socket in and return how its user stands, or None if they may not be here."""
        user = connection.identity.user_id
        attendance = self.users.get(user)
        if attendance is None:
            attendance = self.users[user] = Attendance()
            self.relay.follow([user_group(user)])
        attendance.connections.add(connection)
        if not self.epoch:
            self.epoch = await pool.run(self.source.epoch)
        standings = await pool.run(self.source.standings, {user: {connection.identity.credential}})
        standing = standings.get(user)
        if standing is None or connection.identity.credential not in standing.credentials:
            return None
        if attendance.rev < 0:
            attendance.rev = standing.rev
            attendance.reads = {room.id: room.read_number for room in standing.rooms}
        return standing

    def settled(self, connection: Connection, standing: Standing) -> None:
        """The socket has all its rooms as of `standing`; what has changed since is made up for."""
        connection.is_live = True
        attendance = self.users.get(connection.identity.user_id)
        if attendance is not None and attendance.rev != standing.rev:
            self.recheck(connection.identity.user_id)

    def view(self, connection: Connection, room: str | None) -> None:
        """Note which room the socket has in view, if any."""
        if connection.viewing is not None and (viewers := self.viewers.get(connection.viewing)):
            viewers.discard(connection)
            if not viewers:
                del self.viewers[connection.viewing]
        connection.viewing = room
        if room is not None:
            self.viewers.setdefault(room, set()).add(connection)

    def unregister(self, connection: Connection) -> None:
        """Let go of a socket that has ended."""
        connection.ended = True
        self.view(connection, None)
        for room in tuple(connection.rooms):
            if feed := self.feeds.get(room):
                feed.remove(connection)
        user = connection.identity.user_id
        if (attendance := self.users.get(user)) and connection in attendance.connections:
            attendance.connections.discard(connection)
            if not attendance.connections:
                del self.users[user]
                self.relay.forget([user_group(user)])

    async def go_live(self, connection: Connection, room: RoomView, cursor: int | None = None) -> None:
        """Replay what the socket missed after `cursor`, then let live events follow without a gap.

        Without a cursor the room is live from the head that was read. Raises `Unavailable` when
        the log cannot be read.
        """
        position = room.head_seq if cursor is None else cursor
        if position > room.head_seq or room.head_seq - position > REPLAY_MAX:
            self.reset(connection, room.id, room.head_seq)
            position = room.head_seq
        live_from = position
        while not connection.ended:
            feed = self.feed(room.id, room.head_seq)  # may have been dropped while this waited
            if feed.seq < position:  # the database was read ahead of what has come here
                await feed.catch_up(position)
                continue
            events: Sequence[Event] | None = feed.since(position)
            if events is not None:
                # From here to `add` nothing is awaited: no event comes between.
                if any(self._removed(event, room, connection) for event in events):
                    return
                for event in events:
                    connection.send(feed.text(event, connection))
                feed.add(connection, live_from)
                return
            found = await self.read(connection, room.id, position)
            if position < found.floor:
                self.reset(connection, room.id, found.head)
                position = live_from = found.head
                continue
            for event in found.events:
                if self._removed(event, room, connection):
                    return
                await connection.replay(feed.text(event, connection))
            position = min(found.head, position + REPLAY_MAX)

    def _removed(self, event: Event, room: RoomView, connection: Connection) -> bool:
        """Whether the socket lost the room by this event, and has been told.

        The membership was read with the head: a departure up to there was not the last word.
        """
        removed = event.seq > room.head_seq and _ends(event, connection)
        if removed:
            connection.send(frame("room.removed", room=room.id))
        return removed

    async def replay_before(self, connection: Connection, room: str, cursor: int) -> None:
        """Send what lies between a cursor and where the room went live on this socket."""
        live_from = connection.rooms[room]
        if cursor > live_from or live_from - cursor > REPLAY_MAX:
            self.reset(connection, room, live_from)
            return
        found = await self.read(connection, room, cursor)
        if cursor < found.floor:
            self.reset(connection, room, live_from)
            return
        for event in found.events:
            if event.seq <= live_from and (feed := self.feeds.get(room)):
                await connection.replay(feed.text(event, connection))
        connection.rooms[room] = min(cursor, live_from)

    async def read(self, connection: Connection, room: str, after: int) -> LogRange:
        """Read a range of the log for a socket. Raises `Unavailable`."""
        fragments = connection.audience == "web"
        found = await pool.run(self.source.read, room, after, REPLAY_MAX, fragments=fragments)
        if found is None:
            raise Unavailable("The room's log cannot be read now.")
        return found

    def reset(self, connection: Connection, room: str, head: int) -> None:
        connection.send(frame("room.reset", room=room, head_seq=head, epoch=self.epoch))

    def _depart(self, feed: Feed, event: Event) -> None:
        """Take out of the room whoever this event takes out of it."""
        text = frame("room.removed", room=feed.room)
        for connection in feed.connections():
            if _ends(event, connection):
                feed.remove(connection)
                connection.send(text)

    # --- Comparing with the database ---

    def _followed(self, groups: Sequence[str]) -> None:
        """Groups have just come into force: look at once for what was sent before."""
        self._wake.set()

    async def _run_checks(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), CHECK_INTERVAL_S)
                await asyncio.sleep(0)  # others that came together are checked together
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self._check()
            except Exception:
                logger.exception("could not compare heads and revs with the database")

    async def _check(self) -> None:
        self._drop_lonely()
        heads = {room: feed.seq for room, feed in self.feeds.items()}
        revs = {user: attendance.rev for user, attendance in self.users.items() if attendance.rev >= 0}
        epoch, moved, changed = await pool.run(_compare, self.source, heads, revs)
        if self.epoch and epoch != self.epoch:
            self._begin_epoch(epoch)
            return
        self.epoch = epoch
        for room, head in moved.items():
            if feed := self.feeds.get(room):
                feed.expect(head)
        for user in changed:
            if (attendance := self.users.get(user)) and attendance.rev == revs[user]:
                self.recheck(user)

    def _drop_lonely(self) -> None:
        cutoff = time.monotonic() - LINGER_S
        lonely = [room for room, feed in self.feeds.items() if not feed.is_watched() and feed.left_alone_at < cutoff]
        for room in lonely:
            self.feeds.pop(room).close()
        if lonely:
            self.relay.forget([room_group(room) for room in lonely])

    def _begin_epoch(self, epoch: str) -> None:
        """The log is another one: every socket begins anew against it."""
        self.epoch = epoch
        for feed in self.feeds.values():
            feed.close()
        self.feeds.clear()
        for attendance in self.users.values():
            for connection in tuple(attendance.connections):
                connection.end(Code.RESTART, "the log began a new epoch")

    def recheck(self, user: str) -> None:
        """Compare the user's sockets with the database, soon."""
        self._rechecks.add(user)
        self._rechecks_wake.set()

    async def _run_rechecks(self) -> None:
        while True:
            await self._rechecks_wake.wait()
            self._rechecks_wake.clear()
            users = {user for user in self._rechecks if user in self.users}
            self._rechecks.clear()
            if not users:
                continue
            asked = {
                user: {connection.identity.credential for connection in self.users[user].connections} for user in users
            }
            try:
                standings = await pool.run(self.source.standings, asked)
            except Exception:
                logger.exception("could not recheck %d users", len(users))
                continue  # their rev still differs, so the next check asks again
            for user in users:
                if attendance := self.users.get(user):
                    await self._apply(attendance, standings.get(user), asked[user])

    async def _apply(self, attendance: Attendance, standing: Standing | None, asked: set[str]) -> None:
        """Make a user's sockets what the database says that they are."""
        for connection in tuple(attendance.connections):
            credential = connection.identity.credential
            if standing is None or (credential in asked and credential not in standing.credentials):
                connection.end(Code.UNAUTHENTICATED, "the session has ended")
        if standing is None:
            return
        attendance.rev = standing.rev
        rooms = {room.id: room for room in standing.rooms}
        for connection in tuple(attendance.connections):
            if connection.ended or not connection.is_live:
                continue
            for room in connection.rooms.keys() - rooms.keys():
                if feed := self.feeds.get(room):
                    feed.remove(connection)
                connection.send(frame("room.removed", room=room))
            for room in rooms.keys() - connection.rooms.keys():
                connection.send(frame("room.added", room=rooms[room].summary))
                try:
                    await self.go_live(connection, rooms[room])
                except Unavailable:
                    attendance.rev = -1  # not as it should be yet: look again
        for room_id, view in rooms.items():
            if attendance.reads.get(room_id, view.read_number) != view.read_number:
                text = frame(
                    "read",
                    room=room_id,
                    number=view.read_number,
                    unread=view.summary.unread,
                    mentions=view.summary.mentions,
                )
                for connection in tuple(attendance.connections):
                    connection.send(text)
        attendance.reads = {room_id: view.read_number for room_id, view in rooms.items()}


def _compare(
    source: Source, heads: dict[str, int], revs: dict[str, int]
) -> tuple[str, dict[str, int], Collection[str]]:
    """Ask what has moved: three short queries in one unit of work."""
    return source.epoch(), source.heads(heads) if heads else {}, source.revs(revs) if revs else ()


def _ends(event: Event, connection: Connection) -> bool:
    """Whether the event takes this socket out of its room."""
    return event.final or (event.kind == "member.left" and event.subject == connection.identity.user_id)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def get_hub() -> Hub:
    """The hub of the running event loop, started on first use."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
        hub.start()
    return hub


_stoppers: list[Callable[[], Awaitable[None]]] = []


def on_stop(stop: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Register what is to end before the hub does; it may still answer sockets."""
    _stoppers.append(stop)
    return stop


async def stop_hub() -> None:
    """Stop the running loop's hub, if it has one, after those that answer through it."""
    for stop in _stoppers:
        await stop()
    if hub := _hubs.pop(asyncio.get_running_loop(), None):
        await hub.stop()
