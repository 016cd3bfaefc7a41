"""Sockets end with the session that opened them: in every process, within a second, and told why."""

from __future__ import annotations

import asyncio
import http.client
import json
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import DeviceSession, User
from tests.fixtures_server import Guest, Installation, World
from tests.servers import ServerProcess
from tests.socket_client import Socket

PASSWORD = "correct horse battery staple"
AUTH = "/api/auth/app/v1/"
# What the requirement allows, and for a machine that runs other tests beside.
SOON_S = 1.0


@dataclass
class Tokens:
    access: str
    refresh: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


async def call(server: ServerProcess, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    def run() -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            given = {"Content-Type": "application/json", **headers}
            connection.request(method, AUTH + path, json.dumps(body) if body is not None else None, given)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    return await asyncio.to_thread(run)


async def sign_in(server: ServerProcess, guest: Guest) -> Tokens:
    status, body = await call(server, "POST", "auth/login", {"username": guest.user.username, "password": PASSWORD})
    assert status == 200, body
    return Tokens(body["meta"]["access_token"], body["meta"]["refresh_token"])


async def listen(world: World, server: ServerProcess, tokens: Tokens) -> Socket:
    socket = await world.connect(server=server, headers=tokens.headers)
    await socket.hello()
    await socket.in_step()
    return socket


async def closed_soon(*sockets: Socket) -> list[int]:
    begun = monotonic()
    codes = await asyncio.gather(*(socket.closed() for socket in sockets))
    assert monotonic() - begun < SOON_S
    return list(codes)


@pytest.fixture(params=["same process", pytest.param("other process", marks=pytest.mark.needs_postgres)])
def other(request: pytest.FixtureRequest, server: ServerProcess) -> ServerProcess:
    """The process that holds the sockets, while `world.server` is told to end their session."""
    return server if request.param == "same process" else request.getfixturevalue("second")


async def test_signing_an_app_out_closes_its_sockets_and_no_others(world: World, other: ServerProcess) -> None:
    alice = await world.person(password=PASSWORD)
    ending, staying = await sign_in(other, alice), await sign_in(other, alice)
    sockets = [await listen(world, other, ending) for _ in range(2)]
    others = [await listen(world, other, staying), await world.socket(alice, server=other)]
    assert (await call(world.server, "DELETE", "auth/session", **ending.headers))[0] == 401
    assert await closed_soon(*sockets) == [4401, 4401]
    for socket in others:
        await socket.in_step()
    assert await (await world.connect(server=other, headers=ending.headers)).closed() == 4401


async def test_a_refresh_token_used_again_closes_the_sockets_of_its_session(world: World, other: ServerProcess) -> None:
    alice = await world.person(password=PASSWORD)
    stolen = await sign_in(other, alice)
    status, body = await call(other, "POST", "tokens/refresh", {"refresh_token": stolen.refresh})
    assert status == 200
    socket = await listen(world, other, Tokens(body["data"]["access_token"], ""))
    await world.shell(_go_by, alice.user, 21)
    assert (await call(world.server, "POST", "tokens/refresh", {"refresh_token": stolen.refresh}))[0] == 400
    assert await closed_soon(socket) == [4401]


async def test_a_new_password_closes_the_sockets_of_the_other_sessions(world: World, other: ServerProcess) -> None:
    alice = await world.person(password=PASSWORD)
    here, there = await sign_in(other, alice), await sign_in(other, alice)
    goes = await listen(world, other, there)
    await call(world.server, "POST", "auth/reauthenticate", {"password": PASSWORD}, **here.headers)
    change = {"current_password": PASSWORD, "new_password": "another pass phrase"}
    assert (await call(world.server, "POST", "account/password/change", change, **here.headers))[0] == 200
    assert await closed_soon(goes) == [4401]
    # The session in which it was set goes on, with the same tokens.
    await listen(world, other, here)
    assert await (await world.connect(server=other, headers=there.headers)).closed() == 4401


async def test_a_session_ended_in_a_shell_is_noticed_too(world: World) -> None:
    """As by a command: nobody tells the servers, they look."""
    alice = await world.person(password=PASSWORD)
    socket = await listen(world, world.server, await sign_in(world.server, alice))
    await world.shell(_end_all, alice.user)
    assert await socket.closed() == 4401


async def test_an_access_token_is_asked_for_its_age_while_its_socket_is_open(
    world: World, installation: Installation
) -> None:
    brief = installation.start(
        patch="import realtime.checks\nrealtime.checks.EXPIRY_INTERVAL_S = 0.1", env={"ACCESS_TOKEN_S": "2"}
    )
    alice = await world.person(password=PASSWORD)
    tokens = await sign_in(brief, alice)
    socket = await listen(world, brief, tokens)
    assert await socket.closed() == 4401
    status, body = await call(brief, "POST", "tokens/refresh", {"refresh_token": tokens.refresh})
    assert status == 200
    await listen(world, brief, Tokens(body["data"]["access_token"], ""))


@pytest.fixture(scope="module")
def single(installation: Installation) -> ServerProcess:
    """A server of an installation where one session at a time is open."""
    return installation.start(env={"SINGLE_SESSION": "1"})


@pytest.fixture(scope="module")
def single_too(installation: Installation) -> ServerProcess:
    return installation.start(env={"SINGLE_SESSION": "1"})


async def test_a_new_sign_in_replaces_the_others_and_says_so(world: World, single: ServerProcess) -> None:
    alice, bob = await world.people(2, password=PASSWORD)
    first, bobs = await sign_in(single, alice), await listen(world, single, await sign_in(single, bob))
    socket, program = await listen(world, single, first), await world.socket(alice, server=single)
    second = await sign_in(single, alice)
    assert await closed_soon(socket) == [4409]
    assert await (await world.connect(server=single, headers=first.headers)).closed() == 4401
    assert (await call(single, "POST", "tokens/refresh", {"refresh_token": first.refresh}))[0] == 400
    await listen(world, single, second)
    await program.in_step()  # a bot's token is no session
    await bobs.in_step()


@pytest.mark.needs_postgres
async def test_it_replaces_them_in_every_process(
    world: World, single: ServerProcess, single_too: ServerProcess
) -> None:
    alice = await world.person(password=PASSWORD)
    socket = await listen(world, single, await sign_in(single, alice))
    await sign_in(single_too, alice)
    assert await closed_soon(socket) == [4409]


async def test_signing_out_is_no_replacement(world: World, single: ServerProcess) -> None:
    alice = await world.person(password=PASSWORD)
    tokens = await sign_in(single, alice)
    socket = await listen(world, single, tokens)
    await call(single, "DELETE", "auth/session", **tokens.headers)
    assert await closed_soon(socket) == [4401]


def _go_by(user: User, seconds: float) -> None:
    DeviceSession.objects.filter(user=user).update(rotated_at=timezone.now() - timedelta(seconds=seconds))


def _end_all(user: User) -> None:
    services.end_other_sessions(user, None)
