"""What processes tell each other of who is here: the same in memory and in Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from redis import Redis

from accounts.models import Audience, Availability
from presence import store as stores
from presence.states import AWAY, OFFLINE, ONLINE, State, decode, encode, seen, total
from presence.store import MemoryStore, Open, RedisStore, Store, process_key, together

ANN, BEN, ROOM = str(uuid4()), str(uuid4()), str(uuid4())
HERE, GONE = State(ONLINE), State(OFFLINE)
PATIENCE_S = 20.0


@pytest.fixture
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[], Store]]:
    """Makes stores of one installation, one for each process: in Redis where there is one, else in memory."""
    prefix, made = uuid4().hex, []

    def one() -> Store:
        made.append(RedisStore(settings.REDIS_URL, prefix) if settings.REDIS_URL else MemoryStore())
        return made[-1]

    yield one
    for each in made:
        await each.close()


@pytest.fixture
async def two(make: Callable[[], Store]) -> tuple[RedisStore, RedisStore]:
    if not settings.REDIS_URL:
        pytest.skip("memory is one process's: set REDIS_URL")
    first, second = make(), make()
    assert isinstance(first, RedisStore)
    assert isinstance(second, RedisStore)
    return first, second


async def eventually(condition: Callable[[], Awaitable[Any]], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        await asyncio.sleep(0.02)


# --- What holds in both ------------------------------------------------------------------------


async def test_who_is_here_is_found_and_who_has_left_is_not(make: Callable[[], Store]) -> None:
    store = make()
    await store.write({ANN: HERE, BEN: State(AWAY)})
    assert await store.read([ANN, BEN, str(uuid4())]) == {ANN: HERE, BEN: State(AWAY)}
    await store.write({ANN: GONE})
    assert await store.read([ANN, BEN]) == {BEN: State(AWAY)}
    await store.write({ANN: GONE})
    assert await store.read([]) == {}


async def test_what_people_say_of_themselves_comes_along(make: Callable[[], Store]) -> None:
    store = make()
    said = State(AWAY, Availability.INVISIBLE, Audience.CONTACTS, 41)
    await store.write({ANN: said})
    assert await store.read([ANN]) == {ANN: said}


async def test_who_has_a_room_open_is_found(make: Callable[[], Store]) -> None:
    store = make()
    await store.write_open({ROOM: Open(2, (ANN, BEN))})
    assert await store.read_open([ROOM, str(uuid4())]) == {ROOM: Open(2, (ANN, BEN))}
    await store.write_open({ROOM: Open(70)})
    assert await store.read_open([ROOM]) == {ROOM: Open(70)}
    await store.write_open({ROOM: Open()})
    assert await store.read_open([ROOM]) == {}


async def test_who_types_has_stopped_when_they_say_so_or_no_more(
    make: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make()
    await store.write_typing(ROOM, ANN, True)
    await store.write_typing(ROOM, BEN, True)
    assert set(await store.read_typing(ROOM)) == {ANN, BEN}
    await store.write_typing(ROOM, ANN, False)
    assert await store.read_typing(ROOM) == [BEN]
    monkeypatch.setattr(stores, "TYPING_S", -1.0)
    await store.write_typing(ROOM, BEN, True)
    assert await store.read_typing(ROOM) == []


async def test_more_people_than_one_command_takes(make: Callable[[], Store]) -> None:
    store, many = make(), [str(uuid4()) for _ in range(2 * stores.CHUNK + 1)]
    await store.write(dict.fromkeys(many, HERE))
    assert await store.read(many) == dict.fromkeys(many, HERE)
    await store.write(dict.fromkeys(many, GONE))
    assert await store.read(many) == {}


# --- Several processes -------------------------------------------------------------------------


async def test_a_user_is_the_best_of_all_processes_and_says_what_they_said_last(
    two: tuple[RedisStore, RedisStore],
) -> None:
    one, other = two
    await one.write({ANN: State(ONLINE, rev=3)})
    await other.write({ANN: State(AWAY, Availability.DO_NOT_DISTURB, rev=4)})
    for store in two:
        assert await store.read([ANN]) == {ANN: State(ONLINE, Availability.DO_NOT_DISTURB, rev=4)}
    await one.write({ANN: GONE})
    for store in two:
        assert (await store.read([ANN]))[ANN].status == AWAY


async def test_a_room_is_open_to_the_people_of_all_processes_each_once(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    await one.write_open({ROOM: Open(2, (ANN, BEN))})
    await other.write_open({ROOM: Open(1, (ANN,))})
    for store in two:
        opened = (await store.read_open([ROOM]))[ROOM]
        assert (opened.number, set(opened.people)) == (2, {ANN, BEN})
    assert together([Open(70), Open(30)]) == Open(100)


async def test_a_process_that_gives_no_sign_of_life_is_not_believed_and_missed(
    two: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    monkeypatch.setattr(stores, "TTL_S", 1)
    await one.write({ANN: HERE})
    assert await other.read([ANN]) == {ANN: HERE}
    await other.renew()
    await eventually(other.renew, "that the process has gone")
    assert await other.read([ANN]) == {}
    # It was only stopped for a while: it goes on, and so everything is there again.
    monkeypatch.undo()
    await one.write({BEN: HERE})
    assert await other.read([ANN, BEN]) == {ANN: HERE, BEN: HERE}


async def test_a_redis_that_began_anew_is_told_everything(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    await one.write({ANN: HERE})
    await one.write_open({ROOM: Open(1, (ANN,))})
    with Redis.from_url(settings.REDIS_URL) as redis:
        for key in redis.scan_iter(f"{one._prefix}:*"):
            redis.delete(key)
    assert await other.read([ANN]) == {}
    await one.write({BEN: HERE})
    assert await other.read([ANN, BEN]) == {ANN: HERE, BEN: HERE}
    assert await other.read_open([ROOM]) == {ROOM: Open(1, (ANN,))}


async def test_what_another_version_wrote_counts_for_nothing(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    await one.write({ANN: HERE, BEN: HERE})
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.hset(process_key(one._prefix, one._process), ANN, "zzz")
    assert await other.read([ANN, BEN]) == {BEN: HERE}


async def test_without_redis_a_process_knows_its_own_and_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first question waits for Redis; until the pause is over, no other does."""
    monkeypatch.setattr(stores, "PAUSE_S", float("inf"))
    store, failures = RedisStore("redis://127.0.0.1:1/0", uuid4().hex), []
    pause = store._pause
    monkeypatch.setattr(store, "_pause", lambda error: (failures.append(error), pause(error)))
    for _ in range(20):
        await store.write({ANN: HERE})
        await store.write_open({ROOM: Open(1, (ANN,))})
        await store.write_typing(ROOM, ANN, True)
        await store.renew()
        assert await store.read([ANN, BEN]) == {ANN: HERE}
        assert await store.read_open([ROOM]) == {ROOM: Open(1, (ANN,))}
        assert await store.read_typing(ROOM) == [ANN]
    assert len(failures) == 1
    await store.close()


