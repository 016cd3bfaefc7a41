"""A client of the socket for tests: it speaks PROTOCOL, remembers what it got, and judges the order.

    async with await Socket.open(url, token) as socket:
        ready = await socket.hello({room: 17})
        ref = await socket.send(room, "Hello")
        await socket.expect("ack", ref=ref)
        assert socket.seqs(room) == [18]

Every wait has a deadline and says what came instead. What `docs/asyncapi.yaml` does not describe,
and log events that come twice or out of order, are `problems`, whatever a test looks for; leaving
the block fails if there are any.
"""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.socket_contract import Breach, Exchange

# What has not come by then will not come, even on a machine that runs the rest of the suite as well.
PATIENCE_S = 30.0
LOG_EVENTS = frozenset(
    {
        "message.created", "message.edited", "message.deleted", "message.pinned", "message.unpinned",
        "reaction.added", "reaction.removed", "member.joined", "member.left", "member.changed",
        "bans.changed", "room.changed", "messages.purged", "poll.changed", "message.previewed",
    }
)  # fmt: skip

Frame = dict[str, Any]


class Socket:
    """One connection. `frames` holds everything that came; `expect` takes each frame once."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Frame] = []
        self.problems: list[str] = []
        # Off where a test asks for old events of a room that is live already.
        self.judges_order = True
        self._exchange = Exchange()
        self._untaken: list[Frame] = []
        self._last: dict[str, int] = {}
        self._news = asyncio.Condition()
        self._reads = asyncio.Event()
        self._reads.set()
        self._code: int | None = None
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(
        cls, url: str, token: str | None = None, *, headers: Mapping[str, str] | None = None, receive_buffer: int = 0
    ) -> Self:
        """Connect. `receive_buffer` (bytes) bounds what the machine takes in for a client that does not read."""
        given = dict(headers or {})
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        options: dict[str, Any] = {}
        if receive_buffer:
            options["sock"] = await _connected(url, receive_buffer)
        connection = await connect(
            url,
            additional_headers=given,
            subprotocols=["chat.v1"],  # type: ignore[list-item]
            compression=None,
            max_size=None,
            max_queue=(4, 1) if receive_buffer else 1024,
            ping_interval=None,
            open_timeout=PATIENCE_S,
            close_timeout=5,
            proxy=None,
            **options,
        )
        return cls(connection)

    # --- Out ---

    async def say(self, kind: str, /, **fields: Any) -> None:
        """Send a command that is as described; it gets a `ref` if it has none."""
        frame = {"type": kind, "ref": uuid4().hex, **fields}
        self._exchange.sent(frame)
        await self.raw(json.dumps(frame))

    async def raw(self, frame: str | bytes) -> None:
        """Send a frame as it is, be it wrong on purpose; a connection that has ended is no error here."""
        with suppress(ConnectionClosed):
            await self.connection.send(frame)

    async def hello(self, cursors: Mapping[str, int] | None = None, **fields: Any) -> Frame:
        """Say hello and return `ready`."""
        await self.say("hello", cursors=dict(cursors or {}), **fields)
        return await self.expect("ready")

    async def send(self, room: str, content: str = "Hello", *, ref: str | None = None, **fields: Any) -> str:
        """Send a message without waiting for its answer; return its `client_id`."""
        ref = ref or str(uuid4())
        await self.say("message.send", ref=ref, room=room, content=content, **fields)
        return ref

    async def sent(self, room: str, content: str = "Hello", **fields: Any) -> Frame:
        """Send a message and return what the `ack` says of it."""
        ref = await self.send(room, content, **fields)
        data: Frame = (await self.expect("ack", ref=ref))["data"]
        return data

    async def in_step(self) -> None:
        """Return when the server has dealt with all that was sent so far (and its answers are here)."""
        ref = uuid4().hex
        await self.say("ping", ref=ref)
        await self.expect("pong", ref=ref)

    # --- In ---

    async def expect(self, kind: str, **fields: Any) -> Frame:
        """Return the first frame not taken yet that is of this type and has these fields."""

        def found() -> Frame | None:
            for frame in self._untaken:
                if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                    return frame
            return None

        await self.until(lambda: found() is not None, f"{kind} {fields or ''}")
        frame = found()
        assert frame is not None
        self._untaken.remove(frame)
        return frame

    async def until(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Wait until the condition holds of what has come; AssertionError with the latest frames if not."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                while not condition():
                    assert self._code is None, f"closed with {self._code} before {what}; {self._latest()}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{what} did not come; {self._latest()}") from None

    async def closed(self) -> int:
        """Return the code with which the connection ends, waiting for it (1006: without a close)."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                while self._code is None:
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"the connection stays open; {self._latest()}") from None
        return self._code

    @property
    def is_open(self) -> bool:
        return self._code is None

    def events(self, room: str) -> list[Frame]:
        """The log events of the room, in the order in which they came."""
        return [frame for frame in self.frames if frame["type"] in LOG_EVENTS and frame["room"] == room]

    def seqs(self, room: str) -> list[int]:
        return [frame["seq"] for frame in self.events(room)]

    def count(self, kind: str, **fields: Any) -> int:
        """How many frames of this type and with these fields have come."""
        return sum(
            frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items())
            for frame in self.frames
        )

    async def reach(self, room: str, seq: int) -> list[int]:
        """Wait for the room's event of that `seq`; return the seqs of all that came of the room."""
        await self.until(lambda: self._last.get(room, 0) >= seq, f"seq {seq}")
        return self.seqs(room)

    def stop_reading(self) -> None:
        """Take nothing in any more, so that the server's buffer fills."""
        self._reads.clear()

    def read_on(self) -> None:
        self._reads.set()

    # --- Life ---

    async def close(self) -> None:
        """End the connection; AssertionError if what came was not as described, or came twice or out of order."""
        self._reads.set()
        await self.connection.close()
        await self._task
        assert not self.problems, self.problems

    def abort(self) -> None:
        """Cut the connection without a word, as a train in a tunnel does."""
        self._reads.set()
        self.connection.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _read(self) -> None:
        try:
            while True:
                await self._reads.wait()
                self._take(json.loads(await self.connection.recv()))
                async with self._news:
                    self._news.notify_all()
        except ConnectionClosed as end:
            async with self._news:
                self._code = end.rcvd.code if end.rcvd else 1006
                self._news.notify_all()

    def _take(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._untaken.append(frame)
        try:
            self._exchange.received(frame)
        except Breach as breach:
            self.problems.append(str(breach))
        if frame["type"] == "room.reset":
            self._last[frame["room"]] = frame["head_seq"]
        elif frame["type"] in LOG_EVENTS:
            room, seq = frame["room"], frame["seq"]
            if self.judges_order and seq <= self._last.get(room, 0):
                self.problems.append(f"{frame['type']} {seq} of {room} came after {self._last[room]}")
            self._last[room] = max(seq, self._last.get(room, 0))

    def _latest(self) -> str:
        return "latest frames: " + ", ".join(json.dumps(frame)[:200] for frame in self.frames[-5:])


async def _connected(url: str, receive_buffer: int) -> sockets.socket:
    host, port = url.split("/")[2].split(":")
    made = sockets.socket()
    made.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_buffer)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (host, int(port)))
    return made
