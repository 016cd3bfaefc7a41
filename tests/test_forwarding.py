"""Forwarding: copies with attribution, room by room, and what must not travel with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts import services as accounts
from messaging import services
from messaging.drafts import NewPoll
from messaging.models import Mention, Message
from messaging.wire import MessageOut
from realtime.limits import Buckets
from rooms import services as rooms
from rooms.models import Room
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, make_room, say
from tests.fixtures_server import World
from tests.test_rest import assert_problem

pytestmark = pytest.mark.django_db

Client = Callable[..., ContractClient]


def url(message: MessageOut) -> str:
    return f"/api/v1/messages/{message.id}/forward/"


def forward(client: ContractClient, message: MessageOut, *targets: Room, **fields: Any) -> Any:
    return client.post(url(message), {"rooms": [str(room.pk) for room in targets], **fields})


def contents(room: Room) -> list[str]:
    return list(Message.objects.in_room(room).filter(kind="text").order_by("number").values_list("content", flat=True))


def test_a_copy_says_whose_words_it_passes_on(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "The *keys* are under the mat")
    (result,) = forward(api(cast.bob), original, cast.lobby).json()["results"]
    copy = result["message"]
    assert (result["room"], result["comment"], result["error"]) == (str(cast.lobby.pk), None, None)
    assert (copy["content"], copy["html"]) == (original.content, original.html)
    assert copy["sender"]["username"] == "bob"
    assert copy["metadata"]["forwarded"] == {
        "id": original.id,
        "sender": {"id": str(cast.alice.pk), "username": "alice", "display_name": "Alice", "avatar": None},
        "created_at": original.created_at,
    }


def test_nothing_of_the_copy_names_the_room_that_it_is_from(cast: Cast, api: Client) -> None:
    secret = make_room(cast.alice, cast.bob, name="Takeover plans", slug="takeover-plans")
    original = say(secret, cast.alice, "Buy low")
    text = forward(api(cast.bob), original, cast.lobby).content.decode()
    for name in (secret.name, secret.slug, str(secret.pk)):
        assert name not in text
    # The id leads only those who may read it there.
    assert_problem(api(cast.dave).get(f"/api/v1/messages/{original.id}/"), 404, "not_found")


def test_what_was_forwarded_is_passed_on_as_its_authors(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "Said first")
    notes = make_direct(cast.bob)
    (first,) = forward(api(cast.bob), original, notes).json()["results"]
    again = api(cast.bob).post(f"/api/v1/messages/{first['message']['id']}/forward/", {"rooms": [str(cast.lobby.pk)]})
    (second,) = again.json()["results"]
    assert second["message"]["metadata"] == first["message"]["metadata"]


def test_a_comment_follows_the_copy(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "the news")
    (result,) = forward(api(cast.bob), original, cast.lobby, comment="Have you seen this?").json()["results"]
    assert contents(cast.lobby) == ["the news", "Have you seen this?"]
    assert result["comment"]["content"] == "Have you seen this?"
    assert "forwarded" not in result["comment"]["metadata"]


def test_each_room_answers_for_itself(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "to all")
    archived = make_room(cast.bob, name="Old")
    rooms.archive(cast.bob, archived)
    strange = make_room(cast.alice, name="Not Bob's")
    results = forward(api(cast.bob), original, cast.lobby, archived, cast.news, strange, cast.lobby).json()["results"]
    assert [(each["room"], (each["error"] or {}).get("code")) for each in results] == [
        (str(cast.lobby.pk), None),
        (str(archived.pk), "read_only"),
        (str(cast.news.pk), "read_only"),
        (str(strange.pk), "not_found"),
    ]
    assert [each["message"] is None for each in results] == [False, True, True, True]
    assert contents(cast.lobby) == ["to all"]


def test_repeated_under_the_same_name_nothing_is_sent_twice(cast: Cast, api: Client) -> None:
    original, client_id = say(cast.team, cast.alice, "once"), str(uuid4())
    answers = [
        forward(api(cast.bob), original, cast.lobby, cast.team, client_id=client_id, comment="look").json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert contents(cast.lobby) == ["once", "look"]
    assert contents(cast.team) == ["once", "once", "look"]
    forward(api(cast.bob), original, cast.lobby, client_id=str(uuid4()))
    assert contents(cast.lobby) == ["once", "look", "once"]


def test_another_message_under_the_same_name_is_a_conflict(cast: Cast, api: Client) -> None:
    one, two, client_id = say(cast.team, cast.alice, "same"), say(cast.team, cast.alice, "same"), str(uuid4())
    forward(api(cast.bob), one, cast.lobby, client_id=client_id)
    (result,) = forward(api(cast.bob), two, cast.lobby, client_id=client_id).json()["results"]
    assert result["error"]["code"] == "conflict"
    assert contents(cast.lobby) == ["same"]


def test_the_copy_outlives_the_original(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "kept elsewhere")
    (result,) = forward(api(cast.bob), original, cast.lobby).json()["results"]
    services.delete(cast.alice, UUID(original.id))
    copy = api(cast.bob).get(f"/api/v1/messages/{result['message']['id']}/").json()
    assert (copy["content"], copy["metadata"]) == ("kept elsewhere", result["message"]["metadata"])


def test_later_edits_of_the_original_do_not_reach_the_copy(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "first")
    (result,) = forward(api(cast.bob), original, cast.lobby).json()["results"]
    services.edit(cast.alice, UUID(original.id), "second")
    assert contents(cast.lobby) == ["first"]
    assert "second" not in str(api(cast.bob).get(f"/api/v1/messages/{result['message']['id']}/").json())


def test_nobody_puts_words_into_anothers_mouth(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "I agree")
    (result,) = forward(api(cast.bob), original, cast.lobby).json()["results"]
    answer = api(cast.bob).patch(f"/api/v1/messages/{result['message']['id']}/", {"content": "I resign"})
    assert_problem(answer, 403, "forbidden")
    assert contents(cast.lobby) == ["I agree"]


def test_a_copy_calls_nobody(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "Come @bob, come @room!")
    calls = Mention.objects.count()
    assert "mention" in original.html
    (result,) = forward(api(cast.bob), original, make_room(cast.bob, cast.alice)).json()["results"]
    assert result["message"]["mentions"] == []
    assert "mention" not in result["message"]["html"]
    assert Mention.objects.count() == calls
    comment = forward(api(cast.bob), original, cast.lobby, comment="@alice look").json()["results"][0]["comment"]
    assert comment["mentions"] == [str(cast.alice.pk)]


def test_reactions_threads_and_pins_stay_behind(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "much loved")
    services.react(cast.bob, UUID(original.id), "👍")
    services.pin(cast.alice, UUID(original.id))
    say(cast.team, cast.bob, "reply", thread=UUID(original.id))
    (result,) = forward(api(cast.bob), original, cast.lobby).json()["results"]
    copy = result["message"]
    assert (copy["reactions"], copy["pinned"], copy["thread"], copy["reply_to"]) == ([], False, None, None)


def test_what_cannot_be_forwarded_says_why(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    asked = say(cast.team, cast.alice, "When?", poll=NewPoll(options=["a", "b"]))
    body = assert_problem(forward(client, asked, cast.lobby), 400, "invalid")
    assert "poll" in body["detail"]
    gone = say(cast.team, cast.alice)
    services.delete(cast.alice, UUID(gone.id))
    assert_problem(forward(client, gone, cast.lobby), 410, "gone")
    joined = Message.objects.filter(room=cast.team, kind="join").first()
    assert joined is not None
    assert_problem(
        client.post(f"/api/v1/messages/{joined.pk}/forward/", {"rooms": [str(cast.lobby.pk)]}), 400, "invalid"
    )
    assert contents(cast.lobby) == []


def test_what_one_may_not_read_one_cannot_forward(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice)
    mine = make_room(cast.mallory)
    assert_problem(forward(api(cast.mallory), original, mine), 404, "not_found")
    assert contents(mine) == []


@pytest.mark.parametrize("count", [0, 11])
def test_one_to_ten_rooms_at_once(cast: Cast, api: Client, count: int) -> None:
    original = say(cast.team, cast.alice)
    answer = api(cast.bob).post(url(original), {"rooms": [str(uuid4()) for _ in range(count)]})
    assert_problem(answer, 400, "invalid", "rooms")


def test_a_comment_that_no_message_may_be_stops_the_whole(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice)
    for comment, code in ((" ", "invalid"), ("x" * 10_001, "too_large"), ("\0", "invalid")):
        assert forward(api(cast.bob), original, cast.lobby, comment=comment).json()["code"] == code
    assert contents(cast.lobby) == []


def test_in_slow_mode_the_copy_goes_first_and_the_comment_is_told_to_wait(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice, "slowly")
    rooms.update_room(cast.alice, cast.lobby, settings={"slow_mode_s": 60})
    (result,) = forward(api(cast.bob), original, cast.lobby, comment="and this").json()["results"]
    assert (result["message"]["content"], result["comment"]) == ("slowly", None)
    assert result["error"]["code"] == "slow_mode"
    assert 0 < result["error"]["retry_after"] <= 60


def test_who_is_muted_or_suspended_forwards_nothing(cast: Cast, api: Client) -> None:
    original = say(cast.team, cast.alice)
    room = make_room(cast.alice, cast.bob)
    rooms.mute_member(cast.alice, room, cast.bob, timezone.now() + timedelta(hours=1))
    (result,) = forward(api(cast.bob), original, room).json()["results"]
    assert result["error"]["code"] == "read_only"
    lobby = cast.lobby
    accounts.suspend(cast.bob, reason="spam")
    (result,) = forward(api(cast.bob), original, lobby).json()["results"]
    assert result["error"]["code"] == "forbidden"
    assert contents(lobby) == []


async def test_a_copy_arrives_like_any_message(world: World) -> None:
    alice, bob, carol = await world.people(3)
    source, target = await world.room(alice, bob), await world.room(bob, carol)
    speaker, ears = await world.socket(alice), await world.socket(carol)
    message = await speaker.sent(str(source.pk), "from elsewhere")
    status, answer = await world.rest(bob, "POST", f"messages/{message['id']}/forward/", {"rooms": [str(target.pk)]})
    assert status == 200
    event = await ears.expect("message.created", room=str(target.pk))
    assert event["data"] == answer["results"][0]["message"]
    assert str(source.pk) not in str(event)


def test_who_forwards_without_end_is_told_to_wait(cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    original, rooms_of_bob = say(cast.team, cast.alice), [make_room(cast.bob) for _ in range(10)]
    monkeypatch.setattr("messaging.forwarding._COPIES", Buckets(rate=0.1, burst=30.5))
    for _ in range(3):
        assert forward(api(cast.bob), original, *rooms_of_bob).status_code == 200
    refused = forward(api(cast.bob), original, *rooms_of_bob)
    assert 0 < assert_problem(refused, 429, "rate_limited")["retry_after"] <= 100
    assert forward(api(cast.carol), original, cast.team).status_code == 200  # others are not held up by it
