"""The one write path under attack: exactly once, one order, only the bad draft refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from integrations.management.commands.bench_setup import set_up
from messaging import partitions, store
from messaging.append import Outcome, append
from messaging.drafts import Draft
from messaging.models import Message
from messaging.services import delete
from messaging.writer import HEAD_PATIENCE_S
from rooms import services as rooms
from rooms.models import Kind, Room, RoomHead
from rooms.uuid7 import EPOCH, moment_of, uuid7
from tests.concurrency import at_once, raised
from tests.database_faults import (
    PATIENCE_S,
    closing,
    cut_off,
    holding,
    someone_waits_for_a_lock,
    statements,
    wait_until,
)
from tests.factories import Cast, make_direct, make_room, say

pytestmark = pytest.mark.django_db(transaction=True)


def draft(room: Room | UUID, sender: User, content: str = "Hello", **fields: Any) -> Draft:
    room_id = room if isinstance(room, UUID) else room.pk
    return Draft(**{"room_id": room_id, "sender_id": sender.pk, "content": content, "client_id": uuid4(), **fields})


def became(outcomes: Sequence[Outcome]) -> list[str]:
    """What became of each draft: its status, or why it was refused."""
    return [outcome.error.code if outcome.error else outcome.status for outcome in outcomes]


def contents(room: Room) -> list[str]:
    return list(Message.objects.in_room(room).filter(kind="text").order_by("number").values_list("content", flat=True))


def assert_dense(room: Room) -> None:
    """The log has every seq and every number once, in one order, and the head is at their end."""
    head = RoomHead.objects.get(room=room)
    messages = list(Message.objects.in_room(room).order_by("seq").values_list("seq", "number", "unread_index", "id"))
    entries = list(room.log_entries.values_list("seq", flat=True))
    assert sorted([seq for seq, *_ in messages] + entries) == list(range(1, head.last_seq + 1))
    assert [number for _, number, *_ in messages] == list(range(1, head.last_number + 1))
    ids = [each for *_, each in messages]
    assert ids == sorted(ids)
    indices = [index for _, _, index, _ in messages]
    assert indices == sorted(indices)
    assert (ids[-1], indices[-1]) == (head.last_id, head.last_index)


# --- The cost -----------------------------------------------------------------------------------

# SQLite writes one table a statement, the search index too, and loses no round trip by it.
STATEMENTS_MAX = 6 if connection.vendor == "postgresql" else 7


def test_an_append_costs_the_same_statements_six_at_most_in_every_room(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = {}
    for members in (4, 400, 4_000):
        line = [*set_up(members, 1, members, Kind.PRIVATE)][-1]
        room, user = Room.objects.get(pk=line["room"]), User.objects.get(pk=line["user"])
        say(room, user)  # the first remembers the month's partition for all that follow
        for size in (1, 100):
            drafts = [draft(room, user) for _ in range(size)]
            with statements(monkeypatch) as said:
                assert became(append(drafts, patience=HEAD_PATIENCE_S)) == ["stored"] * size
            counted[members, size] = len(said)
    assert len(set(counted.values())) == 1, counted
    assert counted[4, 1] <= STATEMENTS_MAX


def test_a_batch_over_many_rooms_costs_no_more_statements(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [make_room(cast.alice, cast.bob) for _ in range(20)]
    with statements(monkeypatch) as said:
        outcomes = append([draft(room, sender) for room in places for sender in (cast.alice, cast.bob)])
    assert became(outcomes) == ["stored"] * 40
    assert len(said) <= STATEMENTS_MAX, said


# --- Exactly once -------------------------------------------------------------------------------


def test_twenty_retries_at_once_make_one_message(cast: Cast) -> None:
    again = draft(cast.team, cast.alice, "only once")
    outcomes = at_once([lambda: append([again])[0]] * 20)
    assert raised(outcomes) == []
    assert sorted(became(outcomes)) == ["duplicate"] * 19 + ["stored"]
    assert len({outcome.message.id for outcome in outcomes}) == 1
    assert contents(cast.team) == ["only once"]
    assert_dense(cast.team)


def test_a_retry_in_the_same_batch_is_the_first_ones_duplicate(cast: Cast) -> None:
    once = draft(cast.team, cast.alice, "once")
    first, second, third = append([once, draft(cast.team, cast.bob, "between"), once])
    assert became([first, second, third]) == ["stored", "stored", "duplicate"]
    assert third.message == first.message
    assert contents(cast.team) == ["once", "between"]


def test_a_late_retry_gets_the_message_as_it_is_now(cast: Cast) -> None:
    sent = draft(cast.team, cast.alice, "regretted")
    delete(cast.alice, UUID(append([sent])[0].message.id))
    [outcome] = append([sent])
    assert outcome.status == "duplicate"
    assert outcome.message.content == ""
    assert outcome.message.deleted_at is not None


def test_a_retry_tells_nothing_to_who_has_left(cast: Cast) -> None:
    """The answer would show what the message replies to as it is now, as often as they ask."""
    original = append([draft(cast.team, cast.alice, "before")])[0].message
    sent = draft(cast.team, cast.bob, "a reply", reply_to=UUID(original.id))
    assert became(append([sent])) == ["stored"]
    rooms.remove_member(cast.alice, cast.team, cast.bob)
    assert became(append([sent])) == ["not_found"]
    rooms.add_members(cast.alice, cast.team, [cast.bob])
    assert became(append([sent])) == ["duplicate"]


@pytest.mark.parametrize("where", ["in the same batch", "later", "in another room"])
def test_a_client_id_with_another_draft_is_a_conflict(cast: Cast, where: str) -> None:
    first = draft(cast.team, cast.alice, "first")
    place = make_room(cast.alice) if where == "in another room" else cast.team
    other = draft(place, cast.alice, "other", client_id=first.client_id)
    outcomes = append([first, other]) if where == "in the same batch" else [*append([first]), *append([other])]
    assert became(outcomes) == ["stored", "conflict"]
    assert contents(cast.team) == ["first"]


def test_people_do_not_share_their_client_ids(cast: Cast) -> None:
    hers = draft(cast.team, cast.alice, "hers")
    assert became(append([hers, draft(cast.team, cast.bob, "his", client_id=hers.client_id)])) == ["stored"] * 2


@pytest.mark.needs_postgres
def test_a_client_id_used_in_two_rooms_at_once_is_a_conflict(cast: Cast) -> None:
    """The heads of two rooms are two locks: only the send record's key makes one wait for the other."""
    first = draft(make_room(cast.alice), cast.alice, "first")
    second = draft(make_room(cast.alice), cast.alice, "second", client_id=first.client_id)
    with holding(lambda: append([first])) as release, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(closing(lambda: append([second], patience=HEAD_PATIENCE_S)))
        wait_until(lambda: someone_waits_for_a_lock(2 * HEAD_PATIENCE_S) or waiting.done())
        release()
        assert became(waiting.result(PATIENCE_S)) == ["conflict"]


