"""Polls: asking, voting, closing, and what nobody learns of an anonymous one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from messaging import polls, services
from messaging.drafts import NewPoll
from messaging.models import Message, Poll, PollVote
from messaging.wire import MessageOut
from realtime.errors import Forbidden, ReadOnly
from realtime.values import timestamp
from rooms import services as rooms
from rooms.models import LogEntry, Room, RoomHead
from tests.concurrency import at_once, raised
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, say
from tests.fixtures_server import World
from tests.test_rest import assert_problem, room_url

Client = Callable[..., ContractClient]
DAY = timedelta(days=1)


def ask(room: Room, cast: Cast, *options: str, **fields: Any) -> MessageOut:
    """Alice asks the room."""
    return say(room, cast.alice, "When?", poll=NewPoll(options=list(options or ("Noon", "Evening")), **fields))


def url(message: MessageOut, *parts: str) -> str:
    return "/".join(["/api/v1/messages", message.id, *parts, ""])


def vote(client: ContractClient, message: MessageOut, *options: int) -> Any:
    return client.put(url(message, "vote"), {"options": options})


def counts(ballot: dict[str, Any]) -> tuple[list[int], int]:
    poll = ballot["poll"]
    return [option["count"] for option in poll["options"]], poll["voters"]


def entries(room: Room) -> list[LogEntry]:
    return list(LogEntry.objects.filter(room=room, kind="poll.changed").order_by("seq"))


def end_now(message: MessageOut) -> None:
    """Let the poll's time have come, without anybody having closed it."""
    moment = timezone.now() - timedelta(seconds=1)
    Poll.objects.filter(pk=message.id).update(closes_at=moment)
    row = Message.objects.get(pk=message.id)
    row.poll = {**(row.poll or {}), "closes_at": timestamp(moment)}
    row.save(update_fields=["poll"])


# --- Asking ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_poll_is_asked_with_its_message(cast: Cast, api: Client) -> None:
    closes_at = timezone.now() + DAY
    asked = {"options": ["Noon", "Evening"], "multiple": True, "anonymous": True, "closes_at": timestamp(closes_at)}
    answer = api(cast.alice).post(room_url(cast.team, "messages"), {"content": "When?", "poll": asked})
    assert answer.status_code == 201
    assert answer.json()["poll"] == {
        "options": [{"text": "Noon", "count": 0}, {"text": "Evening", "count": 0}],
        "multiple": True, "anonymous": True, "closes_at": timestamp(closes_at), "closed": False, "voters": 0,
    }  # fmt: skip
    row = Poll.objects.get(pk=answer.json()["id"])
    assert (row.options, row.closes_at, row.closed_at) == (["Noon", "Evening"], closes_at, None)
    page = api(cast.bob).get(room_url(cast.team, "messages")).json()
    assert page["results"][-1]["poll"] == answer.json()["poll"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "poll",
    [
        {"options": ["only one"]},
        {"options": [f"{index}" for index in range(13)]},
        {"options": ["same", "same"]},
        {"options": ["same", " same "]},
        {"options": ["", "b"]},
        {"options": ["  ", "b"]},
        {"options": ["x" * 101, "b"]},
        {"options": ["a\0", "b"]},
        {"options": "ab"},
        {"options": [1, 2]},
        {},
        {"options": ["a", "b"], "closes_at": "2020-01-01T00:00:00Z"},
        {"options": ["a", "b"], "closes_at": "2120-01-01T00:00:00Z"},
        {"options": ["a", "b"], "closes_at": "tomorrow"},
        {"options": ["a", "b"], "multiple": "perhaps"},
    ],
)
def test_what_is_no_poll_is_refused_and_no_message_stays(cast: Cast, api: Client, poll: dict[str, Any]) -> None:
    before = RoomHead.objects.get(pk=cast.team.pk).last_seq
    answer = api(cast.alice).post(room_url(cast.team, "messages"), {"content": "When?", "poll": poll})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "invalid")
    assert all(name.split(".")[0] == "poll" for name in body["errors"])
    assert RoomHead.objects.get(pk=cast.team.pk).last_seq == before
    assert not Poll.objects.exists()