# --- What may be shown -------------------------------------------------------------------------


class Eyes:
    def __init__(self, near: set[str] = frozenset(), hidden: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.near, self.hidden = frozenset(near), frozenset(hidden)


@pytest.mark.parametrize(
    ("state", "stranger", "contact", "own"),
    [
        (State(ONLINE), "online", "online", "online"),
        (State(AWAY), "away", "away", "away"),
        (State(OFFLINE), "offline", "offline", "offline"),
        (State(AWAY, Availability.DO_NOT_DISTURB), "dnd", "dnd", "dnd"),
        (State(OFFLINE, Availability.DO_NOT_DISTURB), "offline", "offline", "offline"),
        (State(ONLINE, Availability.INVISIBLE), "offline", "offline", "invisible"),
        (State(ONLINE, audience=Audience.CONTACTS), "offline", "online", "online"),
        (State(ONLINE, audience=Audience.NOBODY), "offline", "offline", "online"),
        (State(ONLINE, Availability.INVISIBLE, Audience.CONTACTS), "offline", "offline", "invisible"),
    ],
)
def test_everybody_sees_what_they_may(state: State, stranger: str, contact: str, own: str) -> None:
    assert seen(BEN, state, Eyes(), ANN) == stranger
    assert seen(BEN, state, Eyes(near={BEN}), ANN) == contact
    assert seen(BEN, state, Eyes(near={BEN}, hidden={BEN}), ANN) == "offline"
    assert seen(BEN, state, Eyes(), BEN) == own


def test_a_state_is_the_same_after_its_way_through_redis() -> None:
    states = [
        State(status, availability, audience, 7)
        for status in (ONLINE, AWAY)
        for availability in Availability
        for audience in Audience
    ]
    assert [decode(encode(state).encode()) for state in states] == states
    assert total([]) == GONE
