"""Follows the sockets of this process and tells viewers of a room who in it comes and goes.

Changes are gathered and sent at most once a second, one frame a room: a crowd that comes online
together costs each viewer one frame a second, not one a person.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Collection
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from presence.store import AWAY, OFFLINE, ONLINE, REFRESH_S, best, make_store
from realtime.connection import Connection
from realtime.events import Glance, Seen
from realtime.frames import encode_json
from realtime.gateway import arrivals, departures
from realtime.hub import Hub, get_hub, on_stop

logger = logging.getLogger(__name__)

FLUSH_S = 1.0
# A page that is reloaded is gone for a moment; nobody need hear of it.
GRACE_S = 5.0


class Tracker:
    """One a hub."""

    def __init__(self, hub: Hub) -> None:
        self.store = make_store()
        self._hub = hub
        self._known: dict[str, str] = {}  # what others were told of the users of this process
        self._touched: dict[str, set[str]] = {}  # users to look at again, with their rooms
        self._leaving: dict[str, tuple[float, set[str]]] = {}  # when their grace ends, their rooms
        self._refreshed_at = time.monotonic()
        self._task = asyncio.create_task(self._run())

    def touch(self, connection: Connection) -> None:
        """The socket has come, or has become active or idle."""
        user = connection.identity.user_id
        self._leaving.pop(user, None)
        self._touched.setdefault(user, set()).update(connection.rooms)

    def left(self, connection: Connection, rooms: set[str]) -> None:
        """The socket has gone."""
        user = connection.identity.user_id
        if user in self._hub.users:
            self._touched.setdefault(user, set()).update(rooms)
        elif user in self._known:
            self._leaving[user] = (time.monotonic() + GRACE_S, rooms)

    def status(self, user: str) -> str:
        """How the user is, as this process sees it."""
        attendance = self._hub.users.get(user)
        sockets = attendance.connections if attendance else ()
        return best([AWAY if connection.idle else ONLINE for connection in sockets])

    def statuses(self, users: Collection[str]) -> dict[str, str]:
        """How these users are, as this process sees it; those who are not here are left out. From any thread."""
        attendances = ((user, self._hub.users.get(user)) for user in users)
        return {user: self.status(user) for user, attendance in attendances if attendance}

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.store.close()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self._flush()
            except RedisError as error:
                logger.warning("presence did not reach the other processes: %s", error)

    async def _flush(self) -> None:
        now = time.monotonic()
        for user in [user for user, (until, _) in self._leaving.items() if until <= now]:
            self._touched.setdefault(user, set()).update(self._leaving.pop(user)[1])
        touched, self._touched = self._touched, {}
        changed: dict[str, str] = {}
        for user in touched:
            status = self.status(user)
            if status != self._known.get(user, OFFLINE):
                changed[user] = status
        if changed:
            self._known.update(changed)
            for user in [user for user, status in changed.items() if status == OFFLINE]:
                del self._known[user]
            self._announce(changed, touched)
            await self.store.write(changed)
        if self._known and now - self._refreshed_at >= REFRESH_S:
            self._refreshed_at = now
            await self.store.write(self._known)

    def _announce(self, changed: dict[str, str], rooms: dict[str, set[str]]) -> None:
        by_room: dict[str, dict[str, Seen]] = defaultdict(dict)
        for user, status in changed.items():
            for room in rooms[user]:
                by_room[room][user] = Seen(encode_json(status))
        self._hub.accept([Glance(room, "presence", "statuses", statuses) for room, statuses in by_room.items()])


_trackers: WeakKeyDictionary[asyncio.AbstractEventLoop, Tracker] = WeakKeyDictionary()


def get_tracker() -> Tracker:
    """The tracker of the running loop's hub."""
    loop = asyncio.get_running_loop()
    tracker = _trackers.get(loop)
    if tracker is None:
        tracker = _trackers[loop] = Tracker(get_hub())
    return tracker


def statuses_in_process(users: Collection[str]) -> dict[str, str]:
    """How these users are by the sockets of this process. From any thread."""
    return {user: status for tracker in list(_trackers.values()) for user, status in tracker.statuses(users).items()}


arrivals.append(lambda connection: get_tracker().touch(connection))
departures.append(lambda connection, rooms: get_tracker().left(connection, rooms))


@on_stop
async def _stop_tracker() -> None:
    if tracker := _trackers.pop(asyncio.get_running_loop(), None):
        await tracker.stop()
