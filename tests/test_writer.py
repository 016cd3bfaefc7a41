"""What `append` refuses and what it puts off, and the socket's writer that lives with both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from typing import cast as typed
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from accounts import services as accounts
from messaging import store
from messaging.append import Outcome, append
from messaging.drafts import CLIENT_CLOCK_TOLERANCE
from messaging.writer import BACKLOG_MAX, BATCH_MAX, HEAD_PATIENCE_S, Writer
from realtime.errors import Unavailable
from rooms import log
from rooms import services as rooms
from rooms.models import Membership, Room, RoomHead
from tests.database_faults import PATIENCE_S, closing, holding, refusing, someone_waits_for_a_lock, wait_until
from tests.factories import Cast, make_room, membership_of, say
from tests.test_append import assert_dense, became, contents, draft

pytestmark = pytest.mark.django_db(transaction=True)


# --- What a draft may not be --------------------------------------------------------------------

BAD_CONTENT = {
    "empty": ("", "invalid"),
    "blank": (" \n\t\u00a0\u3000", "invalid"),
    "one character too long": ("x" * (settings.MESSAGE_MAX_LENGTH + 1), "too_large"),
    "NUL": ("before\0after", "invalid"),
    "half a surrogate pair": ("\ud83d", "invalid"),
}


@pytest.mark.parametrize(("content", "code"), BAD_CONTENT.values(), ids=BAD_CONTENT)
def test_content_that_cannot_be_is_refused_alone(cast: Cast, content: str, code: str) -> None:
    drafts = [draft(cast.team, cast.alice, each) for each in ("before", content, "after")]
    assert became(append(drafts)) == ["stored", code, "stored"]
    assert contents(cast.team) == ["before", "after"]
    assert_dense(cast.team)


def test_the_longest_content_is_stored_to_the_letter(cast: Cast) -> None:
    longest = "\U0001f600" * settings.MESSAGE_MAX_LENGTH
    assert say(cast.team, cast.alice, longest).content == longest
    assert contents(cast.team) == [longest]


def test_nobody_writes_where_they_do_not_belong(cast: Cast) -> None:
    left, deleted, archived = (make_room(cast.alice, cast.bob) for _ in range(3))
    rooms.leave(cast.bob, left)
    rooms.delete_room(cast.alice, deleted)
    rooms.archive(cast.alice, archived)
    drafts = {
        "a room of others": draft(cast.team, cast.mallory),
        "no room at all": draft(uuid4(), cast.mallory),
        "a room that was left": draft(left, cast.bob),
        "a deleted room": draft(deleted, cast.bob),
        "an archived room": draft(archived, cast.bob),
        "a channel as a mere member": draft(cast.news, cast.bob),
        "as nobody": draft(cast.team, cast.alice, sender_id=uuid4()),
    }
    outcomes = dict(zip(drafts, became(append([*drafts.values(), draft(cast.team, cast.bob, "mine")])), strict=False))
    # Missing and hidden answer alike; who sees the room is told why they may not write.
    assert outcomes.pop("an archived room") == "read_only"
    assert outcomes.pop("a channel as a mere member") == "read_only"
    assert set(outcomes.values()) == {"not_found"}
    assert contents(cast.team) == ["mine"]


def test_the_suspended_and_the_muted_are_refused(cast: Cast) -> None:
    team = cast.team
    accounts.suspend(cast.bob, reason="spam")
    rooms.mute_member(cast.alice, team, cast.carol, timezone.now() + timedelta(hours=1))
    outcomes = append([draft(team, each) for each in (cast.bob, cast.carol, cast.alice)])
    assert became(outcomes) == ["forbidden", "read_only", "stored"]
    assert 0 < outcomes[1].error.retry_after <= 3_600


def test_a_reply_names_a_message_of_its_room(cast: Cast) -> None:
    elsewhere = UUID(say(make_room(cast.alice), cast.alice).id)
    here = UUID(say(cast.team, cast.alice, "question").id)
    outcomes = append([draft(cast.team, cast.bob, reply_to=each) for each in (elsewhere, uuid4(), here)])
    assert became(outcomes) == ["not_found", "not_found", "stored"]
    assert outcomes[2].message.reply_to.content == "question"


def test_a_clock_six_minutes_off_is_refused_and_four_are_not(cast: Cast) -> None:
    minutes = (-6, -4, 4, 6)
    drafts = [draft(cast.team, cast.alice, client_time=timezone.now() + timedelta(minutes=each)) for each in minutes]
    assert timedelta(minutes=4) < CLIENT_CLOCK_TOLERANCE < timedelta(minutes=6)
    assert became(append(drafts)) == ["invalid", "stored", "stored", "invalid"]


def test_ones_own_message_is_read_and_the_others_are_not(cast: Cast) -> None:
    say(cast.team, cast.bob)
    say(cast.team, cast.alice)
    head = RoomHead.objects.get(room=cast.team)
    assert membership_of(cast.team, cast.alice).read_number == head.last_number
    assert membership_of(cast.team, cast.bob).read_number == head.last_number - 1
    assert head.last_index == 2  # the joins before count as nobody's unread


# --- What the database refuses ------------------------------------------------------------------


@pytest.mark.parametrize("places", [[0], [7], [0, 1, 15], list(range(16))], ids=str)
def test_the_database_refuses_one_draft_and_the_others_are_stored(cast: Cast, places: list[int]) -> None:
    texts = ["poison" if place in places else f"fine {place}" for place in range(16)]
    with refusing("poison"):
        outcomes = append([draft(cast.team, cast.alice, text) for text in texts])
    assert became(outcomes) == ["invalid" if text == "poison" else "stored" for text in texts]
    assert contents(cast.team) == [text for text in texts if text != "poison"]
    assert_dense(cast.team)


def test_a_refused_draft_spoils_no_transaction_around_it(cast: Cast) -> None:
    with refusing("poison"):
        with transaction.atomic():
            drafts = [draft(cast.team, cast.alice, text) for text in ("fine", "poison", "well")]
            assert became(append(drafts)) == ["stored", "invalid", "stored"]
        assert contents(cast.team) == ["fine", "well"]
    assert_dense(cast.team)


def test_a_database_that_fails_after_half_of_a_split_batch_denies_only_the_other_half(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, begun = store.begin, 0

    @contextmanager
    def begin_twice(patience: float | None = None) -> Iterator[Any]:
        nonlocal begun
        begun += 1
        if begun > 2:  # the whole batch, its first half, and no more
            raise OperationalError("the connection is closed")
        with begin(patience) as said:
            yield said

    drafts = [draft(cast.team, cast.alice, text) for text in ("one", "two", "poison", "three")]
    with refusing("poison"), monkeypatch.context() as patched:
        patched.setattr(store, "begin", begin_twice)
        assert became(append(drafts)) == ["stored", "stored", "unavailable", "unavailable"]
    assert contents(cast.team) == ["one", "two"]
    assert_dense(cast.team)


# --- Heads and rows that others hold ------------------------------------------------------------


@pytest.mark.needs_postgres
def test_a_held_room_is_put_off_and_the_others_go_on(cast: Cast) -> None:
    free = make_room(cast.alice)
    with holding(partial(log.lock, [cast.team.pk])):
        outcomes = append([draft(each, cast.alice) for each in (cast.team, free, cast.team)], patience=HEAD_PATIENCE_S)
    assert became(outcomes) == ["deferred", "stored", "deferred"]


@pytest.mark.needs_postgres
def test_a_read_position_that_is_being_written_refuses_nobody(cast: Cast) -> None:
    held = Membership.objects.select_for_update(no_key=True).filter(pk=membership_of(cast.team, cast.alice).pk)
    drafts = [draft(cast.team, cast.alice), draft(make_room(cast.bob), cast.bob)]
    with holding(lambda: list(held)) as release, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(closing(lambda: append(drafts, patience=HEAD_PATIENCE_S)))
        wait_until(lambda: someone_waits_for_a_lock(2 * HEAD_PATIENCE_S) or waiting.done())
        release()
        assert became(waiting.result(PATIENCE_S)) == ["stored"] * 2


# --- The writer ---------------------------------------------------------------------------------


class Answers:
    """A loop that runs what it is given at once, and what the writer answered through it."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []

    def call_soon_threadsafe(self, call: Callable[..., object], *args: Any) -> None:
        call(*args)

    def is_closed(self) -> bool:
        return False

    def of(self, name: str) -> Callable[[Outcome], None]:
        return lambda outcome: self.given.append((name, became([outcome])[0]))


