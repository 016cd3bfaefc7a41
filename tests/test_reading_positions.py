"""The read position of a person: theirs alone, moving both ways, the same on all of their devices."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from messaging.services import ReadPosition, mark_read
from realtime import bus
from realtime.errors import Invalid, NotFound
from realtime.events import Note, Signal
from rooms.models import RoomHead
from rooms.services import leave
from rooms.summaries import summaries
from tests.concurrency import at_once, raised
from tests.contract import ContractClient
from tests.factories import Cast, membership_of, say

Client = Callable[[User | None], ContractClient]


class Devices:
    """Hears what all sockets of a user would be told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def accept(self, signals: Sequence[Signal]) -> None:
        self.told += [json.loads(each.text) for each in signals if isinstance(each, Note)]

    def wants_fragment(self, room: str) -> bool:
        return False


@pytest.fixture
def devices() -> Iterator[Devices]:
    heard = Devices()
    bus.attach(heard)
    yield heard
    bus.detach(heard)


def test_it_goes_forward_by_number_and_never_back_by_one(cast: Cast) -> None:
    numbers = [say(cast.team, cast.alice).number for _ in range(4)]
    assert mark_read(cast.bob, cast.team.pk, number=numbers[2]) == ReadPosition(numbers[2], 1, 0)
    assert mark_read(cast.bob, cast.team.pk, number=numbers[0]) == ReadPosition(numbers[2], 1, 0)
    assert mark_read(cast.bob, cast.team.pk, number=numbers[3]) == ReadPosition(numbers[3], 0, 0)


@pytest.mark.parametrize("start", range(4))
def test_marking_unread_makes_that_message_the_first_unread_one(cast: Cast, start: int) -> None:
    numbers = [say(cast.team, cast.alice).number for _ in range(4)]
    mark_read(cast.bob, cast.team.pk, number=numbers[-1])
    position = mark_read(cast.bob, cast.team.pk, unread_from=numbers[start])
    assert position == ReadPosition(numbers[start] - 1, 4 - start, 0)
    assert mark_read(cast.bob, cast.team.pk, number=numbers[-1]).unread == 0


def test_marking_the_first_message_of_a_room_unread_goes_to_its_very_beginning(cast: Cast) -> None:
    say(cast.team, cast.alice)
    head = RoomHead.objects.get(room=cast.team)
    assert mark_read(cast.bob, cast.team.pk, unread_from=1) == ReadPosition(0, head.last_index, 0)


def test_calls_count_as_unread_apart_and_come_back_with_the_mark(cast: Cast) -> None:
    say(cast.team, cast.alice, "one")
    call = say(cast.team, cast.alice, "@bob, two").number
    last = say(cast.team, cast.alice, "three").number
    assert mark_read(cast.bob, cast.team.pk, number=call - 1) == ReadPosition(call - 1, 2, 1)
    assert mark_read(cast.bob, cast.team.pk, number=call).mentions == 0
    mark_read(cast.bob, cast.team.pk, number=last)
    assert mark_read(cast.bob, cast.team.pk, unread_from=call) == ReadPosition(call - 1, 2, 1)
    (listed,) = [each for each in summaries(cast.bob.pk) if each.id == str(cast.team.pk)]
    assert (listed.last_read_number, listed.unread, listed.mentions) == (call - 1, 2, 1)


def test_what_is_silent_or_imported_is_nobodys_unread(cast: Cast) -> None:
    counted = say(cast.team, cast.alice)
    say(cast.team, cast.alice, silent=True)
    say(cast.team, cast.alice, imported_at=timezone.now() - timedelta(days=1))
    assert mark_read(cast.bob, cast.team.pk, unread_from=counted.number).unread == 1
    assert mark_read(cast.bob, cast.team.pk, number=counted.number).unread == 0


def test_what_was_purged_is_not_unread(cast: Cast) -> None:
    numbers = [say(cast.team, cast.alice).number for _ in range(3)]
    position = mark_read(cast.bob, cast.team.pk, number=numbers[0])
    RoomHead.objects.filter(room=cast.team).update(
        floor_number=numbers[1], floor_index=RoomHead.objects.get(room=cast.team).last_index - 1
    )
    assert position.unread == 2
    assert mark_read(cast.bob, cast.team.pk, unread_from=1).unread == 1


def test_who_writes_has_read_what_is_above(cast: Cast) -> None:
    say(cast.team, cast.alice)
    answer = say(cast.team, cast.bob)
    assert mark_read(cast.bob, cast.team.pk, number=0) == ReadPosition(answer.number, 0, 0)


@pytest.mark.parametrize("given", [{}, {"number": 1, "unread_from": 1}], ids=["neither", "both"])
def test_one_of_the_two_is_given(cast: Cast, given: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        mark_read(cast.bob, cast.team.pk, **given)


@pytest.mark.parametrize("name", ["number", "unread_from"])
def test_a_number_that_does_not_exist_yet_is_refused_and_says_which(cast: Cast, api: Client, name: str) -> None:
    beyond = say(cast.team, cast.alice).number + 2
    answer = api(cast.bob).post(f"/api/v1/rooms/{cast.team.pk}/read/", {name: beyond})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])


def test_it_is_the_members_own_and_of_a_room_that_they_are_in(cast: Cast) -> None:
    number = say(cast.team, cast.alice).number
    mark_read(cast.bob, cast.team.pk, number=number)
    assert membership_of(cast.team, cast.carol).read_number < number
    leave(cast.bob, cast.team)
    for stranger, room in ((cast.bob, cast.team.pk), (cast.mallory, cast.team.pk), (cast.alice, uuid4())):
        with pytest.raises(NotFound):
            mark_read(stranger, room, number=number)


@pytest.mark.django_db(transaction=True)
def test_all_devices_are_told_of_each_move_and_of_nothing_that_moved_nowhere(devices: Devices) -> None:
    cast = Cast()
    numbers = [say(cast.team, cast.alice).number for _ in range(2)]
    rev = User.objects.get(pk=cast.bob.pk).rev
    mark_read(cast.bob, cast.team.pk, number=numbers[1])
    mark_read(cast.bob, cast.team.pk, number=numbers[0])
    mark_read(cast.bob, cast.team.pk, unread_from=numbers[1])
    mark_read(cast.bob, cast.team.pk, unread_from=numbers[1])
    reads = [(each["number"], each["unread"]) for each in devices.told if each["type"] == "read"]
    assert reads == [(numbers[1], 0), (numbers[0], 1)]
    assert User.objects.get(pk=cast.bob.pk).rev == rev + 2


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.django_db(transaction=True)
def test_of_reads_at_once_the_furthest_holds_and_counts_fit_it(seed: int) -> None:
    """Positions that only go forward commute: in whatever order devices tell theirs, the end is the same."""
    cast, dice = Cast(), random.Random(seed)
    numbers = [say(cast.team, cast.alice).number for _ in range(12)]
    told = [dice.choice(numbers) for _ in range(8)]
    results = at_once([partial(mark_read, cast.bob, cast.team.pk, number=number) for number in told])
    assert raised(results) == []
    row = membership_of(cast.team, cast.bob)
    assert row.read_number == max(told) == row.read_upto
    assert mark_read(cast.bob, cast.team.pk, number=0).unread == len([each for each in numbers if each > max(told)])
    for position in results:
        assert position.unread == len([each for each in numbers if each > position.number])
