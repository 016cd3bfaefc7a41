"""Slow mode: a pause between two messages of one member, which nobody gets around and retries do not cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from messaging import services
from messaging.append import Outcome, append
from messaging.drafts import Draft
from realtime.errors import SlowMode
from rooms import services as rooms
from rooms.models import Membership, Role, Room
from tests.contract import ContractClient
from tests.factories import Cast, make_room, say, set_role
from tests.fixtures_server import World
from tests.test_rest import assert_problem, room_url

Client = Callable[..., ContractClient]
PAUSE_S = 60


@pytest.fixture
def slow(cast: Cast) -> Room:
    """The team with a pause of a minute: Alice owns it, Erin moderates, Bob and Carol are members."""
    rooms.update_room(cast.alice, cast.team, settings={"slow_mode_s": PAUSE_S})
    return cast.team


def draft(room: Room, sender: Any, content: str = "Hello", **fields: Any) -> Draft:
    return Draft(room_id=room.pk, sender_id=sender.pk, content=content, **{"client_id": uuid4(), **fields})


def codes(outcomes: list[Outcome]) -> list[str]:
    return [outcome.error.code if outcome.error else outcome.status for outcome in outcomes]


def sent_ago(room: Room, sender: Any, seconds: float) -> None:
    """Let the member's last message be so old."""
    row = Membership.objects.get(room=room, user=sender)
    assert row.last_sent_at is not None
    row.last_sent_at -= timedelta(seconds=seconds)
    row.save(update_fields=["last_sent_at"])


@pytest.mark.django_db
def test_a_second_message_waits_for_the_pause_to_end(cast: Cast, slow: Room) -> None:
    say(slow, cast.bob, "one")
    with pytest.raises(SlowMode) as refused:
        say(slow, cast.bob, "two")
    assert refused.value.retry_after is not None
    assert PAUSE_S - 30 < refused.value.retry_after <= PAUSE_S
    sent_ago(slow, cast.bob, PAUSE_S)
    assert say(slow, cast.bob, "two").content == "two"


@pytest.mark.django_db
def test_the_wait_is_what_is_left_of_the_pause(cast: Cast, slow: Room) -> None:
    say(slow, cast.bob)
    with pytest.raises(SlowMode) as first:
        say(slow, cast.bob)
    sent_ago(slow, cast.bob, 45)
    with pytest.raises(SlowMode) as second:
        say(slow, cast.bob)
    assert first.value.retry_after is not None
    assert second.value.retry_after is not None
    # The clock has gone on between the two, and by no more than the test has taken.
    assert 0 <= first.value.retry_after - second.value.retry_after - 45 < 15


@pytest.mark.django_db
def test_the_pause_is_each_members_own_and_each_rooms(cast: Cast, slow: Room) -> None:
    other = make_room(cast.alice, cast.bob)
    rooms.update_room(cast.alice, other, settings={"slow_mode_s": PAUSE_S})
    outcomes = append([draft(slow, cast.bob), draft(slow, cast.carol), draft(other, cast.bob)])
    assert codes(outcomes) == ["stored", "stored", "stored"]
    assert codes(append([draft(slow, cast.carol), draft(other, cast.bob)])) == ["slow_mode", "slow_mode"]


@pytest.mark.django_db
def test_earlier_messages_of_the_same_batch_count(cast: Cast, slow: Room) -> None:
    outcomes = append([draft(slow, cast.bob, "one"), draft(slow, cast.carol), draft(slow, cast.bob, "two")])
    assert codes(outcomes) == ["stored", "stored", "slow_mode"]
    error = outcomes[2].error
    assert error is not None
    assert error.retry_after == PAUSE_S


@pytest.mark.django_db
def test_who_moderates_answers_at_once(cast: Cast, slow: Room) -> None:
    set_role(slow, cast.carol, Role.ADMIN)
    for person in (cast.alice, cast.carol, cast.erin):
        assert codes(append([draft(slow, person), draft(slow, person)])) == ["stored", "stored"]


@pytest.mark.django_db
def test_a_retry_of_what_was_stored_neither_waits_nor_counts(cast: Cast, slow: Room) -> None:
    once = draft(slow, cast.bob, "once")
    assert codes(append([once, once])) == ["stored", "duplicate"]
    assert codes(append([once])) == ["duplicate"]
    sent_ago(slow, cast.bob, PAUSE_S)
    assert codes(append([once])) == ["duplicate"]
    assert codes(append([draft(slow, cast.bob)])) == ["stored"]


@pytest.mark.django_db
def test_what_was_refused_does_not_lengthen_the_pause(cast: Cast, slow: Room) -> None:
    say(slow, cast.bob)
    before = Membership.objects.get(room=slow, user=cast.bob).last_sent_at
    assert codes(append([draft(slow, cast.bob), draft(slow, cast.bob, reply_to=uuid4())])) == ["slow_mode", "not_found"]
    assert Membership.objects.get(room=slow, user=cast.bob).last_sent_at == before


