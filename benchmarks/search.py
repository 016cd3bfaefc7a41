"""`python -m benchmarks.search fill MESSAGES` and `… ask REPETITIONS`: searches in a long past.

`fill` stores MESSAGES messages of two years in 1,000 rooms, of which the asker is in 200, past
`append` but through the index's own rows. `ask` then times each question from the query's text to
the hits with their excerpts, as the API's view would ask it. Both run in the installation that
the environment names and print JSON, times in milliseconds.

The words of the messages are drawn as those of languages are (the n-th most frequent is n times
rarer than the first); what is asked for is put among them:

    release     in a fifth of all messages        candidate   in a twentieth
    zanzibar    in one of 50,000                  elsewhere   in a fifth of all, in none of the asker's rooms
    legacy      in a fifth of all, none newer     alpha       in a fifth, and omega in another fifth:
                than a year                                   never together
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings")
django.setup()

# ruff: noqa: E402 (models need the settings)
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from benchmarks.history import PAST, months_between
from messaging import partitions, search
from messaging.search import postgres, sqlite
from messaging.search.document import Document, document
from realtime.lifespan import COLLECT_AFTER
from rooms.models import Membership, Role, Room, RoomHead
from rooms.uuid7 import uuid7

ASKER = "bench-search"
ROOMS, MINE, PEOPLE = 1_000, 200, 500
VOCABULARY, SENTENCES, WORDS_EACH = 30_000, 20_000, 12
BATCH = 20_000
SEED = 20  # the same messages each time

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


class Question(NamedTuple):
    """What is asked, and under which name its time is reported."""

    key: str
    text: str
    sort: search.Sort = search.Sort.NEW


QUESTIONS = (
    Question("rare", "zanzibar"),
    Question("common", "release"),
    Question("two_words", "release candidate"),
    Question("best", "release candidate", search.Sort.BEST),
    Question("common_and_rare", "release zanzibar"),
    Question("never_together", "alpha omega"),
    Question("elsewhere", "elsewhere"),
    Question("elsewhere_prefix", "el"),
    Question("long_ago", "legacy"),
    Question("phrase", '"release candidate"'),
    Question("phrase_never", '"candidate release"'),
    Question("prefix", "re"),
    Question("prefix_letters", "za zu"),
    Question("pair", "会議"),
    Question("letter", "議"),
    Question("cjk_word", "日本語の会議"),
    Question("from_and_common", "from:bench-person-7 release"),
    Question("without", "release -candidate"),
    Question("only_without", "-release"),
    Question("either", "zanzibar OR elsewhere"),
    Question("one_room", "in:bench-search-0 release"),
    Question("one_room_rare", "in:bench-search-0 zanzibar"),
    Question("dates", "on:{month} candidate"),
    Question("unknown", "xyzzyplugh"),
    Question("link", "has:link release"),
)


def vocabulary() -> list[str]:
    words = ("".join(parts) for length in (2, 3) for parts in itertools.product(SYLLABLES, repeat=length))
    chosen = list(itertools.islice(words, 200_000))
    random.shuffle(chosen)
    return chosen[:VOCABULARY]


def sentences() -> list[str]:
    """A stock of sentences; with what is put among them, no two messages need be the same."""
    words = vocabulary()
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    return [
        " ".join(random.choices(words, cum_weights=weights, k=random.randint(4, 2 * WORDS_EACH - 4)))
        for _ in range(SENTENCES)
    ]


def content_of(stock: list[str], is_mine: bool, age: float) -> str:
    """What a message says. `age` is 1 for the first and 0 for the last."""
    said = [random.choice(stock)]
    chance = random.random
    if chance() < 0.2:
        said.append("release")
    if chance() < 0.05:
        said.append("candidate")
    if chance() < 1 / 50_000:
        said.append("zanzibar")
    if not is_mine and chance() < 0.25:
        said.append("elsewhere")
    if age > 0.5 and chance() < 0.4:
        said.append("legacy")
    pick = chance()
    if pick < 0.4:
        said.append("alpha" if pick < 0.2 else "omega")
    if chance() < 0.05:
        said.append(random.choice(("日本語の会議", "明日の会議です", "東京でお茶を")))
    if chance() < 0.05:
        said.append("https://example.org/a/b")
    return " ".join(said)


def people_and_rooms() -> tuple[list[UUID], list[UUID], set[UUID]]:
    """Make them; return the people's ids, the rooms', and those of the asker's rooms."""
    asker = User.objects.create_user(ASKER, f"{ASKER}@example.org", unthrottled=True)
    people = User.objects.bulk_create(
        User(username=f"bench-person-{n}", email=f"bench-person-{n}@example.org") for n in range(PEOPLE)
    )
    rooms = Room.objects.bulk_create(
        Room(slug=f"bench-search-{n}", name=f"Bench {n}", kind="private") for n in range(ROOMS)
    )
    every = ROOMS // MINE
    mine = rooms[::every]
    Membership.objects.bulk_create(
        [Membership(room=room, user=people[n % PEOPLE], role=Role.OWNER) for n, room in enumerate(rooms)]
        + [Membership(room=room, user=asker) for room in mine]
    )
    return [each.pk for each in people], [room.pk for room in rooms], {room.pk for room in mine}


