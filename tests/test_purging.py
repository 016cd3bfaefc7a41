"""Retention: what goes, what stays, who is told, and what nobody is shown in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from messaging import composing, dates, pages, polls, purging, saved, services
from messaging.append import append
from messaging.drafts import Draft, NewPoll
from messaging.models import (
    ComposerDraft,
    Mention,
    Message,
    MessageRevision,
    Pin,
    Poll,
    PollVote,
    Reaction,
    Receipt,
    SavedMessage,
    ScheduledMessage,
    SendRecord,
    ThreadFollow,
)
from messaging.orphans import orphans
from realtime.errors import NotFound
from rooms.models import LogEntry, Room, RoomHead
from rooms.summaries import summary
from tests.concurrency import at_once, raised
from tests.contract import ContractClient
from tests.factories import Cast, make_room, membership_of, say
from tests.fixtures_server import World
from tests.test_rest import assert_problem, room_url

Client = Callable[..., ContractClient]
DAY = timedelta(days=1)
HOUR_S = 3_600


def an_archive(cast: Cast, *ages: timedelta) -> tuple[Room, list[UUID]]:
    """A room with Bob in it and a message of each of these ages, oldest first; their ids."""
    room = make_room(cast.alice, cast.bob)
    # As old as its oldest message: its own notices would else be newer than what follows.
    Message.objects.filter(room=room).delete()
    RoomHead.objects.filter(pk=room.pk).update(last_id=None)
    now = timezone.now()
    drafts = [
        Draft(
            room_id=room.pk,
            sender_id=cast.alice.pk,
            content=f"{age} ago",
            client_id=uuid4(),
            imported_at=now - age,
        )
        for age in sorted(ages, reverse=True)
    ]
    return room, [UUID(outcome.message.id) for outcome in append(drafts) if outcome.message]


def keep(room: Room, seconds: int | None) -> None:
    """Decide how long the room keeps its messages, without the notice that tells of it."""
    Room.objects.filter(pk=room.pk).update(settings={"retention_s": seconds} if seconds else {})


def head_of(room: Room) -> RoomHead:
    return RoomHead.objects.get(pk=room.pk)


def contents(room: Room) -> list[str]:
    return list(Message.objects.in_room(room).order_by("number").values_list("content", flat=True))


def purged_entries(room: Room) -> list[dict[str, Any]]:
    entries = LogEntry.objects.filter(room=room, kind="messages.purged").order_by("seq")
    return list(entries.values_list("payload", flat=True))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "CHUNK", 3)


# --- What goes and what stays ------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_older_than_its_room_keeps_it_goes_and_the_rest_stays(cast: Cast) -> None:
    room, _ = an_archive(cast, 5 * DAY, 3 * DAY, DAY / 2)
    say(room, cast.bob, "now")
    keep(room, 24 * HOUR_S)
    assert purging.purge_due() == 2
    assert contents(room) == ["12:00:00 ago", "now"]


@pytest.mark.django_db
def test_a_room_without_retention_keeps_everything(cast: Cast) -> None:
    room, ids = an_archive(cast, 5 * DAY, 3000 * DAY)
    assert purging.purge_due() == 0
    assert Message.objects.in_room(room).count() == len(ids)
    assert purged_entries(room) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("chunk", "told"), [(500, 1), (3, 2)])
def test_an_event_tells_where_the_room_begins_now_and_of_many_when_the_last_has_gone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, chunk: int, told: int
) -> None:
    monkeypatch.setattr(purging, "CHUNK", chunk)
    room, ids = an_archive(cast, *(timedelta(days=2, minutes=minute) for minute in range(10)), DAY / 2)
    last_gone = Message.objects.get(pk=ids[9])
    keep(room, 24 * HOUR_S)
    assert purging.purge_due() == 10
    assert (
        purged_entries(room)
        == [{"floor_seq": last_gone.seq, "floor_number": last_gone.number, "reason": "retention"}] * told
    )
    head = head_of(room)
    assert (head.floor_seq, head.floor_number, head.floor_index) == (
        last_gone.seq, last_gone.number, last_gone.unread_index
    )  # fmt: skip


@pytest.mark.django_db
def test_nothing_is_told_when_nothing_is_due(cast: Cast) -> None:
    room, _ = an_archive(cast, 2 * DAY, DAY / 2)
    keep(room, 24 * HOUR_S)
    purging.purge_due()
    before = head_of(room).last_seq
    assert purging.purge_due() == 0
    assert head_of(room).last_seq == before


@pytest.mark.django_db
def test_a_room_of_which_nothing_is_left_goes_on_at_the_next_number(cast: Cast) -> None:
    room, ids = an_archive(cast, 3 * DAY, 2 * DAY)
    number = Message.objects.get(pk=ids[-1]).number
    keep(room, HOUR_S)
    assert purging.purge_due() == 2
    page = pages.page(room)
    assert (page.results, page.has_before, page.has_after) == ([], False, False)
    assert dates.number_at(room.pk, timezone.now() - 30 * DAY) is None
    assert say(room, cast.bob).number == number + 1


@pytest.mark.django_db
def test_all_that_refers_to_a_message_goes_with_it(cast: Cast, small_chunks: None) -> None:
    room = make_room(cast.alice, cast.bob)
    for turn in range(2):
        asked = say(room, cast.alice, f"Lunch? @bob {turn}", poll=NewPoll(options=["Yes", "No"]))
        message_id = UUID(asked.id)
        polls.vote(cast.bob, message_id, [0])
        services.react(cast.bob, message_id, "👍")
        services.pin(cast.alice, message_id)
        services.edit(cast.alice, message_id, f"Dinner? @bob {turn}")
        saved.save(cast.bob, message_id, "note")
        root = say(room, cast.alice, "thread")
        say(room, cast.bob, "reply", thread=UUID(root.id))
        composing.set_draft(cast.bob.pk, room.pk, "half", thread=UUID(root.id))
        composing.set_draft(cast.bob.pk, room.pk, "half", reply_to=message_id)
        Receipt.objects.create(
            room=room, user=cast.bob, kind="read", from_number=root.number, to_number=root.number, at=timezone.now()
        )
    ScheduledMessage.objects.create(
        sender=cast.bob, room=room, content="later", reply_to_id=message_id, send_at=timezone.now() + DAY,
        created_at=timezone.now(),
    )  # fmt: skip
    tables = (Mention, Reaction, MessageRevision, Pin, Poll, PollVote, SavedMessage, ThreadFollow, Receipt)
    assert all(model._default_manager.exists() for model in tables)
    sends = SendRecord.objects.count()
    assert purging.purge(room.pk, before=timezone.now() + DAY, reason="retention") > 0
    assert [model.__name__ for model in tables if model._default_manager.exists()] == []
    assert [(draft.content, draft.thread_root_id, draft.reply_to_id) for draft in ComposerDraft.objects.all()] == [
        ("half", None, None)
    ]
    assert ScheduledMessage.objects.get().reply_to_id is None
    assert SendRecord.objects.count() == sends
    assert set(LogEntry.objects.filter(room=room).values_list("kind", flat=True)) == {"messages.purged"}
    call_command("check_messages", stdout=StringIO())


@pytest.mark.django_db
def test_a_retry_of_a_message_that_was_purged_is_gone(cast: Cast, api: Client) -> None:
    room, client_id = make_room(cast.alice), str(uuid4())
    ask = {"content": "once", "client_id": client_id}
    assert api(cast.alice).post(room_url(room, "messages"), ask).status_code == 201
    purging.purge(room.pk, before=timezone.now() + DAY, reason="retention")
    assert_problem(api(cast.alice).post(room_url(room, "messages"), ask), 410, "gone")


@pytest.mark.django_db
def test_a_reply_outlives_what_it_answers(cast: Cast, api: Client) -> None:
    room, (old, _) = an_archive(cast, 3 * DAY, DAY / 2)
    reply = say(room, cast.bob, "so late", reply_to=old)
    in_thread = say(room, cast.bob, "later still", thread=old)
    keep(room, 24 * HOUR_S)
    purging.purge_due()
    for message in (reply, in_thread):
        read = api(cast.bob).get(f"/api/v1/messages/{message.id}/").json()
        assert (read["content"], read["reply_to"]) == (message.content, None)
    with pytest.raises(NotFound):
        say(room, cast.bob, "too late", thread=old)
    call_command("check_messages", stdout=StringIO())


@pytest.mark.django_db
def test_what_others_registered_is_removed_in_the_same_transaction(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    room, ids = an_archive(cast, *(timedelta(days=2, minutes=minute) for minute in range(4)), DAY / 2)
    heard: list[UUID] = []
    monkeypatch.setattr(purging, "_listeners", [])
    purging.on_purge(lambda purged: heard.extend(purged.message_ids))
    keep(room, 24 * HOUR_S)
    purging.purge_due()
    assert heard == ids[:4]


@pytest.mark.django_db
def test_the_times_of_ids_count_so_what_was_imported_late_goes_late(cast: Cast) -> None:
    room = make_room(cast.alice)
    say(room, cast.alice, "native")
    append([Draft(room_id=room.pk, sender_id=cast.alice.pk, content="old words", client_id=uuid4(),
                  imported_at=timezone.now() - 300 * DAY)])  # fmt: skip
    keep(room, 24 * HOUR_S)
    assert purging.purge_due() == 0
    assert contents(room)[-2:] == ["native", "old words"]


# --- What nobody is shown ----------------------------------------------------------------------


@pytest.mark.django_db
def test_unread_does_not_count_what_has_gone(cast: Cast) -> None:
    room = make_room(cast.alice, cast.bob)
    for index in range(4):
        say(room, cast.alice, f"{index}")
    seen = summary(cast.bob.pk, room)
    assert seen is not None
    assert seen.unread == 4
    first_kept = Message.objects.get(room=room, content="2")
    purging.raise_floor(room.pk, first_kept.created_at, "retention")
    seen = summary(cast.bob.pk, room)
    assert seen is not None
    assert seen.unread == 2
    assert membership_of(room, cast.bob).read_index == 0


@pytest.mark.django_db
def test_pages_begin_at_the_floor_even_before_the_rows_have_gone(
    cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "CHUNK", 1)
    room, _ = an_archive(cast, 3 * DAY, 2 * DAY, DAY / 2)
    assert purging.raise_floor(room.pk, timezone.now() - DAY, "retention") == 1
    assert Message.objects.in_room(room).count() == 2
    for ask in ({}, {"after": 0}, {"around": 1}, {"at": "2000-01-01T00:00:00Z"}, {"before": 100}):
        page = api(cast.bob).get(room_url(room, "messages"), ask).json()
        assert [message["content"] for message in page["results"]] == ["12:00:00 ago"], ask
        assert page["has_before"] is False


@pytest.mark.django_db
def test_what_lies_below_the_floor_can_be_neither_read_nor_changed_nor_answered(
    cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are still being removed; those who knew of it know of nothing any more."""
    monkeypatch.setattr(purging, "CHUNK", 1)
    room, (_, going, staying) = an_archive(cast, DAY * 5, DAY * 4, DAY)
    client_id = uuid4()
    answer = Draft(room_id=room.pk, sender_id=cast.bob.pk, content="To that", client_id=uuid4(), reply_to=going)
    assert append([answer])[0].error is None
    Message.objects.filter(pk=going).update(sender=cast.bob)
    SendRecord.objects.create(
        sender=cast.bob, client_id=client_id, message_id=going, room_id=room.pk,
        digest=(again := Draft(room_id=room.pk, sender_id=cast.bob.pk, content="4", client_id=client_id)).digest(),
    )  # fmt: skip
    services.pin(cast.bob, going)
    saved.save(cast.bob, going)
    keep(room, 2 * 86_400)
    assert purging.raise_floor(room.pk, timezone.now() - DAY * 2, "retention") == 1
    assert Message.objects.filter(pk=going).exists()
    for change in (
        lambda: services.react(cast.bob, going, "👍"),
        lambda: services.edit(cast.bob, going, "Still here"),
        lambda: services.pin(cast.bob, going),
        lambda: services.delete(cast.bob, going),
        lambda: composing.set_draft(cast.bob.pk, room.pk, "On it", reply_to=going),
    ):
        with pytest.raises(NotFound):
            change()
    client = api(cast.bob)
    for fields in ({"reply_to": str(going)}, {"thread": str(going)}):
        refused = client.post(room_url(room, "messages"), {"content": "To that", **fields})
        assert_problem(refused, 404, "not_found")
    assert_problem(client.post(room_url(room, "messages"), {"content": "4", "client_id": str(client_id)}), 410, "gone")
    assert str(append([again])[0].error).startswith("The message that this client_id named")
    assert client.get(room_url(room, "pins")).json()["results"] == []
    assert client.get("/api/v1/saved/").json()["results"] == []
    log = client.get(room_url(room, "log"), {"after": head_of(room).floor_seq}).json()
    shown = [entry["data"] for entry in log["results"] if entry["type"] in ("message.created", "message.pinned")]
    assert next(each["id"] for each in shown if "id" in each) == str(staying)
    assert all(each.get("reply_to") is None for each in shown)


