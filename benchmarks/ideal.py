"""A server that does nothing but answer: `python -m benchmarks.ideal PORT SEATS`.

It speaks as much of the protocol as the load client needs, in compiled code, without checks,
database or broker, and writes each message once for all. What the load client measures here is
the most that it can measure at all on this machine: the margin of the other figures.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from typing import ClassVar

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks.load.crowd import Seat, read_seats

BATCH_S = 0.005  # about a commit's time: what a server with group commit gathers before it writes


class Command(msgspec.Struct):
    type: str
    ref: str
    room: str = ""
    content: str = ""


def frame_text(payload: bytes) -> bytes:
    """Return a WebSocket text frame as a server sends it (RFC 6455, 5.2), for 126–65535 bytes."""
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


class IdealRoom:
    def __init__(self) -> None:
        self.seq = 0
        self.transports: list[WSTransport] = []
        self.outgoing: list[bytes] = []

    def write(self, framed: bytes) -> None:
        """Write to all with what else comes in BATCH_S: system calls are most of the cost."""
        if not self.outgoing:
            asyncio.get_running_loop().call_later(BATCH_S, self.flush)
        self.outgoing.append(framed)

    def flush(self) -> None:
        batch = b"".join(self.outgoing)
        self.outgoing.clear()
        for transport in self.transports:
            transport.underlying_transport.write(batch)

    def created(self, seat: Seat, command: Command) -> bytes:
        """Return a message of the size of the real server's, as JSON."""
        self.seq += 1
        time = "2025-01-01T00:00:00.000000Z"
        message = {
            "id": command.ref, "room": command.room, "seq": self.seq, "number": self.seq, "kind": "text",
            "sender": {"id": seat.user, "username": seat.username, "display_name": "", "avatar": None},
            "content": command.content, "html": f"<p>{command.content}</p>", "client_id": command.ref,
            "reply_to": None, "thread": None, "attachments": [], "reactions": [], "mentions": [], "metadata": {},
            "pinned": False, "edited_at": None, "deleted_at": None, "created_at": time,
        }  # fmt: skip
        return msgspec.json.encode(message)


class Connection(WSListener):
    rooms: ClassVar[dict[str, IdealRoom]] = defaultdict(IdealRoom)

    def __init__(self, seat: Seat) -> None:
        super().__init__()
        self.seat = seat
        self.room = self.rooms[seat.room]

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        command = msgspec.json.decode(frame.get_payload_as_bytes(), type=Command)
        if command.type == "hello":
            self.room.transports.append(transport)
            rooms = [{"id": self.seat.room, "slug": self.seat.slug, "head_seq": self.room.seq}]
            transport.send(WSMsgType.TEXT, msgspec.json.encode({"type": "ready", "rooms": rooms}))
        elif command.type == "message.send":
            data = self.room.created(self.seat, command)
            transport.send(WSMsgType.TEXT, b'{"type":"ack","ref":"%b","data":%b}' % (command.ref.encode(), data))
            head = f'{{"type":"message.created","room":"{command.room}","seq":{self.room.seq},"data":'
            event = head.encode() + data + b"}"
            self.room.write(frame_text(event))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if transport in self.room.transports:
            self.room.transports.remove(transport)


async def main(port: int, seats: str) -> None:
    by_token = {f"Bearer {seat.token}": seat for seat in read_seats(seats)}

    def admit(request: WSUpgradeRequest) -> Connection:
        return Connection(by_token[request.headers["Authorization"]])

    server = await ws_create_server(admit, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
