"""Whose receipts there are: joining, leaving, privacy, sending, floors, edits, sizes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

from accounts import privacy
from accounts.models import User
from accounts.services import blocks
from audit.models import AuditEntry
from messaging import services
from messaging.models import Message, Receipt
from messaging.receipts import asking
from messaging.wire import MessageOut
from rooms.models import RoomHead
from rooms.services import add_members, leave, remove_member
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, make_room, make_user, membership_of, say
from tests.receipts.conftest import Hears
from tests.relations.conftest import befriend

Client = Callable[[User | None], ContractClient]
V1 = "/api/v1"


def counts(message: MessageOut, viewer: User | None = None) -> tuple[int, int, int]:
    """As its sender sees it, or somebody else."""
    stored = Message.objects.select_related("sender").get(pk=message.id)
    assert stored.sender is not None
    found = asking.counts(stored, viewer or stored.sender)
    return found.read, found.received, found.of


def names(message: MessageOut, state: asking.State | None = None, viewer: User | None = None) -> set[str]:
    """As its sender sees it, or somebody else."""
    stored = Message.objects.select_related("sender").get(pk=message.id)
    assert stored.sender is not None
    found = asking.people(stored, viewer or stored.sender, state=state, limit=500)
    return {each.user.username for _, each in found}


# --- Coming and going -------------------------------------------------------------------------------


def test_who_joins_later_is_no_recipient_of_what_was_said_before(cast: Cast, reads: Hears) -> None:
    before = say(cast.team, cast.alice)
    add_members(cast.alice, cast.team, [cast.dave])
    after = say(cast.team, cast.alice)
    reads(cast.dave, cast.team, after.number)
    assert "dave" not in names(before)
    assert names(after, "read") == {"dave"}
    assert (counts(before), counts(after)) == ((0, 0, 3), (1, 1, 4))


def test_who_has_read_and_left_stays_in_the_list_and_who_had_not_is_gone_from_it(cast: Cast, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    leave(cast.bob, cast.team)
    remove_member(cast.alice, cast.team, cast.carol)
    assert (names(message, "read"), names(message, "waiting")) == ({"bob"}, {"erin"})
    assert counts(message) == (1, 1, 2)


def test_coming_back_keeps_what_was_told_and_begins_anew(cast: Cast, reads: Hears) -> None:
    read, missed = say(cast.team, cast.alice), say(cast.team, cast.alice)
    reads(cast.bob, cast.team, read.number)
    leave(cast.bob, cast.team)
    unseen = say(cast.team, cast.alice)
    add_members(cast.alice, cast.team, [cast.bob])
    after = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, after.number)
    assert [names(each, "read") for each in (read, missed, unseen, after)] == [
        {"bob"}, set(), set(), {"bob"},
    ]  # fmt: skip
    assert "bob" not in names(missed) | names(unseen)


def test_only_members_may_ask(cast: Cast, api: Client) -> None:
    message = say(cast.team, cast.alice)
    leave(cast.bob, cast.team)
    url = f"{V1}/messages/{message.id}/receipts/"
    assert [api(user).get(url).status_code for user in (cast.carol, cast.bob, cast.mallory, None)] == [
        200, 404, 404, 401,
    ]  # fmt: skip


def test_a_message_that_does_not_exist_and_one_below_the_floor_are_missing_alike(cast: Cast, api: Client) -> None:
    message = say(cast.team, cast.alice)
    url = f"{V1}/messages/{message.id}/receipts/"
    assert api(cast.bob).get(url).status_code == 200
    RoomHead.objects.filter(room=cast.team).update(floor_number=message.number)
    assert api(cast.bob).get(url).status_code == 404
    assert api(cast.bob).get(f"{V1}/messages/{cast.bob.pk}/receipts/").status_code == 404


def test_a_user_who_is_gone_leaves_no_receipts(cast: Cast, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    cast.bob.delete()
    assert counts(message) == (0, 0, 2)
    assert not Receipt.objects.exists()


def test_a_message_whose_author_is_gone_is_answered(cast: Cast, api: Client, reads: Hears) -> None:
    message = say(cast.team, cast.bob)
    reads(cast.carol, cast.team, message.number)
    cast.bob.delete()
    answer = api(cast.carol).get(f"{V1}/messages/{message.id}/receipts/").json()
    assert answer["counts"] == {"read": 1, "received": 1, "of": 3}


# --- What reading is --------------------------------------------------------------------------------


def test_marking_unread_moves_the_own_position_back_and_takes_nothing_back_for_others(cast: Cast, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    position = services.mark_read(cast.bob, cast.team.pk, unread_from=message.number)
    assert (position.number, position.unread) == (message.number - 1, 1)
    row = membership_of(cast.team, cast.bob)
    assert (row.read_number, row.read_upto) == (message.number - 1, message.number)
    assert names(message, "read") == {"bob"}


def test_reading_again_what_was_marked_unread_is_no_second_receipt(cast: Cast, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    services.mark_read(cast.bob, cast.team.pk, unread_from=message.number)
    reads(cast.bob, cast.team, message.number)
    assert Receipt.objects.filter(user=cast.bob).count() == 1


def test_who_writes_has_read_for_themselves_and_has_told_nobody(cast: Cast, reads: Hears) -> None:
    question = say(cast.team, cast.alice)
    answer = say(cast.team, cast.bob)
    row = membership_of(cast.team, cast.bob)
    assert row.read_number == answer.number
    assert counts(question) == (0, 0, 3)
    # Their client tells when they saw it, though the position has passed it.
    reads(cast.bob, cast.team, question.number)
    assert names(question, "read") == {"bob"}


def test_an_edit_leaves_receipts_as_they_are(cast: Cast, api: Client, reads: Hears) -> None:
    message = say(cast.team, cast.alice, "before")
    reads(cast.bob, cast.team, message.number)
    url = f"{V1}/messages/{message.id}/receipts/"
    before = api(cast.alice).get(url).json()
    services.edit(cast.alice, message.id, "after")
    assert api(cast.alice).get(url).json() == before


def test_a_tombstone_still_says_who_had_read_it(cast: Cast, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    services.delete(cast.alice, message.id)
    assert names(message, "read") == {"bob"}


def test_a_number_that_does_not_exist_yet_is_not_received(cast: Cast, receives: Hears) -> None:
    message = say(cast.team, cast.alice)
    receives(cast.bob, cast.team, message.number + 1)
    assert counts(message) == (0, 0, 3)


def test_the_sender_is_not_among_the_recipients(cast: Cast, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.alice, cast.team, message.number)
    assert "alice" not in names(message)


def test_above_a_size_it_is_not_recorded_who_received_and_still_who_read(
    cast: Cast, settings: Any, reads: Hears, receives: Hears
) -> None:
    settings.RECEIVED_MAX_MEMBERS = 3  # the team are four
    message = say(cast.team, cast.alice)
    receives(cast.bob, cast.team, message.number)
    assert counts(message) == (0, 0, 3)
    reads(cast.bob, cast.team, message.number)
    assert counts(message) == (1, 1, 3)


def test_a_crowd_is_shown_no_watermarks(cast: Cast, reads: Hears) -> None:
    reads(cast.bob, cast.team, say(cast.team, cast.alice).number)
    assert str(cast.bob.pk) in asking.watermarks(cast.team.pk, cast.alice.pk)
    RoomHead.objects.filter(room=cast.team).update(member_count=501)
    assert asking.watermarks(cast.team.pk, cast.alice.pk) == {}


# --- Privacy ----------------------------------------------------------------------------------------


def turn(user: User, word: str) -> None:
    privacy.change(user, read_receipts=word)


def test_who_turned_receipts_off_writes_none_and_is_not_counted(cast: Cast, reads: Hears, receives: Hears) -> None:
    turn(cast.bob, "nobody")
    message = say(cast.team, cast.alice)
    receives(cast.bob, cast.team, message.number)
    reads(cast.bob, cast.team, message.number)
    assert not Receipt.objects.exists()
    assert "bob" not in names(message)
    assert str(cast.bob.pk) not in asking.watermarks(cast.team.pk, cast.alice.pk)
    # Their own position goes on: what they have read is not unread.
    assert membership_of(cast.team, cast.bob).read_number == message.number


def test_who_turned_receipts_off_sees_none(cast: Cast, api: Client, reads: Hears) -> None:
    message = say(cast.team, cast.bob)
    reads(cast.carol, cast.team, message.number)
    turn(cast.bob, "nobody")
    answer = api(cast.bob).get(f"{V1}/messages/{message.id}/receipts/")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert asking.watermarks(cast.team.pk, cast.bob.pk) == {}
    assert asking.watermarks(cast.team.pk, cast.alice.pk).keys() == {str(each.pk) for each in (cast.carol, cast.erin)}


def test_who_turns_receipts_off_is_not_shown_any_more_whatever_was_shown_before(cast: Cast, reads: Hears) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    assert (names(message, "read"), counts(message)) == ({"bob"}, (1, 1, 3))
    turn(cast.bob, "nobody")
    assert (names(message), counts(message)) == ({"carol", "erin"}, (0, 0, 2))


def test_two_see_each_others_receipts_or_neither_does(cast: Cast, api: Client, reads: Hears) -> None:
    of_alice, of_bob = say(cast.team, cast.alice), say(cast.team, cast.bob)
    reads(cast.bob, cast.team, of_alice.number)
    reads(cast.alice, cast.team, of_bob.number)

    def seen() -> tuple[bool, bool, bool, bool]:
        """Bob of Alice's message by her, hers of his by him; the marks that each has of the other."""
        alice, bob = str(cast.alice.pk), str(cast.bob.pk)
        return (
            "bob" in names(of_alice),
            "alice" in names(of_bob),
            bob in asking.watermarks(cast.team.pk, alice),
            alice in asking.watermarks(cast.team.pk, bob),
        )

    assert seen() == (True, True, True, True)
    turn(cast.bob, "contacts")
    assert seen() == (False, False, False, False)
    befriend(cast.alice, cast.bob)
    assert seen() == (True, True, True, True)
    turn(cast.alice, "contacts")
    assert seen() == (True, True, True, True)
    blocks.block(cast.alice, cast.bob)
    assert seen() == (False, False, False, False)
    blocks.unblock(cast.alice, cast.bob)
    assert seen() == (False, False, False, False)  # no contacts any more
    turn(cast.alice, "everyone")
    turn(cast.bob, "everyone")
    assert seen() == (True, True, True, True)
    assert "carol" in names(of_alice)


