"""Real servers of this product for the tests, on a database of their own, and the way into it.

    async def test_a_message_arrives(world: World) -> None:
        alice, bob = await world.people(2)
        room = await world.room(alice, bob)
        ears = await world.socket(bob)                  # connected, hello said
        await world.shell(say, room, alice.user)        # as a command in a shell would: no hub here
        await ears.expect("message.created", room=room.id)

The servers are started once a session and shared: tests make people and rooms of their own and
leave everything else as it is. `DATABASE_URL` and `REDIS_URL` choose the parts, as they do for
the rest of the suite.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from psycopg import sql
from pytest_django import DjangoDbBlocker

from accounts.models import User
from integrations.services import create_token
from rooms.models import Room
from tests.contract import check
from tests.factories import make_room, make_user
from tests.servers import ServerProcess
from tests.socket_client import Socket

T = TypeVar("T")

# A migrated database to copy (its file, or its name on the server), where `tests.run` has made one.
TEMPLATE = os.environ.get("CHAT_TEST_TEMPLATE", "")
NEEDS_POSTGRES = "several processes share one room only on PostgreSQL and Valkey: set DATABASE_URL and REDIS_URL"
SHELL_TIMEOUT_S = 60
# A server that a test has patched runs an app more, the last one, whose readiness is the patch.
PATCHED_SETTINGS = """
from chat_project.settings import *
INSTALLED_APPS = [*INSTALLED_APPS, "patched.Patched"]
"""
PATCHED_APP = """
from django.apps import AppConfig
class Patched(AppConfig):
    name = "patched"
    path = "."
    def ready(self):
"""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs_postgres: {NEEDS_POSTGRES}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("needs_postgres") and not (settings.DATABASE_URL and settings.REDIS_URL):
        pytest.skip(NEEDS_POSTGRES)


class Shell:
    """Runs the project's code on an installation's database, as a command in a shell would.

    On a thread and a connection of its own. No hub listens in this process, so that servers learn
    of what happens here only by what they compare with the database.
    """

    def __init__(self, database: Mapping[str, Any], blocker: DjangoDbBlocker) -> None:
        with blocker.unblock():
            connect = BaseDatabaseWrapper.ensure_connection
        self._database, self._connect = database, connect
        self._thread = ThreadPoolExecutor(1, "shell", self._use_database)

    def _use_database(self) -> None:
        backend = load_backend(self._database["ENGINE"]).DatabaseWrapper(deepcopy(self._database), "default")
        # pytest-django forbids the database where no fixture asked for it; this one was asked for.
        backend.ensure_connection = self._connect.__get__(backend)
        connections["default"] = backend

    def now(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Run `work` and return what it returns, from code that is not asynchronous."""
        return self._thread.submit(work, *args, **options).result(SHELL_TIMEOUT_S)

    async def __call__(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Run `work` and return what it returns."""
        return await asyncio.wrap_future(self._thread.submit(work, *args, **options))

    def close(self) -> None:
        self.now(connections.close_all)
        self._thread.shutdown()


class Installation:
    """A database of its own, with the schema, and the servers that a test starts on it."""

    def __init__(self, directory: Path, blocker: DjangoDbBlocker, redis_url: str = "") -> None:
        self.directory = directory
        self.name = f"chat_{uuid4().hex[:12]}"
        # The same key, so that a session made here opens a socket there.
        self.env = {"SECRET_KEY": settings.SECRET_KEY, "LOG_LEVEL": "INFO"}
        database = deepcopy(connections.settings["default"])
        if settings.DATABASE_URL:
            self.env |= {"DATABASE_URL": self._create_database(), "REDIS_PREFIX": self.name}
            self.env["REDIS_URL"] = redis_url or settings.REDIS_URL
            database["NAME"] = self.name
            database["OPTIONS"].pop("pool", None)
            database["OPTIONS"]["application_name"] = "shell"  # by which a fault can spare it
        else:
            database["NAME"] = directory / "chat.sqlite3"
            if TEMPLATE:
                shutil.copy(TEMPLATE, database["NAME"])
        self.shell = Shell(database, blocker)
        if not TEMPLATE:
            self.shell.now(call_command, "migrate", verbosity=0)
        self._servers: list[ServerProcess] = []
        self._patches = 0

    def _create_database(self) -> str:
        with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(self.name), sql.Identifier(TEMPLATE or "template1")))
        parts = urlsplit(settings.DATABASE_URL)
        return parts._replace(path=f"/{self.name}").geturl()

    def environment(self, patch: str = "", env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables by which a process is one of this installation, with what `env` adds.

        `patch` is Python that the process runs once all apps are ready: the way to stop it at a
        place that no client can reach.
        """
        made = {**self.env, "CHAT_DATA_DIR": str(self.directory), **(env or {})}
        if patch:
            self._patches += 1
            place = self.directory / f"patch-{self._patches}"
            place.mkdir()
            (place / "patched_settings.py").write_text(PATCHED_SETTINGS)
            (place / "patched.py").write_text(PATCHED_APP + indent(dedent(patch), " " * 8))
            made["PYTHONPATH"] = os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH", "")]))
            made["DJANGO_SETTINGS_MODULE"] = "patched_settings"
        return made

    def start(
        self,
        *,
        patch: str = "",
        env: Mapping[str, str] | None = None,
        argv: Callable[[int], list[str]] | None = None,
        **options: Any,
    ) -> ServerProcess:
        """Start a server process on this installation.

        `patch` and `env` are what `environment` takes. `argv` makes another command line of the port.
        """
        server = ServerProcess(env=self.environment(patch, env), **options)
        if argv is not None:
            server = ServerProcess(server.port, server.env, argv=argv(server.port))
        server.log = self.directory / f"server-{len(self._servers)}.log"
        self._servers.append(server)
        return server.start()

    def close(self) -> None:
        for server in self._servers:
            server.kill()
            server.close()
        self.shell.close()
        if settings.DATABASE_URL:
            with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name)))


