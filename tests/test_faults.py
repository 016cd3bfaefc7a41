"""What breaks around the server: Redis, the database's connections, the process itself."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from messaging.models import Message
from messaging.services import mark_read
from rooms import services as rooms
from rooms.models import Room, RoomHead
from tests.factories import say
from tests.fixtures_server import Guest, Installation, World
from tests.servers import ServerProcess, Valkey, start_valkey
from tests.socket_client import PATIENCE_S, Socket

# Between two messages of a chatter: more than 500 between two comparisons would be a reset.
PACE_S = 0.01
# What a server writes into its log when it reads events that had not come.
REPAIR = "reading the log of room"
# Prints nothing, answers nothing, is gone: as if the power of that process had failed.
KILLED_BEFORE_PUBLISHING = """
import os, signal
from realtime import bus
from realtime.events import Event
publish = bus.publish
def publish_or_die(signals):
    if any(isinstance(each, Event) and b"last words" in each.data for each in signals):
        os.kill(os.getpid(), signal.SIGKILL)
    publish(signals)
bus.publish = publish_or_die
"""
FORGETS_TO_PUBLISH = """
from realtime import bus
from realtime.events import Event
publish = bus.publish
def publish_or_not(signals):
    publish([each for each in signals if not (isinstance(each, Event) and b"unheard" in each.data)])
bus.publish = publish_or_not
"""


def head_of(room: Room) -> int:
    return RoomHead.objects.get(room=room).last_seq


class Chatter:
    """Somebody who writes one message after the other and repeats what was not acknowledged."""

    def __init__(self, socket: Socket, room: str) -> None:
        self.socket, self.room = socket, room
        self.acked: list[int] = []
        self.refused = 0

    async def write(self) -> None:
        ref = str(uuid4())
        while True:
            await self.socket.send(self.room, f"message {len(self.acked)}", ref=ref)
            await self.socket.until(
                lambda: any(frame.get("ref") == ref for frame in self.socket.frames[-50:]), f"an answer to {ref}"
            )
            answer = next(frame for frame in reversed(self.socket.frames) if frame.get("ref") == ref)
            if answer["type"] == "ack":
                break
            assert answer["code"] == "unavailable", answer
            self.refused += 1
            self.socket.frames.remove(answer)
        self.acked.append(answer["data"]["seq"])

    async def go_on(self, count: int) -> None:
        for _ in range(count):
            await self.write()


@asynccontextmanager
async def chatting(socket: Socket, room: Room) -> AsyncIterator[Chatter]:
    """Keep the socket's user writing while the block runs."""
    chatter = Chatter(socket, str(room.pk))

    async def write_on() -> None:
        while True:
            await chatter.write()
            await asyncio.sleep(PACE_S)

    task = asyncio.create_task(write_on())
    try:
        yield chatter
    finally:
        task.cancel()
        results = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError), results


