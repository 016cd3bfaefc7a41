"""Who may do what, on every way: generated from `rooms.permissions` × the ways × everybody in the play.

What is forbidden to who cannot see the room answers as what does not exist. That the lists of ways
are whole is held against the addresses and commands that the server really has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from chat_project.api_urls import version_1
from integrations.services import create_token
from realtime import commands
from rooms.models import Kind
from rooms.permissions import allows
from tests import counters
from tests.contract import ContractClient
from tests.fixtures_server import Guest, World
from tests.permissions import ways
from tests.permissions.stage import ANONYMOUS, GUEST, LINK, MEMBERS, Stage, askers, set_stage
from tests.permissions.ways import Say, Way
from tests.socket_client import Frame, Socket

pytestmark = pytest.mark.django_db

DONE, REFUSED, MISSING, UNKNOWN = "done", "refused", "missing", "unauthenticated"
_OUTCOMES = {401: UNKNOWN, 403: REFUSED, 404: MISSING}
_CODES = {"forbidden": REFUSED, "read_only": REFUSED, "not_found": MISSING}


def expected(stage: Stage, who: str, way: Way | Say) -> str:
    """What the table says that comes of it."""
    if who == ANONYMOUS:
        return UNKNOWN
    if who not in MEMBERS:
        return way.outside if stage.is_listed and who != GUEST else MISSING
    may = all(allows(action, role=who, kind=stage.kind, settings={}, overrides={}) for action in way.actions)
    return DONE if may else REFUSED


def differences(kind: str, known: Sequence[Way], ask: Callable[[Stage, str, Way], str]) -> dict[tuple[str, str], str]:
    """Where what came of it is not what was expected, by way and who asked.

    The stage is set once for all ways, since setting it takes longer than asking.
    """
    stage = set_stage(kind)
    wrong = {}
    for way in known:
        if kind not in way.kinds:
            continue
        for who in askers(kind):
            with _undone():
                came = ask(stage, who, way)
            if came != (wanted := expected(stage, who, way)):
                wrong[str(way), who] = f"{came}, not {wanted}"
    return wrong


@contextmanager
def _undone() -> Iterator[None]:
    """Each begins with the stage as it was set, and with nothing counted towards a limit."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    counters.forget()


# --- Calls of the API ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind.values)
def test_a_call_does_what_the_table_allows_and_nothing_else(kind: str) -> None:
    def ask(stage: Stage, who: str, way: Way) -> str:
        client = ContractClient()
        if who != ANONYMOUS:
            client.force_authenticate(stage.people[who])
        body = way.body(stage) if way.body else None
        return _outcome(client.generic(way.method, *_with_body(_address(stage, who, way), body)))

    assert differences(kind, ways.CALLS, ask) == {}


@pytest.mark.parametrize(("method", "route"), ways.PERSONAL_CALLS, ids=" ".join)
def test_what_is_ones_own_takes_signing_in(method: str, route: str) -> None:
    query = ways.PERSONAL_CALLS[method, route]
    answer = ContractClient().generic(method, f"/api/v1/{route}" + (f"?{query}" if query else ""))
    assert answer.status_code == 401


def test_every_call_of_the_api_is_in_the_matrix() -> None:
    known = {(way.method, way.route) for way in ways.CALLS} | ways.PERSONAL_CALLS.keys() | ways.ELSEWHERE_CALLS.keys()
    offered = {
        (method.upper(), route)
        for route, view in _routes(version_1)
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view.view_class, method)
    }
    assert offered - known == set()
    assert known - offered == set()


# --- Pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind.values)
def test_a_page_of_a_room_opens_for_its_members(kind: str) -> None:
    def ask(stage: Stage, who: str, way: Way) -> str:
        client = Client()
        if who != ANONYMOUS:
            client.force_login(stage.people[who])
        answer = client.generic(way.method, _address(stage, who, way, root="/"))
        if answer.status_code == 302 and answer.headers["Location"].startswith("/accounts/login/"):
            return UNKNOWN
        return _outcome(answer)

    assert differences(kind, ways.PAGES, ask) == {}


@pytest.mark.parametrize("route", sorted(ways.PERSONAL_PAGES))
def test_a_page_of_ones_own_leads_who_is_unknown_to_the_sign_in(client: Client, route: str) -> None:
    answer = client.get(f"/{route}")
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_every_page_is_in_the_matrix() -> None:
    known = {way.route for way in ways.PAGES} | ways.PERSONAL_PAGES | ways.ELSEWHERE_PAGES.keys()
    # Those of allauth and of the admin ask who one is, and are about oneself or for staff.
    others = re.compile(r"accounts/(?!theme/)|admin/|api/")
    offered = {route for route, _ in _routes(get_resolver().url_patterns) if not others.match(route)}
    assert offered - known == set()
    assert known - offered == set()


