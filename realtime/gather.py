"""Asking the database for many at once: what is asked while one question is under way goes into the next.

When a server restarts, all its sockets come back together; asked for one by one, where each
stands would take the database as many times as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from realtime import pool

K = TypeVar("K")
V = TypeVar("V")

# Keys of one question: enough to share its cost, few enough that its answer comes soon.
TOGETHER_MAX = 200


class Gather(Generic[K, V]):
    """Answers for single keys, read for several at a time by `ask`, which runs on the pool."""

    def __init__(self, ask: Callable[[Sequence[K]], Mapping[K, V]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """Return what the database has for the key, read after this call. Raises what reading raises."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
                try:
                    found = await pool.run(self._ask, [key for key, _ in batch])
                except Exception as error:
                    for _, future in batch:
                        if not future.done():
                            future.set_exception(error)
                    continue
                for key, future in batch:
                    if not future.done():  # whoever asked may have gone
                        future.set_result(found.get(key))
        finally:
            self._task = None