def test_turning_receipts_on_again_tells_of_new_messages_only(cast: Cast, reads: Hears) -> None:
    told = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, told.number)
    turn(cast.bob, "nobody")
    hidden = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, hidden.number)
    turn(cast.bob, "everyone")
    new = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, new.number)
    assert [names(each, "read") for each in (told, hidden, new)] == [{"bob"}, set(), {"bob"}]
    assert "bob" not in names(hidden)
    marks = asking.watermarks(cast.team.pk, cast.alice.pk)[str(cast.bob.pk)]
    assert (marks.since, marks.read) == (hidden.number, new.number)


def test_a_program_tells_over_rest_what_it_has_received(cast: Cast, api: Client) -> None:
    first, second = (say(cast.team, cast.alice, text) for text in ("one", "two"))
    url, client = f"{V1}/rooms/{cast.team.pk}/received/", api(cast.bob)
    assert client.post(url, {"number": first.number}).status_code == 204

    def told(message: MessageOut) -> tuple[int, int]:
        counts = api(cast.alice).get(f"{V1}/messages/{message.id}/receipts/").json()["counts"]
        return counts["received"], counts["read"]

    assert [told(first), told(second)] == [(1, 0), (0, 0)]
    assert client.post(url, {"number": 10**9}).status_code == 204  # does not exist yet: passed over
    assert told(second) == (0, 0)
    for wrong in ({}, {"number": 0}, {"number": "x"}, {"number": 2**63}):
        assert client.post(url, wrong).status_code == 400
    assert api(cast.dave).post(url, {"number": 1}).status_code == 404


