"""A room's events as one process carries them: holes, crossings, handovers, and whoever is in the way.

Without a server or a database: the log is a list, the sockets write on paper, and the hub's
signals are handed to it one by one, in whatever order a network can find.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from realtime.connection import LIVE_BUFFER_LIMIT, REPLAY_BUFFER_LIMIT, Code, Connection
from realtime.events import Event, Note, Recheck
from realtime.feed import RECENT_BYTES, REPLAY_MAX, Feed
from realtime.frames import Bundle, frame
from realtime.hub import Hub
from realtime.identity import Identity
from realtime.relay import room_group
from realtime.resume import go_live
from realtime.source import LogRange, RoomView, Standing

ROOM = "5e0c7a0e-0000-4000-8000-000000000001"
PATIENCE_S = 20.0


def event(seq: int, kind: str = "message.created", subject: str | None = None, size: int = 0) -> Event:
    return Event(ROOM, seq, kind, json.dumps({"seq": seq, "filler": "x" * size}).encode(), None, subject)


class Log:
    """`realtime.source.Source` over a list. Reading waits while `gate` is closed, and fails while `broken`."""

    def __init__(self, head: int = 0) -> None:
        self.entries = [event(seq) for seq in range(1, head + 1)]
        self.head = head
        self.floor = 0
        self.reads = 0
        self.compared: list[set[str]] = []
        self.standing: dict[str, Standing] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.broken = False
        self.bad_fragments: set[int] = set()

    def write(self, *entries: Event) -> None:
        self.entries += entries
        self.head = max(self.head, *(each.seq for each in entries))

    def epoch(self) -> str:
        return "the epoch"

    def standings(self, credentials: Mapping[str, Collection[str]]) -> dict[str, Standing]:
        return {user: self.standing[user] for user in credentials if user in self.standing}

    def read(self, room: str, after: int, limit: int, *, fragments: bool) -> LogRange | None:
        self.reads += 1
        head, entries = self.head, list(self.entries)
        assert self.gate.wait(PATIENCE_S)
        if self.broken:
            raise RuntimeError("the database is down")
        upto = min(head, after + limit)
        found = sorted((each for each in entries if after < each.seq <= upto), key=lambda each: each.seq)
        return LogRange(found, head, self.floor, upto)

    def fragment(self, event: Event) -> str | None:
        if event.seq in self.bad_fragments:
            raise RuntimeError("an event of another version")
        return f"<li>{event.seq}</li>"

    def heads(self, known: Mapping[str, int]) -> dict[str, int]:
        self.compared.append(set(known))
        return {room: self.head for room, seq in known.items() if self.head > seq}

    def revs(self, known: Mapping[str, int]) -> list[str]:
        return [user for user, rev in known.items() if user in self.standing and self.standing[user].rev != rev]


class Paper:
    """A socket's writer. `stuck`: as many bytes wait as if its client had stopped reading."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.stuck = 0
        self.code: int | None = None
        self.flows = asyncio.Event()

    def write(self, text: bytes) -> None:
        self.frames.append(json.loads(text))

    def write_bundle(self, bundle: Bundle) -> None:
        for text in bundle.texts:
            self.write(text)

    def buffered(self) -> int:
        return self.stuck

    async def drained(self) -> None:
        await self.flows.wait()

    def end(self, code: int, reason: str) -> None:
        self.code = code

    async def finish(self) -> None: ...

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.frames if "seq" in frame]

    @property
    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


def socket(user: str = "alice", audience: str = "data") -> Connection:
    made = Connection(Identity(user, user, 0, f"token:{user}", "token"), Paper())
    made.audience = audience
    return made


def paper(connection: Connection) -> Paper:
    assert isinstance(connection.writer, Paper)
    return connection.writer


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event to wait on)
            await asyncio.sleep(0.005)


