"""How many sends a second are stored and acknowledged, and how long an acknowledgement takes."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

from benchmarks.load.crowd import Crowd, Sender, read_seats
from benchmarks.load.measure import Window, in_milliseconds, percentile

SENDERS_PER_ROOM = 5  # × 100 rooms = 500 in flight, one for each sender


async def at_full_speed(
    *, url: str, seats: str, server_pids: list[int], warm_up_s: float, seconds: float
) -> dict[str, Any]:
    """Keep one send in flight for each sender; return acknowledged sends a second over `seconds`."""
    crowd = Crowd()
    crowd.seat(read_seats(seats), sends=lambda place: place < SENDERS_PER_ROOM)
    await crowd.connect(url)
    sending = True
    latencies: list[float] = []

    def again(who: Sender, ref: str, sent_at: float) -> None:
        latencies.append(time.perf_counter() - sent_at)
        if sending:
            who.send()

    for who in crowd.senders:
        who.acked = again
        who.send()
    await asyncio.sleep(warm_up_s)
    window, before = Window(server_pids), crowd.acked
    latencies.clear()
    await asyncio.sleep(seconds)
    acked, measured = crowd.acked - before, window.close()
    figures = {"acked_sends_per_s": acked / measured["seconds"], **in_milliseconds(latencies, "ack"), **measured}
    sending = False
    await crowd.drain()
    await crowd.leave()
    return {**figures, "in_flight": len(crowd.senders), **crowd.verdict()}


async def at_a_steady_rate(
    *, url: str, seats: str, server_pids: list[int], warm_up_s: float, seconds: float, rate: float
) -> dict[str, Any]:
    """Send `rate` messages a second whatever the server does; return how long their acks took.

    The loop is open: each message has its due time, and its latency counts from then, so that a
    server that stalls for a second is charged for every message that fell due in that second,
    and the client for its own lateness (reported beside it; its timer alone has a grain of 1 ms).
    """
    crowd = Crowd()
    crowd.seat(read_seats(seats), sends=lambda place: place < SENDERS_PER_ROOM)
    await crowd.connect(url)
    latencies: list[float] = []
    lateness: list[float] = []
    start = time.perf_counter()
    measured_from = start + warm_up_s

    def note(who: Sender, ref: str, due: float) -> None:
        if due >= measured_from:
            latencies.append(time.perf_counter() - due)

    for who in crowd.senders:
        who.acked = note
    gc.disable()
    window: Window | None = None
    for n in range(int((warm_up_s + seconds) * rate)):
        due = start + n / rate
        while (wait := due - time.perf_counter()) > 0:  # noqa: ASYNC110 (a timer may fire early)
            await asyncio.sleep(wait)
        if due >= measured_from:
            window = window or Window(server_pids)
            lateness.append(time.perf_counter() - due)
        crowd.senders[n % len(crowd.senders)].send(due)
    measured = window.close() if window else {}
    await crowd.drain()
    await crowd.leave()
    return {
        **in_milliseconds(latencies, "ack"),
        "ack_max_ms": max(latencies) * 1000,
        "client_late_p50_ms": percentile(lateness, 0.50) * 1000,
        "client_late_p99_ms": percentile(lateness, 0.99) * 1000,
        "rate": rate,
        **measured,
        **crowd.verdict(),
    }
