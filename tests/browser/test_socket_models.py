"""Cursors, waits and the socket, against a server that the test plays itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute

ROOM = "0190a1b2-0000-7000-8000-000000000001"

CONNECT = """async (cursors) => {
  const { Socket } = await import("/static/js/models/socket.js");
  const { Cursors } = await import("/static/js/models/cursors.js");
  const { Backoff } = await import("/static/js/models/backoff.js");
  const url = location.origin.replace("http", "ws") + "/ws/";
  window.socket = new Socket({
    url, epoch: "e1", cursors: new Cursors(Object.entries(cursors)), backoff: new Backoff({ first: 1, max: 10 }),
  });
  window.heard = [];
  for (const name of ["message.created", "room.reset", "room.removed"]) {
    socket.on(name, (frame) => heard.push([name, frame.seq ?? null]));
  }
  window.states = [];
  socket.on("status", ({ state, reason }) => states.push(reason ?? state));
  socket.start();
}"""


class PlayedServer:
    """The server's side of every connection that the page opens."""

    def __init__(self, page: Page) -> None:
        self.connections: list[WebSocketRoute] = []
        self.frames: list[list[dict[str, Any]]] = []
        self.answers: dict[str, Callable[[WebSocketRoute, dict[str, Any]], None]] = {"hello": self.ready}
        page.route_web_socket("**/ws/", self._connected)

    def _connected(self, route: WebSocketRoute) -> None:
        self.connections.append(route)
        frames: list[dict[str, Any]] = []
        self.frames.append(frames)

        def on_message(text: str | bytes) -> None:
            frame = json.loads(text)
            frames.append(frame)
            if answer := self.answers.get(frame["type"]):
                answer(route, frame)

        route.on_message(on_message)

    def ready(self, route: WebSocketRoute, _: dict[str, Any]) -> None:
        room = {"id": ROOM, "slug": "team", "head_seq": 7, "last_number": 7, "unread": 0, "mentions": 0}
        self.send(route, type="ready", epoch="e1", heartbeat_s=60, rooms=[room])

    @staticmethod
    def send(route: WebSocketRoute, **frame: Any) -> None:
        route.send(json.dumps(frame))


@pytest.fixture
def server(blank: Page) -> PlayedServer:
    return PlayedServer(blank)


def connect(page: Page, **cursors: int) -> None:
    page.evaluate(CONNECT, cursors)
    page.wait_for_function("socket.isOpen")


def test_says_hello_with_what_it_has_seen(blank: Page, server: PlayedServer) -> None:
    connect(blank, **{ROOM: 5})
    hello = server.frames[0][0]
    assert (hello["type"], hello["cursors"], hello["epoch"], hello["audience"]) == ("hello", {ROOM: 5}, "e1", "web")
    assert hello["more"] is False


def test_takes_each_entry_of_a_log_once(blank: Page, server: PlayedServer) -> None:
    connect(blank, **{ROOM: 5})
    for seq in (5, 6, 6, 8, 7, 9):
        server.send(server.connections[0], type="message.created", room=ROOM, seq=seq, data={})
    blank.wait_for_function("heard.length === 3")
    assert blank.evaluate("heard.map(([, seq]) => seq)") == [6, 8, 9]


def test_resumes_after_a_cut_where_it_was(blank: Page, server: PlayedServer) -> None:
    connect(blank, **{ROOM: 5})
    server.send(server.connections[0], type="message.created", room=ROOM, seq=6, data={})
    blank.wait_for_function("heard.length === 1")
    server.connections[0].close(code=1012)
    blank.wait_for_function("states.filter((state) => state === 'open').length === 2")
    assert server.frames[1][0]["cursors"] == {ROOM: 6}