@pytest.mark.django_db
def test_who_only_reads_asks_nothing_and_may_vote(cast: Cast, api: Client) -> None:
    with pytest.raises(ReadOnly):
        say(cast.news, cast.bob, "When?", poll=NewPoll(options=["a", "b"]))
    asked = ask(cast.news, cast)
    assert counts(vote(api(cast.bob), asked, 1).json()) == ([0, 1], 1)


# --- Voting ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_vote_counts_once_and_can_be_changed_and_taken_back(cast: Cast, api: Client) -> None:
    asked, client = ask(cast.team, cast), api(cast.bob)
    assert counts(vote(client, asked, 0).json()) == ([1, 0], 1)
    assert counts(vote(client, asked, 1).json()) == ([0, 1], 1)
    assert counts(vote(api(cast.carol), asked, 1).json()) == ([0, 2], 2)
    answer = vote(client, asked).json()
    assert (answer["options"], counts(answer)) == ([], ([0, 1], 1))
    assert list(PollVote.objects.values_list("user__username", "option")) == [("carol", 1)]


@pytest.mark.django_db
def test_of_several_options_each_counts_and_each_person_once(cast: Cast, api: Client) -> None:
    asked, client = ask(cast.team, cast, "a", "b", "c", multiple=True), api(cast.bob)
    assert counts(vote(client, asked, 2, 0, 2).json()) == ([1, 0, 1], 1)
    assert counts(vote(api(cast.carol), asked, 0).json()) == ([2, 0, 1], 2)
    answer = vote(client, asked, 1, 2).json()
    assert (answer["options"], counts(answer)) == ([1, 2], ([1, 1, 1], 2))


@pytest.mark.django_db
def test_one_sees_ones_own_vote_in_an_anonymous_poll_too(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast, multiple=True, anonymous=True)
    vote(api(cast.bob), asked, 1, 0)
    mine = api(cast.bob).get(url(asked, "vote")).json()
    assert (mine["options"], counts(mine)) == ([0, 1], ([1, 1], 1))
    assert api(cast.carol).get(url(asked, "vote")).json()["options"] == []
    assert_problem(api(cast.mallory).get(url(asked, "vote")), 404, "not_found")


@pytest.mark.django_db
def test_the_same_vote_again_leaves_no_entry(cast: Cast, api: Client) -> None:
    asked, client = ask(cast.team, cast, multiple=True), api(cast.bob)
    vote(client, asked, 0, 1)
    before = RoomHead.objects.get(pk=cast.team.pk).last_seq
    answer = vote(client, asked, 1, 0)
    assert (answer.status_code, counts(answer.json())) == (200, ([1, 1], 1))
    assert vote(api(cast.carol), asked).status_code == 200
    assert RoomHead.objects.get(pk=cast.team.pk).last_seq == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "status"),
    [([0, 1], 400), ([2], 400), ([-1], 400), (["0"], 200), ([True], 400), ("0", 400), (None, 400)],
)
def test_a_vote_is_for_options_that_there_are(cast: Cast, api: Client, options: Any, status: int) -> None:
    asked = ask(cast.team, cast)
    answer = api(cast.bob).put(url(asked, "vote"), {"options": options})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "invalid"
        assert not PollVote.objects.exists()


@pytest.mark.django_db
def test_only_members_vote_and_only_in_polls(cast: Cast, api: Client) -> None:
    asked, said = ask(cast.team, cast), say(cast.team, cast.alice)
    assert_problem(vote(api(cast.mallory), asked, 0), 404, "not_found")
    assert_problem(api(cast.mallory).get(url(asked, "votes")), 404, "not_found")
    assert_problem(api(cast.mallory).post(url(asked, "poll", "close")), 404, "not_found")
    assert_problem(vote(api(cast.bob), said, 0), 400, "invalid")
    assert_problem(api(cast.bob).get(url(said, "votes")), 400, "invalid")
    assert_problem(api(cast.alice).post(url(said, "poll", "close")), 400, "invalid")
    assert_problem(api(cast.bob).put(f"/api/v1/messages/{uuid4()}/vote/", {"options": [0]}), 404, "not_found")


