"""What a crowd that comes to its keyboards together costs those who look, and the server."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import msgspec
from picows import WSFrame, WSMsgType, WSTransport

from benchmarks.load.crowd import CONNECTING_AT_ONCE, READY_TIMEOUT_S, Crowd, Member, Room, Seat, read_seats
from benchmarks.load.measure import Window, percentile

PICKED = 200  # of the crowd, whom each viewer shows: as many as the server takes
SETTLE_S = 4  # the last change is told within a second in the process, and two from another
PRESENCE = b'{"type":"presence"'
decode = msgspec.json.Decoder().decode


class Looker(Member):
    """A member who has the room in view, and shows some of its people."""

    def __init__(self, room: Room, seat: Seat) -> None:
        super().__init__(room, seat)
        self.people: list[str] = []
        self.statuses: dict[str, str] = {}
        self.count = 0  # of those who have the room open, as last told
        self.frames_heard = 0
        self.bytes_heard = 0
        self.viewing: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def look(self) -> None:
        self.write({"type": "view", "ref": "view", "room": self.room.id, "people": self.people})

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        if payload.startswith(PRESENCE):
            self.frames_heard += 1
            self.bytes_heard += len(payload)
            self.hear(decode(payload), "statuses")
        elif frame.msg_type == WSMsgType.TEXT and b'"type":"viewing"' in payload[:40]:
            self.hear(decode(payload), "presence")
            if not self.viewing.done():
                self.viewing.set_result(None)
        else:
            super().on_ws_frame(transport, frame)

    def hear(self, frame: dict[str, Any], field: str) -> None:
        self.statuses.update(frame[field])
        if told := frame.get("participants"):
            self.count = told["count"]


async def run(
    *, url: str, seats: str, server_pids: list[int], viewers: int, seconds: float, connect_s: float
) -> dict[str, Any]:
    """Have everybody come to their keyboard, evenly over `seconds`, three times.

    All sockets are connected before, at the server's own pace (`connect_s` is what that may take) and
    idle, so `away`: a handshake costs many times what presence does, and is measured elsewhere. First
    nobody looks, which tells what the commands cost; then `viewers` have the room in view and show a
    part of its people; and then those who come have it open as well, as browsers do.
    """
    crowd, random_ = Crowd(), random.Random(7)
    everybody = read_seats(seats)
    room = Room(crowd, everybody[0].room)
    lookers = [Looker(room, seat) for seat in everybody[:viewers]]
    comers = [Looker(room, seat) for seat in everybody[viewers:]]
    crowd.members = [*lookers, *comers]
    began = time.perf_counter()
    await crowd.connect(url)
    connected_in = time.perf_counter() - began
    figures: dict[str, Any] = {
        "people": len(comers),
        "viewers": viewers,
        "connects_per_s": len(everybody) / connected_in,
    }

    await leave_the_keyboard(comers)
    unseen = await come(comers, lookers, seconds, server_pids)

    await leave_the_keyboard(comers)
    for looker in lookers:
        looker.people = random_.sample([each.seat.user for each in comers], min(PICKED, len(comers)))
    await open_the_room(lookers)
    seen = await come(comers, lookers, seconds, server_pids)
    for looker in lookers:
        if missing := sum(looker.statuses.get(user) != "online" for user in looker.people):
            crowd.problem(f"{looker.seat.username} was not told of {missing} who came")

    await leave_the_keyboard(comers)
    await open_the_room(comers)
    opened = await come(comers, crowd.members, seconds, server_pids)
    for looker in crowd.members:
        if looker.count != len(crowd.members):
            crowd.problem(f"{looker.seat.username} was told of {looker.count} who have the room open")
    verdict = crowd.verdict()
    await crowd.leave()
    return {
        **figures,
        **seen,
        "unseen_cpu_s": unseen["cpu_s"],
        **{f"opened_{key}": value for key, value in opened.items()},
        **verdict,
    }


async def leave_the_keyboard(comers: list[Looker]) -> None:
    for comer in comers:
        comer.write({"type": "presence", "ref": "idle", "status": "idle"})
    await asyncio.sleep(SETTLE_S)


async def open_the_room(lookers: list[Looker]) -> None:
    """Not all at once: each is a question to the database."""
    for start in range(0, len(lookers), CONNECTING_AT_ONCE):
        some = lookers[start : start + CONNECTING_AT_ONCE]
        for looker in some:
            looker.look()
        await asyncio.wait_for(asyncio.gather(*(each.viewing for each in some)), READY_TIMEOUT_S)
    await asyncio.sleep(SETTLE_S)


async def come(comers: list[Looker], lookers: list[Looker], seconds: float, server_pids: list[int]) -> dict[str, Any]:
    """Have them come to their keyboards; return what that cost those who look, and the server."""
    for looker in lookers:
        looker.frames_heard = looker.bytes_heard = 0
    window, began = Window(server_pids), time.perf_counter()
    for place, comer in enumerate(comers):
        comer.write({"type": "presence", "ref": "active", "status": "active"})
        ahead = began + (place + 1) * seconds / len(comers) - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
    took = time.perf_counter() - began
    await asyncio.sleep(SETTLE_S)
    measured = window.close()
    frames = [each.frames_heard for each in lookers]
    return {
        "came_in_s": took,
        "frames_most": max(frames),
        "frames_p50": percentile(frames, 0.5),
        "kib_each": sum(each.bytes_heard for each in lookers) / len(lookers) / 1024,
        "cpu_s": measured["server_cores"] * measured["seconds"],
        **measured,
    }
