"""Several processes on one database, and the development server: one room, one order, one session."""

from __future__ import annotations

import asyncio
import http.client
import re
import sys
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from integrations.models import ApiToken
from messaging.append import append
from messaging.drafts import Draft
from messaging.models import Message
from messaging.services import delete
from rooms.models import Room, RoomHead
from tests.factories import say
from tests.fixtures_server import Guest, Installation, World
from tests.servers import ServerProcess
from tests.socket_client import Socket

# What comes through the layer comes at once; what has to be found in the database, every 2 s.
REPAIR = "reading the log of room"


def head_of(room: Room) -> int:
    return RoomHead.objects.get(room=room).last_seq


def repairs(server: ServerProcess) -> int:
    """How often the server has read events from the database because they had not come."""
    return server.log.read_text().count(REPAIR)


# --- Two processes ------------------------------------------------------------------------------


@pytest.mark.needs_postgres
async def test_two_processes_writing_one_room_at_full_speed_keep_one_order(
    world: World, second: ServerProcess, record_property: pytest.RecordProperty
) -> None:
    writers = await world.people(6, unthrottled=True)
    room = await world.room(*writers)
    name = str(room.pk)
    servers = [world.server, second]
    before, repaired = await world.shell(head_of, room), sum(map(repairs, servers))
    mouths = [await world.socket(guest, server=servers[place % 2]) for place, guest in enumerate(writers)]
    each = 250

    async def write(place: int, mouth: Socket) -> None:
        for turn in range(each):
            await mouth.send(name, f"{place} {turn}")
        await mouth.until(lambda: mouth.count("ack") == each, "its acks")

    await asyncio.gather(*(write(place, mouth) for place, mouth in enumerate(mouths)))
    last = before + len(mouths) * each
    heard = [await mouth.reach(name, last) for mouth in mouths]
    assert all(seqs == list(range(before + 1, last + 1)) for seqs in heard)
    # The same to everybody, and everybody's own in the order in which they wrote it.
    told = [[frame["data"]["content"] for frame in mouth.events(name)] for mouth in mouths]
    assert all(texts == told[0] for texts in told)
    for place in range(len(mouths)):
        own = [text for text in told[0] if text.startswith(f"{place} ")]
        assert own == [f"{place} {turn}" for turn in range(each)]
    count = sum(map(repairs, servers)) - repaired
    record_property("repairs", count)
    print(f"{len(mouths) * each} messages of two processes: {count} repairs read the database")
    assert count < len(mouths) * each / 50


@pytest.mark.needs_postgres
async def test_what_one_process_is_told_by_rest_the_sockets_of_the_other_hear_at_once(
    world: World, second: ServerProcess
) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    name = str(room.pk)
    ears = await world.socket(bob, server=second, audience="web")
    mouth = await world.socket(alice)
    await mouth.sent(name, "the first finds the way")
    await ears.expect("message.created")
    before = repairs(second)
    _, message = await world.rest(alice, "POST", f"rooms/{name}/messages/", {"content": "by REST"})
    told = await ears.expect("message.created")
    assert (told["data"]["id"], told["data"]["content"]) == (message["id"], "by REST")
    assert message["id"] in told["fragment"]
    await world.rest(alice, "DELETE", f"messages/{message['id']}/")
    assert (await ears.expect("message.deleted"))["data"]["id"] == message["id"]
    assert repairs(second) == before


@pytest.mark.needs_postgres
async def test_a_member_removed_in_one_process_hears_nothing_more_in_the_other(
    world: World, second: ServerProcess
) -> None:
    alice, bob, carol = await world.people(3, unthrottled=True)
    room = await world.room(alice, bob, carol)
    name = str(room.pk)
    gone, stays = await world.socket(bob, server=second), await world.socket(carol, server=second)
    mouth = await world.socket(alice)
    await mouth.sent(name, "before")
    await asyncio.gather(gone.expect("message.created"), stays.expect("message.created"))
    status, _ = await world.rest(alice, "DELETE", f"rooms/{name}/members/{bob.id}/")
    assert status == 204
    last = (await mouth.sent(name, "after"))["seq"]
    await stays.reach(name, last)
    await gone.expect("room.removed", room=name)
    await gone.in_step()
    assert "after" not in str(gone.frames)


def begin_session(user: User) -> str:
    session = SessionStore()
    session.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
    )
    session.create()
    assert session.session_key
    return session.session_key


