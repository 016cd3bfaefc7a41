"""The socket's writer: one thread that stores whatever drafts arrived during the last COMMIT.

No timer gathers the batch: while one transaction is under way the next one's drafts collect, so
a quiet server answers at once and a busy one commits hundreds together. The thread has a database
connection of its own, so that no burst of pages can starve sends.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from copy import deepcopy

from django.db import connection, connections
from django.db.utils import load_backend

from messaging.append import Outcome, append
from messaging.drafts import Draft
from realtime.errors import Unavailable

logger = logging.getLogger(__name__)

# Drafts of one transaction at most: enough to share a COMMIT, few enough that none waits long.
BATCH_MAX = 400
# Drafts that may wait; beyond, senders are asked to come back. At 3,000 a second this is 3 s.
BACKLOG_MAX = 10_000
# How long a batch waits for a room that somebody else holds before it goes on without it.
HEAD_PATIENCE_S = 0.05

Answer = Callable[[Outcome], None]


class Writer:
    """Takes drafts on the event loop, stores them on its thread, answers on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[tuple[Draft, Answer]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, draft: Draft, answer: Answer) -> None:
        """Queue a draft; `answer` is called on the loop. Raises `Unavailable` when too many wait."""
        with self._wake:
            if len(self._queue) >= BACKLOG_MAX or self._stopping:
                raise Unavailable("Too many messages are waiting to be stored.", retry_after=1.0)
            self._queue.append((draft, answer))
            self._wake.notify()

    def stop(self) -> None:
        """Store what has been taken, then end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        _use_own_connection()
        try:
            while batch := self._take():
                self._store(batch)
        finally:
            connections.close_all()

    def _take(self) -> list[tuple[Draft, Answer]]:
        """Wait for drafts and take what there is; nothing when the thread is to end."""
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._stopping)
            return [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_MAX))]

    def _store(self, batch: list[tuple[Draft, Answer]]) -> None:
        try:
            outcomes = append([draft for draft, _ in batch], patience=HEAD_PATIENCE_S)
        except Exception:
            # Not a database error, which append answers itself: a bug. No send may wait forever.
            logger.exception("the writer could not store %d drafts", len(batch))
            connection.close()
            outcomes = [Outcome("refused", error=Unavailable("Something went wrong here. Try again."))] * len(batch)
        answers = []
        deferred = []
        for (draft, answer), outcome in zip(batch, outcomes, strict=True):
            if outcome.status == "deferred":
                deferred.append((draft, answer))
            else:
                answers.append((answer, outcome))
        if deferred:
            with self._wake:
                self._queue.extendleft(reversed(deferred))  # before what came later for their rooms
        if answers and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_answer_all, answers)


def _answer_all(answers: list[tuple[Answer, Outcome]]) -> None:
    for answer, outcome in answers:
        try:
            answer(outcome)
        except Exception:
            logger.exception("could not answer a send")


def _use_own_connection() -> None:
    """Give this thread a connection outside the pool that requests share, and keep it open."""
    settings = deepcopy(connections.settings["default"])
    settings["OPTIONS"].pop("pool", None)
    connections["default"] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
