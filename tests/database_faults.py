"""Ways to make the database get in the way, and to see what is said to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

T = TypeVar("T")

PATIENCE_S = 30.0
POLL_S = 0.01


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; AssertionError if it does not come to hold."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(POLL_S)


def closing(work: Callable[[], T]) -> Callable[[], T]:
    """Make `work` close its thread's connection at its end."""

    def closed() -> T:
        try:
            return work()
        finally:
            connection.close()

    return closed


@contextmanager
def holding(work: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Run `work` in a transaction of another connection, open until the block ends or what it gives is called."""
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            work()
            begun.set()
            assert done.wait(PATIENCE_S)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(closing(hold))
        try:
            wait_until(lambda: begun.is_set() or held.done())
            yield done.set
        finally:
            done.set()
            held.result(PATIENCE_S)


@contextmanager
def refusing(content: str) -> Iterator[None]:
    """Have the database itself refuse messages of this content, which no check of ours knows."""
    if connection.vendor == "postgresql":
        _run(f"ALTER TABLE messaging_message ADD CONSTRAINT refused CHECK (content <> '{content}')")
    else:
        _run(
            f"CREATE TRIGGER refused BEFORE INSERT ON messaging_message WHEN NEW.content = '{content}'"
            " BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    try:
        yield
    finally:
        _run(
            "ALTER TABLE messaging_message DROP CONSTRAINT refused"
            if connection.vendor == "postgresql"
            else "DROP TRIGGER refused"
        )


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def someone_waits_for_a_lock(seconds: float = 0.0) -> bool:
    """Tell whether a statement has been waiting for a lock for so long (PostgreSQL)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            " AND clock_timestamp() - query_start >= make_interval(secs => %s)",
            [seconds],
        )
        return cursor.fetchone() is not None


def cut_off(process: int) -> None:
    """End a connection of the test database from the server's side (PostgreSQL)."""
    _apart(lambda: _run(f"SELECT pg_terminate_backend({process})"))


def _apart(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing(work)).result(PATIENCE_S)


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect what is said to the database, through Django's cursors and past them.

    What opens, bounds and ends a transaction travels with the other statements and is left out.
    """
    said: list[str] = []
    if connection.vendor == "postgresql":
        execute = psycopg.Cursor.execute

        def listened(cursor: Any, query: Any, *args: Any, **options: Any) -> Any:
            said.append(str(query))
            return execute(cursor, query, *args, **options)

        with monkeypatch.context() as patched:
            patched.setattr(psycopg.Cursor, "execute", listened)
            yield said
    else:
        with CaptureQueriesContext(connection) as captured:
            yield said
        said += [query["sql"] for query in captured.captured_queries]
    said[:] = [each for each in said if not each.lstrip().startswith(("BEGIN", "COMMIT", "SET LOCAL"))]