@pytest.mark.django_db
def test_in_an_archived_room_nobody_votes(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast)
    rooms.archive(cast.alice, cast.team)
    assert_problem(vote(api(cast.bob), asked, 0), 403, "read_only")


@pytest.mark.django_db
def test_the_vote_of_whoever_leaves_stays(cast: Cast, api: Client) -> None:
    asked = ask(cast.lobby, cast)
    vote(api(cast.bob), asked, 0)
    rooms.leave(cast.bob, cast.lobby)
    read = api(cast.alice).get(url(asked)).json()
    assert counts(read) == ([1, 0], 1)
    assert_problem(vote(api(cast.bob), asked), 404, "not_found")


@pytest.mark.django_db
def test_deleting_the_message_removes_poll_and_votes(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast)
    vote(api(cast.bob), asked, 0)
    assert api(cast.alice).delete(url(asked)).json()["poll"] is None
    assert not Poll.objects.exists()
    assert not PollVote.objects.exists()
    assert_problem(vote(api(cast.bob), asked, 0), 404, "not_found")


@pytest.mark.django_db
def test_another_question_keeps_the_votes(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast)
    vote(api(cast.bob), asked, 0)
    edited = services.edit(cast.alice, UUID(asked.id), "When, really?")
    assert edited.poll is not None
    assert [option.count for option in edited.poll.options] == [1, 0]


@pytest.mark.django_db(transaction=True)
def test_votes_at_the_same_time_are_all_counted(cast: Cast) -> None:
    people = [cast.alice, cast.bob, cast.carol, cast.erin]
    asked = ask(cast.team, cast, "a", "b", "c", multiple=True)
    choices: Sequence[list[int]] = ([0], [0, 1], [1, 2], [0, 1, 2])
    calls = [
        partial(polls.vote, person, UUID(asked.id), choice) for person, choice in zip(people, choices, strict=True)
    ]
    assert raised(at_once([*calls, *calls])) == []
    poll = Message.objects.get(pk=asked.id).poll
    assert poll is not None
    assert ([option["count"] for option in poll["options"]], poll["voters"]) == ([3, 3, 2], 4)
    assert len(entries(cast.team)) == 4


@pytest.mark.django_db
def test_a_vote_costs_the_same_however_many_have_voted(cast: Cast, django_assert_max_num_queries: Any) -> None:
    asked = ask(cast.team, cast, "a", "b", "c", multiple=True)
    for person in (cast.alice, cast.carol, cast.erin):
        polls.vote(person, UUID(asked.id), [0, 1, 2])
    # Lock, facts, held votes, new votes, message, entry with head; and a savepoint in the test's transaction.
    # (SQLite asks for no lock, and writes entry and head apart.)
    with django_assert_max_num_queries(6 + 2):
        polls.vote(cast.bob, UUID(asked.id), [0])
    with django_assert_max_num_queries(7 + 2):
        polls.vote(cast.bob, UUID(asked.id), [1, 2])
    with django_assert_max_num_queries(3 + 2):
        polls.vote(cast.bob, UUID(asked.id), [2, 1])


