"""How people are, asked from other threads than the sockets' own: by REST, by pages, by a send that calls `@here`.

Redis is a hint and must not hold anybody up: it has little time to answer, and after a failure it is
left alone for a while; the sockets of this process are known in any case.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from functools import cache

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from presence.states import State, total
from presence.store import answered, ask_all, decoded, processes_key
from presence.tracker import states_in_process

logger = logging.getLogger(__name__)

# What a thread may wait for Redis, and how long after a failure none does.
TIMEOUT_S = 0.1
PAUSE_S = 10.0

_paused_until = 0.0


def states(users: Collection[str]) -> dict[str, State]:
    """How these users are in all processes; those who are offline are left out. Two round trips at most."""
    found = {user: [state] for user, state in states_in_process(users).items()}
    for user, value in _elsewhere(list(users)):
        # Of this process too, so what it has just said counts twice, which changes no sum.
        if state := decoded(value):
            found.setdefault(user, []).append(state)
    return {user: total(each) for user, each in found.items()}


def _elsewhere(users: list[str]) -> list[tuple[str, bytes]]:
    global _paused_until
    if not settings.REDIS_URL or not users or time.monotonic() < _paused_until:
        return []
    prefix = settings.REDIS_PREFIX
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            pipeline.smembers(processes_key(prefix))
            (names,) = pipeline.execute()
            ask_all(pipeline, prefix, [name.decode() for name in names], users)
            return answered(pipeline.execute() if names else (), users)
    except RedisError as error:
        _paused_until = time.monotonic() + PAUSE_S
        logger.warning("presence is what this process knows for a while: %s", error)
        return []


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
