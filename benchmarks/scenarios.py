"""What is measured, and against which targets. Each scenario brings all that it needs and leaves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.installation import Installation, LoadFailed, bystander, run_load
from benchmarks.load.idle import WARM_UP_CONNECTIONS
from tests.servers import PROJECT, start_valkey

Run = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How long and how large: `quick` only shows that everything works."""

    repeat: int = 3
    seconds: float = 5.0
    quick: bool = False

    @property
    def warm_up_s(self) -> float:
        return 0.5 if self.quick else 2.0

    @property
    def idle_connections(self) -> int:
        return 200 if self.quick else 5_000

    @property
    def arrivals(self) -> tuple[int, int, float]:
        """People who come online in one room, those who look meanwhile, and within how many seconds."""
        return (300, 20, 5.0) if self.quick else (10_000, 100, 60.0)

    @property
    def history_messages(self) -> int:
        return 20_000 if self.quick else 1_000_000

    @property
    def members(self) -> int:
        return 1_500 if self.quick else 10_000

    @property
    def search_messages(self) -> int:
        return 20_000 if self.quick else 2_000_000

    @property
    def search_repetitions(self) -> int:
        return 3 if self.quick else 20


@dataclass(frozen=True)
class Figure:
    """One number of a scenario's runs. `target` is the least, or with `at_most` the most, it may be."""

    key: str
    label: str
    target: float | None = None
    at_most: bool = False

    def is_met(self, value: float) -> bool | None:
        if self.target is None:
            return None
        return value <= self.target if self.at_most else value >= self.target


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    figures: tuple[Figure, ...]
    runs: Callable[[Options], Iterator[Run]]


# --- One large room ---------------------------------------------------------------------------

LARGE_ROOM = {"users": 300, "rooms": 1, "members": 300}
DELIVERIES = "deliveries/s, one room of 300"
DELAY = Figure("delivery_p50_ms", "from a send to its delivery meanwhile, p50 ms")


def fanout(database: str, audience: str, options: Options) -> Iterator[Run]:
    with Installation(database) as installation:
        seats = installation.people(**LARGE_ROOM)
        for _ in range(options.repeat):
            yield run_load(
                "fanout", installation.restart(),
                seats=seats, audience=audience, warm_up_s=options.warm_up_s, seconds=options.seconds,
            )  # fmt: skip


def reference(options: Options) -> Iterator[Run]:
    """The same fan-out by the consumer of the Channels tutorial."""
    with seats_of_nobody() as seats, start_valkey() as valkey:
        serve = ("-m", "uvicorn", "benchmarks.reference.asgi:application", "--host", "127.0.0.1", "--port", "{port}")
        with bystander(*serve, "--log-level", "error", env={"REDIS_URL": valkey.url}) as server:
            for _ in range(options.repeat):
                server.stop()
                yield run_load(
                    "fanout-tutorial", server.start(), path="/ws/chat/bench/",
                    seats=seats, warm_up_s=options.warm_up_s, seconds=options.seconds,
                )  # fmt: skip


def ceiling(options: Options) -> Iterator[Run]:
    """The same fan-out by a server that does nothing else: what the load client can measure."""
    with seats_of_nobody() as seats, bystander("-m", "benchmarks.ideal", "{port}", seats) as server:
        for _ in range(options.repeat):
            server.stop()
            yield run_load("fanout", server.start(), seats=seats, warm_up_s=options.warm_up_s, seconds=options.seconds)


@contextmanager
def seats_of_nobody() -> Iterator[str]:
    """A file as `bench_setup` writes it, for servers that know no users."""
    room = str(uuid.uuid4())
    people = [(str(uuid.uuid4()), f"bench-{n}") for n in range(LARGE_ROOM["members"])]
    lines = [
        json.dumps({"user": user, "username": name, "token": name, "room": room, "slug": "bench"})
        for user, name in people
    ]
    with tempfile.NamedTemporaryFile("w", prefix="chat-bench-", suffix=".jsonl") as file:
        file.write("\n".join(lines))
        file.flush()
        yield file.name


# --- Many small rooms -------------------------------------------------------------------------

SMALL_ROOMS = {"users": 1_000, "rooms": 100, "members": 10}
STEADY_RATE = 500  # messages a second


def sends(database: str, options: Options) -> Iterator[Run]:
    with Installation(database) as installation:
        seats = installation.people(**SMALL_ROOMS)
        for _ in range(options.repeat):
            yield run_load(
                "sends", installation.restart(), seats=seats, warm_up_s=options.warm_up_s, seconds=options.seconds
            )