class Row(NamedTuple):
    """What is stored of a message; the other columns keep their defaults."""

    id: UUID
    room_id: UUID
    number: int
    sender_id: UUID
    content: str
    created_at: datetime


def rows(count: int, people: list[UUID], rooms: list[UUID], mine: set[UUID], end: datetime) -> Iterator[Row]:
    """Messages in the order of their time, in rooms of very different activity."""
    stock = sentences()
    weights = list(itertools.accumulate(1 / (rank + 50) for rank in random.sample(range(ROOMS), ROOMS)))
    numbers = dict.fromkeys(rooms, 0)
    step = PAST / count
    for first in range(0, count, BATCH):
        chosen = random.choices(rooms, cum_weights=weights, k=min(BATCH, count - first))
        for n, room in enumerate(chosen, first + 1):
            at = end - step * (count - n)
            numbers[room] += 1
            content = content_of(stock, room in mine, 1 - n / count)
            yield Row(uuid7(at), room, numbers[room], random.choice(people), content, at)


def document_of(row: Row) -> Document:
    made = document(
        message_id=row.id, room_id=row.room_id, number=row.number, created_at=row.created_at, kind="text",
        sender_id=row.sender_id, content=row.content,
    )  # fmt: skip
    assert made is not None
    return made


MESSAGE_COLUMNS = ("id", "room_id", "seq", "number", "unread_index", "kind", "sender_id", "content", "html",
                   "metadata", "created_at")  # fmt: skip


def message_values(row: Row) -> tuple[Any, ...]:
    return (row.id, row.room_id, row.number, row.number, row.number, "text", row.sender_id, row.content,
            f"<p>{row.content}</p>", "{}", row.created_at)  # fmt: skip


def fill(count: int) -> dict[str, Any]:
    random.seed(SEED)
    started = time.perf_counter()
    people, rooms, mine = people_and_rooms()
    end = timezone.now()
    partitions.ensure(months_between(end - PAST, end))
    write = _copy if connection.vendor == "postgresql" else _insert
    last: dict[UUID, Row] = {}
    source = rows(count, people, rooms, mine, end)
    while batch := list(itertools.islice(source, BATCH)):
        write(batch)
        last.update((row.room_id, row) for row in batch)
    RoomHead.objects.bulk_create(
        RoomHead(room_id=room, last_seq=row.number, last_number=row.number, last_index=row.number, last_id=row.id,
                 last_message_at=row.created_at)
        for room, row in ((room, last[room]) for room in rooms)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"messages": count, "fill_s": time.perf_counter() - started}


def _copy(batch: list[Row]) -> None:
    columns = ", ".join(MESSAGE_COLUMNS)
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f"COPY messaging_message ({columns}) FROM STDIN") as copy:
            for row in batch:
                copy.write_row(message_values(row))
        with cursor.copy(f"COPY {postgres.TABLE} (place, message_id, room_id, number, terms) FROM STDIN") as copy:
            for row in batch:
                copy.write_row(postgres.row_of(document_of(row)))


def _insert(batch: list[Row]) -> None:
    columns, values = ", ".join(MESSAGE_COLUMNS), ", ".join(["%s"] * len(MESSAGE_COLUMNS))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO messaging_message ({columns}) VALUES ({values})",
            [[value.hex if isinstance(value, UUID) else value for value in message_values(row)] for row in batch],
        )
        cursor.executemany(sqlite.INSERT, [sqlite.row_of(document_of(row)) for row in batch])


def ask(repetitions: int) -> dict[str, Any]:
    """Time each question, hits and excerpts included."""
    gc.freeze()  # as `serve` does
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    asker = User.objects.get(username=ASKER)
    month = (timezone.now() - timedelta(days=300)).strftime("%Y-%m")
    figures: dict[str, Any] = {}
    everything: list[float] = []
    for question in QUESTIONS:
        query = search.parse(question.text.format(month=month))
        taken, hits = [], 0
        for n in range(repetitions + 1):
            started = time.perf_counter()
            results = search.find(asker, query, sort=question.sort)
            elapsed = (time.perf_counter() - started) * 1000
            hits = len(results.hits)
            if n:  # the first fills caches
                taken.append(elapsed)
        figures[f"{question.key}_ms"] = statistics.median(taken)
        figures[f"{question.key}_p99_ms"] = _p99(taken)
        figures[f"{question.key}_hits"] = hits
        figures[f"{question.key}_ended"] = results.searched_to is not None
        everything += taken
    figures["p99_ms"] = _p99(everything)
    return figures


def _p99(taken: list[float]) -> float:
    """Of fewer than a hundred, this is the worst."""
    return sorted(taken)[-1 - len(taken) // 100]


if __name__ == "__main__":
    actions: dict[str, Callable[[int], dict[str, Any]]] = {"fill": fill, "ask": ask}
    print(json.dumps(actions[sys.argv[1]](int(sys.argv[2]))))
