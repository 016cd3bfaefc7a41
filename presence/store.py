"""Who is here and has which room open, as far as processes can tell each other: in Redis, or in memory.

Each process keeps one hash for all of its users: a field is the sum of a user's sockets there, or who
has a room open there. The hash lives for `TTL_S` and is renewed as a whole: a socket lives no longer
than its process, so this is what a life for each connection would be, at the cost of one command for
any number of them. A reader asks every process for all users at once. Who types in a room is kept
apart, by room.

Redis is a hint. What it does not tell is taken from this process alone; after a failure it is left
alone for a while, so that nobody waits for it again and again, and then told everything anew.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

from django.conf import settings
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from presence.states import OFFLINE, State, decode, encode, total

logger = logging.getLogger(__name__)

# How long a process is believed without a sign of life, and how often it gives one.
TTL_S = 30
REFRESH_S = 10
# Who has not said again by then that they type has stopped, or has lost the connection.
TYPING_S = 6.0
# Presence is an extra: a Redis that does not answer soon is done without, and asked again after a pause.
TIMEOUT_S = 1.0
PAUSE_S = 5.0
# Users of one command, so that none holds Redis up.
CHUNK = 1_000
# In every process's hash: whoever finds it missing has lost the rest as well.
MARK = "!"


class Open(NamedTuple):
    """Who has a room open: how many, and who they are where the room is no crowd. Oldest first."""

    number: int = 0
    people: tuple[str, ...] = ()


SHUT = Open()


class Store(Protocol):
    async def write(self, states: Mapping[str, State]) -> None:
        """Say how these users are in this process; `offline` takes them out."""

    async def read(self, users: Collection[str]) -> dict[str, State]:
        """How these users are in all processes; those who are offline are left out."""

    async def write_open(self, rooms: Mapping[str, Open]) -> None:
        """Say who has these rooms open in this process."""

    async def read_open(self, rooms: Collection[str]) -> dict[str, Open]:
        """Who has these rooms open in all processes; those that nobody has are left out."""

    async def renew(self) -> bool:
        """Give a sign of life where one is due. Returns whether others may have gone, or come back."""

    async def write_typing(self, room: str, user: str, on: bool) -> None:
        """Say that the user types in the room, or has stopped."""

    async def read_typing(self, room: str) -> list[str]:
        """Who types in the room now."""

    async def close(self) -> None: ...


def together(several: Collection[Open]) -> Open:
    """The sum over processes. In a crowd, whoever is in two of them counts twice."""
    people = tuple(dict.fromkeys(user for each in several for user in each.people))
    uncounted = sum(each.number - len(each.people) for each in several)
    return Open(len(people) + uncounted, people)


class MemoryStore:
    """For the one process of an embedded installation."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.open: dict[str, Open] = {}
        self._typing: dict[str, dict[str, float]] = {}  # by room and user: until when

    async def write(self, states: Mapping[str, State]) -> None:
        for user, state in states.items():
            if state.status == OFFLINE:
                self.states.pop(user, None)
            else:
                self.states[user] = state

    async def read(self, users: Collection[str]) -> dict[str, State]:
        return {user: self.states[user] for user in users if user in self.states}

    async def write_open(self, rooms: Mapping[str, Open]) -> None:
        for room, opened in rooms.items():
            if opened.number:
                self.open[room] = opened
            else:
                self.open.pop(room, None)

    async def read_open(self, rooms: Collection[str]) -> dict[str, Open]:
        return {room: self.open[room] for room in rooms if room in self.open}

    async def renew(self) -> bool:
        return False

    async def write_typing(self, room: str, user: str, on: bool) -> None:
        people = self._typing.setdefault(room, {})
        people[user] = time.monotonic() + TYPING_S
        if not on:
            del people[user]
        if not people:
            del self._typing[room]

    async def read_typing(self, room: str) -> list[str]:
        now = time.monotonic()
        people = {user: until for user, until in self._typing.pop(room, {}).items() if until > now}
        if people:
            self._typing[room] = people
        return list(people)

    async def close(self) -> None:
        for kept in (self.states, self.open, self._typing):
            kept.clear()


