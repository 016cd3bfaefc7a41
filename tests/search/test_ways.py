"""However the index is asked (by walking, gathering or looking up, in one go or in parts), the hits are the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from messaging import search
from messaging.append import append
from messaging.drafts import Draft
from messaging.models import Message
from messaging.search import finding, sqlite
from messaging.search.engine import Found, Patience, engine
from messaging.search.query import parse
from messaging.search.scope import scope_of
from rooms.models import Room
from tests.factories import Cast, make_room

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = ("alpha", "beta", "betamax", "gamma", "delta 日本語", "rare")
QUERIES = (
    "alpha", "beta", '"beta"', "alpha beta", '"alpha beta"', "alpha -beta", "-alpha", "-alpha -beta OR rare", "rare",
    "日本", "nowhere", "alpha OR rare", "from:bob alpha", "-from:bob", "in:first alpha", "has:link",
    "on:2024-02", "before:2024-02-10 beta", "after:2024-03 alpha", "on:2024-02-03 OR",
)  # fmt: skip


@pytest.fixture
def archive(cast: Cast) -> list[Room]:
    """A hundred messages of four months in three rooms; Bob is in two of them, in no order of time."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM messaging_searchdocument")  # of tests before this one
    generator = random.Random(4)
    rooms = [
        make_room(cast.alice, cast.bob, name="First"),
        make_room(cast.alice, cast.bob, name="Second"),
        make_room(cast.alice, name="Closed to Bob"),
    ]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    drafts = []
    for n in range(100):
        words = generator.sample(WORDS, generator.randint(1, 3))
        words += ["https://example.org"] * (generator.random() < 0.1)
        drafts.append(
            Draft(
                room_id=generator.choice(rooms).pk,
                sender_id=(cast.bob if generator.random() < 0.3 else cast.alice).pk,
                content=" ".join(words),
                client_id=uuid4(),
                imported_at=start + timedelta(hours=generator.randrange(24 * 110), seconds=n),  # no two of one time
            )
        )
    assert {outcome.status for outcome in append(drafts)} == {"stored"}
    return rooms


