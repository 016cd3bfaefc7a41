"""Guests by a name alone: into a room that allows them, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import guests
from accounts.authentication import authenticate_socket
from accounts.models import User
from accounts.search import find_people
from audit.models import AuditEntry
from integrations.services import create_token
from realtime import commands
from realtime.errors import Conflict, Forbidden, Invalid, NotFound
from rooms import services
from rooms.models import Membership, Room
from rooms.permissions import SETTABLE, Action, allows
from rooms.services.guests import MAY, enter_as_guest, show_out
from tests.accounts.browsers import handshake
from tests.concurrency import at_once
from tests.factories import Cast, make_direct, make_room, make_user, membership_of, say


@pytest.fixture(autouse=True)
def _with_guests(settings: Any) -> None:
    settings.GUESTS = True


@pytest.fixture
def room(cast: Cast) -> Room:
    """A private room that lets guests in."""
    return services.update_room(cast.alice, make_room(cast.alice, cast.bob, name="Open day"), settings={"guests": True})


def enter(room: Room, name: str = "Zoe") -> Client:
    client = Client()
    answer = client.post(reverse("guest", args=[room.slug]), {"name": name})
    assert answer.status_code == 302, answer.content
    return client


def guest_of(room: Room) -> User:
    return User.objects.get(visiting_until__isnull=False, memberships__room=room)


# --- The way in ---


def test_a_guest_comes_in_by_a_name(room: Room) -> None:
    client = enter(room)
    guest = guest_of(room)
    assert (guest.display_name, guest.is_guest, guest.has_usable_password()) == ("Zoe (guest)", True, False)
    assert client.get(reverse("room", args=[room.slug])).status_code == 200
    assert AuditEntry.objects.filter(action="room.guest_entered", target_id=str(room.pk)).count() == 1


@pytest.mark.parametrize("name", ["", "ab", "x" * 21, "Admin", "Al\u200bx", "Bоb", "  a  ", "ALICE", "bob"])
def test_a_name_that_is_no_name_is_refused(name: str, room: Room) -> None:
    answer = Client().post(reverse("guest", args=[room.slug]), {"name": name})
    assert answer.status_code == 422
    assert not User.objects.filter(visiting_until__isnull=False).exists()


def test_two_guests_of_one_name_do_not_meet(room: Room) -> None:
    enter(room, "Zoe")
    with pytest.raises(Invalid, match="called that"):
        enter_as_guest(room, "zoe")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_one_name_at_once_one_gets_it(room: Room) -> None:
    results = at_once([lambda: enter_as_guest(room, "Zoe")] * 4)
    assert sum(isinstance(each, User) for each in results) == 1


@pytest.mark.parametrize("why", ["setting", "room", "archived", "deleted", "direct"])
def test_a_room_without_guests_does_not_exist_for_them(why: str, room: Room, cast: Cast, settings: Any) -> None:
    if why == "setting":
        settings.GUESTS = False
    elif why == "room":
        services.update_room(cast.alice, room, settings={})
    elif why == "archived":
        services.archive(cast.alice, room)
    elif why == "deleted":
        services.delete_room(cast.alice, room)
    else:
        room = make_direct(cast.alice, cast.bob)
        Room.objects.filter(pk=room.pk).update(settings={"guests": True})
    assert Client().get(reverse("guest", args=[room.slug])).status_code == 404
    with pytest.raises(NotFound):
        enter_as_guest(room, "Zoe")


def test_a_full_room_takes_no_guest(room: Room, settings: Any) -> None:
    settings.ROOM_SIZE_LIMITS = {**settings.ROOM_SIZE_LIMITS, "private": 2}
    with pytest.raises(Conflict):
        enter_as_guest(room, "Zoe")
    assert not User.objects.filter(visiting_until__isnull=False).exists()


def test_names_cannot_be_made_by_the_thousand(room: Room, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "guest": "2/m/ip"}
    url = reverse("guest", args=[room.slug])
    assert [Client().post(url, {"name": f"Guest {each}"}).status_code for each in range(3)] == [302, 302, 429]


# --- The way out ---


def test_leaving_ends_the_guest(room: Room) -> None:
    client = enter(room)
    guest = guest_of(room)
    assert "You left" in client.post(reverse("room_leave", args=[room.slug])).content.decode()
    assert not User.objects.get(pk=guest.pk).is_active
    assert client.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize("way", ["removed", "left by REST"])
def test_so_does_every_other_way_out(way: str, room: Room, cast: Cast) -> None:
    client = enter(room)
    guest = guest_of(room)
    if way == "removed":
        services.remove_member(cast.alice, room, guest)
    else:
        assert client.post(f"/api/v1/rooms/{room.pk}/leave/", content_type="application/json").status_code == 204
    assert not User.objects.get(pk=guest.pk).is_active
    assert authenticate_socket(handshake(client)) is None


def test_a_stay_is_short(room: Room, settings: Any) -> None:
    client = enter(room)
    assert client.session.get_expiry_age() <= settings.GUEST_HOURS * 3600
    guest = guest_of(room)
    show_out()
    assert membership_of(room, guest).is_current
    User.objects.filter(pk=guest.pk).update(visiting_until=timezone.now() - timedelta(seconds=1))
    show_out()
    assert not membership_of(room, guest).is_current
    assert not User.objects.get(pk=guest.pk).is_active


def test_guests_go_when_the_room_has_none_any_more(room: Room, cast: Cast) -> None:
    enter(room)
    guest = guest_of(room)
    services.update_room(cast.alice, room, settings={})
    show_out()
    assert not membership_of(room, guest).is_current


# --- Nowhere else: every address and every command ---

EXAMPLES = {"uuid": str(uuid4()), "int": "1", "slug": "x", "str": "x", "path": "x"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def every_route(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from every_route(each.url_patterns, route)
        else:
            yield route, each


def addresses(room: Room, other: Room, message: str) -> Iterator[tuple[str, str, str]]:
    """Every address with each method, of the guest's own room where one is named: (route, method, path)."""
    known = {"slug": room.slug, "room_id": str(room.pk), "message_id": message, "number": "1", "emoji": "👍"}
    for route, _ in every_route():
        path = re.sub(r"<(\w+):(\w+)>", lambda found: known.get(found[2], EXAMPLES[found[1]]), route)
        path = re.sub(r"\(\?P<\w+>[^)]*\)|\[[^\]]*\]\+", "x", path).translate(str.maketrans("", "", "^$\\"))
        for method in METHODS:
            yield route, method, f"/{path}"


