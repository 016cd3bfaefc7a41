"""The fan-out load in the words of the Channels tutorial: no sign-in, no `seq`, no ack.

The consumer broadcasts what it gets as `{"message": …}`. The load client puts the send's ref in
front of the text, so that it knows its own again.
"""

from __future__ import annotations

import functools
from typing import Any

from picows import WSFrame, WSMsgType, WSTransport

from benchmarks.load import fanout
from benchmarks.load.crowd import Sender

PREFIX = b'{"message": "'  # as `json.dumps` writes it
REF_LENGTH = 36


class TutorialMember(Sender):
    """A socket of the tutorial's chat. Order is not checked, for it is not promised; loss is."""

    def headers(self) -> dict[str, str]:
        return {}

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.ready.set_result(None)

    def encode(self, ref: str, content: str) -> bytes:
        return f'{{"message":"{ref} {content}"}}'.encode()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        payload = frame.get_payload_as_bytes()
        n = self.received
        if self.frames[n] != payload:
            self.on_other(frame, payload)
            return
        self.received = n + 1
        if self.owners[n] is self:
            self.come_back(payload)

    def on_other(self, frame: WSFrame, payload: bytes) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            self.crowd.problem(f"a socket was closed with {frame.get_close_code()}")
            return
        if not payload.startswith(PREFIX):
            self.crowd.problem(f"unexpected frame {payload[:80]!r}")
            return
        if self.received == self.room.events:
            self.room.keep(payload, ref_of(payload))
        self.received += 1
        self.come_back(payload)

    def come_back(self, payload: bytes) -> None:
        """Count a send of this socket as returned, once, if `payload` is one."""
        if self.waiting.pop(ref_of(payload), None) is not None:
            self.returned(self)


def ref_of(payload: bytes) -> str:
    return payload[len(PREFIX) : len(PREFIX) + REF_LENGTH].decode()


run: Any = functools.partial(fanout.run, sender=TutorialMember, acks=False)