# What is set so that a hundred messages take the way that millions would.
WAYS: dict[str, dict[str, int]] = {
    "as it is": {},
    "walking": {"WALK_FIRST": 7, "WALK_MAX": 10**9},
    "gathering": {"WALK_FIRST": 1, "WALK_MAX": 0, "FEW_ROOMS": 0},
    "gathering rooms": {"WALK_FIRST": 1, "WALK_MAX": 0, "FEW_ROOMS": 9},
    "looking up": {"WALK_FIRST": 1, "WALK_MAX": 0, "FEW_ROOMS": 0, "GATHER_MAX": -1},
    "looking up in rooms": {"WALK_FIRST": 1, "WALK_MAX": 0, "FEW_ROOMS": 9, "GATHER_MAX": -1},
    "in small looks": {"LOOK_FIRST": 1, "LOOK_MAX": 3, "ROOMS_IN_QUERY": 0},
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if connection.vendor == "postgresql":
        from messaging.search import postgres as module
    else:
        module = sqlite  # type: ignore[assignment]
    chosen = {name: value for name, value in WAYS[request.param].items() if hasattr(module, name)}
    if WAYS[request.param] and not chosen:
        pytest.skip("a way of the other database")
    for name, value in chosen.items():
        monkeypatch.setattr(module, name, value)
    return str(request.param)


def expected(cast: Cast, archive: list[Room], text: str) -> list[str]:
    """The same by looking at every message."""
    newest = Message.objects.filter(room__in=archive[:2], kind="text").select_related("sender", "room")
    rows = sorted(newest, key=lambda message: (message.created_at, message.id), reverse=True)
    return [message.content for message in rows if MATCHES[text](message)]


def has(*words: str) -> Callable[[Message], bool]:
    return lambda message: all(word in message.content.split() for word in words)


def begins(word: str) -> Callable[[Message], bool]:
    return lambda message: any(each.startswith(word) for each in message.content.split())


def between(first: str, last: str) -> Callable[[Message], bool]:
    return lambda message: first <= f"{message.created_at:%Y-%m-%d}" < last


MATCHES: dict[str, Callable[[Message], bool]] = {
    "alpha": begins("alpha"),
    "beta": begins("beta"),
    '"beta"': has("beta"),
    "alpha beta": lambda message: begins("alpha")(message) and begins("beta")(message),
    '"alpha beta"': lambda message: "alpha beta" in message.content and not message.content.endswith("alpha betamax")
    and "alpha betamax " not in message.content,
    "alpha -beta": lambda message: begins("alpha")(message) and not begins("beta")(message),
    "-alpha": lambda message: not begins("alpha")(message),
    "-alpha -beta OR rare": lambda message: begins("rare")(message)
    or not (begins("alpha")(message) or begins("beta")(message)),
    "rare": begins("rare"),
    "日本": lambda message: "日本語" in message.content,
    "nowhere": lambda message: False,
    "alpha OR rare": lambda message: begins("alpha")(message) or begins("rare")(message),
    "from:bob alpha": lambda message: message.sender.username == "bob" and begins("alpha")(message),
    "-from:bob": lambda message: message.sender.username != "bob",
    "in:first alpha": lambda message: message.room.name == "First" and begins("alpha")(message),
    "has:link": begins("https"),
    "on:2024-02": between("2024-02-01", "2024-03-01"),
    "before:2024-02-10 beta": lambda message: between("", "2024-02-10")(message) and begins("beta")(message),
    "after:2024-03 alpha": lambda message: between("2024-04-01", "9")(message) and begins("alpha")(message),
    "on:2024-02-03 OR": between("2024-02-03", "2024-02-04"),
}  # fmt: skip


def test_every_way_finds_the_same(cast: Cast, archive: list[Room], way: str) -> None:
    for text in QUERIES:
        contents, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            results = search.find(cast.bob, parse(text), cursor=cursor, limit=7)
            contents += [hit.message.content for hit in results.hits]
            cursor, pages = results.next, pages + 1
            assert pages < 50, text
        assert contents == expected(cast, archive, text), text


def test_without_patience_the_parts_add_up_to_the_whole(
    cast: Cast, archive: list[Room], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SOFT_S", -1.0)  # over before it begins
    for text in ("alpha", "rare", "-alpha", "nowhere"):
        contents, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            results = search.find(cast.bob, parse(text), cursor=cursor, limit=7)
            assert results.next is None or len(results.hits) == 7 or results.searched_to is not None
            contents += [hit.message.content for hit in results.hits]
            cursor, pages = results.next, pages + 1
            assert pages < 200, text
        assert contents == expected(cast, archive, text), text


@pytest.mark.skipif(connection.vendor != "postgresql", reason="statements of SQLite are bounded by what they read")
def test_a_statement_that_takes_too_long_is_given_up_and_the_search_goes_on(
    cast: Cast, archive: list[Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.search import postgres

    for name, value in WAYS["looking up"].items():
        monkeypatch.setattr(postgres, name, value)
    monkeypatch.setattr(postgres, "_LOOK_UP", postgres._LOOK_UP.replace("FROM hits", "FROM hits, pg_sleep(9)"))
    matching = scope_of(cast.bob, parse("alpha")).matching
    contents: list[str] = []
    below = None
    while True:
        found: Found = engine().find(matching, below=below, limit=50, patience=Patience(soft_s=5.0, hard_s=0.02))
        messages = Message.objects.in_bulk([hit.message_id for hit in found.hits])
        contents += [messages[hit.message_id].content for hit in found.hits]
        if found.reached is None:
            break
        assert below is None or found.reached < below
        below = found.reached
    assert contents == expected(cast, archive, "alpha")


def test_a_search_leaves_the_settings_of_its_callers_transaction_alone(cast: Cast, archive: list[Room]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such settings")

    def setting(name: str) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting(%s)", [name])
            return str(cursor.fetchone()[0])

    names = ("statement_timeout", "enable_seqscan", "enable_indexscan", "work_mem")
    before = [setting(name) for name in names]
    search.find(cast.bob, parse("alpha"))
    assert [setting(name) for name in names] == before
    with transaction.atomic():
        search.find(cast.bob, parse("alpha"))
