"""Jumping to a date: which message it leads to, over REST and in the web client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from messaging import dates
from messaging.append import append
from messaging.drafts import Draft
from messaging.models import Message
from rooms.models import Room
from tests.contract import ContractClient
from tests.factories import Cast, make_room, say
from tests.test_rest import assert_problem, room_url

pytestmark = pytest.mark.django_db

Client = Callable[..., ContractClient]
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def imported(room: Room, cast: Cast, *moments: datetime) -> list[int]:
    """Import a message of each of these times; return their numbers."""
    outcomes = append(
        [
            Draft(
                room_id=room.pk,
                sender_id=cast.alice.pk,
                content=f"of {moment:%Y-%m-%d}",
                client_id=uuid4(),
                imported_at=moment,
            )
            for moment in moments
        ]
    )
    return [outcome.message.number for outcome in outcomes if outcome.message]


@pytest.fixture
def archive(cast: Cast) -> tuple[Room, list[int]]:
    """A room in which something was said on each of the first ten days of 2024, at noon."""
    room = make_room(cast.alice, cast.bob)
    # As an import finds it: nothing in it that is newer.
    Message.objects.filter(room=room).delete()
    room.head.last_id = None
    room.head.save(update_fields=["last_id"])
    return room, imported(room, cast, *(NEW_YEAR + day * DAY + DAY / 2 for day in range(10)))


def test_a_moment_leads_to_the_first_message_from_then_on(archive: tuple[Room, list[int]]) -> None:
    room, numbers = archive
    for day, number in enumerate(numbers):
        noon = NEW_YEAR + day * DAY + DAY / 2
        assert dates.number_at(room.pk, noon - DAY / 2) == number
        assert dates.number_at(room.pk, noon) == number
        later = numbers[day + 1] if day + 1 < len(numbers) else None
        assert dates.number_at(room.pk, noon + timedelta(microseconds=1)) == later


def test_before_all_messages_is_the_first_and_after_them_none(archive: tuple[Room, list[int]]) -> None:
    room, numbers = archive
    assert dates.number_at(room.pk, datetime(1970, 1, 2, tzinfo=UTC)) == numbers[0]
    assert dates.number_at(room.pk, timezone.now()) is None


def test_an_empty_room_has_no_such_message(cast: Cast) -> None:
    room = make_room(cast.alice)
    Message.objects.filter(room=room).delete()
    assert dates.number_at(room.pk, NEW_YEAR) is None


def test_messages_of_the_same_moment_lead_to_the_first_of_them(cast: Cast) -> None:
    room = make_room(cast.alice)
    said = [say(room, cast.alice, f"{index}") for index in range(9)]
    together = Message.objects.get(pk=said[3].id).created_at
    Message.objects.filter(pk__in=[each.id for each in said[3:6]]).update(created_at=together)
    assert dates.number_at(room.pk, together) == said[3].number


def test_what_was_imported_late_is_passed_over_by_its_own_time(cast: Cast) -> None:
    room = make_room(cast.alice)
    before = say(room, cast.alice, "before")
    late = imported(room, cast, NEW_YEAR, NEW_YEAR + DAY)
    after = say(room, cast.alice, "after")
    assert late == [before.number + 1, before.number + 2]
    moment = datetime.fromisoformat(before.created_at) + timedelta(microseconds=1)
    assert dates.number_at(room.pk, moment) == after.number
    # Older than all: the room begins at its first message, not at those.
    assert dates.number_at(room.pk, NEW_YEAR) == 1


def test_every_moment_leads_where_a_walk_through_the_room_does(cast: Cast) -> None:
    room = make_room(cast.alice)
    for index in range(6):
        say(room, cast.alice, f"{index}")
        imported(room, cast, NEW_YEAR + index * DAY)
    rows = list(Message.objects.in_room(room).order_by("number").values_list("number", "created_at"))
    moments = [at + shift for _, at in rows for shift in (timedelta(0), timedelta(microseconds=1))]
    for moment in moments:
        walked = next((number for number, at in rows if at >= moment), None)
        assert dates.number_at(room.pk, moment) == walked


def test_thread_only_replies_are_not_places_in_the_room(cast: Cast) -> None:
    room = make_room(cast.alice)
    first, second, third = (say(room, cast.alice) for _ in range(3))
    Message.objects.filter(pk=second.id).update(in_flow=False)
    assert dates.number_at(room.pk, datetime.fromisoformat(second.created_at)) == third.number
    assert dates.number_at(room.pk, datetime.fromisoformat(first.created_at)) == first.number


def test_what_lies_below_the_floor_is_not_looked_for(archive: tuple[Room, list[int]]) -> None:
    room, numbers = archive
    room.head.floor_number = numbers[4]
    room.head.save(update_fields=["floor_number"])
    assert dates.number_at(room.pk, NEW_YEAR) == numbers[5]


def test_the_search_is_by_halving(archive: tuple[Room, list[int]], django_assert_max_num_queries: Any) -> None:
    room, _ = archive
    with django_assert_max_num_queries(6):  # the head, four of ten to the power of two, the answer
        dates.number_at(room.pk, NEW_YEAR + 7 * DAY)


# --- Over REST ---------------------------------------------------------------------------------


def numbers_of(page: dict[str, Any]) -> list[int]:
    return [message["number"] for message in page["results"]]


def test_a_page_at_a_moment_has_its_message_in_the_middle(
    cast: Cast, api: Client, archive: tuple[Room, list[int]]
) -> None:
    room, numbers = archive
    ask = {"at": "2024-01-05T00:00:00+00:00", "limit": 5}
    page = api(cast.bob).get(room_url(room, "messages"), ask).json()
    assert numbers_of(page) == numbers[2:7]
    assert (page["has_before"], page["has_after"]) == (True, True)


def test_a_page_after_the_newest_message_is_the_newest(
    cast: Cast, api: Client, archive: tuple[Room, list[int]]
) -> None:
    room, numbers = archive
    page = api(cast.bob).get(room_url(room, "messages"), {"at": "2124-01-01T00:00:00Z", "limit": 3}).json()
    assert numbers_of(page) == numbers[-3:]


@pytest.mark.parametrize("at", ["yesterday", "2024-01-05", "2024-01-05T00:00:00", "2024-13-01T00:00:00Z"])
def test_what_is_no_moment_is_refused(cast: Cast, api: Client, at: str) -> None:
    assert_problem(api(cast.bob).get(room_url(cast.team, "messages"), {"at": at}), 400, "invalid", "at")


def test_a_moment_beside_another_bound_is_refused(cast: Cast, api: Client) -> None:
    ask = {"at": "2024-01-05T00:00:00Z", "before": 3}
    assert_problem(api(cast.bob).get(room_url(cast.team, "messages"), ask), 400, "invalid")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"])
def test_the_ends_of_time_are_moments_too(cast: Cast, api: Client, at: str) -> None:
    say(cast.team, cast.alice)
    assert api(cast.bob).get(room_url(cast.team, "messages"), {"at": at}).status_code == 200


def test_strangers_learn_nothing_by_asking_for_dates(cast: Cast, api: Client) -> None:
    ask = {"at": "2024-01-05T00:00:00Z"}
    assert_problem(api(cast.mallory).get(room_url(cast.team, "messages"), ask), 404, "not_found")


# --- In the web client -------------------------------------------------------------------------


def browser_of(user: Any) -> Browser:
    browser = Browser()
    browser.force_login(user, backend="accounts.backends.AccountBackend")
    return browser


def test_a_date_in_the_address_leads_to_the_first_message_of_that_day(
    cast: Cast, archive: tuple[Room, list[int]]
) -> None:
    room, numbers = archive
    answer = browser_of(cast.bob).get(f"/r/{room.slug}/?at=2024-01-04")
    assert (answer.status_code, answer["Location"]) == (302, f"/r/{room.slug}/{numbers[3]}/")


def test_a_day_begins_where_its_reader_is(cast: Cast, archive: tuple[Room, list[int]]) -> None:
    room, numbers = archive
    cast.bob.time_zone = "Pacific/Auckland"  # 13 hours ahead: noon in UTC is one o'clock of the next day
    cast.bob.save(update_fields=["time_zone"])
    answer = browser_of(cast.bob).get(f"/r/{room.slug}/?at=2024-01-04")
    assert answer["Location"] == f"/r/{room.slug}/{numbers[2]}/"


def test_a_moment_in_the_address_is_taken_as_it_is(cast: Cast, archive: tuple[Room, list[int]]) -> None:
    room, numbers = archive
    answer = browser_of(cast.bob).get(f"/r/{room.slug}/", {"at": "2024-01-04T13:00:00+02:00"})
    assert answer["Location"] == f"/r/{room.slug}/{numbers[3]}/"


@pytest.mark.parametrize("at", ["2124-01-01", "whenever", "2024-02-31", "9999-12-31", "0001-01-01T00:00:00+14:00"])
def test_a_date_without_messages_or_that_is_none_leads_to_the_room(cast: Cast, at: str) -> None:
    cast.bob.time_zone = "Pacific/Auckland"
    cast.bob.save(update_fields=["time_zone"])
    say(cast.team, cast.alice)
    answer = browser_of(cast.bob).get(f"/r/{cast.team.slug}/", {"at": at})
    assert answer.status_code == 302
    assert answer["Location"] in (f"/r/{cast.team.slug}/", f"/r/{cast.team.slug}/1/")


def test_the_door_of_a_room_tells_no_dates(cast: Cast) -> None:
    say(cast.lobby, cast.alice)
    answer = browser_of(cast.mallory).get(f"/r/{cast.lobby.slug}/?at=2024-01-04")
    assert answer.status_code == 200
    assert "Join" in answer.content.decode()