def test_begins_a_room_anew_where_the_server_says(blank: Page, server: PlayedServer) -> None:
    connect(blank, **{ROOM: 90})
    server.send(server.connections[0], type="room.reset", room=ROOM, head_seq=7, epoch="e1")
    server.send(server.connections[0], type="message.created", room=ROOM, seq=8, data={})
    blank.wait_for_function("heard.length === 2")
    assert blank.evaluate("heard") == [["room.reset", None], ["message.created", 8]]


@pytest.mark.parametrize(
    ("code", "reason"), [(4401, "signed-out"), (4403, "foreign-origin"), (4409, "replaced")], ids=str
)
def test_does_not_come_back_after_a_final_close(blank: Page, server: PlayedServer, code: int, reason: str) -> None:
    connect(blank)
    server.connections[0].close(code=code)
    blank.wait_for_function("socket.status.state === 'stopped'")
    assert blank.evaluate("socket.status.reason") == reason
    assert len(server.connections) == 1


def test_an_answer_settles_its_command(blank: Page, server: PlayedServer) -> None:
    server.answers["read"] = lambda route, frame: server.send(route, type="ack", ref=frame["ref"], data={"number": 3})
    server.answers["message.send"] = lambda route, frame: server.send(
        route, type="error", ref=frame["ref"], code="slow_mode", detail="Wait a little.", retry_after=4
    )
    connect(blank)
    assert blank.evaluate("socket.request('read', { room: 'r', number: 3 })") == {"number": 3}
    refusal = blank.evaluate(
        "socket.request('message.send', {}, 'x').catch(({ code, message, retryAfter }) => [code, message, retryAfter])"
    )
    assert refusal == ["slow_mode", "Wait a little.", 4]


def test_the_outcome_of_a_command_is_unknown_after_a_cut(blank: Page, server: PlayedServer) -> None:
    server.answers["message.send"] = lambda route, _: route.close(code=1012)
    connect(blank)
    failure = blank.evaluate("socket.request('message.send', {}, 'x').catch(({ code }) => [code, socket.isOpen])")
    assert failure == ["unknown", False]


def test_a_command_without_a_connection_is_not_sent(blank: Page) -> None:
    code = blank.evaluate("""async () => {
      const { Socket } = await import("/static/js/models/socket.js");
      const { Cursors } = await import("/static/js/models/cursors.js");
      const socket = new Socket({ url: "ws://127.0.0.1:9/", epoch: null, cursors: new Cursors() });
      return socket.request("read", {}).catch((error) => error.code);
    }""")
    assert code == "offline"


def test_many_cursors_are_split_into_frames_that_the_server_takes(blank: Page, server: PlayedServer) -> None:
    rooms = {f"0190a1b2-0000-7000-8000-{number:012d}": number for number in range(5_000)}
    connect(blank, **rooms)
    blank.wait_for_function("socket.isOpen")
    frames = server.frames[0]
    assert [frame["type"] for frame in frames[:3]] == ["hello", "resume", "resume"]
    assert [frame["more"] for frame in frames[:3]] == [True, True, False]
    assert {room: seq for frame in frames[:3] for room, seq in frame["cursors"].items()} == rooms
    assert max(len(json.dumps(frame)) for frame in frames) < 128 * 1024


def test_waits_double_up_to_a_limit_and_are_never_in_step(blank: Page) -> None:
    low, high = blank.evaluate("""async () => {
      const { delay } = await import("/static/js/models/backoff.js");
      const waits = (random) => Array.from({ length: 9 }, (_, step) => delay(step, { random }));
      return [waits(() => 0), waits(() => 1)];
    }""")
    assert low == [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]
    assert high == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]


def test_asks_for_a_sign_of_life_when_the_browser_says_it_is_offline(blank: Page, server: PlayedServer) -> None:
    connect(blank)
    server.answers["ping"] = lambda route, frame: server.send(route, type="room.reset", room=ROOM, head_seq=7)
    blank.evaluate("dispatchEvent(new Event('offline'))")
    blank.wait_for_function("heard.length > 0")
    assert [frame["type"] for frame in server.frames[0]] == ["hello", "ping"]
