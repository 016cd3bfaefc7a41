"""One socket: who it belongs to, what it follows, and the one writer that orders what it gets."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol
from uuid import uuid4

from realtime.errors import Refusal
from realtime.events import Glance, near
from realtime.frames import Bundle, encode_json, text_frame
from realtime.identity import Identity
from realtime.server import FramedWebSocketProtocol
from realtime.source import Standing

# A reader that leaves this much unread is too slow for live events and is closed: it resumes.
LIVE_BUFFER_LIMIT = 1 << 20
# A replay goes on only while less than this waits, so that its size never closes a socket.
REPLAY_BUFFER_LIMIT = 64 << 10
# A closed socket whose client does not even read the close is given up.
ABORT_AFTER_S = 10.0
# Frames a second that a client may send for long, and at once. A person typing and scrolling
# sends a few; a client that resumes many rooms sends some dozens.
FRAME_RATE = 40
FRAME_BURST = 200


class Code:
    """Close codes of PROTOCOL."""

    RESTART = 1012
    BAD_FRAME = 4400
    UNAUTHENTICATED = 4401
    ORIGIN = 4403
    NO_HELLO = 4408
    REPLACED = 4409
    TOO_MANY = 4429
    TOO_SLOW = 4503


class Writer(Protocol):
    """The way out of a socket: in order, bounded by whoever asks for `buffered`."""

    def write(self, text: bytes) -> None: ...
    def write_bundle(self, bundle: Bundle) -> None: ...
    def buffered(self) -> int: ...
    async def drained(self) -> None: ...
    def end(self, code: int, reason: str) -> None: ...
    async def finish(self) -> None: ...


class FramedWriter:
    """Writes ready frames past ASGI, through the extension `realtime.frames`."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: FramedWebSocketProtocol) -> None:
        self._protocol = protocol

    def write(self, text: bytes) -> None:
        self._protocol.write_frames(text_frame(text))

    def write_bundle(self, bundle: Bundle) -> None:
        self._protocol.write_frames(bundle.framed)

    def buffered(self) -> int:
        return self._protocol.buffered()

    async def drained(self) -> None:
        await self._protocol.drained()

    def end(self, code: int, reason: str) -> None:
        self._protocol.end(code, reason)

    async def finish(self) -> None:
        """Nothing is left to send: it is all with the transport."""


