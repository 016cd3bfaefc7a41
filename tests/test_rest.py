"""The REST API: its contract, what strangers get, and what malformed requests get."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from jsonschema import ValidationError

from integrations.services import create_token
from messaging.models import Message
from rooms import services
from rooms.models import Kind, LogEpoch, Role, Room, RoomHead
from tests.concurrency import at_once, raised
from tests.contract import PROBLEM, ContractClient
from tests.factories import Cast, make_direct, make_room, make_user, membership_of, say, set_role

pytestmark = pytest.mark.django_db

Client = Callable[..., ContractClient]

V1 = "/api/v1"


def room_url(room: Room, *parts: str) -> str:
    return "/".join([V1, "rooms", str(room.pk), *parts, ""])


def assert_problem(response: Any, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The answer is a problem of that kind, and names exactly these fields."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert response.headers["Content-Type"] == PROBLEM
    assert sorted(body.get("errors", {})) == sorted(fields)
    return body


# --- Who one is ------------------------------------------------------------------------------


def test_me_is_the_signed_in_user(cast: Cast, api: Client) -> None:
    assert api(cast.alice).get(f"{V1}/me/").json()["username"] == "alice"


def test_who_is_not_signed_in_is_asked_for_a_token(db: None, api: Client) -> None:
    response = api().get(f"{V1}/rooms/")
    assert_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_opens_the_api_as_its_user_and_a_wrong_one_does_not(cast: Cast, api: Client) -> None:
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(cast.alice)[1]}")
    assert client.get(f"{V1}/me/").json()["username"] == "alice"
    client.credentials(HTTP_AUTHORIZATION="Bearer chat_wrong")
    assert_problem(client.get(f"{V1}/me/"), 401, "unauthenticated")


def test_a_session_without_the_csrf_token_changes_nothing(cast: Cast) -> None:
    client = ContractClient(enforce_csrf_checks=True)
    client.force_login(cast.alice, backend="accounts.backends.AccountBackend")
    assert client.get(f"{V1}/me/").status_code == 200
    assert_problem(client.post(f"{V1}/rooms/", {"kind": "public", "name": "x"}), 403, "forbidden")
    assert not Room.objects.exists()


# --- Rooms -----------------------------------------------------------------------------------


def test_making_a_room_answers_with_it(cast: Cast, api: Client) -> None:
    fields = {"kind": "private", "name": "Plans", "topic": "For May", "members": [str(cast.bob.pk)]}
    response = api(cast.alice).post(f"{V1}/rooms/", fields)
    made = response.json()
    assert response.status_code == 201
    assert made | {"name": "Plans", "topic": "For May", "role": "owner", "member_count": 2, "slug": "plans"} == made
    assert made["head_seq"] == made["last_number"] == made["last_read_number"] == 2
    assert set(made["may"]) > {"read", "post", "delete_room", "transfer"}
    assert api(cast.bob).get(f"{V1}/rooms/{made['id']}/").json()["role"] == "member"


def test_ones_rooms_come_newest_activity_first_with_what_is_unread(cast: Cast, api: Client) -> None:
    quiet, busy = make_room(cast.alice, cast.bob), make_room(cast.alice, cast.bob)
    direct = make_direct(cast.alice, cast.bob)
    say(quiet, cast.alice)
    say(busy, cast.alice)
    say(busy, cast.alice)
    got = api(cast.bob).get(f"{V1}/rooms/").json()["results"]
    assert [(room["id"], room["unread"]) for room in got] == [
        (str(busy.pk), 2),
        (str(quiet.pk), 1),
        (str(direct.pk), 0),
    ]
    assert (got[2]["name"], got[2]["peer"]["username"]) == ("Alice", "alice")


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_ones_rooms_come_page_by_page_in_the_same_order(cast: Cast, api: Client, limit: int) -> None:
    rooms = [make_room(cast.alice, cast.bob, name=name) for name in ("b", "a", "b")]
    make_direct(cast.bob, cast.carol)  # two without any message: after all others, by name and id
    make_direct(cast.bob, cast.dave)
    say(rooms[1], cast.alice)
    # Rooms made at one moment have their first notices at one moment.
    RoomHead.objects.filter(room__in=[rooms[0], rooms[2]]).update(last_message_at=datetime(2026, 1, 1, tzinfo=UTC))
    client = api(cast.bob)
    everything = client.get(f"{V1}/rooms/").json()
    assert (len(everything["results"]), everything["next"]) == (5, None)
    found, asked = [], {"limit": limit}
    while True:
        page = client.get(f"{V1}/rooms/", asked).json()
        assert len(page["results"]) <= limit
        found += page["results"]
        if page["next"] is None:
            break
        asked = {"limit": limit, "cursor": page["next"]}
    assert found == everything["results"]


def test_a_foreign_cursor_of_ones_rooms_is_refused(cast: Cast, api: Client) -> None:
    assert_problem(api(cast.bob).get(f"{V1}/rooms/", {"cursor": "WzFd"}), 400, "invalid", "cursor")
    assert_problem(api(cast.bob).get(f"{V1}/rooms/", {"limit": 501}), 400, "invalid", "limit")


def test_a_direct_room_is_made_once_and_found_with_200(cast: Cast, api: Client) -> None:
    ask = {"kind": "direct", "members": [str(cast.bob.pk)]}
    first, second = api(cast.alice).post(f"{V1}/rooms/", ask), api(cast.alice).post(f"{V1}/rooms/", ask)
    from_bob = api(cast.bob).post(f"{V1}/rooms/", {"kind": "direct", "members": [str(cast.alice.pk)]})
    assert [each.status_code for each in (first, second, from_bob)] == [201, 200, 200]
    assert first.json()["id"] == second.json()["id"] == from_bob.json()["id"]


@pytest.mark.parametrize(
    ("fields", "status", "code", "culprit"),
    [
        ({"name": "x"}, 400, "invalid", "kind"),
        ({"kind": "group", "name": "x"}, 400, "invalid", "kind"),
        ({"kind": "public"}, 400, "invalid", "name"),
        ({"kind": "public", "name": " "}, 400, "invalid", "name"),
        ({"kind": "public", "name": 7}, 400, "invalid", "name"),
        ({"kind": "public", "name": "a\0b"}, 400, "invalid", "name"),
        ({"kind": "public", "name": "x", "slug": "Not One"}, 400, "invalid", "slug"),
        ({"kind": "public", "name": "x", "slug": "taken"}, 409, "conflict", "slug"),
        ({"kind": "public", "name": "x", "members": "bob"}, 400, "invalid", "members"),
        ({"kind": "public", "name": "x", "members": ["bob"]}, 400, "invalid", "members.0"),
        ({"kind": "public", "name": "x", "members": [str(uuid4())]}, 404, "not_found", "members"),
        ({"kind": "direct", "members": [str(uuid4())]}, 404, "not_found", "members"),
        ({"kind": "direct", "members": [str(uuid4()) for _ in range(9)]}, 400, "invalid", "members"),
    ],
)
def test_a_bad_room_is_refused_by_field(
    cast: Cast, api: Client, fields: dict[str, Any], status: int, code: str, culprit: str
) -> None:
    make_room(cast.bob, slug="taken")
    assert_problem(api(cast.alice).post(f"{V1}/rooms/", fields), status, code, culprit)
    assert Room.objects.count() == 1


def test_the_directory_pages_by_name_through_listed_rooms_only(cast: Cast, api: Client) -> None:
    for name in ("Delta", "Alpha", "Charlie", "Bravo", "Bravo"):
        make_room(cast.alice, kind=Kind.PUBLIC, name=name)
    make_room(cast.alice, kind=Kind.PRIVATE, name="Zulu")
    names, ask = [], {"limit": "2"}
    while True:
        page = api(cast.bob).get(f"{V1}/rooms/directory/", ask).json()
        assert len(page["results"]) <= 2
        names += [room["name"] for room in page["results"]]
        if page["next"] is None:
            break
        ask["cursor"] = page["next"]
    assert names == ["Alpha", "Bravo", "Bravo", "Charlie", "Delta"]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["alpha", "Bravo", "Charlie"]),
        ("members", ["Charlie", "Bravo", "alpha"]),
        ("activity", ["Bravo", "alpha", "Charlie"]),
    ],
)
def test_the_directory_pages_in_every_order(cast: Cast, api: Client, sort: str, names: list[str]) -> None:
    alpha = make_room(cast.alice, kind=Kind.PUBLIC, name="alpha")
    bravo = make_room(cast.alice, cast.bob, kind=Kind.PUBLIC, name="Bravo")
    charlie = make_room(cast.alice, cast.bob, cast.carol, kind=Kind.CHANNEL, name="Charlie")
    say(alpha, cast.alice)
    said = say(bravo, cast.bob)
    RoomHead.objects.filter(room=charlie).update(last_message_at=None)
    found: list[Any] = []
    ask = {"limit": "1", "sort": sort}
    while True:
        page = api(cast.dave).get(f"{V1}/rooms/directory/", ask).json()
        found += page["results"]
        if page["next"] is None:
            break
        ask["cursor"] = page["next"]
    assert [room["name"] for room in found] == names
    assert next(room for room in found if room["name"] == "Bravo")["last_message_at"] == said.created_at


def test_a_cursor_of_another_order_is_refused(cast: Cast, api: Client) -> None:
    for name in ("Alpha", "Bravo"):
        make_room(cast.alice, kind=Kind.PUBLIC, name=name)
    url = f"{V1}/rooms/directory/"
    for sort in ("name", "members", "activity"):
        cursor = api(cast.bob).get(url, {"limit": "1", "sort": sort}).json()["next"]
        for other in {"name", "members", "activity"} - {sort}:
            assert_problem(api(cast.bob).get(url, {"sort": other, "cursor": cursor}), 400, "invalid", "cursor")
    assert_problem(api(cast.bob).get(url, {"sort": "size"}), 400, "invalid", "sort")


def test_the_directory_finds_by_part_of_name_or_topic_and_knows_who_is_in(cast: Cast, api: Client) -> None:
    make_room(cast.alice, cast.bob, kind=Kind.CHANNEL, name="Sailing", topic="Boats")
    make_room(cast.alice, kind=Kind.PUBLIC, name="Boathouse")
    make_room(cast.alice, kind=Kind.PUBLIC, name="Cooking")
    found = api(cast.bob).get(f"{V1}/rooms/directory/", {"q": " boat "}).json()["results"]
    assert [(room["name"], room["role"]) for room in found] == [("Boathouse", None), ("Sailing", "member")]


def test_a_guest_finds_nothing_to_join(cast: Cast, api: Client) -> None:
    room, guest = cast.lobby, api(make_user("guest", is_guest=True))
    assert guest.get(f"{V1}/rooms/directory/").json()["results"] == []
    assert_problem(guest.post(room_url(room, "join")), 404, "not_found")


@pytest.mark.parametrize("cursor", ["x", "====", "WzFd", "W10", "bnVsbA", "é", "WyJcdTAwMDAiLCJ4Il0"])
@pytest.mark.parametrize("of", ["directory", "members"])
def test_a_cursor_that_is_not_ours_is_refused(cast: Cast, api: Client, of: str, cursor: str) -> None:
    url = f"{V1}/rooms/directory/" if of == "directory" else room_url(cast.team, "members")
    assert_problem(api(cast.alice).get(url, {"cursor": cursor}), 400, "invalid", "cursor")


def test_a_listed_room_shows_outsiders_its_door_and_nothing_of_what_was_said(cast: Cast, api: Client) -> None:
    say(cast.lobby, cast.alice, "inside")
    seen = api(cast.mallory).get(room_url(cast.lobby)).json()
    assert (seen["name"], seen["member_count"], seen["role"]) == ("Lobby", 2, None)
    for part in ("messages", "log", "members"):
        assert_problem(api(cast.mallory).get(room_url(cast.lobby, part)), 404, "not_found")


def test_joining_reading_leaving(cast: Cast, api: Client) -> None:
    dave = api(cast.dave)
    assert dave.post(room_url(cast.lobby, "join")).json()["role"] == "member"
    assert dave.post(room_url(cast.lobby, "join")).status_code == 200
    assert [message["kind"] for message in dave.get(room_url(cast.lobby, "messages")).json()["results"]] == ["join"] * 3
    assert dave.post(room_url(cast.lobby, "leave")).status_code == 204
    assert_problem(dave.post(room_url(cast.lobby, "leave")), 404, "not_found")
    assert_problem(dave.get(room_url(cast.lobby, "messages")), 404, "not_found")


def test_an_edit_with_one_bad_part_changes_nothing(cast: Cast, api: Client) -> None:
    admin = api(cast.bob)
    set_role(cast.team, cast.bob, Role.ADMIN)
    services.update_room(cast.alice, cast.team, settings={"permissions": {"archive": "owner"}})
    before = RoomHead.objects.get(room=cast.team).last_seq
    assert_problem(admin.patch(room_url(cast.team), {"name": "Crew", "archived": True}), 403, "forbidden")
    assert Room.objects.get(pk=cast.team.pk).name == "Team"
    assert RoomHead.objects.get(room=cast.team).last_seq == before
    assert_problem(admin.patch(room_url(cast.team), {}), 400, "invalid")
    assert_problem(admin.patch(room_url(cast.team), {"name": None}), 400, "invalid", "name")
    assert_problem(admin.patch(room_url(cast.team), {"settings": {"x": 1}}), 400, "invalid", "settings")


def test_an_edit_archiving_and_deletion(cast: Cast, api: Client) -> None:
    alice = api(cast.alice)
    changed = alice.patch(room_url(cast.team), {"topic": "Sailing", "archived": True}).json()
    assert (changed["topic"], changed["archived"]) == ("Sailing", True)
    assert_problem(api(cast.bob).post(room_url(cast.team, "messages"), {"content": "x"}), 403, "read_only")
    assert alice.patch(room_url(cast.team), {"archived": False}).json()["archived"] is False
    assert_problem(api(cast.erin).delete(room_url(cast.team)), 403, "forbidden")
    assert alice.delete(room_url(cast.team)).status_code == 204
    assert_problem(alice.get(room_url(cast.team)), 404, "not_found")


# --- Members ---------------------------------------------------------------------------------


def test_members_page_in_the_order_in_which_they_joined(cast: Cast, api: Client) -> None:
    services.leave(cast.bob, cast.team)
    services.add_members(cast.alice, cast.team, [cast.bob])
    names, ask = [], {"limit": "2"}
    while True:
        page = api(cast.carol).get(room_url(cast.team, "members"), ask).json()
        names += [member["user"]["username"] for member in page["results"]]
        if page["next"] is None:
            break
        ask["cursor"] = page["next"]
    assert names == ["alice", "carol", "erin", "bob"]


def test_members_are_added_changed_muted_and_removed(cast: Cast, api: Client) -> None:
    alice, people = api(cast.alice), room_url(cast.team, "members")
    added = alice.post(people, {"users": [str(cast.dave.pk)]}).json()["results"]
    assert [(each["user"]["username"], each["role"]) for each in added] == [("dave", "member")]
    dave = f"{people}{cast.dave.pk}/"
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    changed = alice.patch(dave, {"role": "moderator", "muted_until": until}).json()
    assert (changed["role"], changed["muted_until"] is not None) == ("moderator", True)
    assert alice.patch(dave, {"muted_until": None}).json()["muted_until"] is None
    assert alice.delete(dave).status_code == 204
    assert_problem(alice.delete(dave), 404, "not_found")
    assert_problem(alice.patch(dave, {"role": "admin"}), 404, "not_found")
    for wrong, culprit in [({"role": "owner"}, "role"), ({"muted_until": "soon"}, "muted_until"), ({}, None)]:
        assert_problem(alice.patch(dave, wrong), 400, "invalid", *([culprit] if culprit else []))
    assert_problem(alice.patch(dave, {"muted_until": "2030-01-01T00:00:00"}), 400, "invalid", "muted_until")


def test_a_room_is_handed_over(cast: Cast, api: Client) -> None:
    url = room_url(cast.team, "owner")
    assert_problem(api(cast.erin).put(url, {"user": str(cast.erin.pk)}), 403, "forbidden")
    assert api(cast.alice).put(url, {"user": str(cast.bob.pk)}).json()["role"] == "owner"
    assert membership_of(cast.team, cast.alice).role == Role.ADMIN


# --- Strangers -------------------------------------------------------------------------------


def _calls(cast: Cast, room: str, message: str) -> list[tuple[str, str, Any]]:
    """Every call that names a room or a message."""
    person = str(cast.bob.pk)
    rooms = f"{V1}/rooms/{room}/"
    return [
        ("get", rooms, None),
        ("patch", rooms, {"name": "Mine"}),
        ("delete", rooms, None),
        ("post", f"{rooms}join/", None),
        ("post", f"{rooms}leave/", None),
        ("get", f"{rooms}members/", None),
        ("post", f"{rooms}members/", {"users": [str(cast.mallory.pk)]}),
        ("patch", f"{rooms}members/{person}/", {"role": "member"}),
        ("delete", f"{rooms}members/{person}/", None),
        ("put", f"{rooms}owner/", {"user": str(cast.mallory.pk)}),
        ("get", f"{rooms}messages/", None),
        ("get", f"{rooms}messages/?around=1", None),
        ("post", f"{rooms}messages/", {"content": "let me in"}),
        ("get", f"{rooms}log/", None),
        ("post", f"{rooms}read/", {"number": 1}),
        ("get", f"{V1}/messages/{message}/", None),
        ("delete", f"{V1}/messages/{message}/", None),
    ]


@pytest.mark.parametrize("case", ["private", "direct", "left", "removed", "deleted", "staff"])
def test_a_room_of_others_answers_every_call_as_if_it_did_not_exist(cast: Cast, api: Client, case: str) -> None:
    room = make_direct(cast.alice, cast.bob) if case == "direct" else cast.team
    stranger = cast.staff if case == "staff" else cast.mallory
    message = say(room, cast.alice, "secret")
    if case in ("left", "removed", "deleted"):
        services.add_members(cast.alice, room, [stranger])
    if case == "left":
        services.leave(stranger, room)
    if case == "removed":
        services.remove_member(cast.alice, room, stranger)
    if case == "deleted":
        services.delete_room(cast.alice, room)
    before = RoomHead.objects.get(room=room).last_seq
    client = api(stranger)
    there = _calls(cast, str(room.pk), message.id)
    nowhere = _calls(cast, str(uuid4()), str(uuid4()))
    for (method, url, body), (_, missing, _) in zip(there, nowhere, strict=True):
        hidden, absent = getattr(client, method)(url, body), getattr(client, method)(missing, body)
        assert_problem(hidden, 404, "not_found")
        assert hidden.content == absent.content, f"{method} {url} tells a hidden room from a missing one"
    assert RoomHead.objects.get(room=room).last_seq == before


def test_a_stranger_gets_nothing_of_a_listed_room_but_its_door(cast: Cast, api: Client) -> None:
    message = say(cast.lobby, cast.alice, "for members")
    before = RoomHead.objects.get(room=cast.lobby).last_seq
    for method, url, body in _calls(cast, str(cast.lobby.pk), message.id):
        if (method, url) in [("get", room_url(cast.lobby)), ("post", room_url(cast.lobby, "join"))]:
            continue
        response = getattr(api(cast.mallory), method)(url, body)
        assert response.status_code in (403, 404), f"{method} {url}"
        assert b"for members" not in response.content
    assert RoomHead.objects.get(room=cast.lobby).last_seq == before


# --- Messages --------------------------------------------------------------------------------


def test_a_message_is_stored_once_for_its_client_id(cast: Cast, api: Client) -> None:
    bob, url = api(cast.bob), room_url(cast.team, "messages")
    draft = {"content": "Hello", "client_id": str(uuid4())}
    first, again = bob.post(url, draft), bob.post(url, draft)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json() == bob.get(f"{V1}/messages/{first.json()['id']}/").json()
    assert_problem(bob.post(url, {**draft, "content": "Bye"}), 409, "conflict")
    assert Message.objects.filter(kind="text").count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_retries_at_once_store_one_message(cast: Cast, api: Client) -> None:
    url, draft = room_url(cast.team, "messages"), {"content": "Hello", "client_id": str(uuid4())}
    results = at_once([partial(api(cast.bob).post, url, draft) for _ in range(20)])
    assert not raised(results)
    assert sorted(response.status_code for response in results) == [200] * 19 + [201]
    assert len({response.json()["id"] for response in results}) == 1
    assert Message.objects.filter(kind="text").count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "code", "culprit"),
    [
        ({}, 400, "invalid", "content"),
        ({"content": ""}, 400, "invalid", "content"),
        ({"content": " \n\t"}, 400, "invalid", "content"),
        ({"content": None}, 400, "invalid", "content"),
        ({"content": 7}, 400, "invalid", "content"),
        ({"content": ["x"]}, 400, "invalid", "content"),
        ({"content": "a\0b"}, 400, "invalid", "content"),
        ({"content": "x" * 10_001}, 413, "too_large", "content"),
        ({"content": "x", "client_id": "7"}, 400, "invalid", "client_id"),
        ({"content": "x", "reply_to": "first"}, 400, "invalid", "reply_to"),
        ({"content": "x", "reply_to": str(uuid4())}, 404, "not_found", None),
        ({"content": "x", "attachments": ["file"]}, 400, "invalid", "attachments"),
        ({"content": "x", "client_time": "yesterday"}, 400, "invalid", "client_time"),
        ({"content": "x", "client_time": "2031-01-01T00:00:00"}, 400, "invalid", "client_time"),
        ({"content": "x", "client_time": "9999-12-31T23:59:59-23:00"}, 400, "invalid", "client_time"),
    ],
)
def test_a_bad_message_is_refused_by_field_and_not_stored(
    cast: Cast, api: Client, fields: dict[str, Any], status: int, code: str, culprit: str | None
) -> None:
    response = api(cast.bob).post(room_url(cast.team, "messages"), fields)
    assert_problem(response, status, code, *([culprit] if culprit else []))
    assert not Message.objects.filter(kind="text").exists()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_six_minutes_off_is_told_so(cast: Cast, api: Client, minutes: int) -> None:
    off = (timezone.now() + timedelta(minutes=minutes)).isoformat()
    response = api(cast.bob).post(room_url(cast.team, "messages"), {"content": "x", "client_time": off})
    assert_problem(response, 400, "invalid", "client_time")


def test_the_longest_message_fits_however_it_is_escaped(cast: Cast, api: Client) -> None:
    body = b'{"content":"' + b"\\ud83d\\ude00" * 10_000 + b'"}'
    response = api(cast.bob).post(room_url(cast.team, "messages"), body, content_type="application/json")
    assert response.status_code == 201
    assert response.json()["content"] == "😀" * 10_000


def test_content_is_kept_as_written(cast: Cast, api: Client) -> None:
    content = "  <b>x</b>\r\n\tẞ 👩‍👩‍👧 \u202eabc  "
    sent = api(cast.bob).post(room_url(cast.team, "messages"), {"content": content}).json()
    assert sent["content"] == content
    assert "<b>" not in sent["html"]


def test_a_reply_shows_what_it_answers_only_within_its_room(cast: Cast, api: Client) -> None:
    first, elsewhere = say(cast.team, cast.alice, "Question"), say(cast.lobby, cast.alice, "Elsewhere")
    url = room_url(cast.team, "messages")
    reply = api(cast.bob).post(url, {"content": "Answer", "reply_to": first.id}).json()
    assert (reply["reply_to"]["id"], reply["reply_to"]["content"]) == (first.id, "Question")
    assert_problem(api(cast.bob).post(url, {"content": "x", "reply_to": elsewhere.id}), 404, "not_found")


def test_pages_of_history(cast: Cast, api: Client) -> None:
    for number in range(10):
        say(cast.lobby, cast.alice, str(number))
    bob, url = api(cast.bob), room_url(cast.lobby, "messages")

    def numbers(**query: int) -> tuple[list[int], bool, bool]:
        page = bob.get(url, query).json()
        return [message["number"] for message in page["results"]], page["has_before"], page["has_after"]

    assert numbers(limit=3) == ([10, 11, 12], True, False)
    assert numbers(before=4) == ([1, 2, 3], False, True)
    assert numbers(after=10) == ([11, 12], True, False)
    assert numbers(around=6, limit=4) == ([4, 5, 6, 7], True, True)
    assert bob.get(url).json()["as_of_seq"] == 12


@pytest.mark.parametrize(
    ("query", "culprit"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"before": "-1"}, "before"),
        ({"after": "1.5"}, "after"),
        ({"around": str(2**63)}, "around"),
        ({"around": "٣"}, "around"),
        ({"before": "1", "after": "2"}, None),
    ],
)
def test_a_bad_page_is_refused(cast: Cast, api: Client, query: dict[str, str], culprit: str | None) -> None:
    response = api(cast.bob).get(room_url(cast.team, "messages"), query)
    assert_problem(response, 400, "invalid", *([culprit] if culprit else []))


def test_deleting_leaves_a_tombstone_and_deleting_again_changes_nothing(cast: Cast, api: Client) -> None:
    message = say(cast.team, cast.bob, "Oops")
    bob, url = api(cast.bob), f"{V1}/messages/{message.id}/"
    assert_problem(api(cast.carol).delete(url), 403, "forbidden")
    first, again = bob.delete(url), bob.delete(url)
    assert (first.status_code, first.json()) == (200, again.json())
    assert (first.json()["content"], first.json()["deleted_at"] is not None) == ("", True)
    assert "Oops" not in bob.get(room_url(cast.team, "messages")).content.decode()


def test_nobody_hides_that_they_were_removed(cast: Cast, api: Client) -> None:
    notice = Message.objects.filter(room=cast.team, sender=cast.bob, kind="join").get()
    assert_problem(api(cast.bob).delete(f"{V1}/messages/{notice.id}/"), 403, "forbidden")
    notice.refresh_from_db()
    assert notice.deleted_at is None


# --- The log ---------------------------------------------------------------------------------


def test_the_log_is_read_to_its_end_page_by_page(cast: Cast, api: Client) -> None:
    message = say(cast.team, cast.bob, "Draft of a thought")
    services.update_room(cast.alice, cast.team, topic="Thoughts")
    api(cast.bob).delete(f"{V1}/messages/{message.id}/")
    events, after = [], 0
    while True:
        page = api(cast.carol).get(room_url(cast.team, "log"), {"after": after, "limit": 3}).json()
        events += page["results"]
        after = page["next_after"]
        if after == page["as_of_seq"]:
            break
    assert [event["seq"] for event in events] == list(range(1, after + 1))
    kinds = ["member.joined"] * 4 + ["member.changed", "message.created"]  # the moderator's role, with its notice
    kinds += ["message.created", "room.changed", "message.created", "message.deleted"]
    assert [event["type"] for event in events] == kinds
    assert events[6]["data"]["content"] == "", "a replayed event shows its message as it is now"
    assert events[7]["data"]["topic"] == "Thoughts"
    assert (page["floor_seq"], page["epoch"]) == (0, LogEpoch.current())


def test_a_cursor_that_the_log_does_not_reach_is_gone(cast: Cast, api: Client) -> None:
    head = RoomHead.objects.get(room=cast.team)
    bob, url = api(cast.bob), room_url(cast.team, "log")
    assert bob.get(url, {"after": head.last_seq}).json()["results"] == []
    assert bob.get(url, {"after": 1, "epoch": LogEpoch.current()}).status_code == 200
    assert_problem(bob.get(url, {"after": head.last_seq + 1}), 410, "gone")
    assert_problem(bob.get(url, {"after": 1, "epoch": str(uuid4())}), 410, "gone")
    RoomHead.objects.filter(room=cast.team).update(floor_seq=3)
    assert_problem(bob.get(url, {"after": 2}), 410, "gone")
    assert [event["seq"] for event in bob.get(url, {"after": 3}).json()["results"]] == [4, 5, 6]


# --- Read positions --------------------------------------------------------------------------


def test_a_read_position_goes_forward_and_back_only_where_asked(cast: Cast, api: Client) -> None:
    for _ in range(3):
        say(cast.lobby, cast.alice)
    bob, url = api(cast.bob), room_url(cast.lobby, "read")
    assert bob.post(url, {"number": 5}).json() == {"number": 5, "unread": 0, "mentions": 0}
    assert bob.post(url, {"number": 3}).json()["number"] == 5
    assert bob.post(url, {"unread_from": 4}).json() == {"number": 3, "unread": 2, "mentions": 0}
    for wrong in ({}, {"number": 1, "unread_from": 1}):
        assert_problem(bob.post(url, wrong), 400, "invalid")
    for wrong, field in [({"number": 6}, "number"), ({"number": True}, "number"), ({"unread_from": 0}, "unread_from")]:
        assert_problem(bob.post(url, wrong), 400, "invalid", field)


# --- Malformed requests and faults -----------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v2/me/", f"{V1}/rooms/7/", f"{V1}/rooms", f"{V1}/nothing/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_not_there_is_a_problem_and_not_a_page(
    db: None, path: str, method: str, api: Client
) -> None:
    assert_problem(getattr(api(), method)(path), 404, "not_found")


def test_a_method_that_is_not_offered_is_answered_with_those_that_are(cast: Cast, api: Client) -> None:
    response = api(cast.alice).put(f"{V1}/rooms/", {})
    assert_problem(response, 405, "invalid")
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"content": "\\ud800"}',
        b"[" * 50_000,
        b"[]",
        b'"x"',
        b"7",
        b"null",
        b'{"content":NaN}',
    ],
)
def test_a_body_that_is_not_an_object_of_json_is_refused(cast: Cast, api: Client, body: bytes) -> None:
    response = api(cast.bob).post(room_url(cast.team, "messages"), body, content_type="application/json")
    problem = response.json()
    assert (response.status_code, problem["code"]) == (400, "invalid")
    assert not Message.objects.filter(kind="text").exists()


def test_a_body_of_another_type_or_of_any_size_is_refused(cast: Cast, api: Client) -> None:
    bob, url = api(cast.bob), room_url(cast.team, "messages")
    assert_problem(bob.post(url, "content=x", content_type="application/x-www-form-urlencoded"), 415, "invalid")
    huge = b'{"content":"' + b"x" * 300_000 + b'"}'
    assert_problem(bob.post(url, huge, content_type="application/json"), 413, "too_large")


def test_a_form_of_answer_that_is_not_offered_is_refused(cast: Cast, api: Client) -> None:
    assert_problem(api(cast.bob).get(f"{V1}/me/", HTTP_ACCEPT="application/xml"), 406, "invalid")


def test_who_calls_too_often_is_told_when_to_come_back_unless_exempt(
    cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework.settings import api_settings

    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "user", "3/min")
    bob, tester = api(cast.bob), api(make_user("tester", unthrottled=True))
    assert [bob.get(f"{V1}/me/").status_code for _ in range(4)] == [200, 200, 200, 429]
    response = bob.get(f"{V1}/me/")
    problem = assert_problem(response, 429, "rate_limited")
    assert 0 < problem["retry_after"] <= 20
    assert 1 <= int(response.headers["Retry-After"]) <= 20
    assert api(cast.carol).get(f"{V1}/me/").status_code == 200
    assert {tester.get(f"{V1}/me/").status_code for _ in range(10)} == {200}


def test_a_muted_member_learns_when_they_may_write_again(cast: Cast, api: Client) -> None:
    services.mute_member(cast.erin, cast.team, cast.bob, timezone.now() + timedelta(minutes=1))
    response = api(cast.bob).post(room_url(cast.team, "messages"), {"content": "x"})
    assert_problem(response, 403, "read_only")
    assert 0 < int(response.headers["Retry-After"]) <= 60


def test_a_fault_is_a_problem_that_tells_nothing_of_its_cause(
    cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("rooms.api.views.summaries", fail)
    bob = api(cast.bob)
    bob.raise_request_exception = False
    response = bob.get(f"{V1}/rooms/")
    assert_problem(response, 500, "unavailable")
    assert b"swordfish" not in response.content


def test_a_database_that_is_down_is_told_of_as_such(cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("rooms.api.views.summaries", fail)
    assert_problem(api(cast.bob).get(f"{V1}/rooms/"), 503, "unavailable")


# --- The description -------------------------------------------------------------------------


def test_the_description_is_complete_and_without_warnings(db: None) -> None:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert "openapi: 3.1" in out.getvalue()


def test_an_answer_that_is_not_as_described_fails_the_suite(
    cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rooms.api.views.summaries", lambda _: [{"id": 7}])
    with pytest.raises(ValidationError):
        api(cast.alice).get(f"{V1}/rooms/")


def test_the_description_is_served_to_whoever_asks(db: None, api: Client) -> None:
    served = api().get(f"{V1}/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    assert f"{V1}/rooms/{{room_id}}/messages/" in served["paths"]
