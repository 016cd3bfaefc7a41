"""JSON in and out, by msgspec: structs go out as they are, and what comes in is bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.utils.functional import Promise
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from realtime.errors import TooLarge

# The longest message, each character escaped as a surrogate pair, and the rest of its draft: what
# the socket takes in a frame, and as much again for lists of people and settings.
BODY_MAX = 256 * 1024


class JsonRenderer(BaseRenderer):
    """Encode structs, dataclasses and plain data; `msgspec.Raw` is JSON already and goes out as it is."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8, and the media type has no such parameter
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else _encode(data)


class JsonParser(BaseParser):
    """Decode a body of up to BODY_MAX bytes."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(BODY_MAX + 1)
        if len(body) > BODY_MAX:
            raise TooLarge(f"A request has at most {BODY_MAX // 1024} KiB.")
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8.") from error
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None


def _plain(value: Any) -> Any:
    """Turn into JSON what Django and REST framework bring along: lazy words, strings with a code."""
    if isinstance(value, (str, Promise)):
        return str.__str__(value) if isinstance(value, str) else str(value)
    raise TypeError(f"{type(value).__name__} cannot be encoded")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
