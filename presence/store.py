"""Who is online, as far as several processes can tell each other: in Redis, or in memory.

A process writes, for each of its users, one field of the user's hash: the best status of their
sockets there and until when to believe it. It renews them well before; what a killed process
left behind is not believed any longer after `TTL_S`. Who is typing in a room is kept likewise, for
those who open it in that moment.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol
from uuid import uuid4

from django.conf import settings
from redis import asyncio as aioredis
from redis.exceptions import RedisError

# How long a process is believed without a sign of life, and how often it gives one.
TTL_S = 30
REFRESH_S = 10
# Who has not said again by then that they type has stopped, or has lost the connection.
TYPING_S = 6.0
# Presence is an extra: a Redis that does not answer soon is done without.
TIMEOUT_S = 1.0

ONLINE, AWAY, OFFLINE = "online", "away", "offline"
_ORDER = (ONLINE, AWAY, OFFLINE)


def best(statuses: Collection[str]) -> str:
    """The sum of several sockets: online where any is, else away where any is."""
    return min(statuses, key=_ORDER.index, default=OFFLINE)


class Store(Protocol):
    async def write(self, statuses: Mapping[str, str]) -> None:
        """Say how these users are in this process; `offline` takes them out."""

    async def read(self, users: Collection[str]) -> dict[str, str]:
        """How these users are in all processes; those who are offline are left out."""

    async def write_typing(self, room: str, user: str, on: bool) -> None:
        """Say that the user types in the room, or has stopped."""

    async def read_typing(self, room: str) -> list[str]:
        """Who types in the room now."""

    async def close(self) -> None: ...


class MemoryStore:
    """For the one process of an embedded installation."""

    def __init__(self) -> None:
        self._statuses: dict[str, str] = {}
        self._typing: dict[str, dict[str, float]] = {}  # by room and user: until when

    async def write(self, statuses: Mapping[str, str]) -> None:
        self._statuses.update(statuses)
        for user, status in statuses.items():
            if status == OFFLINE:
                del self._statuses[user]

    async def read(self, users: Collection[str]) -> dict[str, str]:
        return {user: self._statuses[user] for user in users if user in self._statuses}

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

    def users(self) -> list[str]:
        return list(self._statuses)

    async def close(self) -> None:
        self._statuses.clear()
        self._typing.clear()


class RedisStore:
    """For many processes. What Redis does not tell is taken from this process alone."""

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = aioredis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self._prefix = prefix
        self._process = uuid4().hex
        self._own = MemoryStore()

    def _key(self, user: str) -> str:
        return key_of(self._prefix, user)

    async def write(self, statuses: Mapping[str, str]) -> None:
        await self._own.write(statuses)
        until = int(time.time()) + TTL_S
        async with self._redis.pipeline(transaction=False) as pipeline:
            for user, status in statuses.items():
                key = self._key(user)
                if status == OFFLINE:
                    pipeline.hdel(key, self._process)
                else:
                    pipeline.hset(key, self._process, f"{status}:{until}")
                    pipeline.expire(key, TTL_S)
            await pipeline.execute()

    async def read(self, users: Collection[str]) -> dict[str, str]:
        own = await self._own.read(users)
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for user in users:
                    pipeline.hvals(self._key(user))
                answers = await pipeline.execute()
        except RedisError:
            return own
        now = time.time()
        found: dict[str, str] = {}
        for user, values in zip(users, answers, strict=True):
            status = best([sum_of(values, now), own.get(user, OFFLINE)])
            if status != OFFLINE:
                found[user] = status
        return found

    async def write_typing(self, room: str, user: str, on: bool) -> None:
        await self._own.write_typing(room, user, on)
        key = f"{self._prefix}:typing:{room}"
        async with self._redis.pipeline(transaction=False) as pipeline:
            if on:
                pipeline.hset(key, user, str(time.time() + TYPING_S))
                pipeline.expire(key, TTL_S)
            else:
                pipeline.hdel(key, user)
            await pipeline.execute()

    async def read_typing(self, room: str) -> list[str]:
        try:
            found: dict[Any, Any] = await self._redis.hgetall(f"{self._prefix}:typing:{room}")
        except RedisError:
            return await self._own.read_typing(room)
        now = time.time()
        return [user.decode() for user, until in found.items() if float(until) > now]

    async def close(self) -> None:
        with suppress(RedisError):  # what stays there is not believed after TTL_S
            await self.write(dict.fromkeys(self._own.users(), OFFLINE))
        await self._redis.aclose()


def key_of(prefix: str, user: str) -> str:
    """Where Redis has how a user is, process by process."""
    return f"{prefix}:presence:{user}"


def sum_of(values: Iterable[bytes], now: float) -> str:
    """How a user is by what the processes wrote of them."""
    return best([_believed(value.decode(), now) for value in values])


def _believed(value: str, now: float) -> str:
    status, _, until = value.partition(":")
    return status if int(until) >= now else OFFLINE


def make_store() -> Store:
    """The store of this installation."""
    return RedisStore(settings.REDIS_URL, settings.REDIS_PREFIX) if settings.REDIS_URL else MemoryStore()