@contextmanager
def writing() -> Iterator[tuple[Writer, Answers]]:
    answers = Answers()
    writer = Writer(typed(Any, answers))
    try:
        yield writer, answers
    finally:
        writer.stop()


def submit(writer: Writer, answers: Answers, room: Room, sender: Any, *names: str) -> None:
    for name in names:
        writer.submit(draft(room, sender, name), answers.of(name))


def test_the_writer_stores_what_it_took_before_it_ends(cast: Cast) -> None:
    names = [f"message {turn}" for turn in range(3 * BATCH_MAX)]
    with writing() as (writer, answers):
        submit(writer, answers, cast.team, cast.alice, *names)
    assert answers.given == [(name, "stored") for name in names]
    assert contents(cast.team) == names
    with pytest.raises(Unavailable):
        submit(writer, answers, cast.team, cast.alice, "too late")


@pytest.mark.needs_postgres
def test_what_was_put_off_is_stored_before_what_came_later(cast: Cast) -> None:
    free = make_room(cast.alice)
    with writing() as (writer, answers), holding(partial(log.lock, [cast.team.pk])):
        submit(writer, answers, cast.team, cast.alice, "first", "second")
        submit(writer, answers, free, cast.alice, "elsewhere")
        wait_until(lambda: answers.given == [("elsewhere", "stored")])
        submit(writer, answers, cast.team, cast.alice, "third")
        submit(writer, answers, free, cast.alice, "once more")
        wait_until(lambda: answers.given[1:] == [("once more", "stored")])
    assert contents(cast.team) == ["first", "second", "third"]


