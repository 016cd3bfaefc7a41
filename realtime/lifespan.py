"""ASGI lifespan: the hub starts with the server and ends before it."""

from __future__ import annotations

from typing import Any

from realtime.hub import get_hub, stop_hub


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Start the hub at startup and close its sockets at shutdown."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            get_hub()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await stop_hub()
            await send({"type": "lifespan.shutdown.complete"})
            return