def latency(database: str, options: Options) -> Iterator[Run]:
    with Installation(database) as installation:
        seats = installation.people(**SMALL_ROOMS)
        for _ in range(options.repeat):
            yield run_load(
                "latency", installation.restart(), seats=seats, rate=STEADY_RATE,
                warm_up_s=options.warm_up_s, seconds=2 * options.seconds,
            )  # fmt: skip


# --- Those who only listen --------------------------------------------------------------------

IDLE_ROOM_SIZE = 10


def idle(database: str, options: Options) -> Iterator[Run]:
    with Installation(database) as installation:
        users = WARM_UP_CONNECTIONS + options.idle_connections
        seats = installation.people(users=users, rooms=users // IDLE_ROOM_SIZE, members=IDLE_ROOM_SIZE)
        for _ in range(options.repeat):
            yield run_load("idle", installation.restart(), seats=seats, connections=options.idle_connections)


# --- A crowd that comes online together ---------------------------------------------------------


def presence(database: str, options: Options) -> Iterator[Run]:
    people, viewers, seconds = options.arrivals
    with Installation(database) as installation:
        seats = installation.people(users=people + viewers, rooms=1, members=people + viewers)
        for _ in range(options.repeat):
            # Three times the seconds, and what connecting takes on a machine that has other things to do.
            yield run_load(
                "presence", installation.restart(),
                seats=seats, viewers=viewers, seconds=seconds, connect_s=2 * seconds + people / 30,
            )  # fmt: skip


# --- A long history ---------------------------------------------------------------------------


def search(database: str, options: Options) -> Iterator[Run]:
    with Installation(database) as installation:
        _run_module(installation, "benchmarks.search", "fill", options.search_messages)
        for _ in range(options.repeat):
            yield _run_module(installation, "benchmarks.search", "ask", options.search_repetitions)


def _run_module(installation: Installation, *arguments: object) -> Run:
    """Run a module in the installation; return the JSON that it prints."""
    command = [sys.executable, "-m", *map(str, arguments)]
    ran = subprocess.run(command, cwd=PROJECT, env=installation.server.env, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise LoadFailed(f"{' '.join(command[2:])} ended with {ran.returncode}:\n{ran.stderr}")
    return json.loads(ran.stdout)


def history(database: str, options: Options) -> Iterator[Run]:
    with Installation(database) as installation:
        seats = Path(installation.people(users=IDLE_ROOM_SIZE, rooms=1, members=IDLE_ROOM_SIZE))
        room = json.loads(seats.read_text().splitlines()[0])["room"]
        for n in range(options.repeat):
            fill = options.history_messages if n == 0 else 0
            yield _run_module(installation, "benchmarks.history", room, fill)


def members(database: str, options: Options) -> Iterator[Run]:
    with Installation(database) as installation:
        for _ in range(options.repeat):
            yield _run_module(installation, "benchmarks.members", options.members)


MEMBERS = (
    *(
        Figure(f"{place}_ms", f"{place} page of 50 of 10,000 members, ms", 10, at_most=True)
        for place in ("first", "middle", "last")
    ),
    Figure("one_ms", "a search among them that finds one, ms", 50, at_most=True),
    Figure("many_ms", "one that finds 1,000 and shows 50, ms", 50, at_most=True),
)

PAGES = (
    *(
        Figure(f"{place}_ms", f"{place} page of 50 of 1,000,000, ms in the database", 10, at_most=True)
        for place in ("newest", "middle", "oldest")
    ),
    Figure("newest_whole_ms", "the newest page as a request reads it, ms"),
    Figure("newest_kept_ms", "the same when the cache has kept it, ms"),
)


def searches(target: float | None) -> tuple[Figure, ...]:
    """The p99 of each kind of question, and of all of them together."""
    about = "p99, ms, for a user in 200 of 1,000 rooms with 2,000,000 messages"
    kinds = {
        "p99_ms": f"25 kinds of question, {about}",
        "rare_p99_ms": "a word in one of 50,000 messages",
        "common_p99_ms": "a word in a fifth of all messages",
        "two_words_p99_ms": "that and another, in a twentieth",
        "best_p99_ms": "the same, best first",
        "elsewhere_p99_ms": "a word in a fifth, none in the user's rooms",
        "never_together_p99_ms": "two words in a fifth each, never together",
    }
    return tuple(Figure(key, label, target, at_most=True) for key, label in kinds.items())


ACKED = "durable acked sends/s, 100 rooms of 10, 500 in flight"
MEMORY = "KiB of server memory per idle connection, 5,000"

ARRIVALS = (
    Figure(
        "frames_most",
        "frames to a socket that looks and shows 200, while 10,000 come within a minute",
        60,
        at_most=True,
    ),
    Figure("kib_each", "KiB to such a socket"),
    Figure("unseen_cpu_s", "seconds of server CPU for those who come, nobody looking"),
    Figure("cpu_s", "the same when 100 look"),
    Figure("opened_frames_most", "frames to each of 10,100 when all have the room open", 60, at_most=True),
    Figure("opened_kib_each", "KiB to each then"),
    Figure("opened_cpu_s", "seconds of server CPU then"),
    Figure("connects_per_s", "signed-in connects/s before, one room of 10,100"),
)

SCENARIOS = (
    Scenario(
        "ceiling", "a server that only answers: what the load client can measure",
        (Figure("deliveries_per_s", DELIVERIES), DELAY), ceiling,
    ),
    Scenario(
        "reference", "the consumer of the Channels tutorial, channels_redis",
        (Figure("deliveries_per_s", DELIVERIES), DELAY), reference,
    ),
    Scenario(
        "fanout-data", "PostgreSQL, Valkey; audience data",
        (Figure("deliveries_per_s", DELIVERIES, 80_000), DELAY), partial(fanout, "postgres", "data"),
    ),
    Scenario(
        "fanout-web", "PostgreSQL, Valkey; audience web: rendered fragments",
        (Figure("deliveries_per_s", DELIVERIES, 50_000), DELAY), partial(fanout, "postgres", "web"),
    ),
    Scenario(
        "fanout-embedded", "SQLite, one process; audience data",
        (Figure("deliveries_per_s", DELIVERIES), DELAY), partial(fanout, "sqlite", "data"),
    ),
    Scenario(
        "sends", "PostgreSQL, Valkey",
        (Figure("acked_sends_per_s", ACKED, 3_000), Figure("ack_p50_ms", "ack p50 meanwhile, ms")),
        partial(sends, "postgres"),
    ),
    Scenario(
        "sends-embedded", "SQLite, one process",
        (Figure("acked_sends_per_s", ACKED, 1_500), Figure("ack_p50_ms", "ack p50 meanwhile, ms")),
        partial(sends, "sqlite"),
    ),
    Scenario(
        "latency", "PostgreSQL, Valkey; 500 messages/s, open loop",
        (
            Figure("ack_p50_ms", "ack p50, ms", 5, at_most=True),
            Figure("ack_p95_ms", "ack p95, ms"),
            Figure("ack_p99_ms", "ack p99, ms"),
        ),
        partial(latency, "postgres"),
    ),
    Scenario(
        "idle", "PostgreSQL, Valkey",
        (Figure("kib_per_connection", MEMORY, 35, at_most=True), Figure("connects_per_s", "signed-in connects/s")),
        partial(idle, "postgres"),
    ),
    Scenario(
        "idle-embedded", "SQLite, one process",
        (Figure("kib_per_connection", MEMORY, 35, at_most=True), Figure("connects_per_s", "signed-in connects/s")),
        partial(idle, "sqlite"),
    ),
    Scenario(
        "presence", "PostgreSQL, Valkey; 10,000 come in a minute, 100 look",
        ARRIVALS, partial(presence, "postgres"),
    ),
    Scenario("presence-embedded", "SQLite, one process; the same", ARRIVALS, partial(presence, "sqlite")),
    Scenario("history", "PostgreSQL, two years of partitions", PAGES, partial(history, "postgres")),
    Scenario("history-embedded", "SQLite", PAGES, partial(history, "sqlite")),
    Scenario("members", "PostgreSQL, a channel of 10,000", MEMBERS, partial(members, "postgres")),
    Scenario("members-embedded", "SQLite, a channel of 10,000", MEMBERS, partial(members, "sqlite")),
    Scenario("search", "PostgreSQL, two years of partitions", searches(100), partial(search, "postgres")),
    Scenario("search-embedded", "SQLite", searches(None), partial(search, "sqlite")),
)  # fmt: skip


@dataclass(frozen=True)
class Ratio:
    """One scenario's first figure over another's of the same run."""

    over: str
    under: str
    label: str
    target: float | None = None


RATIOS = (
    Ratio("fanout-data", "reference", "fan-out, data audience ÷ the tutorial's consumer", 25),
    Ratio("fanout-web", "reference", "fan-out, web audience ÷ the tutorial's consumer"),
    Ratio("fanout-embedded", "reference", "fan-out, embedded ÷ the tutorial's consumer"),
    Ratio("ceiling", "fanout-data", "what the load client can measure ÷ fan-out, data audience"),
)
