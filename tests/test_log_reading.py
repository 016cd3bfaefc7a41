"""The log as it is read: ranges while others commit, and pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from messaging import pages
from messaging.append import append
from messaging.drafts import Draft
from messaging.journal import Journal, read_range
from messaging.models import Message
from messaging.services import delete
from messaging.wire import decode_message
from realtime.errors import Invalid
from realtime.events import Event
from realtime.feed import READ_PAGE
from rooms import services as rooms
from rooms.models import Room, RoomHead
from tests.concurrency import at_once, raised
from tests.factories import Cast, make_room, say

pytestmark = pytest.mark.django_db(transaction=True)


def head_of(room: Room) -> int:
    return RoomHead.objects.get(room=room).last_seq


def read_all(room: Room, after: int = 0, limit: int = READ_PAGE) -> list[Event]:
    """Read to the end of the log as hubs and programs do: range after range."""
    events: list[Event] = []
    while True:
        found = read_range(room.pk, after, limit)
        assert found is not None
        events += found.events
        after = found.upto
        if after >= found.head:
            return events


# --- Ranges -------------------------------------------------------------------------------------


def test_a_reader_behind_writers_at_full_speed_sees_every_entry_once(cast: Cast) -> None:
    room = make_room(cast.alice, cast.bob, kind="public")
    start, done = head_of(room), threading.Event()

    def write(sender: User) -> None:
        for turn in range(25):
            outcomes = append(
                [
                    Draft(room_id=room.pk, sender_id=sender.pk, content=f"{turn}", client_id=uuid4())
                    for _ in range(turn % 4 + 1)
                ]
            )
            if turn % 3 == 0:
                delete(sender, UUID(outcomes[0].message.id))

    def come_and_go() -> None:
        for _ in range(10):
            rooms.join(cast.carol, room)
            rooms.leave(cast.carol, room)

    def write_all(*work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                assert raised(at_once(work)) == []
            finally:
                done.set()

        return run

    def follow(limit: int) -> Callable[[], list[int]]:
        def run() -> list[int]:
            seqs: list[int] = []
            after, was_done = start, False
            while True:
                found = read_range(room.pk, after, limit)
                assert found is not None
                assert after <= found.upto <= found.head
                seqs += [event.seq for event in found.events]
                after = found.upto
                if was_done and after == found.head:
                    return seqs
                was_done = done.is_set()

        return run

    writing = write_all(lambda: write(cast.alice), lambda: write(cast.bob), come_and_go)
    *followed, _ = at_once([follow(3), follow(100), writing])
    assert raised(followed) == []
    assert followed == [list(range(start + 1, head_of(room) + 1))] * 2


def test_a_range_shows_messages_as_they_are_now_and_purged_ones_not_at_all(cast: Cast) -> None:
    kept, regretted, purged = (say(cast.team, cast.alice, text) for text in ("kept", "regretted", "purged"))
    delete(cast.alice, UUID(regretted.id))
    Message.objects.filter(pk=purged.id).delete()
    events = read_all(cast.team, kept.seq - 1)
    assert [(event.seq, event.kind) for event in events] == [
        (kept.seq, "message.created"),
        (regretted.seq, "message.created"),
        (purged.seq + 1, "message.deleted"),
    ]
    assert [decode_message(event.data).content for event in events] == ["kept", "", ""]


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 7, 500])
def test_ranges_join_without_a_seam_whatever_their_size(cast: Cast, limit: int) -> None:
    for turn in range(12):
        message = say(cast.team, cast.alice)
        if turn % 3 == 0:
            delete(cast.alice, UUID(message.id))
    Message.objects.in_room(cast.team).filter(number__in=[5, 6, 11]).delete()
    assert read_all(cast.team, limit=limit) == read_all(cast.team, limit=10_000)


def test_a_room_that_is_gone_has_no_range(cast: Cast) -> None:
    assert read_range(uuid4(), 0, 10) is None


def test_comparing_heads_and_revs_names_only_what_differs(cast: Cast) -> None:
    room, other = cast.team, make_room(cast.alice)
    heads = {str(each.pk): head_of(each) for each in (room, other)}
    users = {str(each.pk): User.objects.get(pk=each.pk).rev for each in (cast.alice, cast.bob)}
    journal = Journal()
    assert journal.heads(heads) == {}
    assert list(journal.revs(users)) == []
    say(room, cast.alice)
    User.objects.filter(pk=cast.bob.pk).touch_rev()
    assert journal.heads({**heads, str(uuid4()): 0}) == {str(room.pk): heads[str(room.pk)] + 1}
    assert list(journal.revs({**users, str(uuid4()): 0})) == [str(cast.bob.pk)]


# --- Pages --------------------------------------------------------------------------------------


def numbers(page: pages.Page) -> list[int]:
    return [message.number for message in page.results]


@pytest.fixture
def long_room(cast: Cast) -> Room:
    """A room of 30 messages, the first of which is the owner's joining."""
    room = make_room(cast.alice)
    append([Draft(room_id=room.pk, sender_id=cast.alice.pk, content=f"{n}", client_id=uuid4()) for n in range(29)])
    return room


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bounds", "expected", "has_before", "has_after"),
    [
        ({}, range(21, 31), True, False),
        ({"before": 31}, range(21, 31), True, False),
        ({"before": 11}, range(1, 11), False, True),
        ({"before": 5}, range(1, 5), False, True),
        ({"before": 1}, (), False, False),
        ({"after": 0}, range(1, 11), False, True),
        ({"after": 20}, range(21, 31), True, False),
        ({"after": 27}, range(28, 31), True, False),
        ({"after": 30}, (), False, False),
        ({"after": 10**30}, (), False, False),
        ({"around": 15}, range(10, 20), True, True),
        ({"around": 1}, range(1, 11), False, True),
        ({"around": 30}, range(21, 31), True, False),
        ({"around": 10**30}, range(21, 31), True, False),
    ],
    ids=str,
)
def test_pages(
    long_room: Room, bounds: dict[str, int], expected: Iterable[int], has_before: bool, has_after: bool
) -> None:
    page = pages.page(long_room, **bounds, limit=10)
    assert numbers(page) == list(expected)
    if numbers(page):
        assert (page.has_before, page.has_after) == (has_before, has_after)
    assert page.as_of_seq == head_of(long_room)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields", [{"limit": 0}, {"limit": 501}, {"before": 3, "after": 1}, {"around": 1, "before": 3}]
)
def test_a_page_that_cannot_be_is_refused(long_room: Room, fields: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        pages.page(long_room, **fields)
