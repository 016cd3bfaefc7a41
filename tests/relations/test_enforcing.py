"""What blocks and privacy mean for what is written, called, found and listed; the matrix has who gets through."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import privacy
from accounts.models import User
from accounts.privacy import IS_BLOCKED, TAKES_NO_MESSAGES
from accounts.services import blocks
from messaging import lists, mentions, search, services
from messaging.models import Mention, Message, ThreadFollow
from messaging.search import finding
from messaging.search.query import parse
from realtime.errors import Forbidden
from rooms.models import Room
from rooms.services import create_room, direct_room
from rooms.summaries import summaries
from tests.factories import Cast, make_direct, make_user, say
from tests.relations.conftest import befriend

pytestmark = pytest.mark.django_db


def found(user: User, words: str) -> list[str]:
    return [hit.message.content for hit in finding.find(user, parse(words)).hits]


def mentions_of(user: User, room: Room) -> int:
    return next(each.mentions for each in summaries(user.pk) if each.id == str(room.pk))


def inbox(user: User) -> list[str]:
    return [each.content for each in lists.mentions(user, before=None, limit=50).results]


# --- Conversations of two -------------------------------------------------------------------------


def test_whoever_has_answered_may_be_written_to_whatever_they_decide_later(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    say(room, cast.alice)
    privacy.change(cast.bob, messages="nobody")
    with pytest.raises(Forbidden, match=TAKES_NO_MESSAGES):
        say(room, cast.alice)
    say(room, cast.bob, "You may answer me.")
    say(room, cast.alice, "Thank you.")


def test_a_block_closes_a_conversation_for_both_whatever_was_said_in_it(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    say(room, cast.alice)
    own = say(room, cast.bob)
    blocks.block(cast.alice, cast.bob)
    with pytest.raises(Forbidden, match=TAKES_NO_MESSAGES):
        say(room, cast.bob)
    with pytest.raises(Forbidden, match=IS_BLOCKED):
        say(room, cast.alice)
    for verb in (
        lambda: services.edit(cast.bob, UUID(own.id), "Other words"),
        lambda: services.react(cast.bob, UUID(own.id), "👍"),
    ):
        with pytest.raises(Forbidden, match=TAKES_NO_MESSAGES):
            verb()
    services.delete(cast.bob, UUID(own.id))  # one's own words can always be taken back
    blocks.unblock(cast.alice, cast.bob)
    say(room, cast.bob)


def test_two_who_have_blocked_each_other_are_told_of_their_own_block_only(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    blocks.block(cast.alice, cast.bob)
    blocks.block(cast.bob, cast.alice)
    for user in (cast.alice, cast.bob):
        with pytest.raises(Forbidden, match=IS_BLOCKED):
            say(room, user)


def test_a_retry_of_what_was_stored_before_the_block_is_answered_with_it(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    said = say(room, cast.alice, "Hello")
    blocks.block(cast.bob, cast.alice)
    assert say(room, cast.alice, "Hello", client_id=UUID(said.client_id or "")).id == said.id


def test_the_conversation_that_there_is_is_found_again_by_who_may_not_write_in_it(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    blocks.block(cast.bob, cast.alice)
    assert direct_room(cast.alice, [cast.bob]) == (room, False)


def test_a_conversation_of_several_needs_the_consent_of_each(cast: Cast) -> None:
    privacy.change(cast.carol, messages="contacts")
    with pytest.raises(Forbidden, match="Carol"):
        direct_room(cast.alice, [cast.bob, cast.carol])
    befriend(cast.alice, cast.carol)
    room, made = direct_room(cast.alice, [cast.bob, cast.carol])
    assert made
    blocks.block(cast.bob, cast.alice)
    say(room, cast.alice)  # among several a block folds messages, and does not close the room to anybody
    with pytest.raises(Forbidden, match="blocked one of these"):
        direct_room(cast.bob, [cast.alice, cast.dave])


def test_notes_to_oneself_are_open_whatever_one_decided(cast: Cast) -> None:
    privacy.change(cast.alice, messages="nobody")
    say(direct_room(cast.alice, [])[0], cast.alice)


def test_a_room_that_is_no_conversation_of_two_stays_open(cast: Cast) -> None:
    assert cast.team
    blocks.block(cast.alice, cast.bob)
    privacy.change(cast.alice, messages="nobody")
    said = say(cast.team, cast.bob)
    services.react(cast.bob, UUID(said.id), "👍")


def test_the_page_says_why_one_cannot_write_and_how_to_change_it(cast: Cast, client: Any) -> None:
    room = make_direct(cast.alice, cast.bob)
    blocks.block(cast.alice, cast.bob)
    client.force_login(cast.alice)
    page = client.get(f"/r/{room.slug}/").content.decode()
    assert IS_BLOCKED in page
    assert 'id="composer"' not in page
    assert "/contacts/" in page.split(IS_BLOCKED)[1].split("</p>")[0]
    client.force_login(cast.bob)
    page = client.get(f"/r/{room.slug}/").content.decode()
    assert TAKES_NO_MESSAGES in page
    assert "blocked" not in page.split('class="composer-bar"')[1].split("</p>")[0]


def test_a_send_takes_as_many_statements_in_a_conversation_of_two_as_elsewhere(cast: Cast) -> None:
    costs = []
    for room in (cast.team, make_direct(cast.alice, cast.bob)):
        say(room, cast.alice)
        with CaptureQueriesContext(connection) as queries:
            say(room, cast.alice)
        costs.append(len(queries))
    assert costs[0] == costs[1]


# --- Calls ----------------------------------------------------------------------------------------


def test_whom_somebody_has_blocked_does_not_call_them_and_is_not_told(cast: Cast) -> None:
    assert cast.team
    blocks.block(cast.bob, cast.alice)
    said = say(cast.team, cast.alice, "@bob and @carol, look")
    assert list(Mention.objects.values_list("user__username", flat=True)) == ["carol"]
    assert (mentions_of(cast.bob, cast.team), mentions_of(cast.carol, cast.team)) == (0, 1)
    # The message itself reads as it would: neither its HTML nor its mentions say who hears them.
    assert set(said.mentions) == {str(cast.bob.pk), str(cast.carol.pk)}
    assert said.html.count("mention") == 2


def test_an_edit_does_not_call_who_has_blocked_its_author_either(cast: Cast) -> None:
    said = say(cast.team, cast.alice, "Look")
    blocks.block(cast.bob, cast.alice)
    services.edit(cast.alice, UUID(said.id), "Look, @bob and @carol")
    assert list(Mention.objects.values_list("user__username", flat=True)) == ["carol"]


def test_a_call_of_the_whole_room_passes_over_who_has_blocked_its_sender(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "_present", lambda room_id, sender_id: [cast.bob.pk, cast.carol.pk])
    assert cast.team
    blocks.block(cast.bob, cast.erin)
    say(cast.team, cast.erin, "@room!")
    say(cast.team, cast.erin, "@here!")
    assert (mentions_of(cast.bob, cast.team), mentions_of(cast.carol, cast.team)) == (0, 2)
    assert (inbox(cast.bob), inbox(cast.carol)) == ([], ["@here!", "@room!"])
    number = Message.objects.in_room(cast.team).latest("number").number
    assert services.mark_read(cast.bob, cast.team.pk, unread_from=number - 1).mentions == 0
    assert services.mark_read(cast.carol, cast.team.pk, unread_from=number - 1).mentions == 2


def test_what_called_somebody_before_the_block_leaves_their_list_and_comes_back(cast: Cast) -> None:
    say(cast.team, cast.alice, "@bob, hello")
    say(cast.team, cast.carol, "@bob, hello too")
    blocks.block(cast.bob, cast.alice)
    assert (inbox(cast.bob), mentions_of(cast.bob, cast.team)) == (["@bob, hello too"], 1)
    blocks.unblock(cast.bob, cast.alice)
    assert (len(inbox(cast.bob)), mentions_of(cast.bob, cast.team)) == (2, 2)


def test_calling_takes_one_query_more_however_many_are_called(cast: Cast) -> None:
    room = cast.team
    costs = []
    for text in ("nobody here", "@bob", "@bob @carol @erin"):
        with CaptureQueriesContext(connection) as queries:
            say(room, cast.alice, text)
        costs.append(len(queries))
    assert costs[1] == costs[2]


def test_a_thread_is_not_followed_because_of_whom_one_has_blocked(cast: Cast) -> None:
    roots = [say(cast.team, cast.bob, text) for text in ("one", "two")]
    blocks.block(cast.bob, cast.alice)
    say(cast.team, cast.alice, "Well …", thread=UUID(roots[0].id))
    say(cast.team, cast.carol, "Well …", thread=UUID(roots[1].id))
    followed = ThreadFollow.objects.filter(user=cast.bob).values_list("root_id", flat=True)
    assert list(map(str, followed)) == [roots[1].id]


# --- Search ---------------------------------------------------------------------------------------


def test_nothing_is_found_of_whom_one_has_blocked(cast: Cast) -> None:
    say(cast.team, cast.alice, "apples from Alice")
    say(cast.team, cast.carol, "apples from Carol")
    blocks.block(cast.bob, cast.alice)
    assert found(cast.bob, "apples") == ["apples from Carol"]
    assert found(cast.bob, "from:alice") == []
    assert found(cast.bob, "apples OR pears") == ["apples from Carol"]
    assert len(found(cast.alice, "apples")) == 2  # the other way round one is not told
    blocks.unblock(cast.bob, cast.alice)
    assert len(found(cast.bob, "apples")) == 2


def test_nothing_is_found_of_any_of_very_many_either(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.scope, "HIDDEN_ASKED_MAX", 1)
    foes = [make_user() for _ in range(3)]
    room = create_room(cast.bob, kind="private", name="Fruit", members=foes)
    for each in foes:
        say(room, each, "apples")
        blocks.block(cast.bob, each)
    say(room, cast.bob, "apples of mine")
    assert found(cast.bob, "apples") == ["apples of mine"]