def allowed(route: str, method: str, name: str | None) -> bool:
    if route.startswith("api/v1/"):
        return method in guests.CALLS.get(route.removeprefix("api/v1/"), frozenset())
    return method in guests.PAGES.get(name or "", frozenset())


def test_a_guest_reaches_nothing_else(room: Room, cast: Cast) -> None:
    message = say(room, cast.alice, "Welcome").id
    elsewhere = make_room(cast.alice, name="Elsewhere", kind="public")
    client = enter(room)
    names = {route: pattern.name for route, pattern in every_route()}
    before = dict(User.objects.values_list("pk", "rev"))
    tried, reached = 0, []
    for route, method, path in addresses(room, elsewhere, message):
        if allowed(route, method, names[route]):
            continue
        tried += 1
        answer = client.generic(method, path, "{}", content_type="application/json")
        if answer.status_code != 404:
            reached.append((method, path, answer.status_code))
    assert reached == []
    assert tried > 400
    assert dict(User.objects.values_list("pk", "rev")) == before
    assert Membership.objects.filter(user=guest_of(room)).count() == 1


def test_a_guest_does_not_enter_the_administration(room: Room) -> None:
    client = enter(room)
    for path in ("/admin/", "/admin/login/", "/admin/accounts/user/"):
        assert client.get(path).status_code == 404


def test_what_is_allowed_exists() -> None:
    """A name that is misspelt here would be a wall where none is meant."""
    found = {pattern.name for _, pattern in every_route()}
    routes = {route.removeprefix("api/v1/") for route, _ in every_route() if route.startswith("api/v1/")}
    assert guests.PAGES.keys() <= found
    assert guests.CALLS.keys() <= routes
    assert commands._registry.keys() >= guests.COMMANDS
    assert set(guests.OFFERS.values()) <= found | routes | commands._registry.keys()


def test_the_page_offers_a_guest_only_what_they_can_reach(room: Room, cast: Cast) -> None:
    root = say(room, cast.alice, "Welcome")
    client, member = enter(room), Client()
    member.force_login(cast.alice)
    for address in (reverse("room", args=[room.slug]), reverse("thread", args=[room.slug, root.number])):
        theirs, ours = client.get(address).content.decode(), member.get(address).content.decode()
        barred = re.search(r'<body [^>]*data-barred="([^"]*)"', theirs)
        assert barred is not None
        assert {"forward", "save", "pin", "schedule", "block", "vote", "profile"} <= set(barred[1].split())
        assert 'data-act="later"' not in theirs
        assert 'data-act="follow"' not in theirs
        assert "data-barred" not in ours
        assert 'data-act="later"' in ours


