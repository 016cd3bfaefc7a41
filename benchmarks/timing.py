"""How long something takes, for the measures that run inside of the installation."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

REPETITIONS = 50  # after one that fills caches


def timed(action: Callable[[], object]) -> float:
    """Return the median milliseconds of `action`."""
    taken = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000
