"""A listener on the bus, in the place of a hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from realtime.events import Recheck, Signal


class Ears:
    """Hears which users' sockets are to be rechecked. `ask` is called as each arrives, hence after COMMIT."""

    def __init__(self) -> None:
        self.rechecked: list[str] = []
        self.ask: Callable[[], Any] = lambda: None
        self.answers: list[Any] = []

    def accept(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            if isinstance(signal, Recheck):
                self.rechecked.append(signal.user)
                self.answers.append(self.ask())

    def wants_fragment(self, room: str) -> bool:
        return False
