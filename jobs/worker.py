"""The worker: one thread that takes jobs and keeps their leases, and a thread for each that runs.

The same in a serving process (beside its event loop) and in `manage.py work`. The taking thread has
a database connection outside the pool that requests share; a job borrows one as a request does.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import connection, connections

from jobs import queue, waking
from jobs.models import Job
from jobs.tasks import declared
from realtime import pool

logger = logging.getLogger(__name__)

# Between two looks for what other processes have asked for, and for what has become due.
POLL_S = 1.0
# Between two looks whether every schedule has its next time.
PLAN_S = 60.0
# After an error of the database.
TROUBLE_S = 2.0
# How long the end waits for jobs under way; what is left is run again when its lease has ended.
STOP_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class _Run:
    """A job under way."""

    job: Job
    limit_s: float
    began: float = field(default_factory=time.monotonic)


def run(job: Job) -> None:
    """Run a claimed job on this thread and settle its row."""
    try:
        call = declared(job.task)
        call.func(*job.arguments["args"], **job.arguments["kwargs"])
    except Exception as error:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # the error may have been the connection's
        queue.fail(job, error)
    else:
        queue.finish(job)


def run_due() -> int:
    """Run all that is due now, one after the other on this thread; return how many."""
    count = 0
    while jobs := queue.claim(dict.fromkeys(settings.JOBS["THREADS"], 1), name()):
        for job in jobs:
            run(job)
            count += 1
    return count


def name() -> str:
    """What the admin calls the worker of this process."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


class Worker:
    """Takes jobs and runs them until it is stopped."""

    def __init__(self) -> None:
        self._threads: dict[str, int] = dict(settings.JOBS["THREADS"])
        self._running: dict[UUID, _Run] = {}
        self._guard = threading.Condition()
        self._woken = self._stopping = False
        self._planned_at = self._prolonged_at = float("-inf")
        self._thread = threading.Thread(target=self._take, name="jobs", daemon=True)

    def start(self) -> None:
        waking.on_wake(self.wake)
        self._thread.start()

    def wake(self) -> None:
        """Look now: there is something to do, or room to do it."""
        with self._guard:
            self._woken = True
            self._guard.notify()

    def stop(self) -> None:
        """Take nothing more, and wait a while for what is under way."""
        waking.forget(self.wake)
        with self._guard:
            self._stopping = self._woken = True
            self._guard.notify()
        self._thread.join()

    # --- The taking thread ---

    def _take(self) -> None:
        pool.use_own_connection()
        stop_at = None
        try:
            while stop_at is None or (self._running and time.monotonic() < stop_at):
                pause = POLL_S
                try:
                    self._prolong()
                    if stop_at is None:
                        self._start_due()
                except Exception:
                    logger.exception("the worker could not look for jobs")
                    connection.close()
                    pause = TROUBLE_S
                with self._guard:
                    self._guard.wait_for(lambda: self._woken, pause)
                    self._woken = False
                    if self._stopping and stop_at is None:
                        stop_at = time.monotonic() + STOP_PATIENCE_S
        finally:
            connections.close_all()

    def _prolong(self) -> None:
        """Keep the leases of what runs, three times within each; but not for ever of one that hangs."""
        moment = time.monotonic()
        if moment - self._prolonged_at < settings.JOBS["LEASE_S"] / 3:
            return
        self._prolonged_at = moment
        with self._guard:
            leases = [lease for lease, each in self._running.items() if moment - each.began < each.limit_s]
        if leases:
            queue.prolong(leases)

    def _start_due(self) -> None:
        moment = time.monotonic()
        if moment - self._planned_at >= PLAN_S:
            queue.plan_all()
            self._planned_at = moment
        with self._guard:
            busy = Counter(each.job.queue for each in self._running.values())
        free = {name: count - busy[name] for name, count in self._threads.items() if count > busy[name]}
        if not free:
            return
        for job in queue.claim(free, name()):
            assert job.lease is not None, "a claim has a lease"
            with self._guard:
                self._running[job.lease] = _Run(job, _limit(job))
            threading.Thread(target=self._run, args=(job,), name=f"job {job}", daemon=True).start()

    # --- The thread of a job ---

    def _run(self, job: Job) -> None:
        assert job.lease is not None, "a claim has a lease"
        lease = job.lease
        try:
            run(job)
        except Exception:
            # Its outcome could not be written: the lease ends, and it is run again.
            logger.exception("the outcome of job %s could not be stored", job)
        finally:
            connections.close_all()
            with self._guard:
                del self._running[lease]
            self.wake()


def _limit(job: Job) -> float:
    try:
        return declared(job.task).limit_s
    except LookupError:  # it will fail at once
        return 0.0
