"""The gateway: the Channels consumer that a socket speaks to, from handshake to close.

It has no layer channel of its own (each process has one, the hub's) and its own receive loop,
without Channels' hop to a thread before every event.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.utils.module_loading import import_string

from realtime import pool
from realtime.commands import BadFrame, Call, Command, carry_out, command, decode
from realtime.connection import Code, Connection, FramedWriter, QueuedWriter, Writer
from realtime.errors import Forbidden, Invalid, RateLimited, Refusal, Unavailable
from realtime.frames import frame
from realtime.hub import Hub, get_hub
from realtime.identity import Identity
from realtime.limits import Buckets
from realtime.resume import go_live, replay_before, reset
from realtime.server import EXTENSION
from realtime.source import Standing
from realtime.values import timestamp

logger = logging.getLogger(__name__)

SUBPROTOCOL = "chat.v1"
HELLO_TIMEOUT_S = 10.0
# How often a client should say something when it has nothing to say, so that both ends notice a
# dead connection; the server's own WebSocket pings come as often.
HEARTBEAT_S = 25
# Entries replayed to one socket over all its rooms; the rooms beyond get `room.reset`.
REPLAY_TOTAL_MAX = 5_000
# Sockets that a user opens for long, a second, and at once: each is several queries. A browser with
# all its tabs comes back at once after a restart.
CONNECT_BUCKETS = Buckets(rate=1, burst=60)
# What a user asks for again on sockets that are live: each room is some reads of the log.
RESUME_BUCKETS = Buckets(rate=5, burst=60)
# Sockets of one user in one process: each costs memory, and every event of their rooms.
SOCKETS_MAX = 100

Authenticator = Callable[[dict[str, Any]], Identity | None]


class Hello(Command, kw_only=True):
    cursors: dict[UUID, int] = {}
    epoch: str | None = None
    audience: Literal["data", "web"] = "data"
    # More cursors follow with `resume`: rooms without one are not live before they came.
    more: bool = False


class Resume(Command, kw_only=True):
    cursors: dict[UUID, int]
    more: bool = False


class Ping(Command, kw_only=True):
    pass


class Gateway(AsyncConsumer):
    """One instance a socket, as long as the socket lives."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        chosen = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
        # Accepted first and then closed with a code, because a browser can't read a refusal's.
        await send({"type": "websocket.accept", "subprotocol": chosen})
        writer = _writer(scope, send)
        try:
            identity = await self._identify(scope, writer)
            if identity is not None:
                scope["headers"].clear()  # not needed again, and otherwise kept as long as the socket
                await _Session(Connection(identity, writer), receive).run()
        finally:
            await writer.finish()

    async def _identify(self, scope: dict[str, Any], writer: Writer) -> Identity | None:
        headers = dict(scope["headers"])
        if b"authorization" not in headers and not _origin_is_ours(scope, headers):
            writer.end(Code.ORIGIN, "foreign origin")
            return None
        try:
            identity = await pool.run(_authenticate, scope)
        except Exception:
            logger.exception("could not authenticate a socket")
            writer.end(Code.RESTART, "try again")
            return None
        if identity is None:
            writer.end(Code.UNAUTHENTICATED, "not signed in")
        elif _is_crowding(identity):
            writer.end(Code.TOO_MANY, "too many connections")
            return None
        return identity


def _is_crowding(identity: Identity) -> bool:
    """Whether one user opens more sockets than people and their programs have use for."""
    if identity.unthrottled:
        return False
    attendance = get_hub().users.get(identity.user_id)
    is_full = attendance is not None and len(attendance.connections) >= SOCKETS_MAX
    return is_full or CONNECT_BUCKETS.take(identity.user_id) > 0


def _writer(scope: dict[str, Any], send: Callable[[dict[str, Any]], Awaitable[None]]) -> Writer:
    if protocol := scope.get("extensions", {}).get(EXTENSION):
        protocol.settle()
        return FramedWriter(protocol)
    task = asyncio.current_task()
    assert task is not None
    return QueuedWriter(send, task.cancel)


def _origin_is_ours(scope: dict[str, Any], headers: dict[bytes, bytes]) -> bool:
    """Whether the handshake comes from our own pages. A cookie alone proves nothing (CSWSH).

    Any cookie counts: which of them hold a session is a matter of how the header is read, and what
    one reading overlooks must not pass here and open a socket there.
    """
    if b"cookie" not in headers:
        return True  # nothing to abuse: it will be told that it is not signed in
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    secure = settings.HTTPS or scope.get("scheme") == "wss"
    return origin == f"{'https' if secure else 'http'}://{host}" or origin in settings.CSRF_TRUSTED_ORIGINS


def _authenticate(scope: dict[str, Any]) -> Identity | None:
    """Ask each authenticator in turn; on the pool, because they read the database."""
    for path in settings.REALTIME["AUTHENTICATORS"]:
        authenticator: Authenticator = import_string(path)
        if identity := authenticator(scope):
            return identity
    return None


