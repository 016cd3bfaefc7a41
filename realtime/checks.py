"""Comparing a hub with the database, so that nothing lost on the way to it stays lost.

Every few seconds, and when the layer's groups have just come into force: the heads of the rooms
that are carried, the `rev`s of the users that are here, and the epoch, in one short query each.
Users whose `rev` moved are rechecked: their sockets are made what the database says that they are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from realtime import pool
from realtime.connection import Code, Connection
from realtime.errors import Unavailable
from realtime.frames import frame
from realtime.relay import room_group, user_group
from realtime.resume import go_live
from realtime.source import Source, Standing

if TYPE_CHECKING:
    from realtime.hub import Attendance, Hub

logger = logging.getLogger(__name__)

# How long a lost event, a crash between COMMIT and publish or a command run from a shell stays
# unseen at most.
CHECK_INTERVAL_S = 2.0
# Rooms that nobody here follows are still carried for a while: people reload pages.
LINGER_S = 15.0
# How long a session or token that has run out keeps its sockets at most. One that was ended by
# somebody is noticed at once.
EXPIRY_INTERVAL_S = 60.0
# Credentials of one question.
CREDENTIALS_MAX = 1_000
# When a recheck could not be carried through.
RETRY_S = 1.0

# Called on the loop with a socket whose user stands otherwise now, and with the users whom it may see otherwise.
regarded: list[Callable[[Connection, Collection[str]], None]] = []


class Checks:
    """The comparisons of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._check_wake = asyncio.Event()
        # Layer groups that have just come into force.
        self._fresh: set[str] = set()
        self._users: set[str] = set()
        self._recheck_wake = asyncio.Event()

    def start(self) -> list[asyncio.Task[None]]:
        runs = (self._run_checks(), self._run_rechecks(), self._run_expiries())
        return [asyncio.create_task(run) for run in runs]

    def soon(self, groups: Collection[str]) -> None:
        """Compare what these layer groups stand for now, rather than at the end of the interval."""
        self._fresh.update(groups)
        self._check_wake.set()

    def recheck(self, user: str) -> None:
        """Compare the user's sockets with the database, soon."""
        self._users.add(user)
        self._recheck_wake.set()

    # --- Heads, revs, epoch ---

    async def _run_checks(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock() + CHECK_INTERVAL_S
        while True:
            # Not wait_for: before Python 3.12 it can swallow the cancellation that ends this task.
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._check_wake.wait()
            self._check_wake.clear()
            fresh, self._fresh = self._fresh, set()
            try:
                # Whoever comes has their own rooms looked at: all of them would be a crowd's work.
                await self._check(fresh if clock() < due else None)
            except Exception:
                logger.exception("could not compare heads and revs with the database")
            if clock() >= due:
                due = clock() + CHECK_INTERVAL_S

    async def _check(self, groups: set[str] | None) -> None:
        """Compare rooms and users of these layer groups, or all of them."""
        hub = self._hub
        hub.drop_feeds(left_before=time.monotonic() - LINGER_S)
        heads = {room: feed.seq for room, feed in hub.feeds.items() if groups is None or room_group(room) in groups}
        revs = {
            user: attendance.rev
            for user, attendance in hub.users.items()
            if attendance.rev is not None and (groups is None or user_group(user) in groups)
        }
        epoch, moved, changed = await pool.run(_compare, hub.source, heads, revs)
        if hub.epoch and epoch != hub.epoch:
            hub.begin_epoch(epoch)
            return
        hub.epoch = epoch
        for room, head in moved.items():
            if feed := hub.feeds.get(room):
                feed.expect(head)
        for user in changed:
            if (attendance := hub.users.get(user)) and attendance.rev == revs[user]:
                self.recheck(user)

    # --- Users ---

    async def _run_expiries(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY_INTERVAL_S)
            users = {
                connection.identity.credential: user
                for user, attendance in self._hub.users.items()
                for connection in attendance.connections
            }
            credentials = list(users)
            try:
                for start in range(0, len(credentials), CREDENTIALS_MAX):
                    asked = credentials[start : start + CREDENTIALS_MAX]
                    for ended in set(asked).difference(await pool.run(self._hub.source.valid, asked)):
                        self.recheck(users[ended])
            except Exception:
                logger.exception("could not ask which sessions have run out")

    async def _run_rechecks(self) -> None:
        while True:
            await self._recheck_wake.wait()
            self._recheck_wake.clear()
            users = {user: self._hub.users[user] for user in self._users if user in self._hub.users}
            self._users.clear()
            asked = {
                user: {connection.identity.credential for connection in attendance.connections}
                for user, attendance in users.items()
            }
            try:
                standings = await pool.run(self._hub.source.standings, asked) if asked else {}
            except Exception:
                logger.exception("could not recheck %d users", len(users))
                self._again(users)
                continue
            # First of all and of all: whose session has ended waits for nobody else's rooms.
            for user, attendance in users.items():
                self._end_sessions(attendance, standings.get(user), asked[user])
            for user, standing in standings.items():
                try:
                    await self._apply(users[user], standing)
                except Exception:
                    logger.exception("could not recheck user %s", user)
                    self._again([user])

    def _again(self, users: Collection[str]) -> None:
        loop = asyncio.get_running_loop()
        for user in users:
            loop.call_later(RETRY_S, self.recheck, user)

    def _end_sessions(self, attendance: Attendance, standing: Standing | None, asked: set[str]) -> None:
        """Close the sockets whose credential no longer stands, or all where the user may not be here."""
        for connection in tuple(attendance.connections):
            credential = connection.identity.credential
            if standing is not None and credential in standing.replaced:
                connection.end(Code.REPLACED, "replaced by a newer session")
            elif standing is None or (credential in asked and credential not in standing.credentials):
                connection.end(Code.UNAUTHENTICATED, "the session has ended")

    async def _apply(self, attendance: Attendance, standing: Standing) -> None:
        """Make a user's sockets what the database says that they are."""
        attendance.rev = standing.rev
        for connection in tuple(attendance.connections):
            moved = connection.regard(standing)
            for told in regarded:
                told(connection, moved)
        await self._apply_rooms(attendance, standing)
        self._apply_reads(attendance, standing)
        self._apply_choices(attendance, standing)

    async def _apply_rooms(self, attendance: Attendance, standing: Standing) -> None:
        """Take away the rooms that the user has lost, and bring those that they have gained."""
        rooms = {room.id: room for room in standing.rooms}
        for connection in tuple(attendance.connections):
            if connection.ended:
                continue
            for room in connection.rooms.keys() - rooms.keys():
                if feed := self._hub.feeds.get(room):
                    feed.remove(connection)
                connection.send(frame("room.removed", room=room))
            if not connection.is_live:  # it is still being told how things stood: see `settled`
                continue
            for room in rooms.keys() - connection.rooms.keys():
                connection.send(frame("room.added", room=rooms[room].summary))
                try:
                    await go_live(self._hub, connection, rooms[room])
                except Unavailable:
                    self._again([connection.identity.user_id])

    def _apply_reads(self, attendance: Attendance, standing: Standing) -> None:
        """Tell all of the user's sockets where they stand now, in the rooms where that changed."""
        for view in standing.rooms:
            if attendance.reads.get(view.id, view.read_number) == view.read_number:
                continue
            position = {"number": view.read_number, "unread": view.summary.unread, "mentions": view.summary.mentions}
            text = frame("read", room=view.id, **position)
            for connection in tuple(attendance.connections):
                if connection.is_live:
                    connection.send(text)
        attendance.reads = {view.id: view.read_number for view in standing.rooms}

    def _apply_choices(self, attendance: Attendance, standing: Standing) -> None:
        """Tell all of the user's sockets what they have chosen since it was last looked at.

        A note may have told some of it before. It is absolute, so that hearing it twice does no harm.
        """
        before, attendance.choices = attendance.choices, standing.choices
        if before == standing.choices:
            return
        for key in before.keys() | standing.choices.keys():
            if before.get(key) == standing.choices.get(key) or not (text := self._hub.source.chosen(standing, key)):
                continue
            for connection in tuple(attendance.connections):
                if connection.is_live:
                    connection.send(text)


def _compare(
    source: Source, heads: dict[str, int], revs: dict[str, int]
) -> tuple[str, dict[str, int], Collection[str]]:
    """Ask what has moved: three short queries in one unit of work."""
    return source.epoch(), source.heads(heads) if heads else {}, source.revs(revs) if revs else ()
