"""Database work from async code: one bounded pool of threads, one function a unit of work.

A burst of sockets can then hold no more database connections than the pool has threads, and
never the one thread that Django shares among all its synchronous code. Nor does a burst of pages
keep sockets waiting: each thread has a connection of its own, beside those that requests share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import cache, partial
from typing import TypeVar

from django.conf import settings
from django.db import connections
from django.db.utils import load_backend

T = TypeVar("T")


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        settings.REALTIME["POOL_THREADS"], thread_name_prefix="realtime-db", initializer=use_own_connection
    )


async def run(work: Callable[..., T], *args: object, **options: object) -> T:
    """Run one unit of database work on the pool and return what it returns."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_executor(), _unit, partial(work, *args, **options))


def _unit(work: Callable[[], T]) -> T:
    connection = connections["default"]
    # It may have been cut while the thread had nothing to do. (django-stubs do not know the flag.)
    connection.health_check_done = False  # type: ignore[attr-defined]
    try:
        return work()
    finally:
        if connection.errors_occurred:
            connection.close()


def use_own_connection() -> None:
    """Give this thread a connection outside the pool that requests share, and keep it open."""
    own = deepcopy(connections.settings["default"])
    own["OPTIONS"].pop("pool", None)
    connections["default"] = load_backend(own["ENGINE"]).DatabaseWrapper(own, "default")