def test_the_client_calls_its_verbs_as_they_are_barred() -> None:
    verbs = (Path(__file__).parents[2] / "static/js/controllers/message-verbs.js").read_text()
    for name in ("block", "closePoll", "forward", "history", "pin", "save"):
        assert f'name: "{name}"' in verbs, f"the client has no verb called {name}"


def test_a_guest_reads_and_writes_in_the_room(room: Room, cast: Cast) -> None:
    message = say(room, cast.alice, "Welcome")
    client = enter(room)
    send = f"/api/v1/rooms/{room.pk}/messages/"
    assert client.get(send).json()["results"][-1]["kind"] == "join"
    assert client.post(send, {"content": "Hello"}, content_type="application/json").status_code == 201
    assert (
        client.put(f"/api/v1/messages/{message.id}/reactions/👍/", content_type="application/json").status_code == 200
    )
    assert [each["id"] for each in client.get("/api/v1/rooms/").json()["results"]] == [str(room.pk)]


def test_other_rooms_are_missing(room: Room, cast: Cast) -> None:
    public = make_room(cast.alice, name="Public", kind="public")
    message = say(public, cast.alice, "Secret")
    client = enter(room)
    for path in (f"rooms/{public.pk}/", f"rooms/{public.pk}/messages/", f"messages/{message.id}/"):
        assert client.get(f"/api/v1/{path}").status_code == 404
    assert client.get(reverse("room", args=[public.slug])).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x", "poll": {"question": "?", "options": ["a", "b"]}},
        {"content": "x", "attachments": [str(uuid4())]},
    ],
)
def test_a_guest_sends_words_only(body: dict[str, Any], room: Room) -> None:
    client = enter(room)
    answer = client.post(f"/api/v1/rooms/{room.pk}/messages/", body, content_type="application/json")
    assert answer.status_code in (400, 403), answer.content


def test_a_guest_calls_nobody_at_once(room: Room, cast: Cast) -> None:
    from messaging.models import Mention

    client = enter(room)
    client.post(f"/api/v1/rooms/{room.pk}/messages/", {"content": "@room hello"}, content_type="application/json")
    assert not Mention.objects.exists()


def test_the_table_gives_a_guest_what_is_written_down_and_no_more(room: Room) -> None:
    enter(room)
    membership = membership_of(room, guest_of(room))
    given = {
        action
        for action in Action
        if allows(
            action, role=membership.role, kind=room.kind, settings=room.settings, overrides=membership.permissions
        )
    }
    assert given == MAY | {Action.READ, Action.LEAVE}
    assert given & SETTABLE == MAY


def test_nobody_raises_a_guest_or_takes_one_elsewhere(room: Room, cast: Cast) -> None:
    enter(room)
    guest = guest_of(room)
    with pytest.raises(Forbidden):
        services.change_role(cast.alice, room, guest, "moderator")
    with pytest.raises(Conflict):
        services.transfer(cast.alice, room, guest)
    with pytest.raises(NotFound):
        services.add_members(cast.alice, cast.team, [guest])
    with pytest.raises(NotFound):
        services.direct_room(cast.alice, [guest])
    with pytest.raises(NotFound):
        services.create_room(cast.alice, kind="private", name="Trap", members=[guest])
    with pytest.raises(Forbidden):
        create_token(guest)
    assert guest not in find_people("Zoe")


def test_no_decision_about_a_guest_gives_them_more(room: Room, cast: Cast) -> None:
    enter(room)
    guest = guest_of(room)
    before = membership_of(room, guest).permissions
    with pytest.raises(Forbidden):
        services.set_permissions(cast.alice, room, guest, {"invite": True})
    services.set_permissions(cast.alice, room, guest, {})  # “as their role”
    assert membership_of(room, guest).permissions == before
    services.set_permissions(cast.alice, room, guest, {"post": False})
    assert membership_of(room, guest).permissions == {**before, "post": False}


def test_a_guest_says_on_the_socket_what_is_written_down(room: Room) -> None:
    identity = authenticate_socket(handshake(enter(room)))
    assert identity is not None
    assert {kind for kind in commands._registry if identity.may_say(kind)} == guests.COMMANDS


def test_people_with_accounts_say_everything(cast: Cast) -> None:
    client = Client()
    client.force_login(make_user("frank", is_guest=True))  # restricted to their rooms, and no passer-by
    identity = authenticate_socket(handshake(client))
    assert identity is not None
    assert all(identity.may_say(kind) for kind in commands._registry)
