"""Contacts and blocks: what each verb does, what it refuses, and what two people do to each other at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db.models import F
from django.utils import timezone

from accounts import relations
from accounts import services as accounts
from accounts.models import Block, Contact, ContactRequest, User
from accounts.relations import Relation
from accounts.services import blocks, contacts
from audit.models import AuditEntry
from messaging.models import Message
from realtime.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited
from realtime.events import Note
from tests.concurrency import at_once, raised
from tests.factories import Cast, make_direct, make_user, say
from tests.relations.conftest import befriend

pytestmark = pytest.mark.django_db

State = ContactRequest.State


def ask(user: User, other: User, note: str = "") -> ContactRequest:
    return contacts.request(user, other, note)[0]


def contacts_of(user: User) -> set[str]:
    return set(Contact.objects.filter(user=user).values_list("other__username", flat=True))


def incoming(user: User) -> list[str]:
    return [each.sender.username for each in relations.requests_page(user, "incoming", before=None, limit=50)[0]]


def outgoing(user: User) -> list[str]:
    return [each.receiver.username for each in relations.requests_page(user, "outgoing", before=None, limit=50)[0]]


def assert_consistent() -> None:
    """Contacts go both ways, never beside an open request or a block."""
    pairs = set(Contact.objects.values_list("user_id", "other_id"))
    assert pairs == {(other, user) for user, other in pairs}
    for sender, receiver in ContactRequest.objects.open().values_list("sender_id", "receiver_id"):
        assert (sender, receiver) not in pairs
    for blocker, blocked in Block.objects.values_list("blocker_id", "blocked_id"):
        assert (blocker, blocked) not in pairs
        assert not ContactRequest.objects.open().filter(sender=blocker, receiver=blocked).exists()


# --- Asking and answering -----------------------------------------------------------------------


def test_a_request_waits_until_the_other_accepts_it_and_then_both_are_contacts(cast: Cast) -> None:
    asked = ask(cast.alice, cast.bob, "  We met on Monday.  ")
    assert (asked.note, asked.state) == ("We met on Monday.", State.PENDING)
    assert (incoming(cast.bob), outgoing(cast.alice), contacts_of(cast.bob)) == (["alice"], ["bob"], set())
    accepted = contacts.accept(cast.bob, asked.pk)
    assert (accepted.state, contacts_of(cast.alice), contacts_of(cast.bob)) == (State.ACCEPTED, {"bob"}, {"alice"})
    assert (incoming(cast.bob), outgoing(cast.alice)) == ([], [])


def test_asking_whoever_has_asked_already_accepts_their_request(cast: Cast) -> None:
    asked = ask(cast.alice, cast.bob)
    answer, made = contacts.request(cast.bob, cast.alice)
    assert (answer.pk, made, contacts_of(cast.alice)) == (asked.pk, False, {"bob"})


def test_nobody_accepts_or_declines_their_own_request_or_anothers(cast: Cast) -> None:
    asked = ask(cast.alice, cast.bob)
    for user in (cast.alice, cast.mallory):
        for verb in (contacts.accept, contacts.decline):
            with pytest.raises(NotFound):
                verb(user, asked.pk)
    for user in (cast.bob, cast.mallory):
        with pytest.raises(NotFound):
            contacts.cancel(user, asked.pk)
    assert incoming(cast.bob) == ["alice"]


def test_what_is_done_twice_is_done_once(cast: Cast) -> None:
    asked = ask(cast.alice, cast.bob)
    assert contacts.request(cast.alice, cast.bob) == (asked, False)
    contacts.accept(cast.bob, asked.pk)
    contacts.accept(cast.bob, asked.pk)
    assert Contact.objects.count() == 2
    contacts.remove(cast.alice, cast.bob)
    contacts.remove(cast.alice, cast.bob)
    assert AuditEntry.objects.filter(action="contact.removed").count() == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("accept", "decline"),
        ("decline", "accept"),
        ("accept", "cancel"),
        ("decline", "cancel"),
        ("cancel", "accept"),
        ("cancel", "decline"),
    ],
)
def test_what_is_decided_stays_as_it_was_decided(cast: Cast, first: str, second: str) -> None:
    asked = ask(cast.alice, cast.bob)
    who = {"accept": cast.bob, "decline": cast.bob, "cancel": cast.alice}
    state = getattr(contacts, first)(who[first], asked.pk).state
    with pytest.raises(Conflict):
        getattr(contacts, second)(who[second], asked.pk)
    assert ContactRequest.objects.get().state == state
    assert_consistent()


def test_after_a_refusal_one_may_ask_again(cast: Cast) -> None:
    contacts.decline(cast.bob, ask(cast.alice, cast.bob).pk)
    assert (incoming(cast.bob), outgoing(cast.alice)) == ([], [])
    again, made = contacts.request(cast.alice, cast.bob)
    assert (made, again.state) == (True, State.PENDING)


def test_removing_a_contact_leaves_rooms_and_messages_as_they_are(cast: Cast) -> None:
    befriend(cast.alice, cast.bob)
    said = say(make_direct(cast.alice, cast.bob), cast.alice)
    contacts.remove(cast.bob, cast.alice)
    assert (contacts_of(cast.alice), contacts_of(cast.bob)) == (set(), set())
    assert Message.objects.filter(pk=said.id).exists()


def test_whom_one_cannot_ask(cast: Cast) -> None:
    with pytest.raises(Invalid):
        ask(cast.alice, cast.alice)
    with pytest.raises(NotFound):
        contacts.request(cast.alice, UUID(int=1))
    accounts.suspend(cast.carol, reason="spam")
    accounts.deactivate(cast.dave)
    for gone in (cast.carol, cast.dave):
        with pytest.raises(NotFound):
            ask(cast.alice, gone)
    guest = make_user(is_guest=True)
    for one, other in ((cast.alice, guest), (guest, cast.alice)):
        with pytest.raises(Forbidden):
            ask(one, other)
    befriend(cast.alice, cast.bob)
    with pytest.raises(Conflict):
        ask(cast.alice, cast.bob)


@pytest.mark.parametrize("note", ["x" * 201, "a\0b", "\ud83d"])
def test_a_note_that_cannot_be_kept_is_refused(cast: Cast, note: str) -> None:
    with pytest.raises(Invalid):
        ask(cast.alice, cast.bob, note)
    with pytest.raises(Invalid):
        blocks.block(cast.alice, cast.bob, note * 3)


def test_who_asks_very_many_within_an_hour_has_to_wait(cast: Cast, settings: Any) -> None:
    settings.CONTACT_REQUESTS_AN_HOUR = 3
    crowd = [make_user() for _ in range(5)]
    for each in crowd[:3]:
        contacts.cancel(cast.alice, ask(cast.alice, each).pk)  # taking back does not make room
    with pytest.raises(RateLimited) as caught:
        ask(cast.alice, crowd[3])
    assert 3_500 < (caught.value.retry_after or 0) <= 3_600
    assert ask(cast.bob, crowd[3]).state == State.PENDING
    ContactRequest.objects.filter(sender=cast.alice).update(created_at=F("created_at") - timedelta(hours=1))
    assert ask(cast.alice, crowd[3]).state == State.PENDING
    User.objects.filter(pk=cast.alice.pk).update(unthrottled=True)
    for each in crowd[:3] + crowd[4:]:
        ask(cast.alice, each)


# --- Blocks -------------------------------------------------------------------------------------


def test_a_block_ends_the_contact_for_both_and_withdraws_what_the_blocker_had_asked(cast: Cast) -> None:
    befriend(cast.alice, cast.bob)
    ask(cast.alice, cast.carol)
    blocks.block(cast.alice, cast.bob, "rude")
    blocks.block(cast.alice, cast.carol)
    assert (contacts_of(cast.alice), contacts_of(cast.bob)) == (set(), set())
    assert (outgoing(cast.alice), incoming(cast.carol)) == ([], [])
    assert set(relations.blocked_by(cast.alice.pk)) == {cast.bob.pk, cast.carol.pk}
    assert_consistent()


def test_who_is_blocked_still_sees_their_request_wait_and_the_blocker_does_not_see_it(cast: Cast) -> None:
    asked = ask(cast.bob, cast.alice)
    blocks.block(cast.alice, cast.bob)
    assert (outgoing(cast.bob), incoming(cast.alice)) == (["alice"], [])
    assert relations.relation_of(cast.bob, cast.alice)[0] == Relation.OUTGOING
    for verb in (contacts.accept, contacts.decline):
        with pytest.raises(NotFound):
            verb(cast.alice, asked.pk)
    assert ContactRequest.objects.get().state == State.PENDING


def test_who_is_blocked_can_ask_and_withdraw_as_if_nothing_were(cast: Cast) -> None:
    blocks.block(cast.alice, cast.bob)
    asked, made = contacts.request(cast.bob, cast.alice, "hello?")
    assert (made, asked.state, incoming(cast.alice)) == (True, State.PENDING, [])
    assert relations.standing(cast.alice.pk).incoming == 0
    assert contacts.cancel(cast.bob, asked.pk).state == State.CANCELLED


def test_the_blocker_asks_only_whom_they_have_unblocked(cast: Cast) -> None:
    blocks.block(cast.alice, cast.bob)
    with pytest.raises(Conflict):
        ask(cast.alice, cast.bob)
    blocks.unblock(cast.alice, cast.bob)
    blocks.unblock(cast.alice, cast.bob)
    assert ask(cast.alice, cast.bob).state == State.PENDING
    assert contacts_of(cast.alice) == set()  # what was does not come back by itself


def test_a_block_keeps_its_reason_and_gets_another(cast: Cast) -> None:
    blocks.block(cast.alice, cast.bob, "rude")
    blocks.block(cast.alice, cast.bob, " very rude ")
    assert [each.reason for each in Block.objects.all()] == ["very rude"]
    with pytest.raises(Invalid):
        blocks.block(cast.alice, cast.alice)
    with pytest.raises(NotFound):
        blocks.block(cast.alice, UUID(int=1))


def test_nobody_blocks_more_people_than_a_page_can_tell(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCKS_MAX", 2)
    for _ in range(2):
        blocks.block(cast.alice, make_user())
    with pytest.raises(Conflict):
        blocks.block(cast.alice, cast.bob)


# --- Who is told --------------------------------------------------------------------------------


def test_both_are_told_how_they_stand_and_looked_at_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    got: list[Any] = []
    monkeypatch.setattr("realtime.bus.publish", got.extend)
    before = User.objects.get(pk=cast.alice.pk).rev
    with django_capture_on_commit_callbacks(execute=True):
        ask(cast.bob, cast.alice)
    notes = {each.user: msgspec.json.decode(each.text) for each in got if isinstance(each, Note)}
    assert notes[str(cast.alice.pk)] == {
        "type": "relations",
        "data": {"rev": before + 1, "contacts": 0, "incoming": 1, "outgoing": 0, "blocked": []},
    }
    assert notes[str(cast.bob.pk)]["data"]["outgoing"] == 1
    assert {each.user for each in got if not isinstance(each, Note)} == notes.keys()


def test_a_block_that_changes_nothing_for_the_blocked_reaches_them_by_no_frame(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    got: list[Any] = []
    monkeypatch.setattr("realtime.bus.publish", got.extend)
    with django_capture_on_commit_callbacks(execute=True):
        blocks.block(cast.alice, cast.bob)
        blocks.block(cast.alice, cast.bob, "another reason")
        blocks.unblock(cast.alice, cast.bob)
    assert {each.user for each in got if isinstance(each, Note)} == {str(cast.alice.pk)}
    # Their sockets are looked at all the same: what they are shown of her ends.
    assert {each.user for each in got if not isinstance(each, Note)} == {str(cast.alice.pk), str(cast.bob.pk)}


@pytest.mark.parametrize("was", ["contact", "asked"])
def test_a_block_looks_to_the_blocked_like_a_contact_removed_or_a_request_withdrawn(
    was: str, cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def told_by(act: Any) -> Any:
        got: list[Any] = []
        monkeypatch.setattr("realtime.bus.publish", got.extend)
        befriend(cast.alice, cast.bob) if was == "contact" else ask(cast.alice, cast.bob)
        with django_capture_on_commit_callbacks(execute=True):
            act()
        mine = [msgspec.json.decode(each.text) for each in got if isinstance(each, Note)]
        return [each["data"] | {"rev": 0} for each in mine if not each["data"]["blocked"]][-1:]

    def usual() -> None:
        if was == "contact":
            contacts.remove(cast.alice, cast.bob)
        else:
            contacts.cancel(cast.alice, cast.alice.contact_requests_sent.latest("created_at").pk)

    assert told_by(usual) == told_by(lambda: blocks.block(cast.alice, cast.bob))


def test_every_act_is_recorded(cast: Cast) -> None:
    befriend(cast.alice, cast.bob)
    contacts.decline(cast.alice, ask(cast.carol, cast.alice).pk)
    contacts.cancel(cast.carol, ask(cast.carol, cast.alice).pk)
    contacts.remove(cast.alice, cast.bob)
    blocks.block(cast.alice, cast.bob, "rude")
    blocks.unblock(cast.alice, cast.bob)
    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "target_name")
    assert list(entries) == [
        ("contact.requested", "alice", "bob"),
        ("contact.accepted", "bob", "alice"),
        ("contact.requested", "carol", "alice"),
        ("contact.declined", "alice", "carol"),
        ("contact.requested", "carol", "alice"),
        ("contact.request_cancelled", "carol", "alice"),
        ("contact.removed", "alice", "bob"),
        ("user.blocked", "alice", "bob"),
        ("user.unblocked", "alice", "bob"),
    ]


# --- At once ------------------------------------------------------------------------------------

together = pytest.mark.django_db(transaction=True)


@together
def test_both_ask_each_other_at_once_and_are_contacts(cast: Cast) -> None:
    alice, bob = cast.alice, cast.bob
    results = at_once([partial(contacts.request, *pair) for pair in [(alice, bob), (bob, alice)] * 4])
    assert {type(each) for each in raised(results)} <= {Conflict}  # “among your contacts already”
    assert contacts_of(alice) == {"bob"}
    assert ContactRequest.objects.count() == 1
    assert_consistent()


@together
def test_a_request_that_is_sent_from_many_windows_at_once_is_one(cast: Cast) -> None:
    alice, bob = cast.alice, cast.bob
    results = at_once([partial(contacts.request, alice, bob) for _ in range(8)])
    assert not raised(results)
    assert (sum(made for _, made in results), ContactRequest.objects.count()) == (1, 1)


@together
@pytest.mark.parametrize("rival", ["cancel", "decline"])
def test_accepting_at_once_with_what_ends_the_request_ends_in_one_of_both(cast: Cast, rival: str) -> None:
    for _ in range(5):
        asked = ask(cast.alice, cast.bob)
        end = partial(getattr(contacts, rival), cast.alice if rival == "cancel" else cast.bob, asked.pk)
        results = at_once([partial(contacts.accept, cast.bob, asked.pk), end])
        assert [type(each) for each in raised(results)] == [Conflict]
        asked.refresh_from_db()
        assert (asked.state == State.ACCEPTED) == (contacts_of(cast.alice) == {"bob"})
        assert_consistent()
        contacts.remove(cast.alice, cast.bob)


@together
@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_blocking_and_accepting_at_once_never_leaves_a_contact_who_is_blocked(cast: Cast, who: str) -> None:
    for _ in range(5):
        asked = ask(cast.alice, cast.bob)
        pair = (cast.alice, cast.bob) if who == "sender" else (cast.bob, cast.alice)
        at_once([partial(contacts.accept, cast.bob, asked.pk), partial(blocks.block, *pair)])
        assert contacts_of(cast.alice) == set()
        assert Block.objects.filter(blocker=pair[0]).exists()
        assert_consistent()
        blocks.unblock(*pair)
        ContactRequest.objects.all().delete()


@together
def test_a_whole_circle_that_blocks_and_asks_at_once_comes_to_an_end(cast: Cast) -> None:
    people = [cast.alice, cast.bob, cast.carol]
    acts: list[Callable[[], Any]] = []
    for one in people:
        for other in people:
            if one != other:
                acts += [partial(contacts.request, one, other), partial(blocks.block, one, other)]
                acts += [partial(blocks.unblock, one, other), partial(contacts.remove, one, other)]
    results = at_once(acts)
    assert {type(each) for each in raised(results)} <= {Conflict}
    assert_consistent()


@together
def test_the_limit_of_an_hour_holds_however_many_are_asked_at_once(cast: Cast, settings: Any) -> None:
    settings.CONTACT_REQUESTS_AN_HOUR = 2
    crowd = [make_user() for _ in range(6)]
    results = at_once([partial(contacts.request, cast.alice, each) for each in crowd])
    assert {type(each) for each in raised(results)} == {RateLimited}
    assert ContactRequest.objects.filter(created_at__lte=timezone.now()).count() == 2


def test_a_client_begins_with_whom_one_has_blocked_and_how_many_wait(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    for _ in range(2):
        blocks.block(cast.alice, make_user())
        ask(make_user(), cast.alice)
    hidden = make_user()
    ask(hidden, cast.alice)
    blocks.block(cast.alice, hidden)
    with django_assert_num_queries(1):
        begun = relations.at_start(cast.alice)
    assert (set(begun["blocked"]), begun["incoming"]) == (set(map(str, relations.blocked_by(cast.alice.pk))), 2)
    assert relations.at_start(cast.bob) == {"blocked": [], "incoming": 0}