class RedisStore:
    """For many processes."""

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = aioredis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self._prefix = prefix
        self._process = uuid4().hex
        self._own = MemoryStore()
        self._others: set[str] = set()  # processes, as last heard
        self._paused_until = 0.0
        self._renewed_at = -float(REFRESH_S)
        # What Redis has of this process is not known to be all: it is told everything next.
        self._is_behind = True
        self._was_out = False

    # --- This process ---

    async def write(self, states: Mapping[str, State]) -> None:
        await self._own.write(states)
        await self._tell({user: "" if state.status == OFFLINE else encode(state) for user, state in states.items()})

    async def write_open(self, rooms: Mapping[str, Open]) -> None:
        await self._own.write_open(rooms)
        await self._tell({room_field(room): _encode_open(opened) for room, opened in rooms.items()})

    async def renew(self) -> bool:
        if self._is_paused():
            return False
        if self._is_behind or time.monotonic() - self._renewed_at >= REFRESH_S:
            self._renewed_at = time.monotonic()
            await self._tell({})
        return await self._look_around()

    async def _tell(self, fields: Mapping[str, str]) -> None:
        """Set these fields of this process's hash (those without a value go), and let it live on."""
        if self._is_paused():
            self._is_behind = True
            return
        whole = self._is_behind
        try:
            is_new = await self._put(self._everything() if whole else fields)
            if is_new and not whole:  # Redis began anew: it has this much and no more
                await self._put(self._everything())
            self._is_behind = False
        except RedisError as error:
            self._is_behind = True
            self._pause(error)

    def _everything(self) -> dict[str, str]:
        states = {user: encode(state) for user, state in self._own.states.items()}
        return states | {room_field(room): _encode_open(opened) for room, opened in self._own.open.items()}

    async def _put(self, fields: Mapping[str, str]) -> bool:
        """Returns whether the hash was not there before."""
        key = process_key(self._prefix, self._process)
        kept = {name: value for name, value in fields.items() if value}
        gone = [name for name, value in fields.items() if not value]
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hset(key, MARK, "1")
            for chunk in _chunks(list(kept.items())):
                pipeline.hset(key, mapping=dict(chunk))
            for names in _chunks(gone):
                pipeline.hdel(key, *names)
            pipeline.expire(key, TTL_S)
            pipeline.sadd(processes_key(self._prefix), self._process)
            answers = await pipeline.execute()
        return bool(answers[0])

    # --- All processes ---

    async def read(self, users: Collection[str]) -> dict[str, State]:
        asked = list(users)
        found = {user: [state] for user, state in (await self._own.read(asked)).items()}
        for user, value in await self._ask(asked):
            if state := decoded(value):
                found.setdefault(user, []).append(state)
        return {user: total(states) for user, states in found.items()}

    async def read_open(self, rooms: Collection[str]) -> dict[str, Open]:
        asked = list(rooms)
        found = {room: [opened] for room, opened in (await self._own.read_open(asked)).items()}
        for field, value in await self._ask([room_field(room) for room in asked]):
            found.setdefault(field.removeprefix(ROOM), []).append(_decode_open(value))
        return {room: together(each) for room, each in found.items()}

    async def _ask(self, fields: list[str]) -> list[tuple[str, bytes]]:
        """What the other processes have in these fields; nothing while Redis does not answer."""
        if not fields or self._is_paused():
            return []
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.smembers(processes_key(self._prefix))
                ask_all(pipeline, self._prefix, self._others, fields)
                names, *answers = await pipeline.execute()
                if fresh := _texts(names) - {self._process} - self._others:
                    self._others |= fresh
                    ask_all(pipeline, self._prefix, fresh, fields)
                    answers += await pipeline.execute()
        except RedisError as error:
            self._pause(error)
            return []
        return answered(answers, fields)

    async def _look_around(self) -> bool:
        """Find out which processes live. Returns whether they are others than before."""
        before = set(self._others)
        try:
            names = _texts(await self._redis.smembers(processes_key(self._prefix))) - {self._process}
            if names or before:
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for name in names:
                        pipeline.exists(process_key(self._prefix, name))
                    answers = await pipeline.execute()
                dead = [name for name, lives in zip(names, answers, strict=True) if not lives]
                if dead:
                    await self._redis.srem(processes_key(self._prefix), *dead)
                self._others = names.difference(dead)
        except RedisError as error:
            self._pause(error)
            return False
        was_out, self._was_out = self._was_out, False
        return was_out or self._others != before

    # --- Typing ---

    async def write_typing(self, room: str, user: str, on: bool) -> None:
        await self._own.write_typing(room, user, on)
        if self._is_paused():
            return
        key = f"{self._prefix}:typing:{room}"
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                if on:
                    pipeline.hset(key, user, str(time.time() + TYPING_S))
                    pipeline.expire(key, TTL_S)
                else:
                    pipeline.hdel(key, user)
                await pipeline.execute()
        except RedisError as error:
            self._pause(error)

    async def read_typing(self, room: str) -> list[str]:
        if not self._is_paused():
            try:
                found: dict[Any, Any] = await self._redis.hgetall(f"{self._prefix}:typing:{room}")
                now = time.time()
                return [user.decode() for user, until in found.items() if float(until) > now]
            except RedisError as error:
                self._pause(error)
        return await self._own.read_typing(room)

    # --- Life ---

    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _pause(self, error: RedisError) -> None:
        self._paused_until = time.monotonic() + PAUSE_S
        self._was_out = True
        logger.warning("Redis does not answer; presence is this process's own for a while: %s", error)

    async def close(self) -> None:
        with suppress(RedisError):  # what stays there is not believed after TTL_S
            await self._redis.delete(process_key(self._prefix, self._process))
            await self._redis.srem(processes_key(self._prefix), self._process)
        await self._own.close()
        await self._redis.aclose()


