"""The page of contacts, the page of privacy settings, and what staff see of both."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts import privacy
from accounts.models import DEFAULTS, Block, Contact, ContactRequest, Privacy, User
from accounts.services import blocks, contacts
from tests.factories import Cast, make_user
from tests.relations.conftest import befriend

pytestmark = pytest.mark.django_db
PAGE = "/contacts/"


@pytest.fixture
def alice(cast: Cast) -> Client:
    return as_user(cast.alice)


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# --- Contacts -------------------------------------------------------------------------------------


def test_each_button_does_what_it_says(cast: Cast, alice: Client) -> None:
    def press(act: str, **fields: Any) -> None:
        answer = alice.post(PAGE, {"act": act, **fields})
        assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)

    press("ask", user=cast.bob.pk, words="Hello")
    asked = ContactRequest.objects.get()
    assert (asked.receiver, asked.note) == (cast.bob, "Hello")
    press("cancel", request=asked.pk)
    for verb in ("decline", "accept"):
        press(verb, request=contacts.request(cast.bob, cast.alice)[0].pk)
    assert Contact.objects.filter(user=cast.alice, other=cast.bob).exists()
    press("remove", user=cast.bob.pk)
    press("block", user=cast.bob.pk, words="spam")
    assert Block.objects.get().reason == "spam"
    press("unblock", user=cast.bob.pk)
    states = ContactRequest.objects.order_by("created_at").values_list("state", flat=True)
    assert (list(states), Block.objects.count(), Contact.objects.count()) == (
        ["cancelled", "declined", "accepted"], 0, 0,
    )  # fmt: skip


def test_what_is_refused_is_said_on_the_page(cast: Cast, alice: Client) -> None:
    answer = alice.post(PAGE, {"act": "ask", "user": cast.alice.pk}, headers={"X-Panel": "1"})
    assert (answer.status_code, "This is you." in text_of(answer)) == (200, True)
    asked = contacts.request(cast.alice, cast.bob)[0]
    answer = alice.post(PAGE, {"act": "accept", "request": asked.pk}, headers={"X-Panel": "1"})
    assert "There is no such request." in text_of(answer)
    for wrong in ({}, {"act": "marry", "user": cast.bob.pk}, {"act": "ask"}, {"act": "block", "user": "bob"}):
        assert alice.post(PAGE, wrong).status_code == 404
    assert Client().post(PAGE, {"act": "block", "user": cast.bob.pk}).headers["Location"].startswith("/accounts/login/")


def test_the_card_of_a_person_offers_what_fits(cast: Cast, alice: Client) -> None:
    def card(user: User) -> str:
        return text_of(alice.get(PAGE, {"username": user.username.upper()})).split('class="contact-card"')[1]

    def offers(user: User) -> set[str]:
        acts = ("ask", "accept", "decline", "cancel", "remove", "block", "unblock")
        shown = card(user)
        return {act for act in acts if f'value="{act}"' in shown}

    assert offers(cast.bob) == {"ask", "block"}
    contacts.request(cast.alice, cast.bob)
    assert offers(cast.bob) == {"cancel", "block"}
    contacts.request(cast.carol, cast.alice)
    assert offers(cast.carol) == {"accept", "decline", "block"}
    befriend(cast.dave, cast.alice)
    assert offers(cast.dave) == {"remove", "block"}
    blocks.block(cast.alice, cast.erin)
    assert offers(cast.erin) == {"unblock"}
    blocks.block(cast.mallory, cast.alice)
    assert offers(cast.mallory) == {"ask", "block"}  # not told
    assert offers(cast.alice) == set()


@pytest.mark.parametrize("name", ["al", "nobody-here", "аlice", "a\0b", "x" * 300, "%", "' OR 1=1"])
def test_a_name_that_nobody_has_finds_nobody(alice: Client, name: str) -> None:
    answer = alice.get(PAGE, {"username": name})
    assert (answer.status_code, "Nobody is called" in text_of(answer)) == (200, True)


def test_contacts_come_in_pages_and_others_names_are_escaped(cast: Cast, alice: Client) -> None:
    for n in range(52):
        befriend(make_user(f"friend-{n:02}", display_name="<b>Friend</b>"), cast.alice)
    first = alice.get(PAGE, headers={"X-Panel": "1"})
    assert (len(first.context["contacts"]), "<b>Friend</b>" in text_of(first)) == (50, False)
    second = alice.get(PAGE, {"after": first.context["next"]})
    assert [each.user.username for each in second.context["contacts"]] == ["friend-50", "friend-51"]
    assert alice.get(PAGE, {"after": "nonsense"}).status_code == 200


# --- Privacy --------------------------------------------------------------------------------------


def test_the_privacy_page_takes_any_part_of_the_settings(cast: Cast, alice: Client) -> None:
    page = text_of(alice.get("/settings/privacy/"))
    for what, audience in DEFAULTS.items():
        assert f'name="{what}" value="{audience}" checked' in page
    for what in Privacy:
        assert alice.post("/settings/privacy/", {what: "contacts"}).status_code == 302
        assert getattr(privacy.settings_of(cast.alice), what) == "contacts"
    alice.post("/settings/privacy/", dict.fromkeys(Privacy, "nobody"))
    kept = privacy.settings_of(cast.alice)
    assert {getattr(kept, what) for what in Privacy} == {"nobody"}
    alice.post("/settings/privacy/", {})
    wrong = alice.post("/settings/privacy/", {"phone": "friends", "rooms": "everyone"})
    assert (wrong.status_code, privacy.settings_of(cast.alice).rooms) == (200, "nobody")


# --- Staff ----------------------------------------------------------------------------------------


def test_staff_see_contacts_requests_and_blocks_and_change_none(cast: Cast) -> None:
    befriend(cast.alice, cast.bob)
    contacts.request(cast.carol, cast.alice, "Hello, Alice")
    blocks.block(cast.bob, cast.mallory, "spam")
    staff = as_user(cast.staff)

    def found(name: str, **query: str) -> int:
        return len(staff.get(f"/admin/accounts/{name}/", query).context["cl"].result_list)

    assert [found("contact"), found("contactrequest"), found("block")] == [2, 2, 1]
    assert [found("contact", q="@carol"), found("contactrequest", q="CAROL"), found("block", q="@mallory")] == [0, 1, 1]
    assert found("block", q=str(cast.bob.pk)) == 1
    assert found("block", q="nobody-here") == 0
    assert "spam" in text_of(staff.get("/admin/accounts/block/"))
    rows = {"contact": Contact, "contactrequest": ContactRequest, "block": Block}
    for name, model in rows.items():
        url = f"/admin/accounts/{name}/{model._default_manager.latest('created_at').pk}/"
        assert staff.get(f"{url}change/").status_code == 200
        assert staff.post(f"{url}change/", {"reason": "x"}).status_code == 403
        assert staff.post(f"{url}delete/", {"post": "yes"}).status_code == 403
        assert staff.get(f"/admin/accounts/{name}/add/").status_code == 403
        assert as_user(cast.alice).get(f"/admin/accounts/{name}/").status_code == 302


def test_staff_see_what_a_person_has_chosen(cast: Cast) -> None:
    privacy.change(cast.bob, last_seen="nobody", rooms="contacts")
    page = text_of(as_user(cast.staff).get(f"/admin/accounts/user/{cast.bob.pk}/change/"))
    assert "When I was last here: Nobody" in page
    assert "Add me to rooms: My contacts" in page
    assert "My phone number: My contacts" in page
    assert f"/admin/accounts/block/?q=%40{cast.bob.username}" in page
