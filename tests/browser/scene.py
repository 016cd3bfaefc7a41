"""A real server with people and rooms in it, and browsers that are signed in as them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from functools import cached_property, partial
from itertools import count
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocket, expect

from accounts.models import User
from messaging.models import Message
from rooms.models import Kind, Room
from rooms.summaries import summaries
from tests.factories import make_room, make_user, say
from tests.fixtures_server import Installation
from tests.servers import ServerProcess
from tests.socket_contract import Breach, Exchange, Frame

T = TypeVar("T")

# What a condition may take on a machine that runs the rest of the suite as well.
PATIENCE_MS = 15_000
POLL_MS = 50
expect.set_options(timeout=PATIENCE_MS)
DESKTOP = {"width": 1280, "height": 800}

_serial = count(1)


class Scene:
    """Ann owns the private room Team and the public room Garden; Ben is in both, Cleo in neither."""

    def __init__(self, installation: Installation, server: ServerProcess, browser: Browser) -> None:
        self.server = server
        self.errors: list[str] = []
        self._shell = installation.shell
        self._browser = browser
        self._serial = next(_serial)
        self._contexts: list[BrowserContext] = []

    def do(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Run `work` as a command in a shell would: the server learns of it from the database."""
        return self._shell.now(work, *args, **options)

    @cached_property
    def ann(self) -> User:
        return self._person("ann")

    @cached_property
    def ben(self) -> User:
        return self._person("ben")

    @cached_property
    def cleo(self) -> User:
        return self._person("cleo")

    @cached_property
    def team(self) -> Room:
        return self.do(make_room, self.ann, self.ben, name=f"Team {self._serial}")

    @cached_property
    def garden(self) -> Room:
        return self.do(make_room, self.ann, self.ben, name=f"Garden {self._serial}", kind=Kind.PUBLIC)

    def _person(self, name: str) -> User:
        return self.do(make_user, f"{name}-{self._serial}", display_name=name.title())

    def say(self, room: Room, sender: User, texts: Collection[str]) -> None:
        """Have messages written by way of the shell, in order."""
        self.do(lambda: [say(room, sender, text) for text in texts])

    def stored(self, room: Room) -> list[str]:
        """What people have written, as the database has it."""
        return self.do(
            lambda: list(
                Message.objects.in_room(room).filter(kind="text").order_by("number").values_list("content", flat=True)
            )
        )

    def until_read(self, room: Room, user: User, page: Page) -> None:
        """Wait until the server knows that the user has read the room; tabs tell each other sooner."""

        def unread() -> int:
            return next(each.unread for each in summaries(user.pk) if each.id == str(room.pk))

        deadline = time.monotonic() + PATIENCE_MS / 1000
        while self.do(unread):
            assert time.monotonic() < deadline, "the server was never told that the room was read"
            page.wait_for_timeout(POLL_MS)

    def context(self, user: User | None = None, **options: Any) -> BrowserContext:
        """A browser of its own, signed in as the user."""
        context = self._browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("page", lambda page: page.on("websocket", self._overhear))
        if user is not None:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": self.do(_session, user), "url": self.server.url}
            context.add_cookies([cookie])
        self._contexts.append(context)
        return context

    def _overhear(self, socket: WebSocket) -> None:
        """Hold what client and server say to each other against `docs/asyncapi.yaml`."""
        exchange = Exchange()

        def hold(said: Callable[[Frame], None], payload: str | bytes) -> None:
            try:
                said(json.loads(payload))
            except Breach as breach:
                self.errors.append(str(breach))

        socket.on("framesent", partial(hold, exchange.sent))
        socket.on("framereceived", partial(hold, exchange.received))

    def url(self, room: Room, number: int | None = None) -> str:
        return f"{self.server.url}/r/{room.slug}/" + ("" if number is None else f"{number}/")

    def enter(self, user: User, room: Room, **options: Any) -> Chat:
        """Open a room in a new browser and wait for its connection."""
        return self.open(self.context(user, **options), room)

    def open(self, context: BrowserContext, room: Room, number: int | None = None) -> Chat:
        """Open a room in a new tab and wait for its connection."""
        chat = Chat(context.new_page())
        chat.goto(self.url(room, number))
        return chat

    def close(self) -> None:
        for context in self._contexts:
            context.close()


class Chat:
    """A room's page, in the words of who looks at it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.composer = page.locator("#composer textarea")
        self.messages = page.locator("#messages > .message")
        self.banner = page.locator("#connection-banner")
        self.to_latest = page.locator("#jump-latest")
        self.to_unread = page.locator("#jump-unread")

    def goto(self, url: str) -> None:
        """Open an address and wait until the page has its connection."""
        ready: list[bool] = []

        def listen(socket: WebSocket) -> None:  # from its first frame on, which may come before the page is there
            socket.on("framereceived", lambda frame: ready.append(True) if '"ready"' in str(frame) else None)

        self.page.once("websocket", listen)
        self.page.goto(url)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not ready:
            assert time.monotonic() < deadline, "the page's socket was not told that it is ready"
            self.page.wait_for_timeout(POLL_MS)

    def say(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def message(self, text: str) -> Locator:
        return self.messages.filter(has=self.page.locator(".content", has_text=text))

    def texts(self) -> list[str]:
        """What has been written, in order; joins and leaves left out."""
        return self.page.locator("#messages > .message:not([data-kind=join]) .content").all_inner_texts()

    def link(self, room: Room) -> Locator:
        """The room in the side bar."""
        return self.page.locator(f"#rooms .room-link[data-room='{room.pk}']")

    def count(self, room: Room) -> Locator:
        """The room's count in the side bar."""
        return self.link(room).locator(".unread-count")

    def wait(self, condition: str, argument: Any = None) -> None:
        """Wait until a condition of the page holds."""
        self.page.wait_for_function(condition, arg=argument)

    def scroll_to(self, top: int) -> None:
        """Scroll the history as a wheel would, and let the page see it."""
        self.page.evaluate(
            """async (top) => {
              document.getElementById("timeline").scrollTop = top;
              for (let frames = 2; frames > 0; frames -= 1) await new Promise(requestAnimationFrame);
            }""",
            top,
        )


def _session(user: User) -> str:
    """Sign the user in; return the key of the session."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)
