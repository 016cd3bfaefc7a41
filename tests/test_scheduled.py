"""Scheduled messages: sent once, at their time; changed, cancelled, or refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs import queue
from jobs.models import Job, State
from jobs.worker import run_due
from messaging import pacing, scheduled
from messaging.models import Message, ScheduledMessage, SendRecord
from messaging.scheduled import ScheduledOut
from realtime.errors import Conflict, Invalid, NotFound, ReadOnly, TooLarge
from realtime.limits import Buckets
from rooms import services as rooms
from rooms.models import Room
from tests.concurrency import at_once
from tests.contract import ContractClient
from tests.factories import Cast, say
from tests.fixtures_server import World

Api = Callable[..., ContractClient]
HOUR = timedelta(hours=1)


def plan(
    user: User, room: Room, content: str = "Good morning", *, after: timedelta = HOUR, **fields: Any
) -> ScheduledOut:
    made = scheduled.Plan(room_id=room.pk, content=content, send_at=timezone.now() + after, **fields)
    return scheduled.create(user, made)


def come(*planned: ScheduledOut) -> int:
    """Let the time of these have come, and do what is due; return how many jobs there were."""
    past = timezone.now() - timedelta(seconds=1)
    for each in planned:
        ScheduledMessage.objects.filter(pk=each.id).update(send_at=past)
        Job.objects.filter(key=f"scheduled:{each.id}").update(due_at=past)
    return run_due()


def row(planned: ScheduledOut) -> ScheduledMessage:
    return ScheduledMessage.objects.get(pk=planned.id)


def sent(room: Room) -> list[str]:
    return list(Message.objects.in_room(room).filter(kind="text").order_by("number").values_list("content", flat=True))


# --- Sending --------------------------------------------------------------------------------------


def test_what_was_sent_or_cancelled_keeps_no_words_that_outlive_the_message(cast: Cast) -> None:
    kept, given_up = plan(cast.bob, cast.team, "regretted"), plan(cast.bob, cast.team, "thought better of")
    come(kept)
    scheduled.cancel(cast.bob, UUID(given_up.id))
    assert sent(cast.team) == ["regretted"]
    assert (row(kept).content, row(given_up).content) == ("", "")


@pytest.mark.django_db
def test_a_scheduled_message_is_sent_at_its_time_and_not_before(cast: Cast) -> None:
    original = say(cast.team, cast.alice, "A question")
    planned = plan(cast.bob, cast.team, "An answer", reply_to=UUID(original.id), silent=True)
    assert (run_due(), sent(cast.team)) == (0, ["A question"])
    assert come(planned) == 1
    message = Message.objects.get(content="An answer")
    assert (message.sender_id, message.reply_to_id, message.silent) == (cast.bob.pk, UUID(original.id), True)
    assert message.client_id == UUID(planned.id)
    assert (row(planned).state, row(planned).message_id) == ("sent", message.pk)
    assert not Job.objects.filter(key__startswith="scheduled:").exists()


@pytest.mark.django_db
def test_many_for_one_moment_go_at_the_pace_of_people(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "MESSAGE_BUCKETS", Buckets(rate=0.001, burst=12))
    planned = [plan(cast.bob, cast.team, letter * 10_000) for letter in "ab"]
    come(*planned)
    assert len(sent(cast.team)) == 1
    assert sorted(row(each).state for each in planned) == ["sent", "waiting"]
    monkeypatch.setattr(pacing, "MESSAGE_BUCKETS", Buckets(rate=0.001, burst=12))
    come(*planned)
    assert [row(each).state for each in planned] == ["sent", "sent"]


@pytest.mark.django_db
def test_its_job_comes_due_at_the_very_time(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    assert Job.objects.get(key=f"scheduled:{planned.id}").due_at == row(planned).send_at


@pytest.mark.django_db
def test_a_reply_in_a_thread_goes_there(cast: Cast) -> None:
    root = say(cast.team, cast.alice, "A root")
    come(plan(cast.bob, cast.team, "In its thread", thread=UUID(root.id)))
    assert Message.objects.get(content="In its thread").thread_root_id == UUID(root.id)


@pytest.mark.django_db
def test_a_job_that_runs_again_after_it_was_done_sends_nothing(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    come(planned)
    scheduled.send.func(planned.id)  # its worker was killed before it could say that it was done
    assert sent(cast.team) == ["Good morning"]
    # And not even where the row says that it still waits, as one from a backup does.
    ScheduledMessage.objects.update(state="waiting", message=None, content="Good morning")
    scheduled.send.func(planned.id)
    assert sent(cast.team) == ["Good morning"]
    assert row(planned).message_id == Message.objects.get(content="Good morning").pk
    assert SendRecord.objects.filter(client_id=planned.id).count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_try_at_once_send_once(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    ScheduledMessage.objects.update(send_at=timezone.now() - timedelta(seconds=1))
    assert at_once([lambda: scheduled.send.func(planned.id) for _ in range(6)]) == [None] * 6
    assert (sent(cast.team), row(planned).state) == (["Good morning"], "sent")


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_comes_in_time_or_too_late_and_never_in_between(cast: Cast) -> None:
    for _ in range(5):
        planned = plan(cast.bob, cast.team, content := uuid4().hex)
        ScheduledMessage.objects.filter(pk=planned.id).update(send_at=timezone.now() - timedelta(seconds=1))
        cancelled, done = at_once(
            [lambda p=planned: scheduled.cancel(cast.bob, UUID(p.id)), lambda p=planned: scheduled.send.func(p.id)]  # type: ignore[misc]
        )
        assert done is None
        was_sent = content in sent(cast.team)
        assert isinstance(cancelled, Conflict) if was_sent else cancelled is None
        assert row(planned).state == ("sent" if was_sent else "cancelled")


# --- What can come between ------------------------------------------------------------------------


def leave(cast: Cast) -> None:
    rooms.leave(cast.bob, cast.team)


def be_removed(cast: Cast) -> None:
    rooms.remove_member(cast.alice, cast.team, cast.bob)


def be_muted(cast: Cast) -> None:
    rooms.mute_member(cast.erin, cast.team, cast.bob, timezone.now() + timedelta(days=1))


def archive(cast: Cast) -> None:
    rooms.archive(cast.alice, cast.team)


def delete_room(cast: Cast) -> None:
    rooms.delete_room(cast.alice, cast.team)


def ask_for_more(cast: Cast) -> None:
    rooms.update_room(cast.alice, cast.team, settings={"permissions": {"post": "moderator"}})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event", "words"),
    [(leave, "no such room"), (be_removed, "no such room"), (be_muted, "muted"), (archive, "archived"),
     (delete_room, "no such room"), (ask_for_more, "not write")],
)  # fmt: skip
def test_what_the_room_refuses_is_kept_with_the_reason(
    cast: Cast, event: Callable[[Cast], None], words: str, api: Api
) -> None:
    planned = plan(cast.bob, cast.team)
    event(cast)
    assert come(planned) == 1
    assert (row(planned).state, sent(cast.team)) == ("failed", [])
    assert words in row(planned).problem
    (shown,) = api(cast.bob).get("/api/v1/scheduled/").json()["results"]
    assert (shown["state"], shown["problem"]) == ("failed", row(planned).problem)
    assert run_due() == 0  # it is its author's turn


@pytest.mark.django_db
def test_slow_mode_is_waited_for(cast: Cast) -> None:
    rooms.update_room(cast.alice, cast.team, settings={"slow_mode_s": 600})
    say(cast.team, cast.bob, "Just now")
    planned = plan(cast.bob, cast.team)
    began = timezone.now()
    assert come(planned) == 1
    job = Job.objects.get(key=f"scheduled:{planned.id}")
    assert (row(planned).state, job.state, job.attempts) == ("waiting", State.WAITING, 0)
    assert timedelta(seconds=590) < job.due_at - began < timedelta(seconds=610)
    rooms.update_room(cast.alice, cast.team, settings={})
    come(planned)
    assert row(planned).state == "sent"


@pytest.mark.django_db
def test_a_failed_one_is_given_another_time(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    archive(cast)
    come(planned)
    with pytest.raises(ReadOnly):
        scheduled.change(cast.bob, UUID(planned.id), send_at=timezone.now() + HOUR)
    rooms.unarchive(cast.alice, cast.team)
    changed = scheduled.change(cast.bob, UUID(planned.id), send_at=timezone.now() + HOUR)
    assert (changed.state, changed.problem) == ("waiting", "")
    come(planned)
    assert sent(cast.team) == ["Good morning"]


# --- Changing and cancelling ----------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_sent_is_what_it_was_changed_to(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    later = timezone.now() + 2 * HOUR
    changed = scheduled.change(cast.bob, UUID(planned.id), content="Good evening", send_at=later)
    assert changed.content == "Good evening"
    assert Job.objects.get(key=f"scheduled:{planned.id}").due_at == later  # one job, at the new time
    come(planned)
    assert sent(cast.team) == ["Good evening"]


@pytest.mark.django_db
def test_a_job_that_was_on_its_way_when_its_message_was_put_off_sends_nothing(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    Job.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    (running,) = queue.claim({"default": 1}, "w")
    scheduled.change(cast.bob, UUID(planned.id), send_at=timezone.now() + 2 * HOUR)
    scheduled.send.func(planned.id)
    queue.finish(running)
    assert sent(cast.team) == []
    come(planned)
    assert sent(cast.team) == ["Good morning"]


@pytest.mark.django_db
def test_a_cancelled_one_is_never_sent(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    scheduled.cancel(cast.bob, UUID(planned.id))
    assert (come(planned), sent(cast.team)) == (1, [])
    with pytest.raises(NotFound):
        scheduled.change(cast.bob, UUID(planned.id), content="x")


@pytest.mark.django_db
def test_what_has_been_sent_stays_sent(cast: Cast) -> None:
    planned = plan(cast.bob, cast.team)
    come(planned)
    for change in (lambda: scheduled.cancel(cast.bob, UUID(planned.id)),
                   lambda: scheduled.change(cast.bob, UUID(planned.id), content="x")):  # fmt: skip
        with pytest.raises(Conflict):
            change()


# --- What is refused at once ----------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("after", [timedelta(seconds=-1), timedelta(0), timedelta(days=367)])
def test_the_time_is_to_come_and_within_a_year(cast: Cast, after: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        plan(cast.bob, cast.team, after=after)
    assert "send_at" in refused.value.fields


@pytest.mark.django_db
def test_it_has_to_be_a_message_that_its_author_could_send_now(cast: Cast, settings: Any) -> None:
    elsewhere = say(cast.lobby, cast.bob, "Elsewhere")
    with pytest.raises(Invalid):
        plan(cast.bob, cast.team, "  ")
    with pytest.raises(TooLarge):
        plan(cast.bob, cast.team, "x" * (settings.MESSAGE_MAX_LENGTH + 1))
    with pytest.raises(NotFound):
        plan(cast.mallory, cast.team)
    with pytest.raises(ReadOnly):
        plan(cast.bob, cast.news)
    for field in ("reply_to", "thread"):
        with pytest.raises(NotFound):
            plan(cast.bob, cast.team, **{field: UUID(elsewhere.id)})
    root = say(cast.team, cast.bob, "A root")
    reply = say(cast.team, cast.bob, "A reply", thread=UUID(root.id))
    with pytest.raises(Invalid):
        plan(cast.bob, cast.team, thread=UUID(reply.id))
    archive(cast)
    with pytest.raises(ReadOnly):
        plan(cast.bob, cast.team)
    assert not ScheduledMessage.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_user_has_so_many_waiting_however_fast_they_come(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "WAITING_MAX", 3)
    _ = cast.team, cast.bob
    results = at_once([lambda: plan(cast.bob, cast.team) for _ in range(6)])
    assert sum(isinstance(each, Conflict) for each in results) == 3
    assert ScheduledMessage.objects.count() == 3
    plan(cast.carol, cast.team)  # another's are another's


# --- REST -----------------------------------------------------------------------------------------


def body(room: Room, **fields: Any) -> dict[str, Any]:
    return {"room": str(room.pk), "content": "By REST", "send_at": (timezone.now() + HOUR).isoformat(), **fields}


@pytest.mark.django_db
def test_scheduling_changing_and_cancelling_by_rest(cast: Cast, api: Api) -> None:
    bob = api(cast.bob)
    made = bob.post("/api/v1/scheduled/", body(cast.team))
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    path = f"/api/v1/scheduled/{made.json()['id']}/"
    assert bob.patch(path, {"content": "Changed", "silent": True}).json()["content"] == "Changed"
    assert [each["content"] for each in bob.get("/api/v1/scheduled/").json()["results"]] == ["Changed"]
    assert bob.delete(path).status_code == 204
    assert bob.get("/api/v1/scheduled/").json() == {"results": [], "next": None}
    assert bob.delete(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [({"send_at": "tomorrow"}, 400, "send_at"), ({"send_at": "2026-01-01T10:00:00"}, 400, "send_at"),
     ({"send_at": "2001-01-01T10:00:00Z"}, 400, "send_at"), ({"content": ""}, 400, "content"),
     ({"content": 7}, 400, "content"), ({"room": "x"}, 400, "room"), ({"room": str(uuid4())}, 404, None)],
)  # fmt: skip
def test_bad_input_is_told_by_field(
    cast: Cast, api: Api, fields: dict[str, Any], status: int, field: str | None
) -> None:
    answer = api(cast.bob).post("/api/v1/scheduled/", body(cast.team) | fields)
    assert answer.status_code == status
    assert field is None or field in answer.json()["errors"]


@pytest.mark.django_db
def test_nobody_sees_or_touches_anothers(cast: Cast, api: Api) -> None:
    planned = plan(cast.bob, cast.team)
    path = f"/api/v1/scheduled/{planned.id}/"
    for other in (cast.alice, cast.mallory, cast.staff):
        assert api(other).get("/api/v1/scheduled/").json()["results"] == []
        assert api(other).patch(path, {"content": "x"}).status_code == 404
        assert api(other).delete(path).status_code == 404
    assert api().get("/api/v1/scheduled/").status_code == 401
    assert row(planned).state == "waiting"


@pytest.mark.django_db
def test_the_list_pages_by_cursor_the_next_to_be_sent_first(cast: Cast, api: Api) -> None:
    at = timezone.now() + HOUR
    for number in (3, 1, 2, 0, 4):
        # Two at the same time: their ids decide.
        when = at + timedelta(minutes=number // 2)
        scheduled.create(cast.bob, scheduled.Plan(room_id=cast.team.pk, content=str(number), send_at=when))
    bob, cursor, seen = api(cast.bob), "", []
    while cursor is not None:
        answer = bob.get("/api/v1/scheduled/", {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += answer["results"]
        cursor = answer["next"]
    assert sorted(each["content"] for each in seen) == ["0", "1", "2", "3", "4"]
    assert [each["send_at"] for each in seen] == sorted(each["send_at"] for each in seen)
    assert bob.get("/api/v1/scheduled/?cursor=x").status_code == 400


# --- The page -------------------------------------------------------------------------------------


@pytest.fixture
def browser(cast: Cast, client: Client) -> Client:
    client.force_login(cast.bob)
    return client


@pytest.mark.django_db
def test_the_page_changes_and_cancels_without_a_script(cast: Cast, browser: Client) -> None:
    cast.bob.time_zone = "Europe/Berlin"
    cast.bob.save()
    planned = plan(cast.bob, cast.team, "Guten <Morgen>")
    page = browser.get("/scheduled/").content.decode()
    assert "Guten &lt;Morgen&gt;" in page
    assert "(Europe/Berlin)" in page
    (local,) = re.findall(r'name="send_at" value="([^"]+)"', page)
    assert datetime.fromisoformat(local) - row(planned).send_at.replace(tzinfo=None) > timedelta(minutes=59)
    wanted = (timezone.now() + timedelta(days=30)).strftime("%Y-%m-%dT09:30")
    fields = {"scheduled": planned.id, "content": "Changed\r\nhere", "send_at": wanted, "zone": "America/New_York"}
    assert browser.post("/scheduled/", fields).headers["Location"] == "/scheduled/"
    changed = row(planned)
    assert (changed.content, changed.send_at.minute) == ("Changed\nhere", 30)
    assert changed.send_at.hour in (13, 14)  # half past nine in New York, in summer or winter
    browser.post("/scheduled/", {"scheduled": planned.id, "cancel": "1"})
    assert row(planned).state == "cancelled"
    assert "Nothing is scheduled" in browser.get("/scheduled/").content.decode()


@pytest.mark.django_db
def test_the_panel_gets_the_content_alone_and_says_what_was_refused(cast: Cast, browser: Client) -> None:
    planned = plan(cast.bob, cast.team)
    panel = {"headers": {"X-Panel": "1"}}
    answer = browser.get("/scheduled/", **panel)
    assert answer.headers["X-Panel"] == "1"
    assert "<html" not in answer.content.decode()
    for when in ("2001-01-01T10:00", "soon", "", "9999-12-31T23:59"):
        fields = {"scheduled": planned.id, "content": "x", "send_at": when, "zone": "No/Such"}
        refused = browser.post("/scheduled/", fields, **panel).content.decode()
        assert "notice is-error" in refused
    assert row(planned).content == "Good morning"
    assert browser.post("/scheduled/", {"scheduled": "x"}).status_code == 404


@pytest.mark.django_db
def test_a_failed_one_says_why_also_in_a_room_that_one_has_left(cast: Cast, browser: Client) -> None:
    planned = plan(cast.bob, cast.team, "Lost")
    leave(cast)
    come(planned)
    page = browser.get("/scheduled/").content.decode()
    assert "Not sent." in page
    assert "A room that you are no longer in" in page
    assert "Lost" in page


@pytest.mark.django_db
def test_the_page_leafs_through_many(cast: Cast, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.panels.scheduled.LIST_PAGE", 2)
    for number in range(3):
        plan(cast.bob, cast.team, f"Number {number}", after=(number + 1) * HOUR)
    first = browser.get("/scheduled/").content.decode()
    (following,) = re.findall(r'href="/scheduled/(\?after=[^"]+)"', first)
    second = browser.get(f"/scheduled/{following}").content.decode()
    assert ["Number 0" in first, "Number 1" in first, "Number 2" in first] == [True, True, False]
    assert "Number 2" in second
    assert browser.get("/scheduled/?after=nonsense").status_code == 200


@pytest.mark.django_db
def test_staff_see_that_it_is_there_and_not_what_it_says(cast: Cast, client: Client) -> None:
    planned = plan(cast.bob, cast.team, "Between us")
    client.force_login(cast.staff)
    for path in ("?q=@bob", f"{planned.id}/change/"):
        page = client.get(f"/admin/messaging/scheduledmessage/{path}").content.decode()
        assert ">Bob<" in page
        assert "Between us" not in page


# --- Live -----------------------------------------------------------------------------------------


async def test_every_device_of_the_author_learns_how_it_stands_and_the_room_gets_it(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    one, two, ears = await world.socket(alice), await world.socket(alice), await world.socket(bob)
    soon = (timezone.now() + timedelta(seconds=1)).isoformat()
    fields = {"room": str(room.pk), "content": "Soon", "send_at": soon}
    status, made = await world.rest(alice, "POST", "scheduled/", fields)
    assert status == 201
    for device in (one, two):
        assert (await device.expect("scheduled"))["data"] == made
    told = await ears.expect("message.created")
    assert (told["data"]["content"], told["data"]["client_id"]) == ("Soon", made["id"])
    for device in (one, two):
        now = (await device.expect("scheduled"))["data"]
        assert (now["state"], now["message"]) == ("sent", told["data"]["id"])
    assert ears.count("scheduled") == 0
