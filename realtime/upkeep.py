"""Small periodic jobs that every serving process runs, each on the bounded pool.

For work that is cheap, idempotent and safe in several processes at once (sealing the audit log,
making next month's partition). Anything that must happen once belongs to a job queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from realtime import pool

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    work: Callable[[], object]
    interval: float


jobs: list[Job] = []


def every(seconds: float, work: Callable[[], object]) -> None:
    """Have `work` run every so many seconds in each serving process. Call it from `ready()`."""
    if all(job.work is not work for job in jobs):
        jobs.append(Job(work, seconds))


async def run(job: Job) -> None:
    """Run one job for as long as the process serves; a failure is logged and tried again."""
    while True:
        try:
            await pool.run(job.work)
        except Exception:
            logger.exception("upkeep: %s failed", getattr(job.work, "__qualname__", job.work))
        await asyncio.sleep(job.interval)
