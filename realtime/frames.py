"""WebSocket frames (RFC 6455) written once for many sockets, and the JSON of small answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec

_FIN_TEXT = 0x81
encode_json = msgspec.json.Encoder().encode


def text_frame(payload: bytes) -> bytes:
    """Return an unmasked, final text frame, as servers send them."""
    size = len(payload)
    if size < 126:
        return bytes((_FIN_TEXT, size)) + payload
    if size < 65_536:
        return bytes((_FIN_TEXT, 126)) + size.to_bytes(2) + payload
    return bytes((_FIN_TEXT, 127)) + size.to_bytes(8) + payload


class Bundle:
    """Texts that go to several sockets together: framed once, whoever many the sockets are."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = texts

    @cached_property
    def framed(self) -> bytes:
        return b"".join([text_frame(text) for text in self.texts])


def ack(ref: str, data: bytes = b"null") -> bytes:
    """The `ack` of a command; `data` is JSON already."""
    return b'{"type":"ack","ref":%s,"data":%s}' % (encode_json(ref), data)


def frame(kind: str, /, **fields: Any) -> bytes:
    """A frame of that type with the fields that are given."""
    return encode_json({"type": kind, **fields})