@pytest.mark.django_db
def test_a_purge_that_was_cut_short_is_finished_by_the_next(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    room, ids = an_archive(cast, *(timedelta(days=2, minutes=minute) for minute in range(7)), DAY / 2)
    keep(room, 24 * HOUR_S)
    seen: list[int] = []

    def fail_at_the_second(purged: purging.Purged) -> None:
        seen.append(purged.number)
        if len(seen) == 2:
            raise RuntimeError("the machine lost power")

    monkeypatch.setattr(purging, "_listeners", [fail_at_the_second])
    with pytest.raises(RuntimeError):
        purging.purge_due()
    assert Message.objects.in_room(room).count() == len(ids) - 3
    keep(room, None)  # the floor stands, whatever is decided meanwhile
    assert purging.purge_due() == 4
    assert Message.objects.in_room(room).count() == len(ids) - 7


@pytest.mark.django_db
def test_the_log_no_longer_reaches_below_the_floor(cast: Cast, api: Client) -> None:
    room, ids = an_archive(cast, 3 * DAY, 2 * DAY, DAY / 2)
    floor = Message.objects.get(pk=ids[1]).seq
    keep(room, 24 * HOUR_S)
    purging.purge_due()
    client = api(cast.bob)
    assert_problem(client.get(room_url(room, "log"), {"after": floor - 1}), 410, "gone")
    events = client.get(room_url(room, "log"), {"after": floor}).json()
    assert [event["type"] for event in events["results"]] == ["message.created", "messages.purged"]
    assert events["floor_seq"] == floor


# --- References that go astray -----------------------------------------------------------------


@pytest.mark.django_db
def test_orphans_are_counted_and_removed_on_request(cast: Cast) -> None:
    message = say(cast.team, cast.alice)
    services.react(cast.bob, UUID(message.id), "👍")
    saved.save(cast.bob, UUID(message.id))
    later = say(cast.team, cast.bob, "and", reply_to=UUID(message.id))
    Message.objects.filter(pk=message.id).delete()  # as nothing in the product does
    out = StringIO()
    with pytest.raises(CommandError, match="3 references"):
        call_command("check_messages", stdout=out)
    assert out.getvalue().splitlines() == [
        "messaging_reaction.message_id: 1",
        "messaging_savedmessage.message_id: 1",
        "messaging_message.reply_to_id: 1",
    ]
    call_command("check_messages", "--remove", stdout=StringIO())
    assert sum(each.rows.count() for each in orphans()) == 0
    assert Message.objects.get(pk=later.id).reply_to_id is None


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_behind_by_those_who_act_while_their_message_goes(cast: Cast) -> None:
    """Whoever is first: what was done goes along, what comes after finds no message."""
    room = make_room(cast.alice, cast.bob, cast.carol)
    for _ in range(6):
        message_id = UUID(say(room, cast.alice, "Lunch?", poll=NewPoll(options=["Yes", "No"])).id)
        results = at_once(
            [
                partial(services.react, cast.bob, message_id, "👍"),
                partial(saved.save, cast.carol, message_id),
                partial(services.follow, cast.carol, message_id),
                partial(polls.vote, cast.carol, message_id, [0]),
                partial(composing.set_draft, cast.bob.pk, room.pk, "x", thread=message_id),
                partial(say, room, cast.bob, "And", thread=message_id),
                partial(purging.purge, room.pk, before=timezone.now() + DAY, reason="retention"),
            ]
        )
        assert all(isinstance(error, NotFound) for error in raised(results)), results
        call_command("check_messages", stdout=StringIO())


# --- On the socket -----------------------------------------------------------------------------


async def test_those_who_are_there_hear_where_the_room_begins_now(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    speaker, ears = await world.socket(alice), await world.socket(bob)
    message = await speaker.sent(str(room.pk), "soon gone")
    await world.shell(purging.purge, room.pk, before=timezone.now() + DAY, reason="retention")
    for socket in (speaker, ears):
        event = await socket.expect("messages.purged", room=str(room.pk))
        assert event["data"] == {
            "floor_seq": message["seq"], "floor_number": message["number"], "reason": "retention"
        }  # fmt: skip
    assert (await speaker.sent(str(room.pk), "after"))["number"] == message["number"] + 1


async def test_a_cursor_below_the_floor_is_reset_and_one_above_it_goes_on(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    speaker = await world.socket(alice)
    gone = [await speaker.sent(str(room.pk), f"{index}") for index in range(3)]
    await world.shell(purging.purge, room.pk, before=timezone.now() + DAY, reason="retention")
    kept = await speaker.sent(str(room.pk), "kept")
    await speaker.reach(str(room.pk), kept["seq"])  # its process has heard of the purge by then
    below = await world.socket(bob, {str(room.pk): gone[1]["seq"]})
    await below.expect("room.reset", room=str(room.pk), head_seq=kept["seq"])
    assert below.seqs(str(room.pk)) == []
    at_floor = await world.socket(bob, {str(room.pk): gone[2]["seq"]})
    assert at_floor.seqs(str(room.pk)) == [kept["seq"] - 1, kept["seq"]]
