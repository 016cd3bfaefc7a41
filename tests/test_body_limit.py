"""That nobody fills the disk: a request that is too long is refused while it comes."""

from __future__ import annotations

from typing import Any

import pytest

from chat_project.body_limit import BodyLimit

MOST = 1_000
Sent = list[dict[str, Any]]


async def ask(*chunks: int, path: str = "/", announced: int | None = None) -> tuple[Sent, int]:
    """What was answered to a body of these chunks, and how many bytes the application was given."""
    coming = [{"type": "http.request", "body": b"x" * size, "more_body": True} for size in chunks]
    coming.append({"type": "http.request", "body": b"", "more_body": False})
    sent: Sent = []
    given = 0

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal given
        while (message := await receive())["type"] == "http.request":
            given += len(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200})
                return

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    await BodyLimit(app, MOST)({"type": "http", "path": path, "headers": headers}, receive, send)
    return sent, given


async def test_what_fits_passes() -> None:
    sent, given = await ask(600, 400, announced=1_000)
    assert (sent[0]["status"], given) == (200, MOST)


@pytest.mark.parametrize("path", ["/", "/api/v1/me/"])
async def test_what_comes_in_chunks_without_end_is_cut_off(path: str) -> None:
    sent, given = await ask(*[600] * 50, path=path)
    assert [sent[0]["status"], len(sent), given] == [413, 2, 600]
    assert (b"too_large" in sent[1]["body"]) is path.startswith("/api/")


async def test_what_says_that_it_is_too_long_is_not_read() -> None:
    sent, given = await ask(600, 600, announced=1_200)
    assert (sent[0]["status"], given) == (413, 0)
