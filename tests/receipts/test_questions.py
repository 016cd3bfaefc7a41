"""Each question that other systems answer from a row per recipient and message, answered without one.

Seed 002 keeps `message_delivery` (pending, delivered, read, with times) and `unread_messages`; seed
003 keeps `message_receipts` (delivered, read, with times). Their questions are the names here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from messaging.models import NOTICES, Message
from messaging.receipts import asking
from rooms.models import Membership, Room
from rooms.summaries import summaries
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, make_room, membership_of, say
from tests.receipts.conftest import Hears

Client = Callable[[User | None], ContractClient]


@pytest.fixture
def asks(api: Client) -> Callable[..., dict[str, Any]]:
    """What `GET messages/{id}/receipts/` answers a member, with people by their usernames."""

    def ask(user: User, message_id: str, **query: Any) -> dict[str, Any]:
        answer = api(user).get(f"/api/v1/messages/{message_id}/receipts/", query)
        assert answer.status_code == 200, answer.content
        page: dict[str, Any] = answer.json()
        page["people"] = {each["user"]["username"]: each for each in page["results"]}
        return page

    return ask


Asks = Callable[..., dict[str, Any]]


def unread_of(user: User, room: Room) -> int:
    return next(each.unread for each in summaries(user.pk) if each.id == str(room.pk))


def unread_messages(user: User, room: Room) -> list[str]:
    """What lies behind the person's position, as their client finds it: one range of numbers."""
    position = membership_of(room, user).read_number
    rows = Message.objects.in_room(room).after(position).exclude(kind__in=NOTICES).order_by("number")
    return list(rows.values_list("content", flat=True))


# --- Seed 002: unread_messages ----------------------------------------------------------------------


def test_how_many_messages_has_a_user_not_read_in_a_chat(cast: Cast, reads: Hears) -> None:
    messages = [say(cast.team, cast.alice, text) for text in ("one", "two", "three")]
    assert unread_of(cast.bob, cast.team) == 3
    reads(cast.bob, cast.team, messages[1].number)
    assert (unread_of(cast.bob, cast.team), unread_of(cast.carol, cast.team)) == (1, 3)


def test_which_messages_has_a_user_not_read_in_a_chat_and_when_were_they_sent(cast: Cast, reads: Hears) -> None:
    before = timezone.now()
    messages = [say(cast.team, cast.alice, text) for text in ("one", "two", "three")]
    reads(cast.bob, cast.team, messages[0].number)
    assert unread_messages(cast.bob, cast.team) == ["two", "three"]
    assert all(datetime.fromisoformat(message.created_at) >= before for message in messages)


def test_in_how_many_chats_has_a_user_unread_messages(cast: Cast, reads: Hears) -> None:
    rooms = [make_room(cast.alice, cast.bob) for _ in range(3)]
    numbers = [say(room, cast.alice).number for room in rooms]
    assert sum(each.unread > 0 for each in summaries(cast.bob.pk)) == 3
    reads(cast.bob, rooms[0], numbers[0])
    assert sum(each.unread > 0 for each in summaries(cast.bob.pk)) == 2


def test_which_unread_messages_has_a_user_in_all_chats_the_newest_first(cast: Cast) -> None:
    one, two = make_room(cast.alice, cast.bob), make_room(cast.alice, cast.bob)
    for room, text in ((one, "first"), (two, "second"), (one, "third")):
        say(room, cast.alice, text)
    found = Message.objects.none()
    for room in (one, two):
        found |= Message.objects.in_room(room).after(membership_of(room, cast.bob).read_number)
    assert list(found.order_by("-id").values_list("content", flat=True)) == ["third", "second", "first"]


def test_who_has_unread_messages_in_a_chat(cast: Cast, reads: Hears) -> None:
    number = say(cast.team, cast.alice).number
    reads(cast.bob, cast.team, number)
    behind = Membership.objects.current().of_room(cast.team).filter(read_number__lt=number)
    assert set(behind.values_list("user__username", flat=True)) == {"carol", "erin"}


def test_opening_a_chat_leaves_nothing_unread_in_it(cast: Cast, reads: Hears) -> None:
    numbers = [say(cast.team, cast.alice).number for _ in range(5)]
    reads(cast.bob, cast.team, numbers[-1])
    assert unread_of(cast.bob, cast.team) == 0
    assert unread_messages(cast.bob, cast.team) == []


# --- Seed 002: message_delivery, seed 003: message_receipts -------------------------------------------


def test_the_state_of_a_message_for_each_recipient(cast: Cast, asks: Asks, reads: Hears, receives: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    receives(cast.carol, cast.team, message.number)
    states = {
        name: "read" if each["read_at"] else "delivered" if each["received_at"] else "pending"
        for name, each in asks(cast.alice, message.id)["people"].items()
    }
    assert states == {"bob": "read", "carol": "delivered", "erin": "pending"}


def test_when_did_each_recipient_get_and_read_a_message(cast: Cast, asks: Asks, reads: Hears, receives: Hears) -> None:
    message = say(cast.team, cast.alice)
    moments = [timezone.now()]
    for step in (
        lambda: receives(cast.bob, cast.team, message.number),
        lambda: receives(cast.carol, cast.team, message.number),
        lambda: reads(cast.carol, cast.team, message.number),
    ):
        step()
        moments.append(timezone.now())
    people = asks(cast.alice, message.id)["people"]

    def at(name: str, what: str) -> datetime:
        return datetime.fromisoformat(people[name][what])

    assert moments[0] < at("bob", "received_at") < moments[1] < at("carol", "received_at") < moments[2]
    assert moments[2] < at("carol", "read_at") < moments[3]
    assert people["bob"]["read_at"] is None


def test_of_two_messages_each_has_the_time_at_which_it_was_read(cast: Cast, asks: Asks, reads: Hears) -> None:
    one = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, one.number)
    two = say(cast.team, cast.alice)
    between = timezone.now()
    reads(cast.bob, cast.team, two.number)
    first, second = (asks(cast.alice, each.id)["people"]["bob"]["read_at"] for each in (one, two))
    assert datetime.fromisoformat(first) < between < datetime.fromisoformat(second)