async def eventually(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 (another process: there is no event)
            await asyncio.sleep(0.05)


# --- Redis --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    """A Valkey of these tests' own, which they may stop."""
    with start_valkey() as started:
        yield started


@pytest.fixture(scope="module")
def shaky(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker, valkey: Valkey
) -> Iterator[Installation]:
    """An installation whose Redis comes and goes."""
    made = Installation(tmp_path_factory.mktemp("shaky"), django_db_blocker, valkey.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(shaky: Installation) -> tuple[ServerProcess, ServerProcess]:
    """Two processes that reach each other through that Redis."""
    return shaky.start(), shaky.start()


@pytest.fixture
async def place(shaky: Installation, pair: tuple[ServerProcess, ServerProcess]) -> AsyncIterator[World]:
    made = World(shaky, pair[0])
    yield made
    await made.close()


async def arrives_without_the_database(chatter: Chatter, ears: Socket, other: ServerProcess) -> None:
    """Write until a message comes through the layer, of which the other server's log tells nothing."""

    async def told() -> bool:
        before = other.log.read_text().count(REPAIR)
        await chatter.write()
        await ears.reach(chatter.room, chatter.acked[-1])
        return other.log.read_text().count(REPAIR) == before

    async with asyncio.timeout(PATIENCE_S):
        while not await told():
            pass


def _watched(socket: Socket, guest: Guest) -> str | None:
    """How the guest is by the last that the socket was told of whom it watches."""
    told = [
        frame["statuses"]
        for frame in socket.frames
        if frame["type"] == "watching" or (frame["type"] == "presence" and frame["room"] is None)
    ]
    return next((each[guest.id] for each in reversed(told) if guest.id in each), None)


@pytest.mark.needs_postgres
@pytest.mark.parametrize("fault", ["stopped", "paused"])
async def test_without_redis_sends_go_on_guests_come_in_and_everything_arrives(
    place: World, pair: tuple[ServerProcess, ServerProcess], valkey: Valkey, fault: str
) -> None:
    here, there = pair
    alice, bob, carol = await place.people(3, unthrottled=True)
    room = await place.room(alice, bob, carol)
    name = str(room.pk)
    mouth, ears = await place.socket(alice, server=here), await place.socket(bob, server=there)
    before = await place.shell(head_of, room)
    async with chatting(mouth, room) as chatter:
        await ears.reach(name, before + 5)
        valkey.kill() if fault == "stopped" else valkey.pause()
        broke_at = len(chatter.acked)
        # Redis is back only after all of this: nobody waits for it, neither who comes, nor who writes, calls or looks.
        late = await place.socket(carol, server=there)
        status, _ = await place.rest(bob, "POST", f"rooms/{name}/messages/", {"content": "by REST"}, server=there)
        assert status == 201
        await late.say("view", room=name)
        await late.expect("viewing", room=name)
        await late.say("watch", people=[alice.id, bob.id])
        await late.expect("watching")
        assert (await place.rest(carol, "GET", f"users/{bob.id}/presence/", server=there))[0] == 200
        await late.until(lambda: _watched(late, bob) == "online", "that one of the same process is there")
        await mouth.until(lambda: len(chatter.acked) > broke_at + 50, "sends that go on")
        await ears.reach(name, chatter.acked[-1])  # by comparison with the database
        valkey.start() if fault == "stopped" else valkey.resume()
        await mouth.until(lambda: len(chatter.acked) > broke_at + 100, "sends that go on")
    await arrives_without_the_database(Chatter(mouth, name), ears, there)
    last = (await mouth.sent(name, "the end"))["seq"]
    everything = list(range(before + 1, last + 1))
    assert await ears.reach(name, last) == everything
    assert await mouth.reach(name, last) == everything
    # With Redis, presence is everybody's again: all is told anew, and asked for anew.
    await late.until(lambda: _watched(late, alice) == "online", "that one of the other process is there")
    await late.reach(name, last)
    assert late.seqs(name) == list(range(late.seqs(name)[0], last + 1))


@pytest.mark.needs_postgres
async def test_a_server_that_starts_without_redis_serves_and_finds_it_later(
    place: World, shaky: Installation, pair: tuple[ServerProcess, ServerProcess], valkey: Valkey
) -> None:
    alice, bob = await place.people(2, unthrottled=True)
    room = await place.room(alice, bob)
    valkey.kill()
    late = shaky.start()
    mouth, ears = await place.socket(alice, server=pair[0]), await place.socket(bob, server=late)
    message = await mouth.sent(str(room.pk), "anybody there?")
    await ears.reach(str(room.pk), message["seq"])
    valkey.start()
    await arrives_without_the_database(Chatter(mouth, str(room.pk)), ears, late)
    late.stop()


@pytest.mark.needs_postgres
async def test_nonsense_on_the_channel_layer_stops_nothing(
    place: World, shaky: Installation, pair: tuple[ServerProcess, ServerProcess], valkey: Valkey
) -> None:
    """Another program, or another version of this one, on the same Redis."""
    import msgpack
    from redis import Redis

    here, there = pair
    alice, bob = await place.people(2, unthrottled=True)
    room = await place.room(alice, bob)
    mouth, ears = await place.socket(alice, server=here), await place.socket(bob, server=there)
    channel = f"{shaky.name}__group__room.{room.pk}"
    with Redis.from_url(valkey.url) as redis:
        await eventually(lambda: dict(redis.pubsub_numsub(channel))[channel.encode()] == 2)
        for nonsense in (
            {},
            {"origin": "x"},
            {"origin": "x", "body": b"\xc1"},
            {"origin": "x", "body": b"\x91\x90"},
            7,
        ):
            redis.publish(channel, msgpack.packb(nonsense))
        redis.publish(channel, b"\xc1")
    await arrives_without_the_database(Chatter(mouth, str(room.pk)), ears, there)


# --- The database's connections -----------------------------------------------------------------


@pytest.mark.needs_postgres
async def test_a_database_that_cuts_every_connection_costs_no_message(world: World) -> None:
    alice, bob = await world.people(2, unthrottled=True)
    room = await world.room(alice, bob)
    name = str(room.pk)
    mouth, ears = await world.socket(alice), await world.socket(bob)
    before = await world.shell(head_of, room)

    def cut() -> None:
        with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND application_name <> 'shell'",
                [world.installation.name],
            )

    async with chatting(mouth, room) as chatter:
        for turn in range(1, 4):
            await mouth.until(lambda turn=turn: len(chatter.acked) >= 20 * turn, "sends that go on")
            await asyncio.to_thread(cut)
        await mouth.until(lambda: len(chatter.acked) >= 100, "sends that go on")
    assert chatter.refused  # or no connection was cut where it mattered
    last = (await mouth.sent(name, "the end"))["seq"]
    assert await ears.reach(name, last) == list(range(before + 1, last + 1))
    texts = [frame["data"]["content"] for frame in ears.events(name)][:-1]
    assert texts == [f"message {turn}" for turn in range(len(texts))]  # each once, in its order
    # What else the server does with the database goes on as well.
    assert (await world.rest(bob, "GET", "rooms/"))[0] == 200
    await (await world.socket(bob)).in_step()


@pytest.mark.needs_postgres
async def test_pages_that_hold_every_connection_keep_no_socket_waiting(world: World) -> None:
    """As after a restart, when everybody's browser loads its page anew; or by somebody's wish."""
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    await world.socket(alice)  # everything has been used once
    session = f"{settings.SESSION_COOKIE_NAME}={'x' * 32}"
    database = world.installation.name
    shared = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    with psycopg.connect(settings.DATABASE_URL, dbname=database) as holder, ThreadPoolExecutor(shared + 8) as out:
        holder.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")  # what every page asks first
        pages = [out.submit(get_page, world.server, session) for _ in range(shared + 8)]
        await eventually(lambda: waiting_for_locks(database) >= shared)
        # They wait for as long as the lock is held; what follows does not.
        socket = await world.socket(bob)
        await socket.sent(str(room.pk))
        await world.shell(rooms.remove_member, alice.user, room, bob.user)
        await socket.expect("room.removed")
        assert not any(page.done() and page.result() == 302 for page in pages)
        holder.rollback()
    assert 302 in [page.result() for page in pages]  # to the sign-in, late


def get_page(server: ServerProcess, cookie: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/", headers={"Cookie": cookie})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def waiting_for_locks(database: str) -> int:
    """How many connections to the database wait for a lock."""
    with psycopg.connect(settings.DATABASE_URL) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'", [database]
        ).fetchone()
    assert found is not None
    return int(found[0])


# --- The process --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def doomed(installation: Installation) -> Iterator[ServerProcess]:
    """A server that is killed between COMMIT and publishing where a message says “last words”."""
    server = installation.start(patch=KILLED_BEFORE_PUBLISHING)
    yield server
    server.kill()


async def test_a_server_killed_between_commit_and_publish_keeps_the_message(
    world: World, doomed: ServerProcess
) -> None:
    alice, bob, carol = await world.people(3)
    room = await world.room(alice, bob, carol)
    name = str(room.pk)
    mouth, ears = await world.socket(alice, server=doomed), await world.socket(bob, server=doomed)
    elsewhere = await world.socket(carol) if settings.DATABASE_URL else None
    before = await world.shell(head_of, room)
    ref = await mouth.send(name, "last words")
    assert await mouth.closed() == await ears.closed() == 1006
    assert mouth.count("ack", ref=ref) == 0
    if elsewhere is not None:  # another process compares itself with the database
        assert await elsewhere.reach(name, before + 1) == [before + 1]
    doomed.kill()
    doomed.start()
    back = await world.socket(bob, {name: before}, server=doomed)
    assert await back.reach(name, before + 1) == [before + 1]
    assert back.events(name)[0]["data"]["content"] == "last words"
    # The sender does not know, asks again, and is told.
    again = await world.socket(alice, {name: before}, server=doomed)
    await again.send(name, "last words", ref=ref)
    assert (await again.expect("ack", ref=ref))["data"]["seq"] == before + 1
    assert await world.shell(Message.objects.in_room(room).filter(content="last words").count) == 1


@pytest.fixture(scope="module")
def forgetful(installation: Installation) -> Iterator[ServerProcess]:
    """A server that publishes no event of a message that says “unheard”."""
    server = installation.start(patch=FORGETS_TO_PUBLISH)
    yield server
    server.stop()


async def test_an_event_that_is_lost_on_its_way_is_found_by_comparing_heads(
    world: World, forgetful: ServerProcess
) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    name = str(room.pk)
    mouth, ears = await world.socket(alice, server=forgetful), await world.socket(bob, server=forgetful)
    lost = (await mouth.sent(name, "unheard"))["seq"]
    assert await ears.reach(name, lost) == [lost]  # nothing came after it that would have told
    # One that is lost in the middle is found as soon as the next comes.
    await mouth.sent(name, "unheard again")
    last = (await mouth.sent(name, "heard"))["seq"]
    assert await ears.reach(name, last) == [lost, lost + 1, last]
    assert forgetful.log.read_text().count(REPAIR) >= 2


async def test_what_is_chosen_for_the_side_bar_from_the_shell_reaches_connected_clients(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    socket = await world.socket(bob)
    section = await world.shell(rooms.create_section, bob.user, "Clients")
    assert (await socket.expect("sections"))["sections"] == [{"id": section.id, "name": "Clients"}]
    await world.shell(rooms.set_preferences, bob.user, room, favourite=True, section=section.id)
    told = await socket.expect("room.preferences", room=str(room.pk))
    assert (told["preferences"]["favourite"], told["preferences"]["section"]) == (True, section.id)
    # Back to how it was at first; and what others choose is none of theirs.
    await world.shell(rooms.set_preferences, alice.user, room, favourite=True)
    await world.shell(rooms.set_preferences, bob.user, room, favourite=False, section=None)
    told = await socket.expect("room.preferences", room=str(room.pk))
    assert (told["preferences"]["favourite"], told["preferences"]["section"]) == (False, None)


async def test_a_read_position_moved_from_the_shell_reaches_connected_clients(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    message = await world.shell(say, room, alice.user)
    socket = await world.socket(bob)
    await world.shell(mark_read, bob.user, room.pk, number=message.number)
    assert (await socket.expect("read", room=str(room.pk)))["number"] == message.number


async def test_a_server_that_is_stopped_says_so_and_stores_what_it_took(
    world: World, installation: Installation
) -> None:
    server = installation.start()
    alice = await world.person(unthrottled=True)
    room = await world.room(alice)
    name = str(room.pk)
    socket = await world.socket(alice, server=server)
    before = await world.shell(head_of, room)
    for turn in range(200):
        await socket.send(name, f"{turn}")
    await socket.until(lambda: socket.count("ack") > 0)
    await asyncio.to_thread(server.stop)
    assert await socket.closed() == 1012
    stored = await world.shell(
        lambda: list(
            Message.objects.in_room(room).filter(seq__gt=before).order_by("seq").values_list("content", flat=True)
        )
    )
    # In their order and without a gap, however far it came; nothing that was acknowledged is missing.
    assert stored == [f"{turn}" for turn in range(len(stored))]
    assert len(stored) >= socket.count("ack")
    assert "Traceback" not in server.log_tail()


async def guest_of(world: World) -> Guest:
    return await world.person()
