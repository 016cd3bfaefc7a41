"""The statements of `append`, written for each database: the one place that knows which it is.

`store.begin()` opens the transaction of one batch and returns its statements. Together they are
at most six, whatever the sizes of batch and room: lock the heads, read the facts, insert the
messages, insert the send records, advance heads and read positions.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from messaging.store.rows import Statements


def begin(patience: float | None = None) -> AbstractContextManager[Statements]:
    """Begin a batch on the current thread's connection; leaving the block commits it.

    Inside a transaction of the caller it is a savepoint instead, and commits with the caller's.
    `patience` (seconds) bounds the wait for a lock that somebody else holds.
    """
    if connection.vendor == "postgresql":
        from messaging.store import postgres

        return postgres.begin(patience)
    from messaging.store import sqlite

    return sqlite.begin()