def test_what_is_read_has_been_delivered(cast: Cast, asks: Asks, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    bob = asks(cast.alice, message.id)["people"]["bob"]
    assert bob["received_at"] == bob["read_at"] is not None
    row = membership_of(cast.team, cast.bob)
    assert (row.received_upto, row.read_upto) == (message.number, message.number)


def test_how_many_of_how_many_have_read_a_message(cast: Cast, asks: Asks, reads: Hears, receives: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    receives(cast.erin, cast.team, message.number)
    assert asks(cast.bob, message.id)["counts"] == {"read": 1, "received": 2, "of": 3}


def test_the_one_status_of_a_message_in_a_direct_chat(cast: Cast, asks: Asks, reads: Hears, receives: Hears) -> None:
    room = make_direct(cast.alice, cast.bob)
    message = say(room, cast.alice)
    seen = [asks(cast.alice, message.id)["counts"]]
    receives(cast.bob, room, message.number)
    seen.append(asks(cast.alice, message.id)["counts"])
    reads(cast.bob, room, message.number)
    seen.append(asks(cast.alice, message.id)["counts"])
    assert [(each["received"], each["read"], each["of"]) for each in seen] == [(0, 0, 1), (1, 0, 1), (1, 1, 1)]


def test_which_messages_are_delivered_to_a_user_and_not_read(cast: Cast, reads: Hears, receives: Hears) -> None:
    messages = [say(cast.team, cast.alice, text) for text in ("one", "two", "three", "four")]
    receives(cast.bob, cast.team, messages[2].number)
    reads(cast.bob, cast.team, messages[0].number)
    row = membership_of(cast.team, cast.bob)
    found = Message.objects.in_room(cast.team).filter(number__gt=row.read_upto, number__lte=row.received_upto)
    assert list(found.order_by("number").values_list("content", flat=True)) == ["two", "three"]


def test_which_messages_are_still_to_be_delivered_to_a_user(cast: Cast, receives: Hears) -> None:
    messages = [say(cast.team, cast.alice, text) for text in ("one", "two", "three")]
    receives(cast.bob, cast.team, messages[0].number)
    row = membership_of(cast.team, cast.bob)
    found = Message.objects.in_room(cast.team).after(row.received_upto).order_by("number")
    assert list(found.values_list("content", flat=True)) == ["two", "three"]


def test_what_was_delivered_last_to_each_user(cast: Cast, receives: Hears) -> None:
    numbers = [say(cast.team, cast.alice).number for _ in range(3)]
    receives(cast.bob, cast.team, numbers[0])
    receives(cast.carol, cast.team, numbers[2])
    last = {str(user_id): marks.received for user_id, marks in asking.watermarks(cast.team.pk, cast.alice.pk).items()}
    assert (last[str(cast.bob.pk)], last[str(cast.carol.pk)]) == (numbers[0], numbers[2])
    assert last[str(cast.erin.pk)] < numbers[0]


@pytest.mark.parametrize(("state", "names"), [("read", {"bob"}), ("received", {"carol"}), ("waiting", {"erin"})])
def test_all_recipients_who_have_or_have_not_read_a_message(
    cast: Cast, asks: Asks, reads: Hears, receives: Hears, state: str, names: set[str]
) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    receives(cast.carol, cast.team, message.number)
    assert set(asks(cast.alice, message.id, state=state)["people"]) == names


def test_one_receipt_of_a_kind_for_a_user_and_message_however_often_it_is_told(
    cast: Cast, asks: Asks, reads: Hears, receives: Hears
) -> None:
    message = say(cast.team, cast.alice)
    for _ in range(3):
        receives(cast.bob, cast.team, message.number)
        reads(cast.bob, cast.team, message.number)
    once = asks(cast.alice, message.id)["people"]["bob"]
    reads(cast.bob, cast.team, message.number)
    assert asks(cast.alice, message.id)["people"]["bob"] == once
    kinds = cast.bob.receipts.values_list("kind", flat=True)
    assert sorted(kinds) == ["read", "received"]


def test_how_long_until_a_message_was_read(cast: Cast, asks: Asks, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    read_at = asks(cast.alice, message.id)["people"]["bob"]["read_at"]
    assert datetime.fromisoformat(read_at) > datetime.fromisoformat(message.created_at)


def test_the_list_of_recipients_comes_in_pages(cast: Cast, asks: Asks, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.carol, cast.team, message.number)
    first = asks(cast.alice, message.id, limit=2)
    second = asks(cast.alice, message.id, limit=2, cursor=first["next"])
    assert (len(first["people"]), len(second["people"]), second["next"]) == (2, 1, None)
    assert first["people"].keys() | second["people"].keys() == {"bob", "carol", "erin"}
    assert first["counts"] == second["counts"]
