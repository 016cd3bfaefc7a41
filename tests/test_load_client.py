"""The benchmark's load client notices every way in which a delivery can go wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from picows import WSMsgType

from benchmarks.load.crowd import Crowd, Member, Seat

ROOM = "5e0c7a0e-0000-4000-8000-000000000001"
SEATS = [Seat(f"user-{n}", name, "token", ROOM, "room") for n, name in enumerate(("ada", "ben"))]


@dataclass
class Frame:
    """As much of a picows frame as the client reads."""

    payload: bytes
    msg_type: WSMsgType = WSMsgType.TEXT

    def get_payload_as_bytes(self) -> bytes:
        return self.payload


def event(seq: int, content: str = "hello", room: str = ROOM) -> bytes:
    return json.dumps({"type": "message.created", "room": room, "seq": seq, "data": {"content": content}}).encode()


def received_by(ada: list[bytes], ben: list[bytes]) -> Crowd:
    """Let the two members of a room, whose head was 7, get these frames, ada all of hers first."""

    async def watch() -> Crowd:
        crowd = Crowd()
        crowd.seat(SEATS, sends=lambda place: False)
        for member, frames in zip(crowd.members, (ada, ben), strict=True):
            give(member, [json.dumps({"type": "ready", "rooms": [{"id": ROOM, "head_seq": 7}]}).encode(), *frames])
        return crowd

    def give(member: Member, frames: list[bytes]) -> None:
        for payload in frames:
            member.on_ws_frame(None, Frame(payload))

    return asyncio.run(watch())


def test_the_same_events_in_order_are_no_problem() -> None:
    crowd = received_by([event(8), event(9)], [event(8), event(9)])
    assert crowd.problems == []
    assert crowd.deliveries() == 4
    assert crowd.missing() == 0


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda frames: frames[1:], id="first lost"),
        pytest.param(lambda frames: [frames[0], frames[2]], id="one lost in the middle"),
        pytest.param(lambda frames: [frames[0], frames[0], *frames[1:]], id="doubled"),
        pytest.param(lambda frames: [frames[1], frames[0], frames[2]], id="reordered"),
        pytest.param(lambda frames: [event(8, room=ROOM[::-1]), *frames], id="of another room"),
    ],
)
@pytest.mark.parametrize("spoilt", ["the first to get it", "a later one"])
def test_a_wrong_sequence_is_a_problem(spoil: Callable[[list[bytes]], list[bytes]], spoilt: str) -> None:
    right = [event(8), event(9), event(10)]
    wrong = spoil(right)
    crowd = received_by(wrong, right) if spoilt == "the first to get it" else received_by(right, wrong)
    assert crowd.problems


def test_a_lost_last_event_is_missing() -> None:
    crowd = received_by([event(8), event(9)], [event(8)])
    assert crowd.problems == []
    assert crowd.missing() == 1


def test_another_encoding_of_the_right_event_counts_as_delivered() -> None:
    crowd = received_by([event(8), event(9)], [event(8).replace(b" ", b""), event(9)])
    assert crowd.problems == []
    assert crowd.deliveries() == 4


def test_an_event_that_differs_between_readers_is_a_problem() -> None:
    assert received_by([event(8)], [event(8, "good-bye")]).problems


def test_an_ack_for_nothing_is_a_problem() -> None:
    crowd = received_by([json.dumps({"type": "ack", "ref": "x", "data": {}}).encode()], [])
    assert crowd.problems
