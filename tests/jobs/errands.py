"""Jobs for the tests of jobs: each leaves a trace in a file that the test names."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from jobs.tasks import Later, job, scheduled

POLL_S = 0.01


def leave(path: str, word: str) -> None:
    """Add a line, whole even if several processes write."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, f"{word}\n".encode())
    finally:
        os.close(file)


@job()
def note(path: str, word: str) -> None:
    leave(path, word)


@job()
def wait(path: str) -> None:
    """Begin, and end when there is a file of the same name with `.go`."""
    leave(path, "begun")
    while not Path(path + ".go").exists():
        time.sleep(POLL_S)
    leave(path, "done")


@job(queue="network")
def wait_for_others(path: str) -> None:
    wait.func(path)


@job(attempts=2)
def kill_worker(path: str) -> None:
    leave(path, "begun")
    os.kill(os.getpid(), signal.SIGKILL)


@job(attempts=1, limit_s=0.5)
def hang(path: str) -> None:
    wait.func(path)


@job(attempts=3, backoff_s=8)
def fail(path: str) -> None:
    leave(path, "begun")
    raise ValueError("It cannot be\0done.")


@job(attempts=1)
def come_later(path: str) -> None:
    leave(path, "asked")
    if not Path(path + ".go").exists():
        raise Later(settings.LATER, "It is not yet time.")


@job(every=timedelta(seconds=1))
def tick() -> None:
    """Leave the second in which it runs; `LATER` is only known to tests that patch the settings."""
    leave(str(settings.DATA_DIR / "ticks"), str(int(time.time())))


# A schedule is everybody's who imports this: the tests' own process has none but where a test asks.
scheduled.remove(tick)  # type: ignore[arg-type]
WITH_TICKS = "from tests.jobs import errands; from jobs.tasks import scheduled; scheduled.append(errands.tick)"
