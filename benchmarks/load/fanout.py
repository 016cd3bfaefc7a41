"""How many messages a second reach their readers in one large room."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.load.crowd import Crowd, Sender, Window, read_seats

SENDERS = 16  # of the room's members; the others only read
IN_FLIGHT_EACH = 4  # a sender's next goes out when one of theirs has come back to them


async def run(
    *,
    url: str,
    seats: str,
    server_pids: list[int],
    audience: str = "data",
    warm_up_s: float,
    seconds: float,
    sender: type[Sender] = Sender,
    acks: bool = True,
) -> dict[str, Any]:
    """Return the deliveries a second over `seconds`, and whether everyone got everything.

    A send is in flight until its sender sees it come back as an event. Deliveries are therefore
    never further ahead of the readers than SENDERS × IN_FLIGHT_EACH messages, and the figure is
    what flows steadily, not what fits into buffers.
    """
    crowd = Crowd(audience)
    crowd.seat(read_seats(seats), sends=lambda place: place < SENDERS, kind=sender)
    await crowd.connect(url)
    sending = True

    def again(who: Sender) -> None:
        if sending:
            who.send()

    for who in crowd.senders:
        who.returned = again
        for _ in range(IN_FLIGHT_EACH):
            who.send()
    await asyncio.sleep(warm_up_s)
    window, before, sent_before = Window(server_pids), crowd.deliveries(), crowd.sent
    await asyncio.sleep(seconds)
    after, sent_after, measured = crowd.deliveries(), crowd.sent, window.close()
    sending = False
    await crowd.drain(acks)
    await crowd.leave()
    return {
        "deliveries_per_s": (after - before) / measured["seconds"],
        "messages_per_s": (sent_after - sent_before) / measured["seconds"],
        "frame_bytes": frame_size(crowd),
        **measured,
        **crowd.verdict(),
    }


def frame_size(crowd: Crowd) -> float:
    """Return the mean size in bytes of an event, so that figures can be compared."""
    sizes = [len(frame) for room in crowd.rooms.values() for frame in room.frames[:-1]]
    return sum(sizes) / len(sizes) if sizes else 0