def test_a_retry_of_a_purged_message_is_gone(cast: Cast) -> None:
    sent = draft(cast.team, cast.alice)
    Message.objects.filter(pk=append([sent])[0].message.id).delete()
    assert became(append([sent])) == ["gone"]


def test_a_commit_of_unknown_outcome_is_settled_by_the_retry(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = store.begin

    @contextmanager
    def unheard(patience: float | None = None) -> Iterator[Any]:
        with begin(patience) as said:
            yield said
        raise OperationalError("server closed the connection unexpectedly")

    sent = draft(cast.team, cast.alice, "heard?")
    with monkeypatch.context() as patched:
        patched.setattr(store, "begin", unheard)
        assert became(append([sent])) == ["unavailable"]
    assert became(append([sent])) == ["duplicate"]
    assert contents(cast.team) == ["heard?"]


@pytest.mark.needs_postgres
def test_a_connection_cut_in_the_middle_stores_nothing_and_the_next_batch_works(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.store.postgres import PostgresStatements

    drafts = [draft(cast.team, cast.alice, content) for content in ("one", "two")]
    insert = PostgresStatements.insert_records

    def insert_and_be_cut_off(said: PostgresStatements, rows: Any) -> None:
        insert(said, rows)
        cut_off(connection.connection.info.backend_pid)

    with monkeypatch.context() as patched:
        patched.setattr(PostgresStatements, "insert_records", insert_and_be_cut_off)
        assert became(append(drafts)) == ["unavailable"] * 2
    assert contents(cast.team) == []
    assert became(append(drafts)) == ["stored"] * 2
    assert_dense(cast.team)


# --- One order ----------------------------------------------------------------------------------


def test_writers_at_full_speed_leave_no_gap_in_any_number(cast: Cast) -> None:
    places = [cast.team, make_room(cast.alice, cast.bob, cast.carol)]

    def write(sender: User) -> Callable[[], list[str]]:
        # In both orders: whoever took the rooms as they come would wait in a circle.
        return lambda: [
            status
            for turn in range(10)
            for status in became(append([draft(room, sender) for room in places[:: 1 if turn % 2 else -1]]))
        ]

    outcomes = at_once([write(sender) for sender in (cast.alice, cast.bob, cast.carol) for _ in range(2)])
    assert outcomes == [["stored"] * 20] * 6
    for room in places:
        assert_dense(room)


def test_ids_follow_the_order_of_the_room_when_the_clock_goes_backwards(cast: Cast) -> None:
    ahead = uuid7(timezone.now() + timedelta(minutes=10))
    RoomHead.objects.filter(room=cast.team).update(last_id=ahead)
    before = timezone.now()
    stored = [outcome.message for outcome in append([draft(cast.team, cast.alice) for _ in range(3)])]
    ids = [UUID(message.id) for message in stored]
    assert [ahead, *ids] == sorted([ahead, *ids])
    assert all(each.version == 7 and each.variant == ahead.variant for each in ids)
    # The id keeps the order, the time of writing stays true.
    assert all(abs(datetime.fromisoformat(each.created_at) - before) < timedelta(minutes=5) for each in stored)


@given(st.lists(st.integers(min_value=0, max_value=2**41), min_size=2, max_size=30))
def test_uuid7s_ascend_whatever_the_clock_does(milliseconds: list[int]) -> None:
    last: UUID | None = None
    for each in milliseconds:
        moment = EPOCH + timedelta(milliseconds=each)
        made = uuid7(moment, after=last)
        assert made.version == 7
        assert last is None or made > last
        assert moment_of(made) >= moment
        last = made


# --- Partitions ---------------------------------------------------------------------------------


@pytest.mark.needs_postgres
def test_a_message_makes_the_partition_that_was_taken_from_under_it(cast: Cast) -> None:
    this_month = partitions.name_of(partitions.month_of(timezone.now()))
    say(cast.team, cast.alice)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {this_month}")
    assert became(append([draft(cast.team, cast.alice), draft(cast.team, cast.bob)])) == ["stored"] * 2


@pytest.mark.needs_postgres
def test_a_room_whose_ids_ran_ahead_into_a_month_without_partition_still_takes_messages(cast: Cast) -> None:
    RoomHead.objects.filter(room=cast.team).update(last_id=uuid7(timezone.now() + timedelta(days=400)))
    assert became(append([draft(cast.team, cast.alice)])) == ["stored"]
    rooms.add_members(cast.alice, cast.team, [cast.dave])
    assert Message.objects.in_room(cast.team).order_by("number").last().kind == "join"


@pytest.mark.needs_postgres
def test_imports_from_many_months_find_their_partitions(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)  # without a notice of today, which would be newer
    times = [datetime(2019, month, 3, tzinfo=UTC) for month in range(1, 13)]
    outcomes = append([draft(room, cast.alice, imported_at=each) for each in times])
    assert became(outcomes) == ["stored"] * 12
    assert [moment_of(UUID(outcome.message.id)) for outcome in outcomes] == times
    assert_dense(room)
