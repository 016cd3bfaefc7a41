"""Who reaches whose profile, and what it shows of phone and last visit: relation × path, setting × relation."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts import privacy
from accounts.models import Audience, Block, Contact, ContactRequest, Privacy, User
from rooms import services
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, make_room, make_user

Api = Callable[..., ContractClient]
PHONE = "+351912345678"


def befriend(one: User, other: User) -> None:
    Contact.objects.bulk_create([Contact(user=one, other=other), Contact(user=other, other=one)])


def ask(sender: User, receiver: User) -> ContactRequest:
    return ContactRequest.objects.create(sender=sender, receiver=receiver)


RELATIONS: dict[str, tuple[Callable[[User, User], object], bool]] = {
    "strangers": (lambda viewer, person: None, False),
    "in a room together": (lambda viewer, person: make_room(viewer, person), True),
    "in a direct room": (make_direct, True),
    "contacts": (befriend, True),
    "asked by the viewer": (ask, True),
    "asked by the person": (lambda viewer, person: ask(person, viewer), True),
    "blocked by the viewer": (lambda viewer, person: Block.objects.create(blocker=viewer, blocked=person), True),
    "blocked by the person": (lambda viewer, person: Block.objects.create(blocker=person, blocked=viewer), False),
}
PATHS = ["/api/v1/users/{id}/", "/people/{id}/"]


def look(viewer: User, api: Api, path: str, person: User) -> int:
    path = path.format(id=person.pk, username=person.username)
    if path.startswith("/api/"):
        return int(api(viewer).get(path).status_code)
    client = Client()
    client.force_login(viewer)
    return client.get(path).status_code


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("relation", RELATIONS)
def test_a_profile_is_reached_by_those_who_know_each_other(cast: Cast, api: Api, relation: str, path: str) -> None:
    become, reaches = RELATIONS[relation]
    become(cast.alice, cast.bob)
    assert look(cast.alice, api, path, cast.bob) == (200 if reaches else 404)


@pytest.mark.parametrize("path", PATHS)
def test_a_room_that_one_has_left_or_that_was_deleted_joins_nobody(cast: Cast, api: Api, path: str) -> None:
    services.leave(cast.bob, cast.team)
    assert look(cast.alice, api, path, cast.bob) == 404
    assert look(cast.alice, api, path, cast.carol) == 200
    services.delete_room(cast.alice, cast.team)
    assert look(cast.alice, api, path, cast.carol) == 404


@pytest.mark.parametrize("path", PATHS)
def test_nobody_is_there_by_a_wrong_id(cast: Cast, api: Api, path: str) -> None:
    nobody = User(id=uuid4(), username="nobody")
    assert look(cast.alice, api, path, nobody) == 404


@pytest.mark.parametrize("relation", [name for name in RELATIONS if "room" not in name])
def test_a_guest_reaches_the_people_of_their_rooms_and_no_others(cast: Cast, api: Api, relation: str) -> None:
    guest = make_user("visitor", is_guest=True)
    RELATIONS[relation][0](guest, cast.bob)
    for path in (*PATHS, "/u/{username}/"):
        assert look(guest, api, path, cast.bob) == 404
    assert api(guest).get("/api/v1/users/?username=bob").json() == {"results": []}
    # By staff: where one has blocked the other, they do not come together by themselves.
    services.add_members(services.Staff(), make_room(cast.bob), [guest])
    for path in (*PATHS, "/u/{username}/"):
        assert look(guest, api, path, cast.bob) == 200
    assert len(api(guest).get("/api/v1/users/?username=bob").json()["results"]) == 1


def test_an_exact_username_finds_one_person_in_whatever_case_and_nothing_else_does(cast: Cast, api: Api) -> None:
    assert cast.bob
    client = api(cast.mallory)

    def found(username: str) -> list[str]:
        return [each["username"] for each in client.get("/api/v1/users/", {"username": username}).json()["results"]]

    assert (found("bob"), found("BOB")) == (["bob"], ["bob"])
    assert [found(other) for other in ("bo", "bob%", "b_b", "@bob", "Bob ", "%", "bob@example.org", "b\u0131b")] == [
        []
    ] * 8
    assert found("mallory") == ["mallory"]
    assert look(cast.mallory, api, "/u/{username}/", cast.bob) == 200


@pytest.mark.parametrize("query", ["", "?username=", "?username=%00", f"?username={'x' * 51}", "?q=bob"])
def test_a_search_without_a_name_is_refused(cast: Cast, api: Api, query: str) -> None:
    assert api(cast.alice).get(f"/api/v1/users/{query}").status_code == 400


def test_guests_closed_and_suspended_accounts_are_not_found_by_name(cast: Cast, api: Api) -> None:
    make_user("visitor", is_guest=True)
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    User.objects.filter(pk=cast.carol.pk).update(suspended_at=timezone.now(), suspension_reason="x")
    for name in ("visitor", "bob", "carol"):
        assert api(cast.alice).get(f"/api/v1/users/?username={name}").json() == {"results": []}


def test_names_are_not_tried_by_the_hundred(cast: Cast, api: Api) -> None:
    client = api(cast.mallory)
    answers = [client.get(f"/api/v1/users/?username=user-{number}") for number in range(40)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert int(answers[-1].headers["Retry-After"]) >= 1


# --- What a profile shows ---


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        ("in a room together", "none"),
        ("contacts", "contact"),
        ("asked by the viewer", "request_sent"),
        ("asked by the person", "request_received"),
        ("blocked by the viewer", "blocked"),
    ],
)
def test_a_profile_says_what_the_two_are_to_each_other(cast: Cast, api: Api, relation: str, said: str) -> None:
    make_room(cast.alice, cast.bob)
    made = RELATIONS[relation][0](cast.alice, cast.bob)
    body = api(cast.alice).get(f"/api/v1/users/{cast.bob.pk}/").json()
    assert body["relation"] == said
    assert body["request"] == (str(made.pk) if isinstance(made, ContactRequest) else None)


def test_one_is_oneself(cast: Cast, api: Api) -> None:
    assert api(cast.alice).get(f"/api/v1/users/{cast.alice.pk}/").json()["relation"] == "self"


def test_who_is_blocked_sees_the_profile_of_somebody_who_is_not_here(cast: Cast, api: Api) -> None:
    """As of any other who shows nobody phone and last visit: a difference would tell of the block."""
    make_room(cast.alice, cast.bob)
    User.objects.filter(pk=cast.bob.pk).update(phone=PHONE, last_seen_at=timezone.now())
    befriend(cast.alice, cast.bob)
    privacy.change(cast.bob, last_seen="nobody", phone="nobody")
    hidden = api(cast.alice).get(f"/api/v1/users/{cast.bob.pk}/").json()
    privacy.change(cast.bob, last_seen="everyone", phone="everyone")
    Block.objects.create(blocker=cast.bob, blocked=cast.alice)
    assert api(cast.alice).get(f"/api/v1/users/{cast.bob.pk}/").json() == hidden


LETS = {
    Audience.EVERYONE: {"in a room together", "contacts", "asked by the viewer", "asked by the person"},
    Audience.CONTACTS: {"contacts"},
    Audience.NOBODY: set[str](),
}


@pytest.mark.parametrize("relation", [*(name for name in RELATIONS if name not in ("strangers", "in a direct room"))])
@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize(("what", "field"), [(Privacy.PHONE, "phone"), (Privacy.LAST_SEEN, "last_seen_at")])
def test_phone_and_last_visit_are_shown_to_whom_the_person_chose(
    cast: Cast, api: Api, what: Privacy, field: str, audience: Audience, relation: str
) -> None:
    make_room(cast.alice, cast.bob)
    RELATIONS[relation][0](cast.alice, cast.bob)
    User.objects.filter(pk=cast.bob.pk).update(phone=PHONE, last_seen_at=timezone.now())
    privacy.change(cast.bob, **{what: audience})
    is_shown = relation in LETS[audience]
    body = api(cast.alice).get(f"/api/v1/users/{cast.bob.pk}/").json()
    assert (body[field] is not None) is is_shown
    assert (api(cast.alice).get("/api/v1/users/?username=bob").json()["results"][0][field] is not None) is is_shown
    client = Client()
    client.force_login(cast.alice)
    page = client.get(f"/people/{cast.bob.pk}/").content.decode()
    assert (PHONE in page if what == Privacy.PHONE else "Last seen" in page) is is_shown


def test_rooms_in_common_are_counted_and_direct_ones_are_not(cast: Cast, api: Api) -> None:
    make_room(cast.alice, cast.bob)
    make_room(cast.bob, cast.alice)
    make_room(cast.bob, cast.carol)
    make_direct(cast.alice, cast.bob)
    assert api(cast.alice).get(f"/api/v1/users/{cast.bob.pk}/").json()["shared_rooms"] == 2
    client = Client()
    client.force_login(cast.alice)
    other = make_room(cast.bob, name="Not hers")
    assert other.name not in client.get(f"/people/{cast.bob.pk}/").content.decode()
