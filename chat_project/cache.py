"""The shared cache, which a Redis that is down turns into each process's own for a while.

Rate limits then count per process and cached pages are made anew: nobody is locked out of signing
in because the cache does not answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# How long Redis is not asked again after it failed: each attempt can cost a time limit.
PAUSE_S = 5.0
LOCAL_MAX_ENTRIES = 300


class FallbackRedisCache(RedisCache):
    """Django's Redis cache with the process's memory to fall back on."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        # Pages are large, so few of them; counters are small, and none may push another out.
        local = {**params, "OPTIONS": {"MAX_ENTRIES": params.get("LOCAL_MAX_ENTRIES", LOCAL_MAX_ENTRIES)}}
        self._local = LocMemCache(f"fallback {params.get('KEY_PREFIX', '')}", local)  # each cache its own
        self._down_until = 0.0

    def _ask(self, operation: str, *args: Any, **options: Any) -> Any:
        if time.monotonic() >= self._down_until:
            try:
                return getattr(RedisCache, operation)(self, *args, **options)
            except RedisError as error:
                logger.warning("the cache does not answer, using this process's memory: %s", error)
                self._down_until = time.monotonic() + PAUSE_S
        return getattr(self._local, operation)(*args, **options)


def _delegated(operation: str) -> Callable[..., Any]:
    def method(self: FallbackRedisCache, *args: Any, **options: Any) -> Any:
        return self._ask(operation, *args, **options)

    method.__name__ = operation
    return method


for _operation in (
    "add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear",
):  # fmt: skip
    setattr(FallbackRedisCache, _operation, _delegated(_operation))
