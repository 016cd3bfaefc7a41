"""The WebSocket protocol of `manage.py serve`: uvicorn's, with a way past it for ready frames.

Offers the ASGI scope extension `realtime.frames`: the protocol itself, with `write_frames`,
`buffered`, `drained` and `end`. A frame for 300 sockets is then encoded once and written 300
times, which measured 2.6 times as fast as sending text through ASGI to each.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

EXTENSION = "realtime.frames"
# Commands of one socket that wait for the gateway before its reading is paused. uvicorn pauses
# after each, which costs two calls into the event loop a command.
RECEIVE_AHEAD = 32


class FramedWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's sans-I/O protocol, which also takes bytes that are frames already."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if scope := getattr(self, "scope", None):
            # The task that runs the application has been made but has not begun yet.
            scope["extensions"][EXTENSION] = self

    def settle(self) -> None:
        """Let go of what only the handshake needed: it would stay as long as the socket."""
        self.request = self.response = None  # type: ignore[assignment]
        self.scope = {}  # type: ignore[typeddict-item]

    # --- The extension ---

    def write_frames(self, frames: bytes) -> None:
        """Write complete frames. After the end of the socket they are dropped."""
        if not self.close_sent and not self.disconnected:
            self.transport.write(frames)

    def buffered(self) -> int:
        """Bytes that wait for the client to read."""
        return self.transport.get_write_buffer_size()

    async def drained(self) -> None:
        """Wait until little is buffered, or until the socket is gone."""
        await self.writable.wait()

    def end(self, code: int, reason: str) -> None:
        """Send a close frame after all that was written, and abort if it isn't read in 10 s."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        try:
            self.conn.send_close(code, reason)
        except InvalidState:  # the client's close is being answered already
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # Abort, not close: closing would wait for the very buffer that does not drain.
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    # --- Reading ahead ---

    def send_receive_event_to_app(self) -> None:
        if self.read_paused or self.queue.qsize() >= RECEIVE_AHEAD:
            super().send_receive_event_to_app()
            return
        self.read_paused = True  # as far as uvicorn is concerned, so that it does not pause
        super().send_receive_event_to_app()
        self.read_paused = False