class _Session:
    """From a socket's `hello` to its end."""

    def __init__(self, connection: Connection, receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self.connection = connection
        self.receive = receive
        self.hub: Hub = get_hub()
        # Rooms that wait for their cursor, as `more` said.
        self.held: dict[str, Any] = {}
        self.standing: Standing | None = None
        self.replayed = 0

    async def run(self) -> None:
        connection = self.connection
        try:
            call = await self._first()
            if call is not None and await self._hello(call):
                while (text := await self._next()) is not None:
                    await self._take(text)
        except BadFrame as error:
            connection.end(Code.BAD_FRAME, str(error)[:100])
        finally:
            rooms = set(connection.rooms)
            self.hub.unregister(connection)
            for left in departures:
                left(connection, rooms)

    async def _next(self) -> str | None:
        """The client's next frame, or None when there will be none."""
        message = await self.receive()
        if message["type"] == "websocket.disconnect" or self.connection.ended:
            return None
        text = message.get("text")
        if text is None:
            raise BadFrame("binary frames are not spoken here")
        if not self.connection.admits():
            self.connection.end(Code.TOO_MANY, "too many frames")
            return None
        return str(text)

    async def _first(self) -> Call | None:
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                while (text := await self._next()) is not None:
                    call = decode(text)
                    if call.kind == "hello":
                        return call
                    self.connection.refuse(Invalid("Say hello first."), call.ref)
        except TimeoutError:
            self.connection.end(Code.NO_HELLO, "no hello")
        return None

    async def _take(self, text: str) -> None:
        call = decode(text)
        try:
            if isinstance(call.fields, Resume):
                await self._resume(call.fields)
            elif isinstance(call.fields, Hello):
                raise Invalid("Hello has been said.")
            elif not self.connection.identity.may_say(call.kind):
                raise Forbidden("Guests cannot do this.")
            elif call.entry is not None and not self.connection.identity.may(call.entry.scope):
                raise Forbidden(f"The token does not cover “{call.entry.scope}”.")
            else:
                await carry_out(self.connection, call)
        except Refusal as refusal:
            self.connection.refuse(refusal, call.ref)
        except Exception:
            logger.exception("command %s failed", call.kind)
            self.connection.refuse(Unavailable("Something went wrong here. Try again."), call.ref)

    # --- Hello and resume ---

    async def _hello(self, call: Call) -> bool:
        connection, hub = self.connection, self.hub
        if not isinstance(call.fields, Hello):
            connection.refuse(Invalid(call.problem or "The hello cannot be read."), call.ref)
            connection.end(Code.BAD_FRAME, "bad hello")
            return False
        hello = call.fields
        connection.audience = hello.audience
        try:
            standing = await hub.register(connection)
        except Exception:
            logger.exception("could not read where user %s stands", connection.identity.user_id)
            connection.end(Code.RESTART, "try again")
            return False
        if standing is None:
            connection.end(Code.UNAUTHENTICATED, "the session has ended")
            return False
        self.standing = standing
        # Of thousands of rooms it is longer than a live event may leave unread.
        await connection.replay(
            frame(
                "ready",
                **({"ref": call.ref} if call.ref else {}),
                user=standing.user,
                connection=connection.id,
                server_time=timestamp(datetime.now(UTC)),
                heartbeat_s=HEARTBEAT_S,
                epoch=hub.epoch,
                rooms=[room.summary for room in standing.rooms],
                **standing.extra,
            )
        )
        await connection.caught_up()
        rooms = {room.id: room for room in standing.rooms}
        cursors = {str(room): cursor for room, cursor in hello.cursors.items()}
        for room in cursors.keys() - rooms.keys():
            connection.send(frame("room.removed", room=room))
        same_log = hello.epoch is None or hello.epoch == hub.epoch
        self.held = {name: room for name, room in rooms.items() if name not in cursors}
        if not hello.more:
            await self._release()
        for name, cursor in cursors.items():
            if name in rooms and not await self._follow(rooms[name], cursor if same_log else -1):
                return False
        if not hello.more:
            self._settle(standing)
        return True

    def _settle(self, standing: Standing) -> None:
        """The socket follows all its rooms now."""
        self.hub.settled(self.connection, standing)
        for arrived in arrivals:
            arrived(self.connection)

    async def _resume(self, resume: Resume) -> None:
        assert self.standing is not None
        identity = self.connection.identity
        is_paced = self.connection.is_live and not identity.unthrottled
        # As often as rooms are named: a frame can hold them all.
        if is_paced and (wait := RESUME_BUCKETS.take(identity.user_id, max(1, len(resume.cursors)))):
            raise RateLimited("You are asking for what you missed very fast. Wait a moment.", retry_after=wait)
        for room_id, cursor in resume.cursors.items():
            name = str(room_id)
            if room := self.held.pop(name, None):
                await self._follow(room, cursor)
            elif name in self.connection.rooms:
                await replay_before(self.hub, self.connection, name, cursor)
            else:
                self.connection.send(frame("room.removed", room=name))
        if not resume.more and not self.connection.is_live:
            await self._release()
            self._settle(self.standing)

    async def _release(self) -> None:
        """Make the rooms without a cursor live from the heads that `ready` told."""
        for room in self.held.values():
            await self._follow(room, None)
        self.held = {}

    async def _follow(self, room: Any, cursor: int | None) -> bool:
        """Bring one room from the cursor to live; False when the socket had to be closed."""
        hub, connection = self.hub, self.connection
        if cursor is not None:
            behind = room.head_seq - cursor
            if cursor < 0 or self.replayed + behind > REPLAY_TOTAL_MAX:
                reset(hub, connection, room.id, room.head_seq)
                cursor = None
            else:
                self.replayed += max(0, behind)
        try:
            await go_live(hub, connection, room, cursor)
        except Exception:
            logger.exception("could not bring a socket up to date in room %s", room.id)
            connection.end(Code.RESTART, "try again")
            return False
        return True


# Called when a socket follows its rooms, and when it has ended with the rooms that it followed.
arrivals: list[Callable[[Connection], None]] = []
departures: list[Callable[[Connection, set[str]], None]] = []


@command("hello", Hello)
async def _hello(connection: Connection, fields: Hello) -> None:
    raise AssertionError("the session answers hello itself")


@command("resume", Resume)
async def _resume(connection: Connection, fields: Resume) -> None:
    raise AssertionError("the session answers resume itself")


@command("ping", Ping)
async def _ping(connection: Connection, fields: Ping) -> None:
    connection.send(frame("pong", **({"ref": fields.ref} if fields.ref else {})))
