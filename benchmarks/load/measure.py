"""What is read off a run: percentiles, and who used the processor meanwhile."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

import psutil


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least of the values that `share` (0–1) of them do not exceed; NaN for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


def in_milliseconds(seconds: Sequence[float], what: str) -> dict[str, float]:
    """Return the median and the upper percentiles of latencies, as figures named after `what`."""
    return {f"{what}_p{share}_ms": percentile(seconds, share / 100) * 1000 for share in (50, 95, 99)}


class Window:
    """The stretch of a run that is measured: wall time, and who used the processor meanwhile."""

    def __init__(self, server_pids: Sequence[int]) -> None:
        self._server = [psutil.Process(pid) for pid in server_pids]
        runner = psutil.Process().parent()
        assert runner is not None
        self._run = [runner, *runner.children(recursive=True)]  # client, server, database, broker
        self._wall = time.perf_counter()
        self._before = self._spent()

    def _spent(self) -> dict[str, float]:
        """Return seconds of processor time so far, by whom."""
        machine = psutil.cpu_times()
        run = processor_time(self._run)
        busy = sum(machine) - machine.idle - machine.iowait - machine.steal - machine.guest - machine.guest_nice
        return {
            "server_cores": processor_time(self._server),
            "client_cores": time.process_time(),
            "others_cores": busy - run,
            "stolen_cores": machine.steal,
        }

    def close(self) -> dict[str, float]:
        """Return the window's seconds, and the cores that each kept busy.

        `others_cores` is what has nothing to do with the benchmark, `stolen_cores` what the
        machine's host gave to its other guests: both should be near 0, or the figures are theirs.
        """
        wall = time.perf_counter() - self._wall
        after = self._spent()
        return {"seconds": wall, **{name: (after[name] - self._before[name]) / wall for name in after}}


def processor_time(processes: Iterable[psutil.Process]) -> float:
    """Return the seconds of processor time that these have used; one that ended counts no more."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            spent = process.cpu_times()
            total += spent.user + spent.system
    return total