# --- Who voted what ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_who_voted_what_is_listed_by_person_and_pages(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast, "a", "b", multiple=True)
    for person, options in ((cast.alice, [0, 1]), (cast.bob, [1]), (cast.carol, [0])):
        vote(api(person), asked, *options)
    found, query = [], {"limit": "2"}
    while True:
        page = api(cast.erin).get(url(asked, "votes"), query).json()
        assert len(page["results"]) <= 2
        found += [(each["user"]["username"], each["option"]) for each in page["results"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert sorted(found) == [("alice", 0), ("alice", 1), ("bob", 1), ("carol", 0)]
    of_one = api(cast.erin).get(url(asked, "votes"), {"option": 1}).json()["results"]
    assert sorted(each["user"]["username"] for each in of_one) == ["alice", "bob"]


@pytest.mark.django_db
def test_of_an_anonymous_poll_nobody_learns_who_voted_what(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast, anonymous=True)
    vote(api(cast.bob), asked, 1)
    for person in (cast.alice, cast.bob, cast.erin):
        assert_problem(api(person).get(url(asked, "votes")), 403, "forbidden")
    (entry,) = entries(cast.team)
    assert (entry.actor_id, entry.payload) == (None, {"message": asked.id, "number": asked.number})
    events = api(cast.alice).get(room_url(cast.team, "log"), {"after": entry.seq - 1}).json()["results"]
    assert str(cast.bob.pk) not in json.dumps([event for event in events if event["seq"] == entry.seq])


@pytest.mark.django_db
def test_the_admin_shows_no_vote_of_an_anonymous_poll(cast: Cast, api: Client) -> None:
    secret, open_one = ask(cast.team, cast, anonymous=True), ask(cast.team, cast)
    vote(api(cast.bob), secret, 1)
    vote(api(cast.carol), open_one, 1)
    browser = Browser()
    browser.force_login(cast.staff, backend="accounts.backends.AccountBackend")
    text = browser.get("/admin/messaging/pollvote/").content.decode()
    assert "Carol" in text
    assert "Bob" not in text
    hidden = PollVote.objects.get(user=cast.bob)
    assert browser.get(f"/admin/messaging/pollvote/{hidden.pk}/change/").status_code == 302
    for page in ("/admin/messaging/poll/", f"/admin/messaging/poll/{secret.id}/change/"):
        assert "Bob" not in browser.get(page).content.decode()
    assert "Bob" not in browser.get(f"/admin/messaging/pollvote/?q={secret.id}").content.decode()


# --- Closing -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_its_author_and_moderators_close_a_poll_and_others_do_not(cast: Cast, api: Client) -> None:
    for closer in (cast.alice, cast.erin):
        asked = ask(cast.team, cast)
        vote(api(cast.bob), asked, 0)
        assert_problem(api(cast.bob).post(url(asked, "poll", "close")), 403, "forbidden")
        closed = api(closer).post(url(asked, "poll", "close"))
        assert (closed.status_code, closed.json()["closed"]) == (200, True)
        assert_problem(vote(api(cast.bob), asked, 1), 409, "conflict")
        assert_problem(vote(api(cast.bob), asked), 409, "conflict")
        assert counts(api(cast.bob).get(url(asked)).json()) == ([1, 0], 1)


@pytest.mark.django_db
def test_between_two_only_the_author_closes(cast: Cast) -> None:
    asked = ask(make_direct(cast.alice, cast.bob), cast)
    with pytest.raises(Forbidden):
        polls.close(cast.bob, UUID(asked.id))
    assert polls.close(cast.alice, UUID(asked.id)).closed


@pytest.mark.django_db
def test_closing_again_changes_nothing(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast)
    for _ in range(2):
        assert api(cast.alice).post(url(asked, "poll", "close")).json()["closed"] is True
    assert len(entries(cast.team)) == 1


@pytest.mark.django_db
def test_after_its_time_no_vote_counts_even_before_anybody_closed_it(cast: Cast, api: Client) -> None:
    asked = ask(cast.team, cast, closes_at=timezone.now() + DAY)
    assert vote(api(cast.bob), asked, 0).status_code == 200
    end_now(asked)
    assert_problem(vote(api(cast.bob), asked, 1), 409, "conflict")
    assert Poll.objects.get(pk=asked.id).closed_at is None


@pytest.mark.django_db
def test_polls_whose_time_has_come_are_closed_once_each(cast: Cast) -> None:
    due, later, open_end = (ask(cast.team, cast, closes_at=timezone.now() + DAY) for _ in range(3))
    gone = ask(cast.team, cast, closes_at=timezone.now() + DAY)
    end_now(due)
    end_now(gone)
    services.delete(cast.alice, UUID(gone.id))
    assert polls.close_due() == 1
    assert polls.close_due() == 0
    assert [entry.payload["message"] for entry in entries(cast.team)] == [due.id]
    closed = {str(row.pk): (row.poll or {}).get("closed") for row in Message.objects.filter(poll__isnull=False)}
    assert (closed[due.id], closed[later.id], closed[open_end.id]) == (True, False, False)
    assert Poll.objects.get(pk=due.id).closed_at is not None


@pytest.mark.django_db
def test_a_poll_of_an_archived_room_ends_in_its_time_too(cast: Cast) -> None:
    asked = ask(cast.team, cast, closes_at=timezone.now() + DAY)
    end_now(asked)
    rooms.archive(cast.alice, cast.team)
    assert polls.close_due() == 1


@pytest.mark.django_db
def test_a_poll_of_a_deleted_room_ends_when_the_room_is_back(cast: Cast) -> None:
    asked = ask(cast.team, cast, closes_at=timezone.now() + DAY)
    end_now(asked)
    rooms.delete_room(cast.alice, cast.team)
    assert polls.close_due() == 0
    rooms.restore_room(rooms.Staff(), cast.team)
    assert polls.close_due() == 1


@pytest.mark.django_db(transaction=True)
def test_processes_that_close_at_once_say_so_once(cast: Cast) -> None:
    asked = ask(cast.team, cast, closes_at=timezone.now() + DAY)
    end_now(asked)
    assert sorted(at_once([polls.close_due] * 3)) == [0, 0, 1]
    assert len(entries(cast.team)) == 1


# --- Live --------------------------------------------------------------------------------------


async def test_all_see_the_counts_and_ones_own_devices_ones_vote(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    asker, desk, phone = await world.socket(alice), await world.socket(bob), await world.socket(bob, audience="web")
    asked = await asker.sent(str(room.pk), "When?", poll={"options": ["Noon", "Evening"]})
    await desk.say("poll.vote", ref="v", message=asked["id"], options=[1])
    ballot = (await desk.expect("ack", ref="v"))["data"]
    assert (ballot["options"], counts(ballot)) == ([1], ([0, 1], 1))
    for socket in (asker, desk, phone):
        event = await socket.expect("poll.changed", room=str(room.pk))
        assert event["data"]["poll"] == ballot["poll"]
        assert bob.id not in json.dumps(event)
    assert "fragment" in event
    for device in (desk, phone):
        await device.expect("voted", message=asked["id"], room=str(room.pk), options=[1])
    await asker.say("poll.close", ref="c", message=asked["id"])
    assert (await asker.expect("ack", ref="c"))["data"]["closed"] is True
    assert (await phone.expect("poll.changed"))["data"]["poll"]["closed"] is True
    await desk.say("poll.vote", ref="w", message=asked["id"], options=[0])
    assert (await desk.expect("error", ref="w"))["code"] == "conflict"
    await asker.in_step()
    assert asker.count("voted") == 0


async def test_a_resume_shows_a_poll_as_it_is_now(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    asker = await world.socket(alice)
    asked = await asker.sent(str(room.pk), "When?", poll={"options": ["Noon", "Evening"]})
    for person in (alice, bob):
        await world.rest(person, "PUT", f"messages/{asked['id']}/vote/", {"options": [0]})
    late = await world.socket(bob, {str(room.pk): asked["seq"]})
    events = [frame for frame in late.events(str(room.pk)) if frame["type"] == "poll.changed"]
    assert counts(events[-1]["data"]) == ([2, 0], 2)
