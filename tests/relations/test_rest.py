"""Contacts, requests, blocks and privacy settings over REST; every answer is held against the schema."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from accounts.models import DEFAULTS, Contact, Privacy, User
from accounts.services import blocks, contacts
from tests.contract import ContractClient
from tests.factories import Cast, make_user
from tests.relations.conftest import befriend

Client = Callable[[User | None], ContractClient]
V1 = "/api/v1"
REQUESTS = f"{V1}/contacts/requests/"


def test_a_request_by_username_is_accepted_and_the_contact_removed(cast: Cast, api: Client) -> None:
    alice, bob = api(cast.alice), api(cast.bob)
    made = bob.post(REQUESTS, {"username": "@ALICE", "note": "Hello"})
    assert (made.status_code, made.json()["state"], made.json()["receiver"]["username"]) == (201, "pending", "alice")
    assert bob.post(REQUESTS, {"user": str(cast.alice.pk)}).status_code == 200
    waiting = alice.get(REQUESTS, {"direction": "incoming"}).json()["results"]
    assert [(each["id"], each["note"]) for each in waiting] == [(made.json()["id"], "Hello")]
    answer = alice.patch(f"{REQUESTS}{made.json()['id']}/", {"state": "accepted"})
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    assert [each["user"]["username"] for each in bob.get(f"{V1}/contacts/").json()["results"]] == ["alice"]
    assert alice.delete(f"{V1}/contacts/{cast.bob.pk}/").status_code == 204
    assert bob.get(f"{V1}/contacts/").json()["results"] == []


def test_a_request_is_declined_by_one_and_withdrawn_by_the_other(cast: Cast, api: Client) -> None:
    first = api(cast.bob).post(REQUESTS, {"user": str(cast.alice.pk)}).json()["id"]
    assert api(cast.alice).patch(f"{REQUESTS}{first}/", {"state": "declined"}).json()["state"] == "declined"
    second = api(cast.bob).post(REQUESTS, {"user": str(cast.alice.pk)}).json()["id"]
    assert api(cast.bob).delete(f"{REQUESTS}{second}/").status_code == 204
    assert api(cast.alice).patch(f"{REQUESTS}{second}/", {"state": "accepted"}).status_code == 409


def test_accepting_ones_own_request_and_anothers_is_not_found(cast: Cast, api: Client) -> None:
    asked = api(cast.bob).post(REQUESTS, {"user": str(cast.alice.pk)}).json()["id"]
    for user in (cast.bob, cast.mallory):
        assert api(user).patch(f"{REQUESTS}{asked}/", {"state": "accepted"}).status_code == 404
    assert api(cast.mallory).delete(f"{REQUESTS}{asked}/").status_code == 404
    assert api(cast.alice).delete(f"{REQUESTS}{uuid4()}/").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"username": "nobody-here"}, 404),
        ({"username": "ali"}, 404),  # the beginning of a name finds nobody
        ({"username": "alice", "user": "7d0f2a34-2b6a-4a83-93c0-5e1f7a9c1b22"}, 400),
        ({"user": "7d0f2a34-2b6a-4a83-93c0-5e1f7a9c1b22"}, 404),
        ({"username": "bob"}, 400),  # oneself
        ({"username": "alice", "note": "x" * 201}, 400),
        ({"username": "аlice"}, 404),  # Cyrillic
    ],
)
def test_what_names_nobody_one_can_ask_is_refused(cast: Cast, api: Client, body: dict[str, str], status: int) -> None:
    assert cast.alice.username == "alice"
    assert api(cast.bob).post(REQUESTS, body).status_code == status


def test_lists_come_in_pages(cast: Cast, api: Client) -> None:
    friends, suitors, foes = ([make_user(f"{kind}-{n}") for n in range(5)] for kind in ("friend", "suitor", "foe"))
    for each in friends:
        befriend(cast.alice, each)
    for each in suitors:
        contacts.request(each, cast.alice)
    for each in foes:
        blocks.block(cast.alice, each, "spam")

    def leaf(path: str, who: Callable[[dict[str, dict[str, str]]], str], **query: str) -> list[str]:
        names: list[str] = []
        cursor: dict[str, str] = {}
        for _ in range(3):
            page = api(cast.alice).get(f"{V1}/{path}", {"limit": 2, **query, **cursor}).json()
            names += map(who, page["results"])
            cursor = {"cursor": page["next"]}
        assert page["next"] is None
        return names

    newest_first = [4, 3, 2, 1, 0]
    assert leaf("contacts/", lambda each: each["user"]["username"]) == [f"friend-{n}" for n in range(5)]
    assert leaf("contacts/requests/", lambda each: each["sender"]["username"], direction="incoming") == [
        f"suitor-{n}" for n in newest_first
    ]
    assert leaf("blocks/", lambda each: each["user"]["username"]) == [f"foe-{n}" for n in newest_first]
    wrong = api(cast.alice).get(f"{V1}/contacts/", {"cursor": "nonsense"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["cursor"])
    assert api(cast.alice).get(REQUESTS).status_code == 400  # which direction?


def test_a_block_has_a_reason_that_only_the_blocker_sees(cast: Cast, api: Client) -> None:
    url = f"{V1}/blocks/{cast.bob.pk}/"
    assert api(cast.alice).put(url, {"reason": "spam"}).json()["reason"] == "spam"
    assert api(cast.alice).put(url, {}).json()["reason"] == ""
    assert api(cast.bob).get(f"{V1}/blocks/").json()["results"] == []
    assert api(cast.bob).get(f"{V1}/me/relations/").json()["blocked"] == []
    assert api(cast.alice).get(f"{V1}/me/relations/").json()["blocked"] == [str(cast.bob.pk)]
    assert [api(cast.alice).delete(url).status_code for _ in range(2)] == [204, 204]
    assert api(cast.alice).put(f"{V1}/blocks/{UUID(int=1)}/", {}).status_code == 404
    assert api(cast.alice).put(f"{V1}/blocks/{cast.alice.pk}/", {}).status_code == 400


def test_what_the_blocked_one_gets_to_see_does_not_tell_them(cast: Cast, api: Client) -> None:
    """The same calls, answered by one who has blocked the asker and by one who has not."""
    blocks.block(cast.alice, cast.mallory)

    def seen(other: User) -> list[object]:
        asked = api(cast.mallory).post(REQUESTS, {"user": str(other.pk)})
        again = api(cast.mallory).post(REQUESTS, {"username": other.username})
        listed = api(cast.mallory).get(REQUESTS, {"direction": "outgoing"}).json()["results"]
        gone = api(cast.mallory).delete(f"{REQUESTS}{asked.json()['id']}/")
        return [asked.status_code, asked.json()["state"], again.status_code, len(listed), gone.status_code]

    assert seen(cast.alice) == seen(cast.bob)


def test_the_people_of_nobody_are_not_shown(api: Client, cast: Cast) -> None:
    for path in ("contacts/", "contacts/requests/", "blocks/", "me/relations/", "me/privacy/"):
        assert api(None).get(f"{V1}/{path}").status_code == 401


def test_all_six_settings_are_read_and_changed_one_by_one(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    held = {str(what): str(audience) for what, audience in DEFAULTS.items()}
    assert client.get(f"{V1}/me/privacy/").json() == held
    for what in Privacy:
        for audience in ("nobody", "contacts", "everyone"):
            held[what] = audience
            assert client.patch(f"{V1}/me/privacy/", {what: audience}).json() == held
        wrong = client.patch(f"{V1}/me/privacy/", {what: "friends"})
        assert (wrong.status_code, list(wrong.json()["errors"])) == (400, [what])
    assert client.get(f"{V1}/me/privacy/").json() == held
    assert Contact.objects.count() == 0
