"""The worker inside a serving process: embedded, one process does everything."""

from __future__ import annotations

from django.conf import settings

from jobs.worker import Worker

_worker: Worker | None = None


def start() -> None:
    """Start this process's worker, unless workers are processes of their own (`JOBS_IN_SERVER=0`)."""
    global _worker
    if settings.JOBS["IN_SERVER"] and _worker is None:
        _worker = Worker()
        _worker.start()


def stop() -> None:
    """Stop it; waits some seconds for jobs under way."""
    global _worker
    if _worker is not None:
        _worker.stop()
        _worker = None
