"""`python -m benchmarks.history ROOM COUNT`: time history pages in a room with a long past.

Stores COUNT messages spread over two years (so over two dozen partitions on PostgreSQL), if COUNT
is not 0, and then times the very statements that `messaging.pages.page` sends for the newest
page, one in the middle and the oldest; then all of a page as a request reads it, not kept by the
cache (`…_whole_ms`) and kept by it (`…_kept_ms`). Runs in the installation that the environment
names; prints JSON, times in milliseconds.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings")
django.setup()

# ruff: noqa: E402 (models need the settings)
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.db import connection
from django.utils import timezone

from benchmarks.load.crowd import SENTENCES
from benchmarks.timing import timed
from messaging import pages, partitions, rendering, store
from messaging.store.rows import MessageRow
from rooms.models import Membership, Room, RoomHead
from rooms.uuid7 import uuid7

PAST = timedelta(days=730)
ROWS_PER_INSERT = 10_000
PAGE = 50

Statement = tuple[str, Any]


def fill(room_id: UUID, count: int) -> None:
    """Store `count` messages, one every so often until now, through the app's own statement."""
    senders = list(Membership.objects.filter(room=room_id).values_list("user_id", flat=True))
    texts = [(text, rendering.render(text)) for text in SENTENCES]
    head = RoomHead.objects.get(room=room_id)
    end = timezone.now()
    step = PAST / count
    partitions.ensure(months_between(end - PAST, end))

    def message(n: int) -> MessageRow:
        """The n-th of 1 … count; neighbours differ in sender and text."""
        at = end - step * (count - n)
        content, html = texts[n % len(texts)]
        return MessageRow(
            uuid7(at), room_id, head.last_seq + n, head.last_number + n, head.last_index + n, "text",
            senders[n % len(senders)], content, html, None, None, {}, None, at,
            rendering.RENDERER_VERSION, False, True, None, None, [], None,
        )  # fmt: skip

    rows = (message(n) for n in range(1, count + 1))
    while batch := list(itertools.islice(rows, ROWS_PER_INSERT)):
        with store.begin() as statements:
            statements.insert_messages(batch, [])
    RoomHead.objects.filter(room=room_id).update(
        last_seq=head.last_seq + count, last_number=head.last_number + count, last_index=head.last_index + count,
        last_id=uuid7(end), last_message_at=end,
    )  # fmt: skip
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # as autovacuum does soon after such an import
            cursor.execute("ANALYZE")


def months_between(first: datetime, last: datetime) -> list[tuple[int, int]]:
    months = [partitions.month_of(first)]
    while months[-1] < partitions.month_of(last):
        months.append(partitions.following(months[-1]))
    return months


def statements_of(action: Callable[[], object]) -> list[Statement]:
    """Return the statements that `action` sends to the database."""
    seen: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        action()
    return seen


def replay(statements: list[Statement]) -> None:
    """Send the statements again and fetch all their rows: the database's part of a page."""
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            cursor.fetchall()


def main(room_id: UUID, count: int) -> dict[str, Any]:
    started = time.perf_counter()
    if count:
        fill(room_id, count)
    filled = time.perf_counter() - started
    room = Room.objects.select_related("head").get(id=room_id)
    last = room.head.last_number
    places: dict[str, dict[str, int]] = {
        "newest": {},
        "middle": {"around": last // 2},
        "oldest": {"after": room.head.floor_number},
    }
    figures: dict[str, Any] = {"messages": last, "fill_s": filled}
    for place, bounds in places.items():

        def page(bounds: dict[str, int] = bounds) -> pages.Page:
            return pages.page(room, **bounds, limit=PAGE)

        caches["pages"] = DummyCache("", {})
        statements = statements_of(page)
        figures[f"{place}_ms"] = timed(lambda statements=statements: replay(statements))  # type: ignore[misc]
        figures[f"{place}_whole_ms"] = timed(page)  # with what Python makes of the rows
        figures[f"{place}_statements"] = len(statements)
        del caches["pages"]
        page()
        figures[f"{place}_kept_ms"] = timed(page)
        numbers = [message.number for message in page().results]
        if len(numbers) != PAGE or numbers != sorted(numbers):
            raise RuntimeError(f"the {place} page is not {PAGE} messages in order: {numbers}")
    return figures


if __name__ == "__main__":
    print(json.dumps(main(UUID(sys.argv[1]), int(sys.argv[2]))))
