"""What a crowd that comes online together costs those who look, and the server."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import msgspec
from picows import WSFrame, WSMsgType, WSTransport, ws_connect

from benchmarks.load.crowd import READY_TIMEOUT_S, Crowd, Member, Room, Seat, read_seats
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
    *, url: str, seats: str, server_pids: list[int], viewers: int, seconds: float, looks: bool, opens: bool
) -> dict[str, Any]:
    """Have all members come online, evenly over `seconds`, while `viewers` of them look.

    `looks`: else the viewers are there and look at nothing, which tells the cost of coming alone.
    `opens`: those who come open the room as well, as a browser does.
    """
    crowd, random_ = Crowd(), random.Random(7)
    everybody = read_seats(seats)
    room = Room(crowd, everybody[0].room)
    lookers = [Looker(room, seat) for seat in everybody[:viewers]]
    comers = [Looker(room, seat) for seat in everybody[viewers:]]
    crowd.members = [*lookers, *comers]
    await crowd.connect(url, lookers)
    for looker in lookers if looks else ():
        looker.people = random_.sample([each.seat.user for each in comers], min(PICKED, len(comers)))
        looker.look()
    if looks:
        await asyncio.wait_for(asyncio.gather(*(each.viewing for each in lookers)), READY_TIMEOUT_S)
    await asyncio.sleep(SETTLE_S)  # they see each other come first
    for looker in lookers:
        looker.frames_heard = looker.bytes_heard = 0
    window, began = Window(server_pids), time.perf_counter()

    async def come(place: int, comer: Looker) -> None:
        await asyncio.sleep(place * seconds / len(comers))
        await ws_connect(lambda: comer, url, extra_headers=comer.headers(), websocket_handshake_timeout=READY_TIMEOUT_S)
        await asyncio.wait_for(comer.ready, READY_TIMEOUT_S)
        if opens:
            comer.look()
            await asyncio.wait_for(comer.viewing, READY_TIMEOUT_S)

    await asyncio.gather(*(come(place, comer) for place, comer in enumerate(comers)))
    took = time.perf_counter() - began
    await asyncio.sleep(SETTLE_S)
    measured = window.close()
    for looker in lookers if looks else ():
        missing = sum(looker.statuses.get(user) != "online" for user in looker.people)
        if missing:
            crowd.problem(f"{looker.seat.username} was not told of {missing} who came")
        if opens and looker.count != len(crowd.members):
            crowd.problem(f"{looker.seat.username} was told of {looker.count} who have the room open")
    frames = [each.frames_heard for each in lookers]
    verdict = crowd.verdict()
    await crowd.leave()
    return {
        "people": len(comers),
        "viewers": viewers,
        "came_in_s": took,
        "frames_most": max(frames),
        "frames_p50": percentile(frames, 0.5),
        "kib_per_viewer": sum(each.bytes_heard for each in lookers) / viewers / 1024,
        "server_cpu_s": measured["server_cores"] * measured["seconds"],
        **measured,
        **verdict,
    }
