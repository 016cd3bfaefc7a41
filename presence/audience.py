"""What the sockets of this process show of others: rooms in view, and people whom they watch.

Every process tells its own sockets only. It hears from the others who has changed (`News`), asks the
store how those are now whom anybody here is shown, and compares: so frames that cross on their way,
or come twice, do no harm, and a socket hears nothing of whom it does not show. What came to be known
is kept, so that the second who opens a room reads nothing.

`flush` is called once a second and sends a socket at most one frame for its room and one for the
people it watches, whatever has happened meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.people import Person
from presence.states import OFF, OFFLINE, State, Status, seen
from presence.store import SHUT, Open, Store
from realtime.connection import Connection
from realtime.frames import frame

# Of those who have a room open, so many are named in frames: as many faces as a header has room for.
NAMED_MAX = 6

Change = tuple[State, State]  # before, now


@dataclass(slots=True)
class Roster:
    """A room that sockets here have in view."""

    # Whose presence is shown to all of them: the members; in a crowd nobody's.
    members: frozenset[str]
    is_crowd: bool
    viewers: set[Connection] = field(default_factory=set)
    # In a crowd: by person the sockets that show them.
    shown_by: dict[str, set[Connection]] = field(default_factory=lambda: defaultdict(set))
    opened: Open = SHUT


# Persons by id, of those that exist.
Describe = Callable[[Collection[str]], Awaitable[Mapping[str, Person]]]


class Audience:
    """One a tracker."""

    def __init__(self, store: Store, describe: Describe) -> None:
        self._store = store
        self._describe = describe
        self.rosters: dict[str, Roster] = {}
        self._watchers: dict[str, set[Connection]] = defaultdict(set)
        self._rooms_of: dict[str, set[str]] = defaultdict(set)
        self._room_of: dict[Connection, str] = {}
        self._watched: dict[Connection, frozenset[str]] = {}
        self._picked: dict[Connection, frozenset[str]] = {}
        # How those are whom anybody here is shown; who is not in it has not been asked for.
        self._known: dict[str, State] = {}
        self._dirty_users: set[str] = set()
        self._dirty_rooms: set[str] = set()
        # Sockets whose users may see some people otherwise than before.
        self._moved: dict[Connection, set[str]] = defaultdict(set)
        # Answers of the store are taken in in the order in which it gave them.
        self._reading = asyncio.Lock()

    # --- Who shows whom ---

    def view(
        self,
        connection: Connection,
        room: str,
        *,
        members: frozenset[str],
        is_crowd: bool,
        picked: frozenset[str],
        opened: Open,
    ) -> None:
        """The socket has this room in view, and no other any more. `picked`: whom of a crowd it shows."""
        if self._room_of.get(connection) != room:
            self.leave_room(connection)
        roster = self.rosters.get(room)
        if roster is None:
            roster = self.rosters[room] = Roster(frozenset(), is_crowd, opened=opened)
        self._room_of[connection] = room
        roster.viewers.add(connection)
        self._unpick(room, roster, connection)
        self._refit(room, roster, members, is_crowd)
        if is_crowd:
            self._picked[connection] = picked
            for user in picked:
                roster.shown_by[user].add(connection)
                self._rooms_of[user].add(room)

    def refit(self, room: str, members: frozenset[str], is_crowd: bool, gone: Collection[str] = ()) -> None:
        """The room's members are these now; of those who are shown of a crowd, `gone` are no members any more."""
        roster = self.rosters.get(room)
        if roster is None:
            return
        self._refit(room, roster, members, is_crowd)
        for user in gone:
            if roster.shown_by.pop(user, None):
                for connection in roster.viewers:
                    self._picked[connection] = self._picked.get(connection, frozenset()) - {user}
                self._forget(user, room)

    def shown_of(self, room: str) -> list[str]:
        """Of a crowd, those whom any socket here shows."""
        roster = self.rosters.get(room)
        return list(roster.shown_by) if roster else []

    def _refit(self, room: str, roster: Roster, members: frozenset[str], is_crowd: bool) -> None:
        if roster.is_crowd and not is_crowd:
            for connection in roster.viewers:
                self._unpick(room, roster, connection)
        roster.is_crowd = is_crowd
        if members == roster.members:
            return
        gone, come = roster.members - members, members - roster.members
        roster.members = members
        for user in come:
            self._rooms_of[user].add(room)
        for user in gone:
            self._forget(user, room)
        self._dirty_users |= come - self._known.keys()

    def watch(self, connection: Connection, people: frozenset[str]) -> None:
        """The socket shows these people beside its room, and no others any more."""
        before = self._watched.pop(connection, frozenset())
        if people:
            self._watched[connection] = people
        for user in people - before:
            self._watchers[user].add(connection)
        for user in before - people:
            watchers = self._watchers[user]
            watchers.discard(connection)
            if not watchers:
                del self._watchers[user]
                self._tidy(user)

    def left(self, connection: Connection) -> str | None:
        """The socket has ended. Returns the room that it had in view."""
        room = self.leave_room(connection)
        self.watch(connection, frozenset())
        self._moved.pop(connection, None)
        return room

    def leave_room(self, connection: Connection) -> str | None:
        """The socket has no room in view any more. Returns the one that it had."""
        room = self._room_of.pop(connection, None)
        if room is not None:
            roster = self.rosters[room]
            self._unpick(room, roster, connection)
            roster.viewers.discard(connection)
            if not roster.viewers:
                del self.rosters[room]
                for user in roster.members:
                    self._forget(user, room)
        return room

    def _unpick(self, room: str, roster: Roster, connection: Connection) -> None:
        for user in self._picked.pop(connection, ()):
            sockets = roster.shown_by[user]
            sockets.discard(connection)
            if not sockets:
                del roster.shown_by[user]
                if user not in roster.members:
                    self._forget(user, room)

    def _forget(self, user: str, room: str) -> None:
        rooms = self._rooms_of[user]
        rooms.discard(room)
        if not rooms:
            del self._rooms_of[user]
            self._tidy(user)

    def _tidy(self, user: str) -> None:
        if not self._is_shown(user):
            self._known.pop(user, None)

    def _is_shown(self, user: str) -> bool:
        return user in self._rooms_of or user in self._watchers

    # --- What is known ---

    async def states(self, users: Collection[str]) -> Mapping[str, State]:
        """How these people are. Reads of whom nobody here was shown until now."""
        async with self._reading:
            missing = [user for user in users if user not in self._known]
            found = await self._store.read(missing) if missing else {}
            for user in missing:
                if self._is_shown(user):
                    self._known[user] = found.get(user, OFF)
        return {user: self._known.get(user) or found.get(user, OFF) for user in users}

    async def opened(self, room: str) -> Open:
        """Who has the room open."""
        async with self._reading:
            if roster := self.rosters.get(room):
                return roster.opened
            return (await self._store.read_open([room])).get(room, SHUT)

    def hear_of_users(self, users: Iterable[str]) -> None:
        """Somebody says that these people are not as they were."""
        self._dirty_users.update(user for user in users if self._is_shown(user))

    def hear_of_rooms(self, rooms: Iterable[str]) -> None:
        """Somebody says that others than before have these rooms open."""
        self._dirty_rooms.update(room for room in rooms if room in self.rosters)

    def doubt_all(self) -> None:
        """Ask for everything anew: something may have been missed."""
        self._dirty_users.update(self._rooms_of.keys() | self._watchers.keys())
        self._dirty_rooms.update(self.rosters)

    def regarded(self, connection: Connection, users: Collection[str]) -> None:
        """The socket may see these users otherwise than before: a contact more, a block less."""
        if users:
            self._moved[connection].update(users)

    # --- Telling ---

    async def flush(self) -> None:
        """Find out what has changed, and tell each socket what concerns it."""
        users, self._dirty_users = self._dirty_users, set()
        rooms, self._dirty_rooms = self._dirty_rooms, set()
        changes, openings = await self._catch_up(users, rooms)
        moved, self._moved = self._moved, defaultdict(set)
        if not (changes or openings or moved):
            return
        concerned = {room for user in changes for room in self._rooms_of.get(user, ())}
        concerned.update(openings, {self._room_of[each] for each in moved if each in self._room_of})
        rosters = [self.rosters[room] for room in concerned if room in self.rosters]
        named = {user for roster in rosters for user in candidates(roster.opened)}
        faces = await self._describe(named) if named else {}
        for room in concerned:
            if roster := self.rosters.get(room):
                self._tell_room(room, roster, changes, openings.get(room), moved, faces)
        self._tell_watchers(changes, moved)

    async def _catch_up(
        self, users: Collection[str], rooms: Collection[str]
    ) -> tuple[dict[str, Change], dict[str, Open]]:
        """Take in how these are now; return what is not as it was."""
        async with self._reading:
            asked = [user for user in users if self._is_shown(user)]
            found = await self._store.read(asked) if asked else {}
            changes = {}
            for user in asked:
                before, now = self._known.get(user, OFF), found.get(user, OFF)
                if self._is_shown(user):
                    self._known[user] = now
                if before != now:
                    changes[user] = before, now
            held = [room for room in rooms if room in self.rosters]
            opened = await self._store.read_open(held) if held else {}
            openings = {}
            for room in held:
                now_open = opened.get(room, SHUT)
                if (roster := self.rosters.get(room)) and roster.opened != now_open:
                    roster.opened = openings[room] = now_open
        return changes, openings

    def _tell_room(
        self,
        room: str,
        roster: Roster,
        changes: Mapping[str, Change],
        opening: Open | None,
        moved: Mapping[Connection, set[str]],
        faces: Mapping[str, Person],
    ) -> None:
        ours = {user: change for user, change in changes.items() if user in roster.members}
        # What all see alike is written once; the rest is for each socket to be told apart.
        is_plain = not roster.is_crowd and all(before.is_open and now.is_open for before, now in ours.values())
        concerned = frozenset(ours).union(opening.people if opening else ())
        is_plain = is_plain and all(self._known.get(user, OFF).is_open for user in concerned)
        shared = b""
        if is_plain or roster.is_crowd:
            statuses = {user: now.public for user, (before, now) in ours.items() if before.public != now.public}
            told = participants(opening, opening.people, faces) if opening is not None else None
            shared = _frame(room, statuses, told)
        for connection in tuple(roster.viewers):
            if room not in connection.rooms or connection.ended:
                continue
            others = moved.get(connection, ())
            if is_plain and not others and connection.hidden.isdisjoint(concerned):
                if shared:
                    connection.send(shared)
                continue
            picked = self._picked.get(connection, frozenset()) if roster.is_crowd else roster.members
            statuses = self._news_for(connection, changes if roster.is_crowd else ours, picked, others)
            shown = roster.opened if opening is None and others else opening
            if roster.is_crowd and not statuses:
                text = shared  # how many have it open, which is no secret of anybody's
            else:
                text = _frame(room, statuses, shown and self.participants_for(connection, shown, faces))
            if text:
                connection.send(text)

    def _tell_watchers(self, changes: Mapping[str, Change], moved: Mapping[Connection, set[str]]) -> None:
        concerned = {connection for user in changes for connection in self._watchers.get(user, ())}
        for connection in concerned.union(moved):
            people = self._watched.get(connection, frozenset())
            statuses = self._news_for(connection, changes, people, moved.get(connection, ()))
            if statuses and not connection.ended:
                connection.send(_frame(None, statuses, None))

    def _news_for(
        self,
        connection: Connection,
        changes: Mapping[str, Change],
        people: Collection[str],
        others: Collection[str],
    ) -> dict[str, Status]:
        """What is another status now for this socket, of the people whom it shows."""
        own = connection.identity.user_id
        statuses: dict[str, Status] = {}
        both = [user for user in changes if user in people] if len(changes) < len(people) else people
        for user in both:
            if user in changes and user not in others:
                before, now = changes[user]
                status = seen(user, now, connection, own)
                if status != seen(user, before, connection, own):
                    statuses[user] = status
        for user in others:
            if user in people:
                statuses[user] = seen(user, self._known.get(user, OFF), connection, own)
        return statuses

    def participants_for(self, connection: Connection, opened: Open, faces: Mapping[str, Person]) -> dict[str, Any]:
        """Who has a room open, as far as the socket may know."""
        own = connection.identity.user_id
        people = [
            user
            for user in opened.people
            if user == own or seen(user, self._known.get(user, OFF), connection, own) != OFFLINE
        ]
        return participants(opened, people, faces)


def candidates(opened: Open) -> tuple[str, ...]:
    """Of whom names may be needed: some of them may not be shown to everybody."""
    return opened.people[: 3 * NAMED_MAX]


def participants(opened: Open, people: Collection[str], faces: Mapping[str, Person]) -> dict[str, Any]:
    """The field of frames: how many, and some of them by name. `people`: those who may be shown."""
    uncounted = opened.number - len(opened.people)  # a crowd's are only counted
    named = [faces[user] for user in people if user in faces][:NAMED_MAX]
    return {"count": uncounted + len(people), "people": named}


def _frame(room: str | None, statuses: Mapping[str, str], told: dict[str, Any] | None) -> bytes:
    """The frame; empty where it would say nothing."""
    if not statuses and told is None:
        return b""
    also = {} if told is None else {"participants": told}
    return frame("presence", room=room, statuses=statuses, **also)
