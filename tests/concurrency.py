"""Calls that happen at the same time, each on a thread and a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

# No call in a test takes long; one that hangs must not hang the suite.
TIMEOUT_S = 60


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start all calls together; return what each returned or the exception that it raised, in order.

    The test needs `transaction=True`: other threads do not see what it has not committed.
    """
    results: list[Any] = [TimeoutError(f"did not end within {TIMEOUT_S} s")] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int) -> None:
        try:
            start.wait(TIMEOUT_S)
            results[place] = calls[place]()
        except Exception as error:  # the test judges it
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    return results


def raised(results: Sequence[Any]) -> list[Exception]:
    """Return the exceptions among the results."""
    return [result for result in results if isinstance(result, Exception)]
