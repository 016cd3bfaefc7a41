"""Clients that do not read, do not stop, or do not end: none costs the others or the memory."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest

from accounts.models import User
from integrations.management.commands.bench_setup import set_up
from messaging.append import append
from messaging.drafts import Draft
from realtime.connection import LIVE_BUFFER_LIMIT
from realtime.management.commands.serve import CLIENT_FRAME_MAX
from realtime.server import FramedWebSocketProtocol
from rooms.models import Kind, Room
from tests.fixtures_server import Guest, Installation, World
from tests.servers import ServerProcess
from tests.socket_client import PATIENCE_S, Socket

# Quotation marks grow sixfold in HTML: about 80 KB an event, and more than any limit in a few dozen.
LONG = '"' * 10_000
# The least that Linux allows: what is not read soon stays with the server.
TINY_BUFFER = 4_096


def connections_to(server: ServerProcess, port: int) -> int:
    """How many connections of the server lead to that port here."""
    return sum(
        bool(each.raddr) and each.raddr.port == port
        for each in psutil.Process(server.pid).net_connections("tcp")
        if each.status == psutil.CONN_ESTABLISHED
    )


async def ended_by(server: ServerProcess, port: int) -> None:
    """Wait until the server has let go of the connection to that port."""
    async with asyncio.timeout(PATIENCE_S):
        while connections_to(server, port):  # noqa: ASYNC110 (another process: there is no event)
            await asyncio.sleep(0.05)


def port_of(socket: object) -> int:
    port: int = socket.connection.local_address[1]  # type: ignore[attr-defined]
    return port


async def test_a_reader_that_stops_is_closed_with_4503_or_cut_and_loses_nothing(world: World) -> None:
    alice, bob, carol = await world.people(3, unthrottled=True)
    room = str((await world.room(alice, bob, carol)).pk)
    mouth, ears = await world.socket(alice), await world.socket(carol)
    slow, dead = [await world.socket(bob, receive_buffer=TINY_BUFFER) for _ in range(2)]
    slow.stop_reading()
    dead.stop_reading()
    total = 12 * LIVE_BUFFER_LIMIT // 80_000
    for turn in range(total):
        last = (await mouth.sent(room, f"{turn}{LONG}"[:10_000]))["seq"]
    await ears.reach(room, last)
    assert len(ears.seqs(room)) == total
    # One comes to: it is told why, and gets the rest when it is back.
    slow.read_on()
    assert await slow.closed() == 4503
    heard = slow.seqs(room)
    back = await world.socket(bob, {room: heard[-1] if heard else ears.seqs(room)[0] - 1})
    assert heard + await back.reach(room, last) == ears.seqs(room)
    # The other never does: its connection is cut.
    await ended_by(world.server, port_of(dead))


def fill(room: Room, sender: User, count: int) -> int:
    """Write so many of the longest messages in one commit, as a command would; return the head's seq."""
    drafts = [Draft(room_id=room.pk, sender_id=sender.pk, content=LONG, client_id=uuid4()) for _ in range(count)]
    return max(outcome.message.seq for outcome in append(drafts) if outcome.message)