# --- What lies in Redis: also for those who read it from other threads -----------------------------

ROOM = "room:"


def process_key(prefix: str, process: str) -> str:
    """The hash of one process."""
    return f"{prefix}:presence:{process}"


def processes_key(prefix: str) -> str:
    """The set of processes that have, or had, a hash."""
    return f"{prefix}:presence"


def room_field(room: str) -> str:
    return ROOM + room


def ask_all(pipeline: Any, prefix: str, processes: Iterable[str], fields: list[str]) -> None:
    """Ask each of the processes' hashes for these fields."""
    for process in processes:
        for names in _chunks(fields):
            pipeline.hmget(process_key(prefix, process), names)


def answered(answers: Iterable[Any], fields: list[str]) -> list[tuple[str, bytes]]:
    """What came of `ask_all`: the fields that were there."""
    chunks = list(_chunks(fields))
    return [
        (name, value)
        for position, values in enumerate(answers)
        for name, value in zip(chunks[position % len(chunks)], values, strict=True)
        if value is not None
    ]


def decoded(value: bytes) -> State | None:
    """None: another version of the program wrote it, which this one does not understand."""
    try:
        return decode(value)
    except ValueError:
        return None


def _encode_open(opened: Open) -> str:
    return f"{opened.number} {' '.join(opened.people)}".rstrip() if opened.number else ""


def _decode_open(value: bytes) -> Open:
    count, *people = value.decode().split()
    return Open(int(count), tuple(people))


def _texts(values: Iterable[bytes | str]) -> set[str]:
    return {value.decode() if isinstance(value, bytes) else value for value in values}


def _chunks(items: list[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def make_store() -> Store:
    """The store of this installation."""
    return RedisStore(settings.REDIS_URL, settings.REDIS_PREFIX) if settings.REDIS_URL else MemoryStore()
