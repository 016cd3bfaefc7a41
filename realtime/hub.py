"""The hub of a process: its sockets by user and by room, and the signals that reach them.

Signals come from this process's writers (`realtime.bus`) and from other processes (the relay);
both only hint. `checks` compares the hub with the database every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from weakref import WeakKeyDictionary

from realtime import bus, pool, upkeep
from realtime.checks import Checks
from realtime.connection import Code, Connection
from realtime.events import Event, Glance, Glimpse, News, Note, Recheck, Signal
from realtime.feed import Feed
from realtime.frames import frame
from realtime.gather import Gather
from realtime.relay import ALL, Relay, room_group, user_group
from realtime.resume import ends
from realtime.source import RoomView, Standing, source

logger = logging.getLogger(__name__)


class Attendance:
    """A user's sockets in this process, and where the user stood when last looked at."""

    __slots__ = ("choices", "connections", "reads", "rev")

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.rev: int | None = None  # None until it has been read
        self.reads: dict[str, int] = {}
        self.choices: Mapping[str, int] = {}


class Hub:
    """All sockets of one event loop."""

    def __init__(self) -> None:
        self.source = source()
        self.feeds: dict[str, Feed] = {}
        self.users: dict[str, Attendance] = {}
        # Sockets that have a room in view: the only ones that ephemeral frames of it go to.
        self.viewers: dict[str, set[Connection]] = {}
        self.epoch = ""
        self._standings = Gather(self._ask_standings)
        self._loop = asyncio.get_running_loop()
        self.checks = Checks(self)
        # Groups that have just come into force: look at once for what was sent before.
        self.relay = Relay(self._receive, self.checks.soon)
        self._tasks: list[asyncio.Task[None]] = []

    # --- Life ---

    def start(self) -> None:
        bus.attach(self)
        self.relay.start()
        self.relay.follow([ALL])
        self._tasks = [
            *self.checks.start(),
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
            elif isinstance(signal, Glance):
                self._show_users(signal)
            elif isinstance(signal, News):
                if listener := _listeners.get(signal.kind):
                    listener(signal.keys)
            elif signal.user in self.users:
                self._tell(signal)
        for room, events in by_room.items():
            if feed := self.feeds.get(room):
                feed.offer(events)

    def _show(self, glimpse: Glimpse) -> None:
        for connection in self._viewers(glimpse.room):
            user = glimpse.user
            is_shown = user in connection.near or not glimpse.near
            if is_shown and user != connection.identity.user_id and user not in connection.hidden:
                connection.send(glimpse.text)

    def _show_users(self, glance: Glance) -> None:
        whole = glance.text(glance.users)
        for connection in self._viewers(glance.room):
            users = connection.sees(glance)
            if len(users) == len(glance.users):
                connection.send(whole)
            elif users:
                connection.send(glance.text(users))

    def _viewers(self, room: str) -> list[Connection]:
        # In view but not a member's any more: the room ended for this socket meanwhile.
        return [connection for connection in self.viewers.get(room, ()) if room in connection.rooms]

    def _tell(self, signal: Note | Recheck) -> None:
        if isinstance(signal, Recheck):
            self.checks.recheck(signal.user)
            return
        attendance = self.users[signal.user]
        for connection in tuple(attendance.connections):
            if connection.is_live:  # the others are still being told how things stood: see `settled`
                connection.send(signal.text)
        if attendance.rev is not None and signal.rev == attendance.rev + 1:
            attendance.rev = signal.rev  # this note told of the change: no need to look again

    # --- Sockets ---

    def feed(self, room: str, seq: int) -> Feed:
        """The room's feed; a new one begins at `seq`, which was read from the database."""
        feed = self.feeds.get(room)
        if feed is None:
            feed = self.feeds[room] = Feed(room, seq, self.source, lambda: self.epoch)
            feed.on_departure = self._depart
            feed.on_member = _membership_moved
            feed.on_jump = self._look_again
            self.relay.follow([room_group(room)])
        feed.left_alone_at = time.monotonic()  # somebody is coming
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
        standing = await self._standings.get((user, connection.identity.credential))
        if standing is None or connection.identity.credential not in standing.credentials:
            return None
        connection.regard(standing)
        if attendance.rev is None:
            attendance.rev = standing.rev
            attendance.reads = {room.id: room.read_number for room in standing.rooms}
            attendance.choices = standing.choices
        return standing

    async def look_up(self, connection: Connection, room: str) -> RoomView | None:
        """The room as the socket's user has it now, or None when they are not in it."""
        standing = await self._standings.get((connection.identity.user_id, connection.identity.credential))
        return next((each for each in standing.rooms if each.id == room), None) if standing else None

    def _ask_standings(self, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Standing]:
        """On the pool: where the users of newly come sockets stand."""
        credentials: dict[str, set[str]] = defaultdict(set)
        for user, credential in asked:
            credentials[user].add(credential)
        standings = self.source.standings(credentials)
        return {(user, credential): standings[user] for user, credential in asked if user in standings}

    def settled(self, connection: Connection, standing: Standing) -> None:
        """The socket has all its rooms as of `standing`; what has changed since is made up for."""
        connection.is_live = True
        attendance = self.users.get(connection.identity.user_id)
        if attendance is not None and attendance.rev != standing.rev:
            # The user's other sockets may have heard what moved since; then they hear it once more.
            attendance.reads = {room.id: room.read_number for room in standing.rooms}
            attendance.choices = standing.choices
            self.checks.recheck(connection.identity.user_id)

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

    def _depart(self, feed: Feed, event: Event) -> None:
        """Take out of the room whoever this event takes out of it."""
        text = frame("room.removed", room=feed.room)
        for connection in feed.connections():
            if ends(event, connection):
                feed.remove(connection)
                connection.send(text)
                # They may have come back since, and been found in the room, before this was heard.
                self.checks.recheck(connection.identity.user_id)

    def _look_again(self, feed: Feed) -> None:
        """Events of the room were passed over: compare who follows it with the database."""
        for connection in feed.connections():
            self.checks.recheck(connection.identity.user_id)
        _membership_moved(feed.room)

    # --- What the checks ask for ---

    def drop_feeds(self, left_before: float) -> None:
        """Let go of the rooms that nobody here has followed since then (monotonic seconds)."""
        lonely = [
            room for room, feed in self.feeds.items() if not feed.is_watched() and feed.left_alone_at < left_before
        ]
        for room in lonely:
            self.feeds.pop(room).close()
        if lonely:
            self.relay.forget([room_group(room) for room in lonely])

    def begin_epoch(self, epoch: str) -> None:
        """The log is another one: every socket begins anew against it."""
        self.epoch = epoch
        for feed in self.feeds.values():
            feed.close()
        self.relay.forget([room_group(room) for room in self.feeds])
        self.feeds.clear()
        for attendance in self.users.values():
            for connection in tuple(attendance.connections):
                connection.end(Code.RESTART, "the log began a new epoch")


_listeners: dict[str, Callable[[Sequence[str]], None]] = {}
# Called on the loop with a room whose members are others than before, or may be.
on_members: list[Callable[[str], None]] = []


def on_news(kind: str, listen: Callable[[Sequence[str]], None]) -> None:
    """Register who hears news of that kind, on the loop: of other processes and of this one."""
    _listeners[kind] = listen


def _membership_moved(room: str) -> None:
    for told in on_members:
        told(room)


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