def test_the_change_is_recorded_and_the_sockets_are_told(cast: Cast) -> None:
    before = User.objects.get(pk=cast.bob.pk).rev
    turn(cast.bob, "nobody")
    turn(cast.bob, "nobody")
    assert User.objects.get(pk=cast.bob.pk).rev == before + 1
    entry = AuditEntry.objects.get(action="user.privacy_changed")
    assert (entry.actor_id, entry.details) == (cast.bob.pk, {"read_receipts": ["everyone", "nobody"]})


def test_the_settings_page_shows_and_saves_the_switch(cast: Cast, client: Any) -> None:
    assert client.get("/settings/privacy/").status_code == 302
    client.force_login(cast.bob)
    page = client.get("/settings/privacy/").content.decode()
    assert 'value="everyone" checked' in page
    assert client.post("/settings/privacy/", {"read_receipts": "nobody"}).headers["Location"] == "/settings/privacy/"
    assert 'name="read_receipts" value="nobody" checked' in client.get("/settings/privacy/").content.decode()
    assert client.post("/settings/privacy/", {"read_receipts": "friends"}).status_code == 200
    assert privacy.settings_of(cast.bob).read_receipts == "nobody"


def test_staff_see_the_choice_and_cannot_make_it(cast: Cast, client: Any) -> None:
    turn(cast.bob, "nobody")
    client.force_login(cast.staff)
    page = client.get(f"/admin/accounts/user/{cast.bob.pk}/change/").content.decode()
    assert "Nobody" in page
    assert 'name="read_receipts"' not in page


