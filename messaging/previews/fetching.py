"""Fetching a page from a stranger's server: what is connected to is what was checked.

The name is looked up once, every address judged, and the connection made to one of them, with the
name in `Host` and in TLS's SNI; a redirect begins all over. No proxy, cookie or password of this
server's goes along. One clock runs over everything, so that nobody can hold a worker by giving a
byte now and then, and no more is read than what a preview needs.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar
from urllib.parse import urljoin

import h11

from messaging.previews.addresses import Policy, Refused, Target, check_addresses, target_of

T = TypeVar("T")

TOTAL_S = 10.0  # look-ups, redirects and all
CONNECT_S = 4.0  # for one address of several
REDIRECTS_MAX = 5
BODY_MAX = 1 << 20
# Heads, chunk sizes and whatever else is around the body.
AROUND_MAX = 64 << 10
READ_SIZE = 16 << 10
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger is borne."""

    total_s: float = TOTAL_S
    body_max: int = BODY_MAX


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches pages. Tests bring a policy and certificates of their own; the rest is the product's."""

    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    tls: Callable[[], ssl.SSLContext] = _tls

    def fetch(self, url: str) -> Page:
        """Return the HTML page at the address, its first megabyte at most. Refused: why not."""
        try:
            return asyncio.run(self._in_time(url))
        except (OSError, EOFError, h11.ProtocolError) as error:
            raise Refused(f"The page could not be fetched: {type(error).__name__}.") from error

    async def _in_time(self, url: str) -> Page:
        try:
            async with asyncio.timeout(self.limits.total_s):
                return await self._follow(url)
        except TimeoutError:
            raise Refused("The page took too long.") from None

    async def _follow(self, url: str) -> Page:
        for _ in range(REDIRECTS_MAX + 1):
            target = target_of(url, self.policy)
            answer = await self._ask(target)
            if isinstance(answer, Page):
                return answer
            try:
                url = urljoin(target.url, answer)
            except ValueError:
                raise Refused("The page has moved to a malformed address.") from None
        raise Refused("The page is behind too many redirects.")

    async def _ask(self, target: Target) -> Page | str:
        """Ask once: the page, or the address that it has moved to."""
        found = await _beside(lambda: self.policy.look_up(target.host, target.port))
        reader, writer = await self._connect(target, check_addresses(target.host, found, self.policy))
        try:
            return await _Exchange(target, reader, writer, self.limits.body_max).run()
        finally:
            writer.transport.abort()  # not close: a stranger need not agree to the end

    async def _connect(
        self, target: Target, addresses: Sequence[str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        problem: OSError | None = None
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(
                        address,
                        target.port,
                        ssl=self.tls() if target.secure else None,
                        server_hostname=target.host if target.secure else None,
                    )
            except OSError as error:  # a timeout is one, too
                problem = error
        raise problem or OSError("no address")


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, and where in the end."""

    url: str
    host: str
    charset: str | None  # as the server says
    body: bytes


class _Exchange:
    """One request and its answer on a connection."""

    def __init__(
        self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body_max: int
    ) -> None:
        self._target, self._reader, self._writer = target, reader, writer
        self._body_max = body_max
        self._read = 0
        self._http = h11.Connection(h11.CLIENT)

    async def run(self) -> Page | str:
        headers = [
            ("Host", self._target.authority),
            ("User-Agent", "Mozilla/5.0 (compatible; ChatLinkPreview/1)"),
            ("Accept", "text/html, application/xhtml+xml"),
            # What is unpacked can be a thousand times what was sent.
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]
        request = h11.Request(method="GET", target=self._target.path, headers=headers)
        self._writer.write((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()
        while isinstance(event := await self._next(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response):
            raise EOFError
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        if event.status_code in REDIRECTS and "location" in given:
            return given["location"]
        if event.status_code != 200:
            raise Refused(f"The page answers {event.status_code}.")
        if given.get("content-encoding", "identity").strip().lower() != "identity":
            raise Refused("The page is packed in a way that was not asked for.")
        kind, _, parameters = given.get("content-type", "").partition(";")
        if kind.strip().lower() not in HTML_TYPES:
            raise Refused("There is no page but a file.")
        return Page(self._target.url, self._target.host, _charset(parameters), await self._body())

    async def _body(self) -> bytes:
        body = bytearray()
        while len(body) < self._body_max and isinstance(event := await self._next(), h11.Data):
            body += event.data
        return bytes(body[: self._body_max])

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        """The next event of the answer. EOFError: there is no end to it."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._read > self._body_max + AROUND_MAX:
                raise EOFError
            data = await self._reader.read(READ_SIZE)
            self._read += len(data)
            self._http.receive_data(data)
        return event  # type: ignore[return-value]


def _charset(parameters: str) -> str | None:
    for each in parameters.split(";"):
        name, _, value = each.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'") or None
    return None


async def _beside(work: Callable[[], T]) -> T:
    """Run what cannot be interrupted on a thread of its own, which nobody waits for at the end.

    A name server may take longer to say nothing than the whole fetch is given.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if not done.done():
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        try:
            outcome: tuple[T | None, Exception | None] = (work(), None)
        except Exception as error:  # handed on
            outcome = (None, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name="look-up", daemon=True).start()
    return await done
