"""The socket under bad input: at the door, frame by frame, and message by message."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from integrations.models import ApiToken
from integrations.services import create_token, revoke_token
from realtime.connection import FRAME_BURST
from realtime.management.commands.serve import CLIENT_FRAME_MAX
from rooms import services as rooms
from tests.fixtures_server import Guest, World

NOWHERE = "11111111-1111-4111-8111-111111111111"
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def sign_in(user: User) -> str:
    """Begin a session of the user, as a browser's sign-in does; return its cookie's value."""
    session = SessionStore()
    session.update(
        {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: user.get_session_auth_hash()}
    )
    session.create()
    assert session.session_key
    return session.session_key


# --- At the door --------------------------------------------------------------------------------


async def test_a_wrong_token_is_told_by_4401(world: World) -> None:
    alice = await world.person()
    for wrong in ("chat_nonsense", "", alice.token[:-1], alice.token.upper(), "ü"):
        socket = await world.connect(headers={"Authorization": f"Bearer {wrong}".encode().decode("latin-1")})
        assert await socket.closed() == 4401


async def test_a_missing_token_is_told_by_4401(world: World) -> None:
    assert await (await world.connect()).closed() == 4401
    assert await (await world.connect(headers={"Authorization": "Basic YWxpY2U6YWxpY2U="})).closed() == 4401


async def test_what_has_ended_opens_nothing(world: World) -> None:
    revoked, expired, suspended, closed = await world.people(4)
    await world.shell(lambda: revoke_token(ApiToken.objects.get(user=revoked.user)))
    yesterday = timezone.now() - timedelta(days=1)
    await world.shell(lambda: ApiToken.objects.filter(user=expired.user).update(expires_at=yesterday))
    await world.shell(accounts.suspend, suspended.user, reason="spam")
    await world.shell(accounts.deactivate, closed.user)
    for guest in (revoked, expired, suspended, closed):
        assert await (await world.connect(guest)).closed() == 4401


async def test_a_token_that_may_not_read_opens_nothing(world: World) -> None:
    alice = await world.person()
    writes = (await world.shell(create_token, alice.user, scopes=["write"]))[1]
    assert await (await world.connect(Guest(alice.user, writes))).closed() == 4401


async def test_a_token_that_may_only_read_hears_and_does_not_speak(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    reads = (await world.shell(create_token, bob.user, scopes=["read"]))[1]
    socket = await world.socket(Guest(bob.user, reads))
    ref = await socket.send(str(room.pk))
    assert (await socket.expect("error", ref=ref))["code"] == "forbidden"
    await (await world.socket(alice)).sent(str(room.pk), "to all")
    assert (await socket.expect("message.created"))["data"]["content"] == "to all"


async def test_a_browser_is_let_in_from_our_own_pages_only(world: World) -> None:
    alice = await world.person()
    cookie = f"{settings.SESSION_COOKIE_NAME}={await world.shell(sign_in, alice.user)}"
    socket = await world.connect(headers={"Cookie": cookie, "Origin": world.server.url})
    assert (await socket.hello())["user"]["id"] == alice.id
    ours = world.server.url
    for origin in ("https://evil.example", "null", ours.replace("http", "https"), f"{ours}.evil", f"{ours}/"):
        socket = await world.connect(headers={"Cookie": cookie, "Origin": origin})
        assert await socket.closed() == 4403, origin
    assert await (await world.connect(headers={"Cookie": cookie})).closed() == 4403


@pytest.mark.parametrize(
    "jar",
    [
        'theme={"dark": true}; {session}',  # as many applications on the same host set them
        "{session}; a=b c[]=\u00ff",
        "path=/; {session}",
        "=; {session}",
        'x="unended; {session}',
    ],
)
async def test_another_cookie_does_not_open_the_door_to_a_foreign_page(world: World, jar: str) -> None:
    """Cookies are read in more ways than one; what one of them overlooks another must not believe."""
    alice = await world.person()
    session = f"{settings.SESSION_COOKIE_NAME}={await world.shell(sign_in, alice.user)}"
    headers = {"Cookie": jar.replace("{session}", session), "Origin": "https://evil.example"}
    assert await (await world.connect(headers=headers)).closed() == 4403


async def test_a_session_that_has_ended_opens_nothing(world: World) -> None:
    alice = await world.person()
    key = await world.shell(sign_in, alice.user)
    await world.shell(lambda: SessionStore(key).delete())
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}", "Origin": world.server.url}
    assert await (await world.connect(headers=headers)).closed() == 4401


# --- Frames -------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before hello", "after hello"])
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("hello there", id="not JSON"),
        pytest.param("", id="empty"),
        pytest.param("[1]", id="an array"),
        pytest.param("null", id="null"),
        pytest.param('{"ref": "1"}', id="without type"),
        pytest.param('{"type": 1}', id="type of a wrong type"),
        pytest.param('{"type": "ping", "ref": 1}', id="ref of a wrong type"),
        pytest.param('{"type": "ping"', id="unended"),
        pytest.param('{"type": "ping", "x": NaN}', id="a number that is none"),
        pytest.param(r'{"type": "ping", "ref": "\ud800"}', id="ref is half a surrogate pair"),
        pytest.param('{"type":"ping","x":' + "[" * 50_000 + "]" * 50_000 + "}", id="nested beyond reason"),
        pytest.param(b'{"type":"ping"}', id="binary"),
    ],
)
async def test_a_frame_that_is_none_is_told_by_4400(world: World, frame: str | bytes, moment: str) -> None:
    alice = await world.person()
    socket = await (world.connect if moment == "before hello" else world.socket)(alice)
    await socket.raw(frame)
    assert await socket.closed() == 4400


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"type": "message.sned"}, id="unknown type"),
        pytest.param({"type": "x" * 10_000}, id="endless type"),
        pytest.param({"type": "hello", "cursors": {}}, id="hello again"),
        pytest.param({"type": "message.send"}, id="nothing but a type"),
        pytest.param({"type": "message.send", "room": NOWHERE}, id="no content"),
        pytest.param({"type": "message.send", "room": "nowhere", "content": "x"}, id="room is no id"),
        pytest.param({"type": "message.send", "room": NOWHERE, "content": ["x"]}, id="content is a list"),
        pytest.param({"type": "message.send", "room": NOWHERE, "content": None}, id="content is null"),
        pytest.param({"type": "message.send", "room": NOWHERE, "content": "x", "reply_to": 7}, id="reply to a number"),
        pytest.param(
            {"type": "message.send", "room": NOWHERE, "content": "x", "client_time": "2024-01-01T00:00:00"},
            id="a time without zone",
        ),
        pytest.param({"type": "message.send", "room": NOWHERE, "content": "x", "attachments": [1]}, id="attachment"),
        pytest.param({"type": "message.send", "room": NOWHERE, "content": "x", "attempt": -1}, id="attempt −1"),
        pytest.param({"type": "message.delete", "message": "it"}, id="message is no id"),
        pytest.param({"type": "read", "room": NOWHERE, "number": "7"}, id="number is text"),
        pytest.param({"type": "resume", "cursors": []}, id="cursors are a list"),
        pytest.param({"type": "resume", "cursors": {NOWHERE: "7"}}, id="cursor is text"),
        pytest.param({"type": "typing", "room": NOWHERE}, id="typing neither on nor off"),
        pytest.param({"type": "view", "room": 3}, id="view of a number"),
    ],
)
async def test_a_command_that_cannot_be_read_is_refused_and_the_next_is_carried_out(
    world: World, fields: dict[str, Any]
) -> None:
    socket = await world.socket(await world.person())
    ref = str(uuid4())
    await socket.raw(json.dumps({**fields, "ref": ref}))
    refusal = await socket.expect("error", ref=ref)
    assert refusal["code"] == "invalid"
    assert 0 < len(refusal["detail"]) < 500
    await socket.in_step()


async def test_a_send_without_a_uuid_for_its_name_is_refused(world: World) -> None:
    socket = await world.socket(await world.person())
    for ref in ("", "seven", "1" * 101, None):
        await socket.raw(json.dumps({"type": "message.send", "ref": ref, "room": NOWHERE, "content": "x"}))
        assert (await socket.expect("error"))["code"] == "invalid"


async def test_a_bad_hello_is_told_and_closed_with_4400(world: World) -> None:
    alice = await world.person()
    for fields in ({"cursors": [1]}, {"audience": "everyone"}, {"cursors": {NOWHERE: 1.5}}, {"epoch": 3}):
        socket = await world.connect(alice)
        await socket.raw(json.dumps({"type": "hello", **fields}))
        assert await socket.closed() == 4400
        assert socket.frames[0]["code"] == "invalid"


async def test_commands_before_hello_are_refused(world: World) -> None:
    alice = await world.person()
    room = await world.room(alice)
    socket = await world.connect(alice)
    await socket.send(str(room.pk))
    assert (await socket.expect("error"))["code"] == "invalid"
    ready = await socket.hello()
    assert ready["rooms"][0]["last_number"] == 1  # the owner's joining, and nothing after it


async def test_a_frame_of_129_kib_is_told_by_1009_and_one_of_128_is_read(world: World) -> None:
    socket = await world.socket(await world.person())
    frame = '{"type":"ping","ref":"big","x":"%s"}'
    await socket.raw(frame % ("x" * (CLIENT_FRAME_MAX - len(frame) + 2)))
    await socket.expect("pong", ref="big")
    await socket.raw(frame % ("x" * (129 * 1024 - len(frame))))
    assert await socket.closed() == 1009


async def test_too_many_frames_are_told_by_4429(world: World) -> None:
    socket = await world.socket(await world.person())
    for _ in range(FRAME_BURST + 200):
        await socket.say("ping")
    assert await socket.closed() == 4429
    assert socket.count("pong") <= FRAME_BURST + 100


async def test_a_silent_guest_is_told_by_4408(world: World) -> None:
    assert await (await world.connect(await world.person())).closed() == 4408


# --- Messages -----------------------------------------------------------------------------------

CONTENTS = {
    "empty": ("", "invalid"),
    "blank": (" \n\u3000\t ", "invalid"),
    "10,001 characters": ("x" * 10_001, "too_large"),
    "NUL": ("a\0b", "invalid"),
    "half a surrogate pair": ("\ud83d!", "invalid"),
    "the other half": ("\ude00", "invalid"),
}


@pytest.mark.parametrize(("content", "code"), CONTENTS.values(), ids=CONTENTS)
async def test_bad_content_is_refused_alone_by_both_interfaces(world: World, content: str, code: str) -> None:
    alice = await world.person()
    room = str((await world.room(alice)).pk)
    socket = await world.socket(alice)
    bad, good = await socket.send(room, content), await socket.send(room, "good")
    assert (await socket.expect("error", ref=bad))["code"] == code
    await socket.expect("ack", ref=good)
    status, problem = await world.rest(alice, "POST", f"rooms/{room}/messages/", {"content": content})
    assert (status, problem["code"]) == ({"invalid": 400, "too_large": 413}[code], code)
    _, page = await world.rest(alice, "GET", f"rooms/{room}/messages/")
    assert [each["content"] for each in page["results"] if each["kind"] == "text"] == ["good"]


async def test_ten_thousand_escaped_characters_beyond_the_bmp_pass(world: World) -> None:
    alice, bob = await world.people(2)
    room = str((await world.room(alice, bob)).pk)
    longest = "\U0001f600" * settings.MESSAGE_MAX_LENGTH
    ears, socket = await world.socket(bob), await world.socket(alice)
    assert (await socket.sent(room, longest))["content"] == longest  # json.dumps escapes them all
    assert (await ears.expect("message.created"))["data"]["content"] == longest
    status, message = await world.rest(alice, "POST", f"rooms/{room}/messages/", {"content": longest})
    assert (status, message["content"]) == (201, longest)


async def test_a_room_that_is_not_ones_own_does_not_exist(world: World) -> None:
    alice, bob, mallory = await world.people(3)
    others, left, deleted = [await world.room(alice, bob) for _ in range(3)]
    await world.shell(rooms.leave, bob.user, left)
    await world.shell(rooms.delete_room, alice.user, deleted)
    for guest, room in ((mallory, others), (bob, left), (bob, deleted), (alice, deleted)):
        socket = await world.socket(guest, {str(room.pk): 1})
        await socket.expect("room.removed", room=str(room.pk))
        for command in (
            {"type": "message.send", "room": str(room.pk), "content": "let me in"},
            {"type": "read", "room": str(room.pk), "number": 1},
            {"type": "view", "room": str(room.pk)},
            {"type": "typing", "room": str(room.pk), "on": True},
        ):
            ref = str(uuid4())
            await socket.raw(json.dumps({**command, "ref": ref}))
            assert (await socket.expect("error", ref=ref))["code"] == "not_found", command
        assert socket.events(str(room.pk)) == []
        for method, path in (("GET", "messages/"), ("GET", "log/"), ("POST", "messages/"), ("POST", "read/")):
            body = {"content": "let me in", "number": 1} if method == "POST" else None
            status, problem = await world.rest(guest, method, f"rooms/{room.pk}/{path}", body)
            assert (status, problem["code"]) == (404, "not_found"), path


async def test_a_message_of_others_can_be_neither_seen_nor_deleted(world: World) -> None:
    alice, mallory = await world.people(2)
    room = await world.room(alice)
    message = await (await world.socket(alice)).sent(str(room.pk), "secret")
    socket = await world.socket(mallory)
    for target in (message["id"], str(uuid4())):
        await socket.say("message.delete", ref="1", message=target)
        assert (await socket.expect("error", ref="1"))["code"] == "not_found"
        for method in ("GET", "DELETE"):
            assert (await world.rest(mallory, method, f"messages/{target}/"))[0] == 404


async def test_a_clock_six_minutes_off_is_refused(world: World) -> None:
    alice = await world.person()
    room = str((await world.room(alice)).pk)
    socket = await world.socket(alice)
    for minutes in (-6, 6):
        moment = (timezone.now() + timedelta(minutes=minutes)).isoformat()
        ref = await socket.send(room, client_time=moment)
        assert (await socket.expect("error", ref=ref))["code"] == "invalid"
        status, problem = await world.rest(
            alice, "POST", f"rooms/{room}/messages/", {"content": "x", "client_time": moment}
        )
        assert (status, problem["code"]) == (400, "invalid")
    await socket.sent(room, client_time=(timezone.now() + timedelta(minutes=4)).isoformat())


async def test_twenty_retries_through_both_interfaces_at_once_make_one_message(world: World) -> None:
    alice, bob = await world.people(2)
    room = str((await world.room(alice, bob)).pk)
    ears = await world.socket(bob)
    sockets = [await world.socket(alice) for _ in range(10)]
    name = str(uuid4())
    body = {"content": "only once", "client_id": name}
    *answers, _ = await asyncio.gather(
        *(world.rest(alice, "POST", f"rooms/{room}/messages/", body) for _ in range(10)),
        asyncio.gather(*(socket.send(room, "only once", ref=name) for socket in sockets)),
    )
    acks = [(await socket.expect("ack", ref=name))["data"] for socket in sockets]
    assert {status for status, _ in answers} <= {200, 201}
    assert [status for status, _ in answers].count(201) <= 1
    assert len({message["id"] for message in [*acks, *(message for _, message in answers)]}) == 1
    end = await sockets[0].sent(room, "the end")
    await ears.reach(room, end["seq"])
    assert [each["data"]["content"] for each in ears.events(room)] == ["only once", "the end"]


async def test_the_same_name_with_other_content_is_a_conflict_on_both_interfaces(world: World) -> None:
    alice = await world.person()
    room = str((await world.room(alice)).pk)
    socket = await world.socket(alice)
    name = (await socket.sent(room, "first"))["client_id"]
    await socket.send(room, "other", ref=name)
    assert (await socket.expect("error", ref=name))["code"] == "conflict"
    body = {"content": "other", "client_id": name}
    status, problem = await world.rest(alice, "POST", f"rooms/{room}/messages/", body)
    assert (status, problem["code"]) == (409, "conflict")


async def test_the_sends_of_a_socket_are_stored_in_their_order_and_a_refused_one_stops_none(world: World) -> None:
    alice = await world.person(unthrottled=True)
    room = str((await world.room(alice)).pk)
    socket = await world.socket(alice)
    texts = [f"{turn}" if turn % 7 else "" for turn in range(1, 101)]
    for text in texts:
        await socket.send(room, text)
    await socket.until(lambda: socket.count("ack") + socket.count("error") == len(texts))
    await socket.until(lambda: socket.count("message.created") == socket.count("ack"))
    assert [each["data"]["content"] for each in socket.events(room)] == [text for text in texts if text]


async def test_whoever_writes_too_fast_is_told_when_to_go_on(world: World) -> None:
    alice = await world.person()
    room = str((await world.room(alice)).pk)
    socket = await world.socket(alice)
    for turn in range(60):
        await socket.send(room, f"{turn}")
    await socket.until(lambda: socket.count("ack") + socket.count("error") == 60)
    refused = [frame for frame in socket.frames if frame["type"] == "error"]
    assert {frame["code"] for frame in refused} == {"rate_limited"}
    assert all(0 < frame["retry_after"] < 10 for frame in refused)
    assert 0 < socket.count("ack") < 60


async def test_who_stops_typing_over_and_over_is_not_heard_each_time(world: World) -> None:
    alice, bob = await world.people(2)
    room = str((await world.room(alice, bob)).pk)
    ears, mouth = await world.socket(bob), await world.socket(alice)
    await ears.say("view", room=room)
    await ears.expect("viewing", room=room)
    for _ in range(60):
        await mouth.say("typing", room=room, on=False)
    said = await mouth.sent(room, "the end")
    await ears.reach(room, said["seq"])
    assert 0 < ears.count("typing") < 20


@pytest.mark.parametrize("command", ["view", "resume", "read"])
async def test_what_costs_queries_has_a_pace_whatever_a_socket_may_say(world: World, command: str) -> None:
    alice = await world.person()
    room = str((await world.room(alice)).pk)
    socket = await world.socket(alice)
    fields = {"view": {"room": room}, "resume": {"cursors": {room: 0}}, "read": {"room": room, "number": 1}}[command]
    for batch in range(20):  # a busy machine takes its time for them, in which some come to be allowed again
        for turn in range(40):
            await socket.say(command, ref=f"{batch} {turn}", **fields)
        await socket.in_step()
        if socket.count("error"):
            break
    refused = [frame for frame in socket.frames if frame["type"] == "error"]
    assert {frame["code"] for frame in refused} == {"rate_limited"}  # and some were


# --- The rest of the contract -------------------------------------------------------------------


async def test_a_read_position_moves_on_all_devices(world: World) -> None:
    alice, bob = await world.people(2)
    room = str((await world.room(alice, bob)).pk)
    phone, desk = await world.socket(bob), await world.socket(bob)
    number = (await (await world.socket(alice)).sent(room))["number"]
    await phone.say("read", ref="r", room=room, number=number)
    assert (await phone.expect("ack", ref="r"))["data"] == {"number": number, "unread": 0, "mentions": 0}
    assert (await desk.expect("read", room=room))["number"] == number
    await desk.say("read", ref="u", room=room, unread_from=number)
    assert (await phone.expect("read", room=room, number=number - 1))["unread"] == 1
    for beyond in (number + 1, -1, 10**30):
        await phone.raw(json.dumps({"type": "read", "ref": "b", "room": room, "number": beyond}))
        assert (await phone.expect("error", ref="b"))["code"] == "invalid"


async def test_numbers_beyond_any_column_are_answered_and_break_nothing(world: World) -> None:
    alice = await world.person()
    room = str((await world.room(alice)).pk)
    for query in ("before", "after", "around"):
        for number in (0, 2**31, 2**63 - 1, 2**63, 10**30, -1, "x"):
            status, _ = await world.rest(alice, "GET", f"rooms/{room}/messages/?{query}={number}")
            assert status in (200, 400), (query, number)
    for number in (2**63 - 1, 2**63, 10**30):
        status, _ = await world.rest(alice, "GET", f"rooms/{room}/log/?after={number}")
        assert status in (400, 410), number
    for cursor in (2**31, 2**63 - 1, 2**63, 10**30, -1):
        socket = await world.connect(alice)
        await socket.raw(json.dumps({"type": "hello", "cursors": {room: cursor}}))
        await socket.expect("room.reset", room=room)
        await socket.close()
