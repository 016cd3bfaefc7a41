"""Requests of more bytes than any of ours has are refused while they come.

Django writes every body to a file before it looks who sends it and where to: without an end, anybody
could fill the disk.
"""

from __future__ import annotations

import json
from typing import Any

from realtime.errors import TooLarge

DETAIL = "The request is too large."


class BodyLimit:
    """An ASGI application around the one that serves HTTP. Bodies of up to `most` bytes pass."""

    def __init__(self, app: Any, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if _announced(scope) > self._most:
            await _refuse(scope, send)
            return
        taken = 0

        async def bounded() -> dict[str, Any]:
            nonlocal taken
            if taken <= self._most:
                message: dict[str, Any] = await receive()
                taken += len(message.get("body", b""))
            # To a client that is gone Django answers nothing, and lets go of what it has.
            return message if taken <= self._most else {"type": "http.disconnect"}

        await self._app(scope, bounded, send)
        if taken > self._most:
            await _refuse(scope, send)


def _announced(scope: dict[str, Any]) -> int:
    """What Content-Length says; 0 where a body comes in chunks, or there is none."""
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(said) if said.isdigit() else 0


async def _refuse(scope: dict[str, Any], send: Any) -> None:
    is_api = scope["path"].startswith("/api/")
    problem = {"type": "about:blank", "title": TooLarge.title, "status": TooLarge.status}
    body = json.dumps({**problem, "detail": DETAIL, "code": TooLarge.code}) if is_api else DETAIL
    media_type = b"application/problem+json" if is_api else b"text/plain; charset=utf-8"
    headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": TooLarge.status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
