"""`manage.py serve`: the production server, uvicorn with uvloop and framed WebSockets."""

from __future__ import annotations

import os
from argparse import ArgumentParser
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
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="processes; more than one needs REDIS_URL")
        parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])

    def handle(self, *, host: str, port: int, workers: int, log_level: str, **options: Any) -> None:
        if workers < 1:
            raise CommandError("--workers must be at least 1.")
        if workers > 1 and not settings.REDIS_URL:
            raise CommandError("More than one worker needs REDIS_URL: they reach each other through it.")
        if not 0 <= port <= 65_535:
            raise CommandError("--port must be from 0 to 65535.")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings")
        uvicorn.run(
            "chat_project.asgi:application",
            host=host,
            port=port,
            workers=workers,
            loop="auto",
            ws="realtime.server:FramedWebSocketProtocol",  # type: ignore[arg-type]
            ws_max_size=CLIENT_FRAME_MAX,
            ws_ping_interval=PING_INTERVAL_S,
            ws_ping_timeout=PING_TIMEOUT_S,
            ws_per_message_deflate=False,  # each socket's own compression would undo the shared frame
            lifespan="on",
            backlog=BACKLOG,
            log_level=log_level,
            access_log=log_level in ("debug", "info"),
            server_header=False,
            proxy_headers=settings.HTTPS,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
