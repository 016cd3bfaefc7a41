"""A crowd of people on sockets, and the proof that each of them got everything once and in order.

The client shares two cores with the server that it measures, so a frame that arrives must cost
next to nothing. All members of a room should get the same events in the same order. The first
who gets an event parses it, checks its `seq` and keeps its bytes; every other member only
compares the bytes of its n-th event with the n-th kept. That is one `memcmp`, and a stronger
check than parsing: a missing, doubled, reordered or altered event is no longer equal, falls
through to the slow path, and is judged there by its `seq` and content.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

CONNECTING_AT_ONCE = 64  # handshakes under way; more would only queue in the server's backlog
READY_TIMEOUT_S = 60  # for one socket, while thousands of others connect
DRAIN_TIMEOUT_S = 20  # for what is under way when the senders stop
PROBLEMS_SHOWN = 5

# What people write: some 80 characters. None of it needs escaping in JSON.
SENTENCES = (
    "Has anyone looked at why the nightly import took so long? The log ends at two o'clock.",
    "Lunch at half past twelve, the usual place; tell me if I should book for more than six.",
    "I pushed the fix, please have a look before we tag the release this afternoon.",
    "The customer says that it works now, thanks to everyone who helped so late yesterday!",
    "Could you send me the notes of Monday's meeting? I can't find them in the shared folder.",
)


@dataclass(frozen=True)
class Seat:
    """One line of what `manage.py bench_setup` wrote: a membership and a token."""

    user: str
    username: str
    token: str
    room: str
    slug: str


def read_seats(path: str) -> list[Seat]:
    with Path(path).open() as file:
        return [Seat(**json.loads(line)) for line in file]


class Body(msgspec.Struct):
    client_id: str | None = None


class Event(msgspec.Struct):
    """The part of a frame from the server that the load client looks at."""

    type: str
    ref: str | None = None
    seq: int | None = None
    room: str | None = None
    code: str | None = None
    detail: str | None = None
    data: Body | None = None
    rooms: list[dict[str, Any]] | None = None


decode_event = msgspec.json.Decoder(Event).decode


class Room:
    """The events of one room as the first member who got each received it."""

    __slots__ = ("base", "crowd", "frames", "id", "owners", "under_way")

    def __init__(self, crowd: Crowd, room_id: str) -> None:
        self.crowd = crowd
        self.id = room_id
        self.base: int | None = None  # seq of frames[0]: one more than the head at `ready`
        self.frames: list[bytes] = [b""]  # ends with one that equals no frame, so that [n] always exists
        self.owners: list[Member | None] = []  # who sent frames[n]
        self.under_way: dict[str, Member] = {}  # by client_id: sent, and not yet seen by anyone

    @property
    def events(self) -> int:
        return len(self.owners)

    def keep(self, payload: bytes, client_id: str | None) -> None:
        self.frames[-1] = payload
        self.frames.append(b"")
        self.owners.append(self.under_way.pop(client_id, None) if client_id else None)


class Member(WSListener):
    """One person on one socket, who reads."""

    def __init__(self, room: Room, seat: Seat) -> None:
        super().__init__()
        self.crowd = room.crowd
        self.room = room
        self.frames = room.frames
        self.seat = seat
        self.received = 0
        self.transport: WSTransport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.seat.token}", "Sec-WebSocket-Protocol": "chat.v1"}

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.write({"type": "hello", "ref": "hello", "cursors": {}, "audience": self.crowd.audience})

    def write(self, command: dict[str, Any]) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, msgspec.json.encode(command))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if self.frames[self.received] == payload:
            self.received += 1
        else:
            self.on_other(frame, payload)

    def on_other(self, frame: WSFrame, payload: bytes) -> None:
        """Take anything but the event that another member already got as their n-th."""
        if frame.msg_type == WSMsgType.CLOSE:
            self.crowd.problem(f"{self.seat.username} was closed with {frame.get_close_code()}")
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        event = decode_event(payload)
        if event.seq is not None:
            self.on_event(event, payload)
        elif event.type == "ack":
            assert event.ref is not None
            self.on_ack(event.ref)
        elif event.type == "ready":
            self.on_ready(event)
        elif event.type in ("error", "room.reset"):
            self.crowd.problem(f"{self.seat.username} got {event.type} {event.code or ''} {event.detail or ''}")

    def on_ready(self, event: Event) -> None:
        mine = [room for room in event.rooms or [] if room["id"] == self.room.id]
        if not mine:
            self.ready.set_exception(RuntimeError(f"{self.seat.username} is not in the room"))
            return
        base = mine[0]["head_seq"] + 1
        if self.room.base is None:
            self.room.base = base
        elif self.room.base != base:
            self.crowd.problem(
                f"head of {self.seat.slug} moved from {self.room.base - 1} to {base - 1} before any send"
            )
        self.ready.set_result(None)

    def on_event(self, event: Event, payload: bytes) -> None:
        room = self.room
        if event.room != room.id:
            self.crowd.problem(f"{self.seat.username} got an event of a room that is not theirs")
            return
        assert room.base is not None
        assert event.seq is not None
        expected = room.base + self.received
        if event.seq != expected:
            self.crowd.problem(f"{self.seat.username} got seq {event.seq} in place of {expected}")
            return
        if self.received == room.events:
            room.keep(payload, event.data.client_id if event.data else None)
        elif msgspec.json.decode(payload) != msgspec.json.decode(room.frames[self.received]):
            self.crowd.problem(f"{self.seat.username} got another event as seq {event.seq} than the first did")
        self.received += 1

    def on_ack(self, ref: str) -> None:
        self.crowd.problem(f"{self.seat.username} got an ack for what they did not send")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self.seat.username} was disconnected before `ready`"))
        self.crowd.problem(f"{self.seat.username} was disconnected")


class Sender(Member):
    """A member who also sends.

    `acked(sender, ref, sent_at)` and `returned(sender)` are called when an ack has come, and
    when the sender's own message has come back as an event: a scenario paces itself by either.
    """

    def __init__(self, room: Room, seat: Seat) -> None:
        super().__init__(room, seat)
        self.owners = room.owners
        self.waiting: dict[str, float] = {}  # by ref: when it was sent
        self.acked: Callable[[Sender, str, float], None] = lambda sender, ref, sent_at: None
        self.returned: Callable[[Sender], None] = lambda sender: None

    def send(self, sent_at: float | None = None) -> str:
        """Send one message; `sent_at` (perf_counter) is when it was due, if not now."""
        crowd = self.crowd
        ref = crowd.next_ref()
        self.waiting[ref] = time.perf_counter() if sent_at is None else sent_at
        self.room.under_way[ref] = self
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, self.encode(ref, SENTENCES[crowd.sent % len(SENTENCES)]))
        return ref

    def encode(self, ref: str, content: str) -> bytes:
        room = self.room.id
        return f'{{"type":"message.send","ref":"{ref}","room":"{room}","content":"{content}"}}'.encode()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        n = self.received
        if self.frames[n] != payload:
            self.on_other(frame, payload)
            return
        self.received = n + 1
        if self.owners[n] is self:
            self.returned(self)

    def on_event(self, event: Event, payload: bytes) -> None:
        n = self.received
        super().on_event(event, payload)
        if self.received > n and self.owners[n] is self:
            self.returned(self)

    def on_ack(self, ref: str) -> None:
        sent_at = self.waiting.pop(ref, None)
        if sent_at is None:
            super().on_ack(ref)
            return
        self.crowd.acked += 1
        self.acked(self, ref, sent_at)


class Crowd:
    """All sockets of one load client, what they have in common, and what went wrong."""

    def __init__(self, audience: str = "data") -> None:
        self.audience = audience
        self.rooms: dict[str, Room] = {}
        self.members: list[Member] = []
        self.senders: list[Sender] = []
        self.sent = 0
        self.acked = 0
        self.problems: list[str] = []
        self.leaving = False
        self._ref_prefix = f"{random.getrandbits(32):08x}-0000-4000-8000-"

    def seat(self, seats: Iterable[Seat], sends: Callable[[int], bool], kind: type[Sender] = Sender) -> None:
        """Make a member of each seat; `sends(n)` tells whether the n-th of its room is a sender."""
        taken: dict[str, int] = {}
        for seat in seats:
            room = self.rooms.setdefault(seat.room, Room(self, seat.room))
            place = taken.get(seat.room, 0)
            taken[seat.room] = place + 1
            if sends(place):
                sender = kind(room, seat)
                self.senders.append(sender)
                self.members.append(sender)
            else:
                self.members.append(self.reader(kind)(room, seat))

    @staticmethod
    def reader(kind: type[Sender]) -> type[Member]:
        """The class of those who only read beside senders of this kind."""
        return Member if kind is Sender else kind

    async def connect(self, url: str, members: Sequence[Member] | None = None) -> None:
        """Connect the members (all if None) and wait until each is ready to receive."""
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

        async def arrive(member: Member) -> None:
            async with gate:
                await ws_connect(
                    lambda: member,
                    url,
                    extra_headers=member.headers(),
                    websocket_handshake_timeout=READY_TIMEOUT_S,
                )
                await asyncio.wait_for(member.ready, READY_TIMEOUT_S)

        await asyncio.gather(*(arrive(member) for member in (self.members if members is None else members)))
        gc.collect()
        gc.freeze()  # a collection in the middle of a run would walk all of these in vain

    def next_ref(self) -> str:
        self.sent += 1
        return f"{self._ref_prefix}{self.sent:012x}"

    def deliveries(self) -> int:
        return sum(member.received for member in self.members)

    def problem(self, what: str) -> None:
        if not self.leaving:
            self.problems.append(what)

    async def drain(self, acks: bool = True) -> None:
        """Wait until all that was sent has been acked and has reached everyone, or say what is missing."""
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        while (acks and self.acked < self.sent) or self.missing():
            if time.monotonic() > deadline:
                self.problem(f"{self.sent - self.acked} acks and {self.missing()} deliveries did not come")
                return
            await asyncio.sleep(0.05)

    def missing(self) -> int:
        """Deliveries outstanding: events not yet at a member, and sends not yet at anyone."""
        behind = sum(member.room.events - member.received for member in self.members)
        return behind + sum(len(room.under_way) for room in self.rooms.values())

    async def leave(self) -> None:
        self.leaving = True
        for member in self.members:
            if member.transport is not None:
                member.transport.disconnect(graceful=False)
        await asyncio.sleep(0)

    def verdict(self) -> dict[str, Any]:
        """What makes a figure worth something: what was checked, and the first problems found."""
        return {
            "sent": self.sent,
            "acked": self.acked,
            "delivered": self.deliveries(),
            "correct": not self.problems,
            "problems": self.problems[:PROBLEMS_SHOWN],
            "problem_count": len(self.problems),
        }
