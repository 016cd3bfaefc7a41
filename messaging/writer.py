"""The socket's writer: one thread that stores whatever drafts arrived during the last COMMIT.

No timer gathers the batch: while one transaction is under way the next one's drafts collect, so
a quiet server answers at once and a busy one commits hundreds together. The thread has a database
connection of its own, so that no burst of pages can starve sends.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from uuid import UUID

from django.db import connection, connections

from messaging.append import Outcome, append
from messaging.drafts import Draft
from realtime import pool
from realtime.errors import Unavailable

logger = logging.getLogger(__name__)

# Drafts of one transaction at most: enough to share a COMMIT, few enough that none waits long.
BATCH_MAX = 400
# Drafts that may wait; beyond, senders are asked to come back. At 3,000 a second this is 3 s.
BACKLOG_MAX = 10_000
# How long a batch waits for a room that somebody else holds before it goes on without it.
HEAD_PATIENCE_S = 0.05
# How long the server's end waits for such a room; what is then left is told to try again.
STOP_PATIENCE_S = 5.0

Answer = Callable[[Outcome], None]
Send = tuple[Draft, Answer]


class Writer:
    """Takes drafts on the event loop, stores them on its thread, answers on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[Send] = deque()
        # Sends for rooms whose head somebody else held, by room, in their order. They wait aside:
        # at the front of the queue they would fill batch after batch, and keep all others waiting.
        self._aside: dict[UUID, deque[Send]] = {}
        self._waiting = 0
        self._wake = threading.Condition()
        self._stop_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, draft: Draft, answer: Answer) -> None:
        """Queue a draft; `answer` is called on the loop. Raises `Unavailable` when too many wait."""
        with self._wake:
            if self._waiting >= BACKLOG_MAX or self._stop_at is not None:
                raise Unavailable("Too many messages are waiting to be stored.", retry_after=1.0)
            self._queue.append((draft, answer))
            self._waiting += 1
            self._wake.notify()

    def stop(self) -> None:
        """Store what has been taken, then end the thread."""
        with self._wake:
            self._stop_at = time.monotonic() + STOP_PATIENCE_S
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        pool.use_own_connection()
        try:
            while batch := self._take():
                self._store(batch)
        finally:
            connections.close_all()

    def _take(self) -> list[Send]:
        """Wait for sends and take what there is; nothing when the thread is to end."""
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._aside or self._stop_at is not None)
            # One send asks for each room that was held whether it is free now.
            batch = [sends[0] for sends in self._aside.values()]
            while self._queue and len(batch) < BATCH_MAX:
                send = self._queue.popleft()
                if (sends := self._aside.get(send[0].room_id)) is not None:
                    sends.append(send)
                else:
                    batch.append(send)
            return batch

    def _store(self, batch: list[Send]) -> None:
        try:
            outcomes = append([draft for draft, _ in batch], patience=HEAD_PATIENCE_S)
        except Exception:
            # Not a database error, which append answers itself: a bug. No send may wait forever.
            logger.exception("the writer could not store %d drafts", len(batch))
            connection.close()
            outcomes = [Outcome("refused", error=Unavailable("Something went wrong here. Try again."))] * len(batch)
        answers = []
        with self._wake:
            for send, outcome in zip(batch, outcomes, strict=True):
                if outcome.status == "deferred" and self._may_wait():
                    self._put_aside(send)
                    continue
                if outcome.status == "deferred":
                    outcome = Outcome("refused", error=Unavailable("The server is restarting. Try again."))
                answers.append((send[1], outcome))
                self._waiting -= 1
                self._readmit(send)
        if answers and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_answer_all, answers)

    def _may_wait(self) -> bool:
        return self._stop_at is None or time.monotonic() < self._stop_at

    def _put_aside(self, send: Send) -> None:
        """Keep a send until its room is free; one that only asked for its room is there already."""
        sends = self._aside.setdefault(send[0].room_id, deque())
        if not sends or sends[0] is not send:
            sends.append(send)

    def _readmit(self, send: Send) -> None:
        """The room of a send that was aside is free: those behind it come next."""
        sends = self._aside.get(send[0].room_id)
        if sends and sends[0] is send:
            del self._aside[send[0].room_id]
            sends.popleft()
            self._queue.extendleft(reversed(sends))


def _answer_all(answers: list[tuple[Answer, Outcome]]) -> None:
    for answer, outcome in answers:
        try:
            answer(outcome)
        except Exception:
            logger.exception("could not answer a send")