def test_staff_look_into_receipts_by_person_and_room_and_change_none(cast: Cast, client: Any, reads: Hears) -> None:
    reads(cast.bob, cast.team, say(cast.team, cast.alice).number)
    reads(cast.bob, cast.lobby, say(cast.lobby, cast.alice).number)
    client.force_login(cast.staff)
    changelist = "/admin/messaging/receipt/"

    def found(**query: str) -> int:
        return len(client.get(changelist, query).context["cl"].result_list)

    assert [found(), found(q="@bob"), found(q=cast.team.slug), found(q="@carol"), found(q="nobody")] == [2, 2, 1, 0, 0]
    one = Receipt.objects.get(room=cast.team)
    assert client.get(f"{changelist}{one.pk}/change/").status_code == 200
    assert client.post(f"{changelist}{one.pk}/change/", {"to_number": 99}).status_code == 403
    assert client.post(f"{changelist}{one.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{changelist}add/").status_code == 403


# --- The page ---------------------------------------------------------------------------------------


def test_the_panel_says_who_has_read_who_received_and_who_neither(
    cast: Cast, client: Any, reads: Hears, receives: Hears
) -> None:
    message = say(cast.team, cast.alice)
    reads(cast.bob, cast.team, message.number)
    receives(cast.carol, cast.team, message.number)
    client.force_login(cast.alice)
    answer = client.get(f"/m/{message.id}/receipts/", headers={"X-Panel": "1"})
    page = answer.content.decode()
    assert "Read by 1 of 3" in page
    assert [page.index(each) for each in ("Bob", "Delivered", "Carol", "Not yet", "Erin")] == sorted(
        page.index(each) for each in ("Bob", "Delivered", "Carol", "Not yet", "Erin")
    )
    assert "<html" not in page
    assert "<html" in client.get(f"/m/{message.id}/receipts/").content.decode()


def test_the_panel_of_who_keeps_their_own_says_how_to_change_that(cast: Cast, client: Any) -> None:
    message = say(cast.team, cast.alice)
    turn(cast.bob, "nobody")
    client.force_login(cast.bob)
    assert "/settings/privacy/" in client.get(f"/m/{message.id}/receipts/").content.decode()
    client.force_login(cast.mallory)
    assert client.get(f"/m/{message.id}/receipts/").status_code == 404


def test_the_panel_of_a_message_that_nobody_else_could_see_says_so(cast: Cast, client: Any) -> None:
    message = say(make_direct(cast.alice), cast.alice)
    client.force_login(cast.alice)
    assert "Nobody to hear from" in client.get(f"/m/{message.id}/receipts/").content.decode()


# --- Which try it was -------------------------------------------------------------------------------


def test_the_try_that_was_stored_is_kept_and_no_part_of_what_makes_two_sends_one(cast: Cast, api: Client) -> None:
    url, client_id = f"{V1}/rooms/{cast.team.pk}/messages/", str(uuid4())
    second = api(cast.alice).post(url, {"content": "hello", "client_id": client_id, "attempt": 2})
    third = api(cast.alice).post(url, {"content": "hello", "client_id": client_id, "attempt": 3})
    assert (second.status_code, third.status_code) == (201, 200)
    assert second.json()["metadata"] == third.json()["metadata"] == {"attempt": 2}
    assert api(cast.alice).post(url, {"content": "once"}).json()["metadata"] == {}
    refused = api(cast.alice).post(url, {"content": "never", "attempt": 0})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["attempt"])


# --- What it costs ----------------------------------------------------------------------------------


def test_asking_takes_the_same_few_queries_in_a_room_of_any_size(
    cast: Cast, reads: Hears, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    costs = []
    for size in (3, 30):
        members = [make_user() for _ in range(size)]
        room = make_room(cast.alice, *members)
        message = say(room, cast.alice)
        for each in members[::2]:
            reads(each, room, message.number)
        stored = Message.objects.get(pk=message.id)
        with django_assert_num_queries(4):
            page = asking.people(stored, cast.alice, limit=100)
            costs.append((asking.counts(stored, cast.alice).read, len(page)))
    assert costs == [(2, 3), (15, 30)]
