"""Edits, reactions and pins: what each does, what it costs, what it refuses."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.acting import acting_of
from messaging.append import append
from messaging.drafts import Draft
from messaging.journal import read_range
from messaging.models import Mention, Message, MessageRevision, Pin, Reaction
from messaging.pages import page
from messaging.wire import MessageOut, messages_out
from realtime.errors import Conflict, Forbidden, Invalid, NotFound, ReadOnly, Refusal
from rooms import services as rooms
from rooms.models import Kind, LogEntry, RoomHead
from rooms.services import Staff
from tests.concurrency import at_once, raised
from tests.factories import Cast, make_room, membership_of, say

pytestmark = pytest.mark.django_db(transaction=True)

# What Django counts besides queries: the transaction's begin and end.
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")


def queries_of(work: object) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        work()  # type: ignore[operator]
    return [each["sql"] for each in captured.captured_queries if not each["sql"].startswith(FRAME)]


def now(message: MessageOut) -> MessageOut:
    return messages_out(Message.objects.select_related("sender").filter(pk=message.id))[0]


@pytest.fixture
def said(cast: Cast) -> MessageOut:
    return say(cast.team, cast.alice, "Shall we meat at five?")


# --- Edits ----------------------------------------------------------------------------------------


def test_an_edit_keeps_what_it_replaces(cast: Cast, said: MessageOut) -> None:
    written = services.edit(cast.alice, UUID(said.id), "Shall we meet at **five**?")
    assert (written.content, written.edited_at is not None) == ("Shall we meet at **five**?", True)
    assert written == now(said)
    revision = MessageRevision.objects.get(message_id=said.id)
    assert (revision.content, revision.seq, revision.editor) == (
        "Shall we meat at five?",
        written.edited_seq,
        cast.alice,
    )
    assert LogEntry.objects.get(room=cast.team, seq=written.edited_seq).kind == "message.edited"


def test_an_edit_that_changes_nothing_leaves_no_entry(cast: Cast, said: MessageOut) -> None:
    before = RoomHead.objects.get(room=cast.team).last_seq
    written = services.edit(cast.alice, UUID(said.id), said.content, base_seq=1)
    assert (written.edited_at, RoomHead.objects.get(room=cast.team).last_seq) == (None, before)
    assert not MessageRevision.objects.exists()


def test_an_editor_who_overlooked_an_edit_is_told(cast: Cast, said: MessageOut) -> None:
    first = services.edit(cast.alice, UUID(said.id), "first", base_seq=said.seq)
    with pytest.raises(Conflict):
        services.edit(cast.alice, UUID(said.id), "second", base_seq=said.seq)
    assert services.edit(cast.alice, UUID(said.id), "second", base_seq=first.edited_seq).content == "second"


def test_of_two_edits_at_once_on_one_base_one_wins(cast: Cast, said: MessageOut) -> None:
    edits = at_once([
        lambda text=text: services.edit(cast.alice, UUID(said.id), text, base_seq=said.seq) for text in ("one", "two")
    ])  # fmt: skip
    (lost,) = raised(edits)
    assert isinstance(lost, Conflict)
    assert MessageRevision.objects.count() == 1


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_only_its_author_edits_a_message(cast: Cast, said: MessageOut, who: str) -> None:
    with pytest.raises((Forbidden, NotFound)):
        services.edit(getattr(cast, who), UUID(said.id), "Not mine")
    assert now(said).content == said.content


def test_the_rooms_time_for_edits_ends(cast: Cast, said: MessageOut) -> None:
    rooms.update_room(cast.alice, cast.team, settings={"edit_window_s": 60})
    services.edit(cast.alice, UUID(said.id), "In time")
    Message.objects.filter(pk=said.id).update(created_at=timezone.now() - timedelta(seconds=61))
    with pytest.raises(Forbidden):
        services.edit(cast.alice, UUID(said.id), "Too late")


def test_bad_content_and_gone_messages_are_not_edited(cast: Cast, said: MessageOut) -> None:
    for wrong in (" ", "a\0b", "x" * 10_001):
        with pytest.raises(Refusal):
            services.edit(cast.alice, UUID(said.id), wrong)
    services.delete(cast.alice, UUID(said.id))
    with pytest.raises(NotFound):
        services.edit(cast.alice, UUID(said.id), "Back again")
    assert not MessageRevision.objects.exists()


def test_nothing_is_changed_in_an_archived_room(cast: Cast, said: MessageOut) -> None:
    rooms.archive(cast.alice, cast.team)
    for act in (
        lambda: services.edit(cast.alice, UUID(said.id), "Later"),
        lambda: services.react(cast.alice, UUID(said.id), "👍"),
        lambda: services.pin(cast.alice, UUID(said.id)),
    ):
        with pytest.raises(ReadOnly):
            act()


# --- Deleting takes all of it along ----------------------------------------------------------------


def test_whom_a_moderator_has_muted_puts_nothing_before_the_others(cast: Cast) -> None:
    own, other = say(cast.team, cast.bob, "harmless"), say(cast.team, cast.alice)
    services.react(cast.bob, UUID(other.id), "👍")
    until = timezone.now() + timedelta(hours=1)
    rooms.mute_member(cast.alice, cast.team, cast.bob, until)
    before = RoomHead.objects.get(room=cast.team).last_seq
    for act in [
        lambda: services.edit(cast.bob, UUID(own.id), "an insult"),
        lambda: services.react(cast.bob, UUID(other.id), "🖕"),
        lambda: services.unreact(cast.bob, UUID(other.id), "👍"),
        lambda: services.pin(cast.bob, UUID(own.id)),
    ]:
        with pytest.raises(ReadOnly) as refused:
            act()
        assert 0 < (refused.value.retry_after or 0) <= 3600
    assert RoomHead.objects.get(room=cast.team).last_seq == before
    services.delete(cast.bob, UUID(own.id))  # what they said they may take back
    rooms.mute_member(cast.alice, cast.team, cast.bob, None)
    services.react(cast.bob, UUID(other.id), "🎉")


def test_the_page_offers_the_muted_no_act_that_would_be_refused(cast: Cast) -> None:
    membership = membership_of(cast.team, cast.bob)
    assert {"edit_own", "react", "pin", "write"} <= set(acting_of(cast.team, membership).may.split())
    membership.muted_until = timezone.now() + timedelta(hours=1)
    assert set(acting_of(cast.team, membership).may.split()) & {"edit_own", "react", "pin", "write"} == set()


def test_a_tombstone_holds_nothing_of_what_was(cast: Cast) -> None:
    said = say(cast.team, cast.alice, "secret for @bob")
    services.edit(cast.alice, UUID(said.id), "secret for @bob and nobody else")
    services.react(cast.bob, UUID(said.id), "👍")
    services.pin(cast.alice, UUID(said.id))
    reply = say(cast.team, cast.bob, "What?", reply_to=UUID(said.id))
    gone = services.delete(cast.alice, UUID(said.id))
    assert (gone.content, gone.html, gone.reactions, gone.mentions, gone.pinned) == ("", "", [], [], False)
    for model in (Mention, MessageRevision, Pin, Reaction):
        assert not model.objects.filter(message_id=said.id).exists()
    events = read_range(cast.team.pk, 0, 500)
    assert events is not None
    assert not [event for event in events.events if b"secret" in event.data]
    quoted = now(reply).reply_to
    assert quoted is not None
    assert (quoted.content, quoted.deleted) == ("", True)


# --- Reactions --------------------------------------------------------------------------------------


def test_reactions_are_counted_in_the_order_of_their_first_use(cast: Cast, said: MessageOut) -> None:
    for user, emoji in ((cast.alice, "🎉"), (cast.bob, "👍"), (cast.alice, "👍")):
        services.react(user, UUID(said.id), emoji)
    assert [(each.emoji, each.count) for each in now(said).reactions] == [("🎉", 1), ("👍", 2)]
    services.unreact(cast.alice, UUID(said.id), "🎉")
    assert [(each.emoji, each.count) for each in now(said).reactions] == [("👍", 2)]


def test_a_reaction_twice_or_taken_back_twice_leaves_no_entry(cast: Cast, said: MessageOut) -> None:
    services.react(cast.bob, UUID(said.id), "👍")
    head = RoomHead.objects.get(room=cast.team).last_seq
    assert services.react(cast.bob, UUID(said.id), "👍") == now(said)
    services.unreact(cast.alice, UUID(said.id), "👍")
    assert RoomHead.objects.get(room=cast.team).last_seq == head


def test_one_emoji_in_two_spellings_counts_once(cast: Cast, said: MessageOut) -> None:
    services.react(cast.alice, UUID(said.id), "❤")
    services.react(cast.bob, UUID(said.id), "❤️")
    assert [(each.emoji, each.count) for each in now(said).reactions] == [("❤️", 2)]


@pytest.mark.parametrize("wrong", ["", "a", "👍👍", "<b>", ":+1:", "👍 ", "x" * 100, "\ud83d"])
def test_what_is_no_emoji_is_no_reaction(cast: Cast, said: MessageOut, wrong: str) -> None:
    with pytest.raises(Invalid):
        services.react(cast.bob, UUID(said.id), wrong)


@pytest.mark.parametrize("emoji", ["👍🏽", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🇩🇪"])
def test_sequences_are_one_emoji(cast: Cast, said: MessageOut, emoji: str) -> None:
    assert services.react(cast.bob, UUID(said.id), emoji).reactions[0].emoji == emoji


def test_a_message_takes_so_many_different_reactions_as_the_room_allows(cast: Cast, said: MessageOut) -> None:
    rooms.update_room(cast.alice, cast.team, settings={"reactions_max": 1})
    services.react(cast.alice, UUID(said.id), "👍")
    services.react(cast.bob, UUID(said.id), "👍")
    with pytest.raises(Conflict):
        services.react(cast.bob, UUID(said.id), "🎉")


def test_reactions_of_many_at_once_are_all_counted(cast: Cast) -> None:
    room = make_room(cast.alice, cast.bob, cast.carol)
    said = say(room, cast.alice)
    people = (cast.alice, cast.bob, cast.carol)
    outcomes = at_once([lambda user=user: services.react(user, UUID(said.id), "👍") for user in people * 2])
    assert raised(outcomes) == []
    assert now(said).reactions[0].count == 3
    assert LogEntry.objects.filter(room=room, kind="reaction.added").count() == 3


# --- Pins ---------------------------------------------------------------------------------------------


def test_a_pin_is_seen_on_the_message_and_taken_away(cast: Cast, said: MessageOut) -> None:
    assert services.pin(cast.bob, UUID(said.id)).pinned
    assert services.pin(cast.alice, UUID(said.id)) == now(said)
    assert Pin.objects.get().user == cast.bob
    assert not services.unpin(cast.alice, UUID(said.id)).pinned
    assert not Pin.objects.exists()


# --- Who may ------------------------------------------------------------------------------------------


def test_who_is_no_member_finds_no_message(cast: Cast, said: MessageOut) -> None:
    stranger = cast.mallory
    for act in (
        lambda: services.edit(stranger, UUID(said.id), "x"),
        lambda: services.react(stranger, UUID(said.id), "👍"),
        lambda: services.unreact(stranger, UUID(said.id), "👍"),
        lambda: services.pin(stranger, UUID(said.id)),
        lambda: services.unpin(stranger, UUID(said.id)),
        lambda: services.delete(stranger, UUID(said.id)),
        lambda: services.react(cast.alice, uuid4(), "👍"),
    ):
        with pytest.raises(NotFound):
            act()


def test_who_left_finds_no_message_either(cast: Cast, said: MessageOut) -> None:
    rooms.leave(cast.bob, cast.team)
    with pytest.raises(NotFound):
        services.react(cast.bob, UUID(said.id), "👍")


def test_readers_of_a_channel_react_and_do_not_pin(cast: Cast) -> None:
    channel = make_room(cast.alice, cast.bob, kind=Kind.CHANNEL)
    said = say(channel, cast.alice)
    services.react(cast.bob, UUID(said.id), "👍")
    with pytest.raises(Forbidden):
        services.pin(cast.bob, UUID(said.id))


def test_staff_pin_and_delete_and_are_recorded(cast: Cast, said: MessageOut) -> None:
    assert services.pin(Staff(cast.staff), UUID(said.id)).pinned
    assert services.delete(Staff(cast.staff), UUID(said.id)).deleted_at


# --- The cost -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["react", "unreact", "edit"])
def test_a_change_costs_five_queries_at_most(cast: Cast, what: str) -> None:
    original = say(cast.team, cast.bob, "Original")
    said = say(cast.team, cast.alice, "An answer", reply_to=UUID(original.id))
    if what == "unreact":
        services.react(cast.alice, UUID(said.id), "👍")
    work = {
        "react": lambda: services.react(cast.alice, UUID(said.id), "👍"),
        "unreact": lambda: services.unreact(cast.alice, UUID(said.id), "👍"),
        "edit": lambda: services.edit(cast.alice, UUID(said.id), "A better answer"),
    }[what]
    queries = queries_of(work)
    # SQLite writes the search index in a statement of its own, and loses no round trip by it.
    assert len(queries) <= (6 if what == "edit" and connection.vendor == "sqlite" else 5), queries


# --- Replays ------------------------------------------------------------------------------------------


def test_the_log_tells_of_every_change_in_order_and_the_message_as_it_is_now(cast: Cast, said: MessageOut) -> None:
    services.edit(cast.alice, UUID(said.id), "Shall we meet?")
    services.react(cast.bob, UUID(said.id), "👍")
    services.unreact(cast.bob, UUID(said.id), "👍")
    services.pin(cast.bob, UUID(said.id))
    found = read_range(cast.team.pk, said.seq - 1, 500)
    assert found is not None
    kinds = [event.kind for event in found.events]
    assert kinds == ["message.created", "message.edited", "reaction.added", "reaction.removed", "message.pinned"]
    assert b"meat" not in b"".join(event.data for event in found.events)
    assert [event.seq for event in found.events] == list(range(said.seq, said.seq + 5))


def draft(cast: Cast, sender: User, content: str, **fields: object) -> Draft:
    return Draft(room_id=cast.team.pk, sender_id=sender.pk, content=content, client_id=uuid4(), **fields)  # type: ignore[arg-type]


# --- Mentions and threads -------------------------------------------------------------------------------


def test_a_message_calls_members_by_name(cast: Cast) -> None:
    (outcome,) = append([draft(cast, cast.alice, "Hello @BOB and @mallory, and a@bob.example, `@bob`")])
    assert outcome.message is not None
    assert outcome.message.mentions == [str(cast.bob.pk)]  # mallory is not in the team
    assert [row.user for row in Mention.objects.all()] == [cast.bob]


def test_a_page_shows_what_the_events_showed(cast: Cast, said: MessageOut) -> None:
    services.react(cast.bob, UUID(said.id), "👍")
    append([draft(cast, cast.bob, "In the thread", thread=UUID(said.id))])
    (shown,) = [each for each in page(cast.team).results if each.id == said.id]
    assert shown == now(said)
    assert shown.thread is not None
    assert (shown.thread.root, shown.thread.count, shown.thread.index) == (said.id, 1, None)
