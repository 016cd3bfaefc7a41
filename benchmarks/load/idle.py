"""What a signed-in connection that does nothing costs the server in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import psutil

from benchmarks.load.crowd import Crowd, read_seats

WARM_UP_CONNECTIONS = 200  # connected before the first look, so that caches and pools are not charged to the rest
SETTLE_S = 3  # for garbage collection and coalesced work after the last handshake


def resident(server_pids: list[int]) -> int:
    """Return the resident memory of the server's processes, in bytes."""
    return sum(int(psutil.Process(pid).memory_info().rss) for pid in server_pids)


async def run(*, url: str, seats: str, server_pids: list[int], connections: int) -> dict[str, Any]:
    """Hold `connections` sockets open beside the warm-up's; return the memory of each, in KiB."""
    crowd = Crowd()
    crowd.seat(read_seats(seats)[: WARM_UP_CONNECTIONS + connections], sends=lambda place: False)
    await crowd.connect(url, crowd.members[:WARM_UP_CONNECTIONS])
    await asyncio.sleep(SETTLE_S)
    before = resident(server_pids)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await crowd.connect(url, crowd.members[WARM_UP_CONNECTIONS:])
    took = loop.time() - started
    await asyncio.sleep(SETTLE_S)
    after = resident(server_pids)
    figures = {
        "kib_per_connection": (after - before) / 1024 / connections,
        "connections": connections,
        "server_mib_before": before / 1024**2,
        "server_mib_after": after / 1024**2,
        "connects_per_s": connections / took,
    }
    verdict = crowd.verdict()
    await crowd.leave()
    return {**figures, **verdict}
