"""`manage.py serve`: the production server, uvicorn with uvloop and framed WebSockets."""

from __future__ import annotations

import os
import socket
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# The largest frame of a client: 10,000 characters beyond the BMP, escaped, fit.
CLIENT_FRAME_MAX = 128 * 1024
# The server's own pings: a client that is gone without a word is noticed after both.
PING_INTERVAL_S = 25.0
PING_TIMEOUT_S = 20.0
BACKLOG = 4096  # a whole community reconnects at once after a restart
SHUTDOWN_S = 10


class Command(BaseCommand):
    help = "Serve pages, API and socket."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="processes; more than one needs REDIS_URL")
        parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
        parser.add_argument("--announce", action="store_true", help="print the address once it answers")

    def handle(
        self, *, host: str, port: int, workers: int, log_level: str, announce: bool = False, **options: Any
    ) -> None:
        if workers < 1:
            raise CommandError("--workers must be at least 1.")
        if workers > 1 and not settings.REDIS_URL:
            raise CommandError("More than one worker needs REDIS_URL: they reach each other through it.")
        if not 0 <= port <= 65_535:
            raise CommandError("--port must be from 0 to 65535.")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings")
        config: dict[str, Any] = {
            "app": "chat_project.asgi:application",
            "host": host,
            "port": port,
            "loop": "auto",
            "ws": "realtime.server:FramedWebSocketProtocol",
            "ws_max_size": CLIENT_FRAME_MAX,
            "ws_ping_interval": PING_INTERVAL_S,
            "ws_ping_timeout": PING_TIMEOUT_S,
            "ws_per_message_deflate": False,  # a compression for each socket would undo the shared frame
            "lifespan": "on",
            "backlog": BACKLOG,
            "log_level": log_level,
            "access_log": log_level in ("debug", "info"),
            "server_header": False,
            "proxy_headers": False,  # TRUSTED_PROXIES says whom to believe; Django reads the headers itself
            "timeout_graceful_shutdown": SHUTDOWN_S,
        }
        if workers > 1:
            uvicorn.run(workers=workers, **config)
            return
        server = _Server(uvicorn.Config(**config))
        if announce:
            server.on_ready = lambda: self.stdout.write(f"Serving at {_address(host, port)} — stop with Ctrl+C.")
        server.run()
        if not server.started:
            raise CommandError(f"Cannot listen on {host}:{port}.")


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it answers."""

    on_ready: Callable[[], object] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.on_ready()


def _address(host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"
