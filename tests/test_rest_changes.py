"""Edits, reactions, pins, threads and mentions over REST."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from chat_project.api.fields import cursor_of
from messaging import pacing
from messaging.models import ThreadFollow
from realtime.limits import Buckets
from rooms import services as rooms
from rooms.models import RoomHead
from tests.factories import Cast, say
from tests.test_rest import V1, Client, assert_problem, room_url

pytestmark = pytest.mark.django_db


def message_url(message_id: str, *parts: str) -> str:
    return "/".join([V1, "messages", message_id, *(quote(part) for part in parts), ""])


def test_an_edit_answers_with_the_message_and_its_new_etag(cast: Cast, api: Client) -> None:
    said = say(cast.team, cast.alice, "first")
    client = api(cast.alice)
    tag = client.get(message_url(said.id)).headers["ETag"]
    edited = client.patch(message_url(said.id), {"content": "second"}, headers={"If-Match": tag})
    assert (edited.status_code, edited.json()["content"]) == (200, "second")
    assert edited.headers["ETag"] == f'"{edited.json()["edited_seq"]}"' != tag
    stale = client.patch(message_url(said.id), {"content": "third"}, headers={"If-Match": tag})
    assert_problem(stale, 409, "conflict")
    assert client.patch(message_url(said.id), {"content": "third"}, headers={"If-Match": "*"}).status_code == 200
    assert_problem(client.patch(message_url(said.id), {"content": "x", "base_seq": said.seq}), 409, "conflict")
    assert_problem(client.patch(message_url(said.id), {"content": "x"}, headers={"If-Match": "abc"}), 400, "invalid")
    assert_problem(client.patch(message_url(said.id), {"content": " "}), 400, "invalid", "content")
    assert_problem(client.patch(message_url(said.id), {}), 400, "invalid", "content")


def test_what_a_message_said_before_is_shown_to_whom_the_room_lets_see_it(cast: Cast, api: Client) -> None:
    said = say(cast.team, cast.alice, "one")
    for text in ("two", "three"):
        api(cast.alice).patch(message_url(said.id), {"content": text})
    first = api(cast.bob).get(message_url(said.id, "revisions"), {"limit": 1}).json()
    assert [each["content"] for each in first["results"]] == ["two"]
    rest = api(cast.bob).get(message_url(said.id, "revisions"), {"cursor": first["next"]}).json()
    assert ([each["content"] for each in rest["results"]], rest["next"]) == (["one"], None)
    rooms.update_room(cast.alice, cast.team, settings={"permissions": {"see_revisions": "moderator"}})
    assert_problem(api(cast.bob).get(message_url(said.id, "revisions")), 403, "forbidden")
    assert api(cast.erin).get(message_url(said.id, "revisions")).status_code == 200
    assert_problem(api(cast.mallory).get(message_url(said.id, "revisions")), 404, "not_found")


def test_reactions_tell_the_asker_which_are_theirs(cast: Cast, api: Client) -> None:
    said = say(cast.team, cast.alice)
    assert api(cast.bob).put(message_url(said.id, "reactions", "👍🏽")).json()["reactions"] == [
        {"emoji": "👍🏽", "count": 1, "me": True}
    ]
    page = api(cast.alice).get(room_url(cast.team, "messages")).json()
    assert page["results"][-1]["reactions"] == [{"emoji": "👍🏽", "count": 1, "me": False}]
    who = api(cast.alice).get(message_url(said.id, "reactions"), {"emoji": "👍🏽"}).json()
    assert [each["user"]["username"] for each in who["results"]] == ["bob"]
    assert_problem(api(cast.bob).put(message_url(said.id, "reactions", "x")), 400, "invalid", "emoji")
    assert api(cast.bob).delete(message_url(said.id, "reactions", "👍🏽")).json()["reactions"] == []
    assert_problem(api(cast.mallory).put(message_url(said.id, "reactions", "👍")), 404, "not_found")


def test_pins_are_listed_newest_first(cast: Cast, api: Client) -> None:
    said = [say(cast.team, cast.alice, text) for text in ("one", "two")]
    for each in said:
        assert api(cast.bob).put(message_url(each.id, "pin")).json()["pinned"]
    first = api(cast.alice).get(room_url(cast.team, "pins"), {"limit": 1}).json()
    assert (first["results"][0]["message"]["content"], first["results"][0]["by"]["username"]) == ("two", "bob")
    second = api(cast.alice).get(room_url(cast.team, "pins"), {"cursor": first["next"]}).json()
    assert [each["message"]["content"] for each in second["results"]] == ["one"]
    api(cast.alice).delete(message_url(said[0].id, "pin"))
    assert len(api(cast.alice).get(room_url(cast.team, "pins")).json()["results"]) == 1


def test_a_thread_is_read_followed_and_left(cast: Cast, api: Client) -> None:
    root = say(cast.team, cast.alice, "What about lunch?")
    for number in range(3):
        sent = api(cast.bob).post(room_url(cast.team, "messages"), {"content": f"reply {number}", "thread": root.id})
        assert sent.json()["thread"] == {"root": root.id, "count": number + 1, "index": number + 1}
    read = api(cast.alice).get(message_url(root.id, "thread"), {"limit": 2}).json()
    assert [each["content"] for each in read["results"]] == ["reply 1", "reply 2"]
    assert (read["has_before"], read["has_after"]) == (True, False)
    assert (read["thread"]["following"], read["thread"]["unread"]) == (True, 3)
    assert {person["username"] for person in read["participants"]} == {"alice", "bob"}
    older = api(cast.alice).get(message_url(root.id, "thread"), {"before": 2}).json()
    assert ([each["content"] for each in older["results"]], older["has_after"]) == (["reply 0"], True)
    position = api(cast.alice).post(message_url(root.id, "thread", "read"), {"index": 2})
    assert position.json() == {"following": True, "read_index": 2}
    assert_problem(api(cast.alice).post(message_url(root.id, "thread", "read"), {"index": 4}), 400, "invalid", "index")
    (listed,) = api(cast.alice).get(f"{V1}/threads/").json()["results"]
    assert (listed["root"]["id"], listed["unread"]) == (root.id, 1)
    api(cast.alice).delete(message_url(root.id, "follow"))
    assert api(cast.alice).get(f"{V1}/threads/").json()["results"] == []
    api(cast.alice).post(room_url(cast.team, "messages"), {"content": "once more", "thread": root.id})
    assert api(cast.alice).get(f"{V1}/threads/").json()["results"] == []
    assert api(cast.alice).put(message_url(root.id, "follow")).json() == {"following": True, "read_index": 4}


def test_a_thread_hangs_on_a_message_of_its_room_that_is_no_reply_itself(cast: Cast, api: Client) -> None:
    root = say(cast.team, cast.alice)
    reply = api(cast.bob).post(room_url(cast.team, "messages"), {"content": "a reply", "thread": root.id}).json()
    elsewhere = say(cast.lobby, cast.alice)
    send = api(cast.bob).post
    assert_problem(
        send(room_url(cast.team, "messages"), {"content": "x", "thread": reply["id"]}), 400, "invalid", "thread"
    )
    assert_problem(send(room_url(cast.team, "messages"), {"content": "x", "thread": elsewhere.id}), 404, "not_found")
    assert_problem(api(cast.mallory).get(message_url(root.id, "thread")), 404, "not_found")


def test_in_a_room_of_threads_only_replies_stay_out_of_the_flow(cast: Cast, api: Client) -> None:
    root = say(cast.team, cast.alice)
    rooms.update_room(cast.alice, cast.team, settings={"threads": "only"})
    api(cast.alice).post(room_url(cast.team, "messages"), {"content": "aside", "thread": root.id})
    shown = api(cast.bob).get(room_url(cast.team, "messages")).json()
    assert "aside" not in [each["content"] for each in shown["results"]]
    assert shown["has_after"] is False
    (room,) = api(cast.bob).get(f"{V1}/rooms/").json()["results"]
    assert room["unread"] == 1  # the root
    api(cast.bob).post(room_url(cast.team, "messages"), {"content": "aside too", "thread": root.id})
    (room,) = api(cast.bob).get(f"{V1}/rooms/").json()["results"]
    assert room["unread"] == 1, "who replies in a thread has not seen the room"
    replies = api(cast.bob).get(message_url(root.id, "thread")).json()["results"]
    assert [(each["content"], each["in_flow"]) for each in replies] == [("aside", False), ("aside too", False)]


def test_the_inbox_has_what_calls_one_and_counts_it(cast: Cast, api: Client) -> None:
    say(cast.team, cast.alice, "@bob come here")
    say(cast.team, cast.alice, "@room @bob all of you")
    say(cast.team, cast.alice, "nobody")
    inbox = api(cast.bob).get(f"{V1}/mentions/").json()["results"]
    assert [each["content"] for each in inbox] == ["@room @bob all of you", "@bob come here"]
    assert api(cast.bob).get(f"{V1}/rooms/").json()["results"][0]["mentions"] == 2
    assert [each["content"] for each in api(cast.carol).get(f"{V1}/mentions/").json()["results"]] == [
        "@room @bob all of you"
    ]
    rooms.leave(cast.bob, cast.team)
    assert api(cast.bob).get(f"{V1}/mentions/").json()["results"] == []


def test_calling_everybody_takes_the_right_to(cast: Cast, api: Client, settings: Any) -> None:
    send = api(cast.bob).post
    settings.MENTION_ROOM_MAX_MEMBERS = 3
    assert_problem(send(room_url(cast.team, "messages"), {"content": "@room hi"}), 403, "forbidden")
    assert api(cast.erin).post(room_url(cast.team, "messages"), {"content": "@room hi"}).status_code == 201
    settings.MENTION_ROOM_MAX_MEMBERS = 100
    assert send(room_url(cast.team, "messages"), {"content": "@here hi"}).status_code == 201
    rooms.update_room(cast.alice, cast.team, settings={"permissions": {"mention_room": "moderator"}})
    assert_problem(send(room_url(cast.team, "messages"), {"content": "@here hi"}), 403, "forbidden")


def test_a_silent_message_counts_for_nobody(cast: Cast, api: Client) -> None:
    sent = api(cast.alice).post(room_url(cast.team, "messages"), {"content": "psst", "silent": True})
    assert sent.json()["silent"] is True
    assert api(cast.bob).get(f"{V1}/rooms/").json()["results"][0]["unread"] == 0


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-01-01T00:00:00"],
    ids=["first", "last", "bare"],
)
def test_a_cursor_with_a_moment_that_no_database_holds_is_refused(cast: Cast, api: Client, moment: str) -> None:
    cursor = cursor_of(moment, "00000000-0000-4000-8000-000000000000")
    assert_problem(api(cast.bob).get(f"{V1}/scheduled/", {"cursor": cursor}), 400, "invalid", "cursor")


def test_who_writes_over_rest_has_the_pace_of_people(cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MESSAGE_BUCKETS", "CHANGE_BUCKETS", "DRAFT_BUCKETS", "READ_BUCKETS"):
        monkeypatch.setattr(pacing, name, Buckets(rate=0.001, burst=3))
    client, said = api(cast.alice), say(cast.team, cast.bob)
    quick = {"content": "quick"}
    for act in (
        lambda: client.post(room_url(cast.team, "messages"), quick),
        lambda: client.put(message_url(said.id, "reactions", "👍")),
        lambda: client.put(room_url(cast.team, "draft"), quick),
        lambda: client.post(room_url(cast.team, "read"), {"number": 1}),
    ):
        answers = [act() for _ in range(4)]
        assert answers[0].status_code < 300
        assert_problem(answers[-1], 429, "rate_limited")
        assert "Retry-After" in answers[-1].headers


def test_a_long_edit_counts_for_more_as_a_long_message_does(
    cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "CHANGE_BUCKETS", Buckets(rate=0.001, burst=15))
    client, said = api(cast.alice), say(cast.team, cast.alice)
    answers = [client.patch(message_url(said.id), {"content": letter * 10_000}) for letter in "ab"]
    assert answers[0].status_code == 200
    assert_problem(answers[1], 429, "rate_limited")


def test_who_may_not_write_any_more_does_not_rewrite(cast: Cast, api: Client) -> None:
    said = say(cast.team, cast.bob, "as it was")
    rooms.update_room(cast.alice, cast.team, settings={"permissions": {"post": "moderator"}})
    assert_problem(api(cast.bob).patch(message_url(said.id), {"content": "other words"}), 403, "forbidden")


def test_who_left_is_not_told_of_a_thread_that_began_at_their_message(cast: Cast, api: Client) -> None:
    root = say(cast.team, cast.bob, "I am off")
    rooms.leave(cast.bob, cast.team)
    api(cast.alice).post(room_url(cast.team, "messages"), {"content": "Bye", "thread": root.id})
    assert [row.user for row in ThreadFollow.objects.filter(root_id=root.id)] == [cast.alice]


def test_what_lies_below_the_floor_is_found_by_no_id(cast: Cast, api: Client) -> None:
    said = say(cast.team, cast.bob)
    RoomHead.objects.filter(room=cast.team).update(floor_number=said.number)
    assert_problem(api(cast.bob).get(message_url(said.id)), 404, "not_found")