def sign_out(server: ServerProcess, session: str) -> int:
    """Sign out as a browser does: open the page, send its form; return the answer's status."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
        connection.request("GET", "/accounts/logout/", headers={"Cookie": cookie})
        answer = connection.getresponse()
        page = answer.read().decode()
        given = re.search(rf"{settings.CSRF_COOKIE_NAME}=([^;]+)", str(answer.headers))
        field = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert given, answer.headers
        assert field, page[:500]
        headers = {
            "Cookie": f"{cookie}; {settings.CSRF_COOKIE_NAME}={given[1]}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": server.url,
        }
        connection.request("POST", "/accounts/logout/", f"csrfmiddlewaretoken={field[1]}", headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.needs_postgres
async def test_signing_out_in_one_process_closes_the_sockets_of_that_session_in_the_other(
    world: World, second: ServerProcess
) -> None:
    alice = await world.person()
    session, other = [await world.shell(begin_session, alice.user) for _ in range(2)]

    async def browser(key: str) -> Socket:
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}", "Origin": second.url}
        socket = await world.connect(server=second, headers=headers)
        await socket.hello()
        return socket

    here, there, program = await browser(session), await browser(other), await world.socket(alice, server=second)
    assert await asyncio.to_thread(sign_out, world.server, session) == 302
    assert await here.closed() == 4401
    # The same user's other session, and their program, stay.
    await there.in_step()
    await program.in_step()


@pytest.mark.needs_postgres
async def test_workers_of_one_server_share_a_room(world: World, installation: Installation) -> None:
    both = installation.start(workers=2)
    people = await world.people(8)
    room = await world.room(*people)
    name = str(room.pk)
    sockets = [await world.socket(guest, server=both) for guest in people]
    last = 0
    for socket in sockets:
        last = (await socket.sent(name))["seq"]
    for socket in sockets:
        await socket.reach(name, last)
    await asyncio.to_thread(both.stop)
    assert [await socket.closed() for socket in sockets] == [1012] * len(sockets)


# --- The development server ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def daphne(installation: Installation) -> Iterator[ServerProcess]:
    """daphne, which lacks the extension for ready frames: what it sends goes through ASGI."""

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "chat_project.asgi:application"]

    server = installation.start(argv=command)
    yield server
    server.stop()


async def test_daphne_carries_a_conversation(world: World, daphne: ServerProcess) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    name = str(room.pk)
    before = await world.shell(head_of, room)
    mouth, ears = await world.socket(alice, server=daphne), await world.socket(bob, server=daphne, audience="web")
    message = await mouth.sent(name, "Hello \U0001f600")
    told = await ears.expect("message.created", room=name)
    assert (told["data"]["content"], message["id"] in told["fragment"]) == ("Hello \U0001f600", True)
    await world.shell(delete, alice.user, UUID(message["id"]))
    await ears.expect("message.deleted", room=name)
    cursor = ears.seqs(name)[0]
    await ears.close()
    back = await world.socket(bob, {name: before}, server=daphne)
    assert await back.reach(name, cursor + 1) == list(range(before + 1, cursor + 2))


async def test_daphne_tells_who_may_not_come_in_and_what_cannot_be_read(world: World, daphne: ServerProcess) -> None:
    alice = await world.person()
    assert await (await world.connect(server=daphne)).closed() == 4401
    assert await (await world.connect(Guest(alice.user, "wrong"), daphne)).closed() == 4401
    session = await world.shell(begin_session, alice.user)
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", "Origin": "https://evil.example"}
    assert await (await world.connect(server=daphne, headers=headers)).closed() == 4403
    for frame in ("[]", b"binary"):
        socket = await world.socket(alice, server=daphne)
        await socket.raw(frame)
        assert await socket.closed() == 4400
    socket = await world.socket(alice, server=daphne)
    ref = await socket.send(str(uuid4()), "nowhere")
    assert (await socket.expect("error", ref=ref))["code"] == "not_found"


async def test_daphne_lets_a_revoked_token_go(world: World, daphne: ServerProcess) -> None:
    from integrations.services import revoke_token

    alice = await world.person()
    socket = await world.socket(alice, server=daphne)
    await world.shell(lambda: revoke_token(ApiToken.objects.get(user=alice.user)))
    assert await socket.closed() == 4401


async def test_daphne_replays_more_than_fits_any_buffer(world: World, daphne: ServerProcess) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)

    def fill() -> int:
        append(
            [
                Draft(room_id=room.pk, sender_id=alice.user.pk, content="\U0001f600" * 10_000, client_id=uuid4())
                for _ in range(60)
            ]
        )
        return head_of(room)

    last = await world.shell(fill)
    socket = await world.connect(bob, daphne)
    await socket.hello({str(room.pk): 0})
    assert await socket.reach(str(room.pk), last) == list(range(1, last + 1))
    await world.shell(say, room, alice.user)
    await socket.reach(str(room.pk), last + 1)
    assert await world.shell(Message.objects.in_room(room).count) == last + 1