@pytest.mark.django_db
def test_one_that_was_refused_for_another_reason_leaves_the_turn_to_the_next(cast: Cast, slow: Room) -> None:
    outcomes = append([draft(slow, cast.bob, reply_to=uuid4()), draft(slow, cast.bob), draft(slow, cast.bob)])
    assert codes(outcomes) == ["not_found", "stored", "slow_mode"]


@pytest.mark.django_db
def test_the_refused_message_can_be_sent_again_under_its_name(cast: Cast, slow: Room) -> None:
    say(slow, cast.bob)
    again = draft(slow, cast.bob, "again")
    assert codes(append([again])) == ["slow_mode"]
    sent_ago(slow, cast.bob, PAUSE_S)
    assert codes(append([again])) == ["stored"]


@pytest.mark.django_db
def test_replies_in_threads_and_silent_messages_wait_as_well(cast: Cast, slow: Room) -> None:
    root = say(slow, cast.alice)
    say(slow, cast.bob)
    outcomes = append(
        [
            draft(slow, cast.bob, thread=UUID(root.id)),
            draft(slow, cast.bob, reply_to=UUID(root.id)),
            draft(slow, cast.bob, silent=True),
        ]
    )
    assert codes(outcomes) == ["slow_mode"] * 3


@pytest.mark.django_db
def test_edits_and_reactions_do_not_wait(cast: Cast, slow: Room) -> None:
    said = say(slow, cast.bob)
    assert services.edit(cast.bob, UUID(said.id), "Hello again").content == "Hello again"
    services.react(cast.bob, UUID(said.id), "👍")
    assert codes(append([draft(slow, cast.bob)])) == ["slow_mode"]


@pytest.mark.django_db
def test_who_leaves_and_comes_back_waits_on(cast: Cast) -> None:
    rooms.update_room(cast.alice, cast.lobby, settings={"slow_mode_s": PAUSE_S})
    say(cast.lobby, cast.bob)
    rooms.leave(cast.bob, cast.lobby)
    rooms.join(cast.bob, cast.lobby)
    assert codes(append([draft(cast.lobby, cast.bob)])) == ["slow_mode"]


@pytest.mark.django_db
def test_turned_on_it_counts_from_the_last_message_and_turned_off_it_is_over(cast: Cast) -> None:
    say(cast.team, cast.bob)
    rooms.update_room(cast.alice, cast.team, settings={"slow_mode_s": PAUSE_S})
    assert codes(append([draft(cast.team, cast.bob)])) == ["slow_mode"]
    rooms.update_room(cast.alice, cast.team, settings={"slow_mode_s": 0})
    assert codes(append([draft(cast.team, cast.bob)])) == ["stored"]


# --- Over REST and the socket ------------------------------------------------------------------


@pytest.mark.django_db
def test_the_api_says_when_to_try_again(cast: Cast, api: Client, slow: Room) -> None:
    client = api(cast.bob)
    assert client.post(room_url(slow, "messages"), {"content": "one"}).status_code == 201
    answer = client.post(room_url(slow, "messages"), {"content": "two"})
    assert_problem(answer, 429, "slow_mode")
    assert 1 <= int(answer.headers["Retry-After"]) <= PAUSE_S


@pytest.mark.django_db
@pytest.mark.parametrize(("pause", "status"), [(1, 200), (21_600, 200), (21_601, 400), (-1, 400), ("soon", 400)])
def test_the_pause_is_up_to_six_hours(cast: Cast, api: Client, pause: Any, status: int) -> None:
    answer = api(cast.alice).patch(room_url(cast.team), {"settings": {"slow_mode_s": pause}})
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["settings"] == {"slow_mode_s": pause}
    else:
        assert_problem(answer, 400, "invalid", "settings")


@pytest.mark.django_db
def test_members_do_not_decide_about_the_pause(cast: Cast, api: Client, slow: Room) -> None:
    for person in (cast.bob, cast.erin):
        answer = api(person).patch(room_url(slow), {"settings": {"slow_mode_s": 0}})
        assert_problem(answer, 403, "forbidden")


async def test_the_socket_says_when_to_try_again(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    await world.shell(rooms.update_room, alice.user, room, settings={"slow_mode_s": PAUSE_S})
    socket = await world.socket(bob)
    refs = [await socket.send(str(room.pk), f"{index}") for index in range(3)]
    await socket.expect("ack", ref=refs[0])
    for ref in refs[1:]:
        error = await socket.expect("error", ref=ref)
        assert error["code"] == "slow_mode"
        assert 0 < error["retry_after"] <= PAUSE_S