async def test_a_replay_beyond_every_buffer_waits_for_its_reader(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    missed = await world.shell(fill, room, alice.user, 200)
    slow = await world.connect(bob, receive_buffer=TINY_BUFFER)
    slow.stop_reading()
    await slow.say("hello", cursors={str(room.pk): 0})
    # While it does not read, others are served, and what comes now comes after what was missed.
    ears = await world.socket(alice)
    last = await world.shell(fill, room, alice.user, 60)
    await ears.reach(str(room.pk), last)
    slow.read_on()
    assert await slow.reach(str(room.pk), last) == list(range(1, last + 1))
    assert last == missed + 60
    assert slow.is_open


async def test_a_client_cut_in_the_middle_of_its_replay_costs_the_others_nothing(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    await world.shell(fill, room, alice.user, 100)
    slow = await world.connect(bob, receive_buffer=TINY_BUFFER)
    slow.stop_reading()
    await slow.say("hello", cursors={str(room.pk): 0})
    mouth = await world.socket(alice)
    await mouth.in_step()
    port = port_of(slow)
    slow.abort()
    await ended_by(world.server, port)
    await mouth.in_step()


async def test_one_guests_longest_messages_drive_no_reader_out(world: World) -> None:
    """Forty at once are let through where they are short; as long as can be they would fill every buffer."""
    mallory, *others = await world.people(4)
    room = str((await world.room(mallory, *others)).pk)
    readers = [await world.socket(each, receive_buffer=TINY_BUFFER) for each in others]
    mouth = await world.socket(mallory)
    for _ in range(40):
        await mouth.send(room, LONG)
    await mouth.until(lambda: mouth.count("ack") + mouth.count("error") == 40)
    assert {frame["code"] for frame in mouth.frames if frame["type"] == "error"} == {"rate_limited"}
    for reader in readers:
        await reader.until(lambda reader=reader: len(reader.seqs(room)) == mouth.count("ack"))
        assert reader.is_open
    assert mouth.count("ack") >= 3


async def test_one_guest_does_not_open_sockets_without_end(world: World) -> None:
    mallory, alice = await world.people(2)
    codes = [await asyncio.wait_for(refused_with(await world.connect(mallory)), PATIENCE_S) for _ in range(80)]
    assert codes[:10] == [None] * 10
    assert codes[-1] == 4429
    await (await world.socket(alice)).in_step()


async def refused_with(socket: Socket) -> int | None:
    """Return the code with which a hello is refused, None where it is not."""
    await socket.say("hello", cursors={})
    with suppress(AssertionError):
        await socket.expect("ready")
        return None
    return await socket.closed()


async def test_a_guest_of_thousands_of_rooms_comes_in_over_a_thin_line(world: World) -> None:
    """`ready` is then longer than what a live event may leave unread."""

    def set_up_many() -> tuple[User, str]:
        line, *_ = set_up(1, 4_000, 1, Kind.PRIVATE)
        return User.objects.get(pk=line["user"]), line["token"]

    guest = Guest(*await world.shell(set_up_many))
    socket = await world.connect(guest, receive_buffer=TINY_BUFFER)
    ready = await socket.hello()
    assert len(ready["rooms"]) == 4_000
    assert len(json.dumps(ready)) > LIVE_BUFFER_LIMIT
    await socket.in_step()
    await socket.sent(ready["rooms"][0]["id"])
    await socket.expect("message.created")


# --- Below the frames ---------------------------------------------------------------------------


class Wire:
    """A connection that speaks WebSocket by hand, and reads only what it wants to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, server: ServerProcess, guest: Guest) -> Wire:
        place = urlsplit(server.url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=TINY_BUFFER)
        lines = [
            "GET /ws/ HTTP/1.1",
            f"Host: {place.netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Authorization: Bearer {guest.token}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    @property
    def port(self) -> int:
        port: int = self.writer.get_extra_info("sockname")[1]
        return port

    async def write(self, opcode: int, payload: bytes, times: int = 1) -> None:
        """Send short frames, masked with zeros. Raises ConnectionError where the other end is gone."""
        head = bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4)
        self.writer.write((head + payload) * times)
        await self.writer.drain()

    def close(self) -> None:
        self.writer.transport.abort()


async def ping_for_good(wire: Wire) -> None:
    for _ in range(1_000):  # 64 MB in all, and an answer of the same size to each
        await wire.write(0x9, b"p" * 125, 500)


async def test_pongs_that_nobody_reads_are_not_kept(world: World) -> None:
    process = psutil.Process(world.server.pid)
    before = process.memory_info().rss
    wire = await Wire.open(world.server, await world.person())
    with pytest.raises(ConnectionError):
        await ping_for_good(wire)
    assert process.memory_info().rss - before < 32 << 20
    wire.close()


def test_reading_ahead_is_bounded_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a socket's owner is known, and while a command of it is carried out."""

    class Transport:
        paused = 0

        def pause_reading(self) -> None:
            self.paused += 1

    def taken_in(size: int) -> int:
        protocol = FramedWebSocketProtocol.__new__(FramedWebSocketProtocol)
        protocol.queue, protocol.transport = asyncio.Queue(), Transport()  # type: ignore[assignment]
        protocol.read_paused = protocol.close_sent = False
        protocol.curr_msg_data_type = "text"
        frames = 0
        while not protocol.transport.paused:  # type: ignore[attr-defined]
            protocol.frames = [b"x" * size]
            protocol.send_receive_event_to_app()
            frames += 1
        return frames * size

    assert taken_in(100) <= 8_192
    assert taken_in(CLIENT_FRAME_MAX) == CLIENT_FRAME_MAX
    assert max(map(taken_in, range(1_000, 20_000, 1_000))) <= CLIENT_FRAME_MAX + 4_096


# --- The end -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def impatient(installation: Installation) -> Iterator[ServerProcess]:
    """A server that gives a client one second where the others give ten and more."""
    server = installation.start(
        patch="""
        from realtime.management.commands import serve
        from realtime.server import FramedWebSocketProtocol
        serve.PING_INTERVAL_S = serve.PING_TIMEOUT_S = 1.0
        begin = FramedWebSocketProtocol.connection_made
        def begin_in_haste(self, transport):
            begin(self, transport)
            self.close_timeout = 1.0
        FramedWebSocketProtocol.connection_made = begin_in_haste
        """
    )
    yield server
    server.stop()


async def replay_unread(world: World, server: ServerProcess) -> Wire:
    """Connect by hand and ask for more than all buffers on the way hold, without reading any of it."""
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    await world.shell(fill, room, alice.user, 100)
    wire = await Wire.open(server, bob)
    await wire.write(0x1, json.dumps({"type": "hello", "cursors": {str(room.pk): 0}}).encode())
    return wire


async def test_a_client_that_falls_silent_with_a_full_buffer_is_cut(world: World, impatient: ServerProcess) -> None:
    """It answers no ping; closed in order, its connection would wait for its buffer for good."""
    wire = await replay_unread(world, impatient)
    await ended_by(impatient, wire.port)
    wire.close()


async def test_a_close_from_whoever_does_not_read_ends_the_connection(world: World, impatient: ServerProcess) -> None:
    wire = await replay_unread(world, impatient)
    await wire.write(0x8, (1000).to_bytes(2))
    await ended_by(impatient, wire.port)
    wire.close()
