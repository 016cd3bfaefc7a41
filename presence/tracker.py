"""Follows the sockets of this process: how its users are, told to the store and to the other processes.

Once a second it gathers what has happened, so a crowd that comes online together is one command for
the store, one piece of news for each process, and one frame for each socket that looks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError

from accounts.availability import Manner, described
from accounts.models import Audience as Known
from accounts.models import Availability, User
from accounts.people import Person, person_of
from presence import last_seen, looking
from presence.audience import Audience
from presence.states import AWAY, OFF, OFFLINE, ONLINE, State, best
from presence.store import SHUT, Open, make_store
from realtime import checks, pool
from realtime.connection import Connection
from realtime.events import News
from realtime.frames import frame
from realtime.gateway import arrivals, departures
from realtime.hub import Hub, get_hub, on_members, on_news, on_stop

logger = logging.getLogger(__name__)

# A little over a second: a minute then has no 61st frame for anybody.
FLUSH_S = 1.02
# A page that is reloaded is gone for a moment; nobody need hear of it.
GRACE_S = 5.0
# News may be lost on its way; this long at most is somebody shown as they were.
DOUBT_S = 30.0
# Keys of one piece of news.
NEWS_MAX = 1_000
USERS, ROOMS = "presence.users", "presence.rooms"


class Tracker:
    """One a hub."""

    def __init__(self, hub: Hub) -> None:
        self.store = make_store()
        self.audience = Audience(self.store, _describe)
        self._hub = hub
        self._told: dict[str, State] = {}  # what the store has of the users of this process
        self._opened: dict[str, Open] = {}  # and of who has a room open here
        self._touched: set[str] = set()  # users to look at again
        self._rooms: set[str] = set()  # rooms that others than before may have open
        self._refit: set[str] = set()  # rooms whose members may be others than before
        self._leaving: dict[str, float] = {}  # users without a socket: when their grace ends
        self._ends: dict[str, datetime] = {}  # when what they say of themselves is over
        self._moods: dict[str, dict[str, str | None]] = {}  # what they were told they say
        self._diary = last_seen.Diary()
        self._writing: asyncio.Task[None] | None = None
        self._doubted_at = time.monotonic()
        self._task = asyncio.create_task(self._run())

    # --- What happens to sockets ---

    def arrived(self, connection: Connection) -> None:
        """The socket follows its rooms."""
        self._moods.setdefault(connection.identity.user_id, described(connection.manner))
        self.touch(connection)

    def touch(self, connection: Connection) -> None:
        """The socket has come, or has become active or idle, or its user stands otherwise."""
        user = connection.identity.user_id
        self._leaving.pop(user, None)
        self._touched.add(user)
        if connection.viewing is not None:
            self._rooms.add(connection.viewing)

    def turned(self, connection: Connection, room: str | None) -> None:
        """The socket has another room in view, or none; before, this one."""
        self._rooms.update(filter(None, (connection.viewing, room)))

    def left(self, connection: Connection) -> None:
        """The socket has gone."""
        user = connection.identity.user_id
        if room := self.audience.left(connection):
            self._rooms.add(room)
        if user in self._hub.users:
            self._touched.add(user)
        elif user in self._told:
            self._leaving[user] = time.monotonic() + GRACE_S
        else:
            self._moods.pop(user, None)

    def regarded(self, connection: Connection, moved: Collection[str]) -> None:
        """The socket's user was looked up anew; these others they may see otherwise than before."""
        self.audience.regarded(connection, moved)
        self.touch(connection)
        self._tell_mood(connection.identity.user_id)

    def members_moved(self, room: str) -> None:
        """Somebody has joined or left the room."""
        if room in self.audience.rosters:
            self._refit.add(room)

    # --- How somebody is ---

    def manner(self, user: str) -> Manner:
        """What the user says of themselves and to whom, as this process last read it."""
        return _newest(self._sockets(user))[1]

    def state(self, user: str) -> State:
        """How the user is, as this process sees it. From any thread."""
        sockets = self._sockets(user)
        if not sockets:
            return OFF
        rev, manner = _newest(sockets)
        status = best(AWAY if connection.idle else ONLINE for connection in sockets)
        return State(status, manner.at(datetime.now(UTC)), manner.audience, rev)

    def states(self, users: Collection[str]) -> dict[str, State]:
        """How these users are, as this process sees it; those who are not here are left out. From any thread."""
        states = ((user, self.state(user)) for user in users if user in self._hub.users)
        return {user: state for user, state in states if state.status != OFFLINE}

    def _sockets(self, user: str) -> list[Connection]:
        # One that is still saying hello has not been looked up.
        attendance = self._hub.users.get(user)
        return [each for each in tuple(attendance.connections) if each.regarded >= 0] if attendance else []

    # --- Once a second ---

    async def stop(self) -> None:
        tasks = [task for task in (self._task, self._writing) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.store.close()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self._flush()
            except Exception:  # presence is an extra, and must not end for good over one mishap
                logger.exception("presence could not be told")

    async def _flush(self) -> None:
        self._end_what_is_over()
        await self._refit_rooms()
        await self._tell_states()
        await self._tell_rooms()
        now = time.monotonic()
        if await self.store.renew() or now - self._doubted_at >= DOUBT_S:
            self._doubted_at = now
            self.audience.doubt_all()
        await self.audience.flush()
        self._note_seen()

    def _end_what_is_over(self) -> None:
        now = time.monotonic()
        for user in [user for user, until in self._leaving.items() if until <= now]:
            del self._leaving[user]
            self._touched.add(user)
        moment = datetime.now(UTC)
        for user in [user for user, until in self._ends.items() if until <= moment]:
            del self._ends[user]
            self._touched.add(user)
            self._tell_mood(user)

    async def _refit_rooms(self) -> None:
        asked, self._refit = self._refit & self.audience.rosters.keys(), set()
        for room in asked:
            try:
                fresh = await pool.run(looking.roster, room, self.audience.shown_of(room))
            except DatabaseError:
                logger.exception("could not read the members of room %s", room)
                self._refit.add(room)
                continue
            self.audience.refit(room, fresh.members, fresh.is_crowd, fresh.strangers)

    async def _tell_states(self) -> None:
        touched, self._touched = self._touched, set()
        changed: dict[str, State] = {}
        for user in touched:
            state = self.state(user)
            before = self._told.get(user, OFF)
            if state.status == OFFLINE:
                self._forget(user)
            else:
                self._note_end(user)
            if state != before and not state.status == before.status == OFFLINE:
                changed[user] = state
            if state[:3] != before[:3]:
                self._rooms.update(filter(None, (each.viewing for each in self._sockets(user))))
        if not changed:
            return
        self._told.update(changed)
        for user in [user for user, state in changed.items() if state.status == OFFLINE]:
            del self._told[user]
        await self.store.write(changed)
        self.audience.hear_of_users(changed)
        self._spread(USERS, changed)

    def _note_end(self, user: str) -> None:
        """Remember when what the user says of themselves is over."""
        until = self.manner(user).until
        if until is not None and until > datetime.now(UTC):
            self._ends[user] = until
        else:
            self._ends.pop(user, None)

    def _forget(self, user: str) -> None:
        self._ends.pop(user, None)
        self._moods.pop(user, None)
        self._diary.forget([user])

    async def _tell_rooms(self) -> None:
        asked, self._rooms = self._rooms, set()
        changed: dict[str, Open] = {}
        for room in asked:
            opened = self._opened_here(room)
            if opened != self._opened.get(room, SHUT):
                changed[room] = opened
        if not changed:
            return
        self._opened.update(changed)
        for room in [room for room, opened in changed.items() if not opened.number]:
            del self._opened[room]
        await self.store.write_open(changed)
        self.audience.hear_of_rooms(changed)
        self._spread(ROOMS, changed)

    def _opened_here(self, room: str) -> Open:
        """Who has the room open and is at the keyboard, of those who let others know of that."""
        roster = self.audience.rosters.get(room)
        if roster is None:
            return SHUT
        active = (each for each in self._hub.viewers.get(room, ()) if room in each.rooms and not each.idle)
        now = {each.identity.user_id for each in active}
        before = [user for user in self._opened.get(room, SHUT).people if user in now]  # those keep their places
        states = {user: self.state(user) for user in [*before, *sorted(now.difference(before))]}
        if roster.is_crowd:  # only counted: so of whom all may know
            return Open(sum(state.is_open for state in states.values()))
        shown = tuple(user for user, state in states.items() if _is_shown_to_some(state))
        return Open(len(shown), shown)

    def _spread(self, kind: str, keys: Iterable[str]) -> None:
        """Tell the other processes."""
        all_keys = list(keys)
        for start in range(0, len(all_keys), NEWS_MAX):
            self._hub.relay.send([News(kind, all_keys[start : start + NEWS_MAX])])

    def _tell_mood(self, user: str) -> None:
        """Tell the user's own sockets what they say of themselves, if that has changed."""
        sockets = self._sockets(user)
        if not sockets:
            return
        mood = described(_newest(sockets)[1])
        if mood != self._moods.get(user, mood):
            for connection in sockets:
                connection.send(frame("availability", data=mood))
        self._moods[user] = mood

    def _note_seen(self) -> None:
        """Write who is here, of those who have not been written within the minute."""
        if self._writing is not None and not self._writing.done():
            return
        here = [user for user, state in self._told.items() if state.status == ONLINE and _is_seen(state)]
        if due := self._diary.due(here):
            self._writing = asyncio.create_task(self._write_seen(due))

    async def _write_seen(self, users: list[str]) -> None:
        try:
            await pool.run(last_seen.write, users)
        except DatabaseError:
            logger.exception("could not write who was seen")
            self._diary.undo(users)


def _newest(sockets: Collection[Connection]) -> tuple[int, Manner]:
    """What the user says, by the socket that was looked up last."""
    newest = max(sockets, key=lambda each: each.regarded, default=None)
    return (newest.regarded, newest.manner) if newest is not None else (0, Manner())


def _is_seen(state: State) -> bool:
    return state.availability != Availability.INVISIBLE


def _is_shown_to_some(state: State) -> bool:
    return state.audience != Known.NOBODY and _is_seen(state)


async def _describe(users: Collection[str]) -> Mapping[str, Person]:
    """Persons by id. Without the database frames have no names, and what else they tell all the same."""
    try:
        return await pool.run(_persons, users)
    except DatabaseError:
        logger.exception("could not read who has a room open")
        return {}


def _persons(users: Collection[str]) -> dict[str, Person]:
    return {str(user.pk): person_of(user) for user in User.objects.filter(pk__in=users)}


_trackers: WeakKeyDictionary[asyncio.AbstractEventLoop, Tracker] = WeakKeyDictionary()


def get_tracker() -> Tracker:
    """The tracker of the running loop's hub."""
    loop = asyncio.get_running_loop()
    tracker = _trackers.get(loop)
    if tracker is None:
        tracker = _trackers[loop] = Tracker(get_hub())
    return tracker


def states_in_process(users: Collection[str]) -> dict[str, State]:
    """How these users are by the sockets of this process. From any thread."""
    return {user: state for tracker in list(_trackers.values()) for user, state in tracker.states(users).items()}


def _if_tracked(hear: Callable[..., None]) -> Callable[..., None]:
    """Call with the running loop's tracker if there is one: the first socket brings it, and a stop ends it."""

    def call(*args: Any) -> None:
        if tracker := _trackers.get(asyncio.get_running_loop()):
            hear(tracker, *args)

    return call


arrivals.append(lambda connection: get_tracker().arrived(connection))
departures.append(_if_tracked(lambda tracker, connection, rooms: tracker.left(connection)))
checks.regarded.append(_if_tracked(Tracker.regarded))
on_members.append(_if_tracked(Tracker.members_moved))
on_news(USERS, _if_tracked(lambda tracker, users: tracker.audience.hear_of_users(users)))
on_news(ROOMS, _if_tracked(lambda tracker, rooms: tracker.audience.hear_of_rooms(rooms)))


@on_stop
async def _stop_tracker() -> None:
    if tracker := _trackers.pop(asyncio.get_running_loop(), None):
        await tracker.stop()