class QueuedWriter:
    """Ordinary ASGI sends from a queue, for servers without the extension (daphne, tests)."""

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]], abort: Callable[[], object]) -> None:
        self._send = send
        self._abort = abort
        self._abort_timer: asyncio.TimerHandle | None = None
        self._queue: deque[bytes | dict[str, Any]] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._task = asyncio.create_task(self._run())

    def write(self, text: bytes) -> None:
        self._queue.append(text)
        self._size += len(text)
        self._empty.clear()
        self._wake.set()

    def write_bundle(self, bundle: Bundle) -> None:
        for text in bundle.texts:
            self.write(text)

    def buffered(self) -> int:
        return self._size

    async def drained(self) -> None:
        await self._empty.wait()

    def end(self, code: int, reason: str) -> None:
        self._queue.append({"type": "websocket.close", "code": code, "reason": reason})
        self._empty.clear()
        self._wake.set()
        self._abort_timer = asyncio.get_running_loop().call_later(ABORT_AFTER_S, self._abort)

    async def finish(self) -> None:
        """Send what is queued, for as long as the client takes it, and stop."""
        await asyncio.wait(
            {asyncio.ensure_future(self._empty.wait()), self._task},
            timeout=ABORT_AFTER_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._abort_timer:
            self._abort_timer.cancel()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                while self._queue:
                    item = self._queue.popleft()
                    if isinstance(item, bytes):
                        await self._send({"type": "websocket.send", "text": item.decode()})
                        self._size -= len(item)
                    else:
                        await self._send(item)
                self._wake.clear()
                self._empty.set()
        finally:
            self._empty.set()  # whoever waits for a client that is gone waits in vain


class Connection:
    """A signed-in socket."""

    __slots__ = (
        "audience",
        "ended",
        "hidden",
        "id",
        "identity",
        "idle",
        "is_live",
        "manner",
        "near",
        "pending",
        "refilled_at",
        "regarded",
        "rooms",
        "tokens",
        "topics",
        "viewing",
        "writer",
    )  # fmt: skip

    def __init__(self, identity: Identity, writer: Writer) -> None:
        self.id = str(uuid4())
        self.identity = identity
        self.writer = writer
        self.audience = "data"
        # Rooms whose live events this socket gets, with the seq after which it has had them all.
        self.rooms: dict[str, int] = {}
        self.viewing: str | None = None
        # What its user gets of ephemeral frames that are not everybody's: see `Standing`.
        self.topics: frozenset[str] = frozenset()
        self.near: frozenset[str] = frozenset()
        self.hidden: frozenset[str] = frozenset()
        # What its user's standing says for an app above, and the `rev` of that standing.
        self.manner: Any = None
        self.regarded = -1
        self.idle = False
        self.ended = False
        # Has all rooms of its user; before, its hello is still being answered.
        self.is_live = False
        # Sends that have been taken from the client and not been answered yet.
        self.pending = 0
        self.tokens = float(FRAME_BURST)
        self.refilled_at = time.monotonic()

    def regard(self, standing: Standing) -> frozenset[str]:
        """Take over what the user gets to see of others; return those of whom that may be something else now."""
        moved = (self.near ^ standing.near) | (self.hidden ^ standing.hidden)
        self.topics, self.near, self.hidden = standing.topics, standing.near, standing.hidden
        self.manner, self.regarded = standing.manner, standing.rev
        return moved

    def sees(self, glance: Glance) -> Collection[str]:
        """Of the users that a glance is about, those of whom this socket may be told."""
        topics, own = self.topics, self.identity.user_id
        near_only = glance.topic is not None and glance.topic not in topics
        if near_only and glance.topic is not None and near(glance.topic) not in topics:
            return ()
        return [
            user
            for user, seen in glance.users.items()
            if user == own or (user not in self.hidden and (user in self.near or not (near_only or seen.near)))
        ]

    # --- Out ---

    def send(self, text: bytes) -> None:
        """Send one frame. A client that asks and never reads is too slow like any other."""
        if self.ended:
            return
        self.writer.write(text)
        if self.writer.buffered() > LIVE_BUFFER_LIMIT:
            self.end(Code.TOO_SLOW, "buffer full: reconnect and resume")

    def deliver(self, bundle: Bundle) -> None:
        """Send live events."""
        if self.ended:
            return
        writer = self.writer
        writer.write_bundle(bundle)
        if writer.buffered() > LIVE_BUFFER_LIMIT:
            self.end(Code.TOO_SLOW, "buffer full: reconnect and resume")

    async def replay(self, text: bytes) -> None:
        """Send one frame of what was missed, after what came before it has been read."""
        await self.caught_up()
        if not self.ended:
            self.writer.write(text)

    async def caught_up(self) -> None:
        """Wait until the client has read nearly all that was sent, or is gone."""
        while not self.ended and self.writer.buffered() > REPLAY_BUFFER_LIMIT:
            await self.writer.drained()

    def refuse(self, refusal: Refusal, ref: str | None = None) -> None:
        """Answer with an `error` frame."""
        fields: dict[str, Any] = {"type": "error", "code": refusal.code, "detail": refusal.detail}
        if ref is not None:
            fields["ref"] = ref
        if refusal.retry_after is not None:
            fields["retry_after"] = refusal.retry_after
        self.send(encode_json(fields))

    def end(self, code: int, reason: str) -> None:
        """Close the socket after what has been written."""
        if not self.ended:
            self.ended = True
            self.writer.end(code, reason)

    # --- In ---

    def admits(self) -> bool:
        """Take a token for one more frame from the client; False when it sends too many."""
        now = time.monotonic()
        self.tokens = min(FRAME_BURST, self.tokens + (now - self.refilled_at) * FRAME_RATE)
        self.refilled_at = now
        if self.tokens < 1 and not self.identity.unthrottled:
            return False
        self.tokens -= 1
        return True
