"""Telling this process's workers that there is something to do; those of others look every second."""

from __future__ import annotations

from collections.abc import Callable

_sleepers: set[Callable[[], None]] = set()


def on_wake(call: Callable[[], None]) -> None:
    """Have `call` (of any thread, quick) called when a job was committed here."""
    _sleepers.add(call)


def forget(call: Callable[[], None]) -> None:
    _sleepers.discard(call)


def wake() -> None:
    for call in tuple(_sleepers):
        call()
