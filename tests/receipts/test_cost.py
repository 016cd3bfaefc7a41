"""What a send writes: the same rows in a room of 4, of 400 and of 4,000 members."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import connection

from accounts.models import User
from messaging.models import Receipt
from messaging.receipts import recording
from rooms.models import Kind, Membership, Room, RoomHead
from tests.factories import Cast, make_room, say
from tests.receipts.conftest import Hears

SIZES = (4, 400, 4_000)


def crowd(owner: User, size: int) -> Room:
    """A public room of that many members, made in bulk: joining is not what is measured."""
    room = make_room(owner, kind=Kind.PUBLIC)
    people = User.objects.bulk_create(User(username=f"crowd-{size}-{each}") for each in range(size - 1))
    Membership.objects.bulk_create(Membership(room=room, user=each) for each in people)
    RoomHead.objects.filter(room=room).update(member_count=size)
    return room


def tables() -> dict[str, Counter[Any]]:
    """Every row of every table, so that a row that was changed counts like one that was added."""
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            found[name] = Counter(map(repr, cursor.fetchall()))
    return found


def written(before: dict[str, Counter[Any]], after: dict[str, Counter[Any]]) -> dict[str, int]:
    """How many rows of each table are not as they were."""
    changed = {name: (after[name] - before.get(name, Counter())).total() for name in after}
    return {name: count for name, count in changed.items() if count}


def test_a_send_writes_as_many_rows_whatever_the_size_of_the_room(cast: Cast) -> None:
    costs = []
    for size in SIZES:
        room = crowd(cast.alice, size)
        before = tables()
        say(room, cast.alice, "Good morning, everybody")
        costs.append(written(before, tables()))
    assert costs[0]["messaging_message"] == 1
    assert sum(costs[0].values()) <= 5
    assert costs == [costs[0]] * len(SIZES)


def test_reading_a_hundred_messages_at_once_is_one_row(cast: Cast, reads: Hears) -> None:
    numbers = [say(cast.team, cast.alice).number for _ in range(100)]
    reads(cast.bob, cast.team, numbers[-1])
    assert list(Receipt.objects.values_list("kind", "to_number")) == [("read", numbers[-1])]


def test_the_advances_of_many_people_are_one_transaction_of_few_statements(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    room = crowd(cast.alice, 60)
    number = say(room, cast.alice).number
    readers = list(room.memberships.exclude(user=cast.alice).values_list("user_id", flat=True))
    advances = {(room.pk, each): recording.Advance(read=number) for each in readers}
    # Members, head, privacy, watermarks, receipts; a savepoint here; PostgreSQL is asked for its clock.
    with django_assert_num_queries(7 if connection.vendor == "sqlite" else 8):
        assert recording.write(advances) == set()
    assert Receipt.objects.filter(kind="read", to_number=number).count() == len(readers) == 59
