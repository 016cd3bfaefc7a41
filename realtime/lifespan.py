"""ASGI lifespan: the hub starts with the server and ends before it, and so do other parts."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

from realtime.hub import get_hub, stop_hub

# Objects that may be born, over those that died, before the garbage collector looks for cycles.
# Python's 700 are a few dozen messages, and a busy server spends a fifth of its time looking in
# vain; a batch of 400 sends makes some 15,000. Measured: a quarter more sends a second.
COLLECT_AFTER = 50_000

_parts: list[tuple[Callable[[], None], Callable[[], None]]] = []


def with_server(start: Callable[[], None], stop: Callable[[], None]) -> None:
    """Have a part run in each serving process. Call it from `ready()`; `stop` may take some seconds."""
    _parts.append((start, stop))


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Start the hub at startup and close its sockets at shutdown."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            get_hub()
            for start, _ in _parts:
                start()
            gc.collect()
            gc.freeze()  # what has been imported stays for good: no need to look through it again
            gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            # Before the hub: what they still commit is told to the sockets.
            await asyncio.gather(*(asyncio.to_thread(stop) for _, stop in _parts))
            await stop_hub()
            await send({"type": "lifespan.shutdown.complete"})
            return
