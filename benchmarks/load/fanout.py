"""How many messages a second reach their readers in one large room."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any

from benchmarks.load.crowd import Crowd, Sender, read_seats
from benchmarks.load.measure import Window, in_milliseconds

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
    sent_at: dict[Sender, deque[float]] = {who: deque() for who in crowd.senders}  # a sender's come back in order
    round_trips: list[float] = []

    def send(who: Sender) -> None:
        sent_at[who].append(time.perf_counter())
        who.send()

    def again(who: Sender) -> None:
        round_trips.append(time.perf_counter() - sent_at[who].popleft())
        if sending:
            send(who)

    for who in crowd.senders:
        who.returned = again
        for _ in range(IN_FLIGHT_EACH):
            send(who)
    await asyncio.sleep(warm_up_s)
    window, before, sent_before = Window(server_pids), crowd.deliveries(), crowd.sent
    round_trips.clear()
    await asyncio.sleep(seconds)
    after, sent_after, measured = crowd.deliveries(), crowd.sent, window.close()
    sending = False
    latencies = in_milliseconds(round_trips, "delivery")
    await crowd.drain(acks)
    await crowd.leave()
    return {
        "deliveries_per_s": (after - before) / measured["seconds"],
        "messages_per_s": (sent_after - sent_before) / measured["seconds"],
        "frame_bytes": frame_size(crowd),
        **latencies,
        **measured,
        **crowd.verdict(),
    }


def frame_size(crowd: Crowd) -> float:
    """Return the mean size in bytes of an event, so that figures can be compared."""
    sizes = [len(frame) for room in crowd.rooms.values() for frame in room.frames[:-1]]
    return sum(sizes) / len(sizes) if sizes else 0