async def at_rest(feed: Feed) -> None:
    """Wait until the feed waits for nothing and reads nothing."""
    await until(lambda: feed._timer is None and feed._repair is None)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def hub(log: Log, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """A hub over the log with its checks running, and none of its other tasks."""
    monkeypatch.setattr("realtime.hub.source", lambda: log)
    made = Hub()
    made.epoch = "the epoch"
    tasks = made.checks.start()
    yield made
    for task in tasks:
        assert not task.done(), task
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for feed in made.feeds.values():
        feed.close()


def feed_of(log: Log, *connections: Connection) -> Feed:
    made = Feed(ROOM, log.head, log, lambda: "the epoch")  # type: ignore[arg-type]
    for connection in connections:
        made.add(connection, log.head)
    return made


@dataclass
class Summary:
    """As much of a room's summary as the hub reads."""

    unread: int = 0
    mentions: int = 0


def view(log: Log) -> RoomView:
    return RoomView(ROOM, log.head, 0, Summary())


def attend(hub: Hub, log: Log, connection: Connection, rooms: Iterable[RoomView], rev: int = 1) -> None:
    """Let the socket be one that has said hello, of a user who stands so."""
    from realtime.hub import Attendance

    user = connection.identity.user_id
    log.standing[user] = Standing(rev, {}, list(rooms), frozenset({connection.identity.credential}))
    attendance = hub.users.setdefault(user, Attendance())
    attendance.connections.add(connection)
    attendance.rev = rev
    connection.is_live = True


# --- Holes --------------------------------------------------------------------------------------


async def test_frames_that_cross_are_put_in_order_without_asking_the_database() -> None:
    log = Log(1)
    ears = socket()
    feed = feed_of(log, ears)
    log.write(event(2), event(3), event(4))
    for seq in (4, 3, 2):
        feed.offer([event(seq)])
    assert paper(ears).seqs == [2, 3, 4]
    feed.offer([event(3), event(4)])
    assert paper(ears).seqs == [2, 3, 4]
    await at_rest(feed)
    assert (feed.repairs, log.reads) == (0, 0)


async def test_a_hole_that_stays_is_read_from_the_database_once_and_nothing_overtakes_it() -> None:
    log = Log(1)
    ears = socket()
    feed = feed_of(log, ears)
    log.write(*(event(seq) for seq in range(2, 7)))
    log.gate.clear()
    feed.offer([event(3), event(5)])
    await until(lambda: log.reads == 1)
    feed.expect(6)
    feed.offer([event(4)])
    assert paper(ears).seqs == []
    log.gate.set()
    await until(lambda: feed.seq == 6)
    assert paper(ears).seqs == [2, 3, 4, 5, 6]
    assert log.reads == feed.repairs == 1


async def test_events_of_a_commit_after_the_repairs_read_wait_for_their_turn() -> None:
    log = Log(1)
    ears = socket()
    feed = feed_of(log, ears)
    log.write(event(2), event(3))
    log.gate.clear()
    feed.offer([event(3)])
    await until(lambda: log.reads == 1)  # it has seen the head at 3
    log.write(event(4), event(5))
    feed.offer([event(5)])
    log.gate.set()
    await until(lambda: feed.seq == 5)
    assert paper(ears).seqs == [2, 3, 4, 5]


async def test_a_void_seq_holds_nothing_up() -> None:
    log = Log(1)
    ears = socket()
    feed = feed_of(log, ears)
    log.write(event(4))  # 2 and 3 were purged
    feed.expect(4)
    await until(lambda: feed.seq == 4)
    assert paper(ears).seqs == [4]


async def test_a_database_that_is_down_delays_events_and_loses_none() -> None:
    log = Log(1)
    ears = socket()
    feed = feed_of(log, ears)
    log.write(event(2), event(3))
    log.broken = True
    feed.offer([event(3)])
    await until(lambda: log.reads == 1)
    log.broken = False
    feed.expect(3)  # as the next comparison of heads does
    await until(lambda: feed.seq == 3)
    assert paper(ears).seqs == [2, 3]


async def test_an_event_that_the_database_does_not_know_neither_hangs_nor_stops_the_room() -> None:
    """A commit lost in a failover, or a stranger on the channel layer."""
    log = Log(5)
    ears = socket()
    feed = feed_of(log, ears)
    feed.offer([event(1_000_000)])
    await until(lambda: log.reads >= 1 and feed._repair is None)
    for seq in (6, 7):
        log.write(event(seq))
        feed.offer([event(seq)])
    await at_rest(feed)
    assert paper(ears).seqs == [6, 7]
    assert log.reads <= 2


async def test_a_process_too_far_behind_resets_its_readers_and_looks_who_is_left(hub: Hub, log: Log) -> None:
    ears, gone = socket("alice"), socket("bob")
    room = view(log)
    for each in (ears, gone):
        attend(hub, log, each, [room])
        await go_live(hub, each, room)
    log.write(*(event(seq) for seq in range(1, REPLAY_MAX)), event(REPLAY_MAX, "member.left", "bob"))
    log.write(event(REPLAY_MAX + 1))
    log.standing["bob"] = Standing(1, {}, [], frozenset({"token:bob"}))
    hub.feeds[ROOM].expect(log.head)
    await until(lambda: "room.reset" in paper(ears).types and "room.removed" in paper(gone).types)
    hub._receive([event(log.head + 1)])
    assert paper(ears).seqs == [log.head + 1]
    assert paper(gone).seqs == []


# --- Who is in the way --------------------------------------------------------------------------


async def test_whoever_leaves_gets_the_event_and_none_after_it(hub: Hub, log: Log) -> None:
    ears, gone = socket("alice"), socket("bob")
    for each in (ears, gone):
        attend(hub, log, each, [view(log)])
        await go_live(hub, each, view(log))
    log.standing["bob"] = Standing(2, {}, [], frozenset({"token:bob"}))
    hub._receive([event(1), event(2, "member.left", "bob"), event(3)])
    assert paper(ears).seqs == [1, 2, 3]
    assert paper(gone).seqs == [1, 2]
    assert paper(gone).types[-1] == "room.removed"


async def test_whoever_came_back_before_the_leaving_was_heard_is_let_in_again(hub: Hub, log: Log) -> None:
    """The recheck may see the room regained while the old departure is still on its way."""
    bob = socket("bob")
    attend(hub, log, bob, [view(log)])
    await go_live(hub, bob, view(log))
    left, joined = event(1, "member.left", "bob"), event(2, "member.joined", "bob")
    log.write(left, joined)
    log.standing["bob"] = Standing(3, {}, [view(log)], frozenset({"token:bob"}))
    hub._receive([Recheck("bob")])
    await until(lambda: hub.users["bob"].rev == 3)
    hub._receive([left, joined])
    await until(lambda: "room.added" in paper(bob).types)
    log.write(event(3))
    hub._receive([event(3)])
    await until(lambda: 3 in paper(bob).seqs)


async def test_an_event_that_cannot_be_rendered_reaches_everybody_once() -> None:
    log = Log(0)
    log.bad_fragments = {2}
    data, web = socket("alice"), socket("bob", "web")
    feed = feed_of(log, data, web)
    feed.offer([event(1), event(2), event(3)])
    assert paper(data).seqs == paper(web).seqs == [1, 2, 3]
    assert ["fragment" in frame for frame in paper(web).frames] == [True, False, True]


async def test_long_messages_do_not_fill_the_memory_of_every_room() -> None:
    log = Log(0)
    feed = feed_of(log)
    for seq in range(1, 50):
        feed.offer([event(seq, size=100_000)])
    assert sum(len(each.data) for each in feed._recent) <= RECENT_BYTES
    assert feed.since(40) is None
    assert [each.seq for each in feed.since(48) or []] == [49]


# --- Handover -----------------------------------------------------------------------------------


async def test_what_was_revised_is_not_replayed_as_it_was() -> None:
    """From memory it would be: who missed an edit, a deletion or a purge reads on in the database."""
    log = Log(1)
    feed = feed_of(log, socket())
    edited = event(4, "message.edited")
    edited.revises = True
    feed.offer([event(2), event(3), edited, event(5)])
    assert feed.since(2) is None
    assert [each.seq for each in feed.since(3) or []] == [4, 5]
    feed.offer([event(6)])
    assert [each.seq for each in feed.since(4) or []] == [5, 6]


async def test_a_socket_goes_live_at_a_hole_while_frames_cross(hub: Hub, log: Log) -> None:
    log.write(*(event(seq) for seq in range(1, 6)))
    first = socket("alice")
    await go_live(hub, first, view(log))
    log.write(*(event(seq) for seq in range(6, 9)))
    hub._receive([event(7)])  # 6 is on its way
    late = socket("bob")
    log.gate.clear()
    arriving = asyncio.create_task(go_live(hub, late, view(log), cursor=3))
    await until(lambda: log.reads == 1)  # it wants to be at 8 and the process is at 5
    hub._receive([event(6)])
    hub._receive([event(9)])
    log.write(event(9))
    log.gate.set()
    await arriving
    hub._receive([event(10)])
    assert paper(late).seqs == list(range(4, 11))
    assert paper(first).seqs == list(range(6, 11))


@pytest.mark.parametrize("seen", range(2, 6))
async def test_no_moment_of_a_departure_lets_a_socket_stay(hub: Hub, log: Log, seen: int) -> None:
    """The room ends for the socket while it is being brought up to date, by whichever way that is heard."""
    log.write(event(1), event(2))
    room = view(log)
    late = socket("bob")
    hub.feed(ROOM, 2)  # carried since the end of the log: the handover reads from the database
    log.gate.clear()
    arriving = asyncio.create_task(go_live(hub, late, room, cursor=0))
    await until(lambda: log.reads == 1)
    log.write(event(3, "member.left", "bob"), event(4), event(5))
    hub._receive([each for each in log.entries if each.seq <= seen])
    log.gate.set()
    await arriving
    hub._receive(log.entries)
    assert paper(late).types[-1] == "room.removed"
    assert late not in hub.feeds[ROOM].connections()
    assert max(paper(late).seqs) <= 3


async def test_a_new_epoch_in_the_middle_of_a_handover_breaks_no_later_recheck(hub: Hub, log: Log) -> None:
    log.write(event(1))
    hub.feed(ROOM, 0)
    bob = socket("bob")
    attend(hub, log, bob, [view(log)], rev=1)
    log.gate.clear()
    hub.checks.recheck("bob")  # gains the room, for which the process has to catch up
    await until(lambda: log.reads == 1)
    hub.begin_epoch("another")
    log.gate.set()
    alice = socket("alice")
    attend(hub, log, alice, [])
    log.standing["alice"] = Standing(2, {}, [], frozenset())  # her session has ended
    hub.checks.recheck("alice")
    await until(lambda: paper(alice).code == Code.UNAUTHENTICATED)


# --- Rechecks -----------------------------------------------------------------------------------


async def test_a_client_that_does_not_read_keeps_nobodys_session_open(hub: Hub, log: Log) -> None:
    stuck = socket("mallory")
    paper(stuck).stuck = (REPLAY_BUFFER_LIMIT + LIVE_BUFFER_LIMIT) // 2
    attend(hub, log, stuck, [view(log)])
    feed = hub.feed(ROOM, 0)
    log.write(*(event(seq, size=RECENT_BYTES // 2) for seq in range(1, 6)))
    feed.offer(log.entries)  # more than is kept at hand
    hub.checks.recheck("mallory")
    await until(lambda: "room.added" in paper(stuck).types)
    alice = socket("alice")
    attend(hub, log, alice, [])
    log.standing["alice"] = Standing(2, {}, [], frozenset())
    hub.checks.recheck("alice")
    await until(lambda: paper(alice).code == Code.UNAUTHENTICATED)


async def test_a_user_whose_recheck_fails_keeps_nobodys_session_open(hub: Hub, log: Log) -> None:
    poisoned = socket("mallory")
    attend(hub, log, poisoned, [RoomView(ROOM, 0, 0, object())])  # a summary that cannot be told
    others = [socket(f"user-{place}") for place in range(8)]
    for each in others:
        attend(hub, log, each, [])
        log.standing[each.identity.user_id] = Standing(2, {}, [], frozenset())
    for user in hub.users:
        hub.checks.recheck(user)
    await until(lambda: all(paper(each).code == Code.UNAUTHENTICATED for each in others))
    assert not poisoned.ended


@pytest.mark.parametrize("is_told", [True, False], ids=["by a note", "by a recheck"])
async def test_what_is_read_elsewhere_during_a_hello_is_heard_after_it(hub: Hub, log: Log, is_told: bool) -> None:
    phone, laptop = socket(), socket()
    attend(hub, log, phone, [view(log)])
    standing = await hub.register(laptop)  # of which `ready` tells, once this task is at it again
    assert standing is not None
    moved = RoomView(ROOM, 0, 5, Summary(unread=2))
    log.standing["alice"] = Standing(2, {}, [moved], standing.credentials)
    if is_told:
        hub._receive([Note("alice", frame("read", room=ROOM, number=5, unread=2, mentions=0), rev=2)])
    else:
        hub.users["alice"].reads = {ROOM: 0}
        hub.checks.recheck("alice")
    await until(lambda: "read" in paper(phone).types)
    assert paper(laptop).frames == []
    hub.settled(laptop, standing)
    await until(lambda: "read" in paper(laptop).types)
    assert paper(laptop).frames[-1]["number"] == 5


async def test_coming_and_going_has_only_its_own_rooms_compared_and_the_rest_in_their_time(hub: Hub, log: Log) -> None:
    others = {f"room {place}" for place in range(50)}
    for room in others:
        hub.feed(room, 0).add(socket(), 0)
    hub.feed(ROOM, 0).add(socket(), 0)
    await until(lambda: log.compared)
    log.compared.clear()

    async def come_and_go() -> None:
        while True:
            hub.checks.soon([room_group(ROOM)])
            await asyncio.sleep(0.001)  # as fast as a crowd would

    coming = asyncio.create_task(come_and_go())
    await until(lambda: any(others <= each for each in log.compared))
    coming.cancel()
    assert sum(others <= each for each in log.compared) == 1
    assert log.compared.count({ROOM}) > 10