@pytest.mark.needs_postgres
def test_a_crowd_before_a_held_room_starves_nobody_else(cast: Cast) -> None:
    free = make_room(cast.alice)
    crowd = [f"waiting {turn}" for turn in range(BATCH_MAX + 10)]
    with writing() as (writer, answers), holding(partial(log.lock, [cast.team.pk])):
        submit(writer, answers, cast.team, cast.alice, *crowd)
        submit(writer, answers, free, cast.alice, "elsewhere")
        wait_until(lambda: answers.given == [("elsewhere", "stored")])
    assert contents(cast.team) == crowd
    assert_dense(cast.team)


@pytest.mark.needs_postgres
def test_the_writer_ends_even_where_a_room_is_never_free_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.writer.STOP_PATIENCE_S", 4 * HEAD_PATIENCE_S)
    answers = Answers()
    writer = Writer(typed(Any, answers))
    with holding(partial(log.lock, [cast.team.pk])):
        submit(writer, answers, cast.team, cast.alice, "never")
        writer.stop()
    assert answers.given == [("never", "unavailable")]


def test_a_full_backlog_asks_senders_to_come_back(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    held, let_go = threading.Event(), threading.Event()

    def slow(drafts: Any, patience: float | None = None) -> list[Outcome]:
        held.set()
        assert let_go.wait(PATIENCE_S)
        return [Outcome("stored")] * len(drafts)

    monkeypatch.setattr("messaging.writer.append", slow)
    with writing() as (writer, answers):
        submit(writer, answers, cast.team, cast.alice, "under way")
        try:
            assert held.wait(PATIENCE_S)
            submit(writer, answers, cast.team, cast.alice, *map(str, range(BACKLOG_MAX - 1)))
            with pytest.raises(Unavailable) as refusal:
                submit(writer, answers, cast.team, cast.alice, "one more")
            assert refusal.value.retry_after
        finally:
            let_go.set()
    assert len(answers.given) == BACKLOG_MAX


def test_an_answer_that_fails_keeps_no_other_from_its_sender(cast: Cast) -> None:
    with writing() as (writer, answers):

        def fail(outcome: Outcome) -> None:
            raise RuntimeError("the socket is gone")

        writer.submit(draft(cast.team, cast.alice, "first"), fail)
        submit(writer, answers, cast.team, cast.alice, "second")
    assert answers.given == [("second", "stored")]


def test_a_bug_in_a_batch_answers_every_send_of_it_and_the_next_works(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched, writing() as (writer, answers):
        patched.setattr("messaging.writer.append", lambda *_, **__: 1 / 0)
        submit(writer, answers, cast.team, cast.alice, "lost?")
        wait_until(lambda: answers.given == [("lost?", "unavailable")])
        patched.undo()
        submit(writer, answers, cast.team, cast.alice, "found")
    assert answers.given[1:] == [("found", "stored")]