@dataclass(frozen=True)
class Guest:
    """One of a test's people: the user and a token that opens everything of theirs."""

    user: User
    token: str

    @property
    def id(self) -> str:
        return str(self.user.pk)


class World:
    """What one test has of a server: people and rooms of its own, sockets that end with it."""

    def __init__(self, installation: Installation, server: ServerProcess) -> None:
        self.installation = installation
        self.server = server
        self.shell = installation.shell
        self._sockets: list[Socket] = []

    async def people(self, count: int, **fields: Any) -> list[Guest]:
        """Make people; `fields` are the user's."""
        return [await self.shell(_guest, fields) for _ in range(count)]

    async def person(self, **fields: Any) -> Guest:
        return (await self.people(1, **fields))[0]

    async def room(self, owner: Guest, *members: Guest, **fields: Any) -> Room:
        """Make a room of `owner` with these members."""
        return await self.shell(make_room, owner.user, *(each.user for each in members), **fields)

    async def connect(self, guest: Guest | None = None, server: ServerProcess | None = None, **options: Any) -> Socket:
        """Open a socket and say nothing yet."""
        url = (server or self.server).ws_url
        socket = await Socket.open(url, guest.token if guest else None, **options)
        self._sockets.append(socket)
        return socket

    async def socket(
        self,
        guest: Guest,
        cursors: Mapping[str, int] | None = None,
        server: ServerProcess | None = None,
        *,
        receive_buffer: int = 0,
        **hello: Any,
    ) -> Socket:
        """Open a socket, say hello, and return when all rooms are live."""
        socket = await self.connect(guest, server, receive_buffer=receive_buffer)
        await socket.hello(cursors, **hello)
        await socket.in_step()
        return socket

    async def rest(
        self,
        guest: Guest | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        server: ServerProcess | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Call the REST API (`path` under `/api/v1/`) and check the answer; return status and decoded body."""
        given = dict(headers or {})
        if guest is not None:
            given["Authorization"] = f"Bearer {guest.token}"
        return await asyncio.to_thread(_call, server or self.server, method, f"/api/v1/{path}", body, given)

    async def close(self) -> None:
        problems = []
        for socket in self._sockets:
            try:
                await socket.close()
            except AssertionError as problem:
                problems.append(str(problem))
        assert not problems, problems


def _guest(fields: Mapping[str, Any]) -> Guest:
    user = make_user(**fields)
    return Guest(user, create_token(user)[1])


def _call(server: ServerProcess, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SHELL_TIMEOUT_S)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    check(method, urlsplit(path).path, response.status, response.headers.get("Content-Type", ""), text)
    return response.status, json.loads(text) if text else None


@pytest.fixture(scope="session")
def installation(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Installation]:
    """The installation that the tests of sockets share."""
    made = Installation(tmp_path_factory.mktemp("installation"), django_db_blocker)
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(installation: Installation) -> ServerProcess:
    """The server that tests share; it is never stopped by one of them."""
    return installation.start()


@pytest.fixture(scope="session")
def second(installation: Installation) -> ServerProcess:
    """A second process on the same database, for tests marked `needs_postgres`."""
    return installation.start()


@pytest.fixture
async def world(installation: Installation, server: ServerProcess) -> AsyncIterator[World]:
    made = World(installation, server)
    yield made
    await made.close()
