"""Watermarks only go forward and receipts leave no gap, whoever writes them at the same time."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import privacy
from messaging import services
from messaging.models import Receipt
from messaging.receipts import recording
from messaging.receipts.recording import Advance, Key
from rooms.models import Membership
from tests.concurrency import at_once, raised
from tests.factories import Cast, membership_of, say


def settle(advances: dict[Key, Advance]) -> None:
    """Write them as the recorder does: what another held comes again."""
    while held := recording.write(advances):
        advances = {key: advances[key] for key in held}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.django_db(transaction=True)
def test_watermarks_go_only_forward_and_receipts_have_no_gap_under_concurrent_reads(seed: int) -> None:
    cast, dice = Cast(), random.Random(seed)
    room, people = cast.team, (cast.bob, cast.carol)
    since = membership_of(room, cast.bob).receipts_since
    last = [say(room, cast.alice).number for _ in range(20)][-1]
    ended = threading.Event()

    def devices(moves: list[tuple[int, int, int]]) -> None:
        """One process: it tells in any order how far its people have come."""
        for who, received, read in moves:
            settle({(room.pk, people[who].pk): Advance(received=received, read=read)})

    def both_positions(moves: list[tuple[int, int, int]]) -> None:
        """Meanwhile positions move both ways, and people write: the same rows, for other reasons."""
        for who, number, back in moves:
            services.mark_read(people[who], room.pk, number=number)
            services.mark_read(people[who], room.pk, unread_from=max(1, back))
            say(room, people[who])

    def watch() -> list[tuple[int, int]]:
        seen = []
        while not ended.is_set():
            seen.append(Membership.objects.values_list("received_upto", "read_upto").get(room=room, user=cast.bob))
        return seen

    def work() -> None:
        def moves(count: int) -> list[tuple[int, int, int]]:
            return [(dice.randrange(2), dice.randint(0, last), dice.randint(0, last)) for _ in range(count)]

        calls = [partial(devices, moves(12)) for _ in range(3)] + [partial(both_positions, moves(4))]
        try:
            results.extend(at_once(calls))
        finally:
            ended.set()

    results: list[object] = []
    watched, _ = at_once([watch, work])
    assert raised([*results, watched]) == []
    assert all(one[0] <= two[0] and one[1] <= two[1] for one, two in pairwise(watched))
    for user in people:
        row = membership_of(room, user)
        reads, received = (
            list(Receipt.objects.filter(user=user, kind=kind).order_by("to_number")) for kind in ("read", "received")
        )
        assert row.received_upto >= row.read_upto == (reads[-1].to_number if reads else since)
        covered = [number for each in reads for number in range(each.from_number, each.to_number + 1)]
        assert covered == list(range(since + 1, row.read_upto + 1))
        # Of each number up to the watermark it is known when it was received: of its own, or by reading.
        known = set(covered)
        for each in received:
            known.update(range(each.from_number, each.to_number + 1))
        assert known == set(range(since + 1, row.received_upto + 1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer: nobody holds a row while others write"
)
def test_a_membership_that_somebody_holds_is_left_for_later_and_holds_nobody_up() -> None:
    cast = Cast()
    number = say(cast.team, cast.alice).number
    advances = {(cast.team.pk, user.pk): Advance(read=number) for user in (cast.bob, cast.carol)}
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Membership.objects.select_for_update().get(room=cast.team, user=cast.bob)
            holding.set()
            assert let_go.wait(60)

    def write() -> set[Key]:
        assert holding.wait(60)
        try:
            return recording.write(advances)
        finally:
            let_go.set()

    held = at_once([hold, write])[1]
    assert held == {(cast.team.pk, cast.bob.pk)}
    assert membership_of(cast.team, cast.carol).read_upto == number
    settle({key: advances[key] for key in held})
    assert membership_of(cast.team, cast.bob).read_upto == number


@pytest.mark.django_db(transaction=True)
def test_turning_receipts_off_and_on_while_reading_tells_nothing_of_the_time_between() -> None:
    cast = Cast()
    numbers = [say(cast.team, cast.alice).number for _ in range(30)]
    key = (cast.team.pk, cast.bob.pk)

    def toggle() -> None:
        for word in ("nobody", "everyone") * 5:
            privacy.change(cast.bob, read_receipts=word)

    def read() -> None:
        for number in numbers:
            settle({key: Advance(read=number)})

    assert raised(at_once([toggle, read])) == []
    row = membership_of(cast.team, cast.bob)
    assert row.receipts_since == numbers[-1]  # it ended with turning them on
    receipts = Receipt.objects.filter(user=cast.bob).order_by("to_number")
    assert all(one.to_number < two.from_number for one, two in pairwise(receipts))


def test_a_receipt_has_the_time_at_which_it_was_told_and_not_at_which_it_was_written(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = say(cast.team, cast.alice).number
    told = recording.time.monotonic()
    # Written three seconds later: the database was away, say.
    monkeypatch.setattr(recording.time, "monotonic", lambda: told + 3)
    now = timezone.now()
    recording.write({(cast.team.pk, cast.bob.pk): Advance(read=number, read_at=told)})
    late = now - Receipt.objects.get().at
    assert timedelta(seconds=2) < late < timedelta(seconds=4)


def test_advances_of_one_person_become_one(cast: Cast) -> None:
    one = Advance(received=5, received_at=1.0, read=3, read_at=2.0)
    two = Advance(received=4, received_at=9.0, read=7, read_at=4.0)
    both = Advance(received=5, received_at=1.0, read=7, read_at=4.0)
    assert (one | two, two | one, both | one) == (both, both, both)
