"""The embedded database's backend: Django's own, with a fair queue of writers.

SQLite lets one transaction write at a time. Left to itself a second writer polls with a
back-off of up to 100 ms, and a busy writer that begins again at once can keep it waiting for
good. Here every transaction of the process (all are `BEGIN IMMEDIATE`) first takes its turn in
a queue, in the order of asking; SQLite's own lock is left to settle between processes.
"""

from __future__ import annotations

import threading
from collections import deque

from django.db.backends.sqlite3 import base


class Turnstile:
    """A lock that is handed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # released by whoever hands the turn on

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


_turnstiles: dict[str, Turnstile] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's SQLite connection, whose transactions queue for their turn to write."""

    _has_turn = False

    def _turnstile(self) -> Turnstile:
        return _turnstiles.setdefault(str(self.settings_dict["NAME"]), Turnstile())

    def _start_transaction_under_autocommit(self) -> None:
        if not self._has_turn:
            self._turnstile().acquire()
            self._has_turn = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._pass_turn()
            raise

    def _pass_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turnstile().release()

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._pass_turn()  # not on failure: the rollback that follows passes it

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._pass_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._pass_turn()