# --- Commands of the socket ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind.values)
async def test_a_command_does_what_the_table_allows_and_nothing_else(world: World, kind: str) -> None:
    stage = await world.shell(set_stage, kind)
    assert await _said(world, stage, ways.COMMANDS, askers(kind)) == {}


@pytest.mark.parametrize("say", ways.FINAL_COMMANDS, ids=lambda say: say.kind)
@pytest.mark.parametrize("kind", Kind.values)
async def test_a_command_that_ends_a_rule_over_a_room_is_its_owners(world: World, kind: str, say: Say) -> None:
    stage = await world.shell(set_stage, kind)
    assert await _said(world, stage, [say], reversed(askers(kind))) == {}


async def _said(world: World, stage: Stage, says: list[Say], whoever: Iterable[str]) -> dict[Any, tuple[str, str]]:
    """Where what came of a command was not what was expected: (expected, came), by who asked for what."""
    wrong = {}
    for who in whoever:
        if who == ANONYMOUS:
            continue  # has no socket to speak on
        user = stage.people[who]
        socket = await world.socket(Guest(user, (await world.shell(create_token, user))[1]))
        for say in says:
            answer = await _answer(socket, say.kind, say.fields(stage, who))
            came = DONE if answer["type"] == say.done else _CODES.get(answer.get("code", ""), str(answer))
            if came != (wanted := expected(stage, who, say)):
                wrong[who, say.kind] = wanted, came
    return wrong


async def _answer(socket: Socket, kind: str, fields: dict[str, Any]) -> Frame:
    fields = {"ref": str(uuid4()), **fields}
    await socket.say(kind, **fields)

    def answers() -> list[Frame]:
        return [frame for frame in socket.frames if frame.get("ref") == fields["ref"]]

    await socket.until(lambda: bool(answers()), f"an answer to {kind}")
    return answers()[0]


def test_every_command_is_in_the_matrix() -> None:
    known = {say.kind for say in (*ways.COMMANDS, *ways.FINAL_COMMANDS)} | ways.ELSEWHERE_COMMANDS.keys()
    assert set(commands._registry) - known == set()
    assert known - set(commands._registry) == set()


# What is done over REST and by no command, and why. All the rest that writes is done by the one that is named.
REST_ALONE = {
    "me/avatar/": "a file",
    "rooms/<uuid:room_id>/avatar/": "a file",
    "me/sessions/": "guards the account: asks for a request that was confirmed of late",
    "me/sessions/<uuid:session>/": "guards the account: asks for a request that was confirmed of late",
}


def test_whatever_is_written_over_rest_is_done_by_a_command_too() -> None:
    writing = {
        (method.upper(), route)
        for route, view in _routes(version_1)
        for method in ("post", "put", "patch", "delete")
        if hasattr(view.view_class, method) and route not in REST_ALONE
    }
    assert writing - ways.BOTH_WAYS.keys() == set()
    assert ways.BOTH_WAYS.keys() - writing == set()
    assert set(ways.BOTH_WAYS.values()) - set(commands._registry) == set()


# --- Addresses -------------------------------------------------------------------------------------


def _address(stage: Stage, who: str, way: Way, root: str = "/api/v1/") -> str:
    message = stage.own.get(who, stage.message) if way.own else stage.message
    values = {
        "room_id": stage.room.pk,
        "slug": stage.room.slug,
        "message_id": message.id,
        "number": stage.message.number,
        "user_id": stage.author.pk,
        "emoji": "👍",
        "index": 0,
        **{name: read(stage) for name, read in (way.about or {}).items()},
    }
    path = root + re.sub(r"<\w+:(\w+)>", lambda found: str(values[found[1]]), way.route)
    return f"{path}?url={LINK}" if way.route.endswith("previews/") else path


def _with_body(path: str, body: Any) -> tuple[str, str, str]:
    return (path, "" if body is None else json.dumps(body), "application/json")


def _outcome(answer: Any) -> str:
    status = answer.status_code
    return DONE if status < 400 else _OUTCOMES.get(status, f"{status} {answer.content[:200]!r}")


def _routes(patterns: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + str(pattern.pattern), pattern.callback
