"""The commands of the socket: a registry that the apps fill, and the decoding of frames.

A command is a msgspec struct of its fields and an async function that carries it out:

    class Typing(Command):
        room: UUID
        on: bool

    @command("typing", Typing)
    async def typing(connection: Connection, fields: Typing) -> None: ...

What the function raises as a `Refusal` becomes an `error` frame with the command's `ref`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from realtime.connection import Connection
from realtime.errors import Invalid


class Command(msgspec.Struct, kw_only=True):
    """The fields of a command. `ref` comes back in the answer."""

    ref: str | None = None


class _Envelope(msgspec.Struct):
    type: str
    ref: str | None = None


C = TypeVar("C", bound=Command)
Handler = Callable[[Connection, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Entry:
    decode: Callable[[str], Command]
    handle: Handler
    scope: str


_registry: dict[str, _Entry] = {}
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
# A `ref` is the client's, and comes back; it need not be longer than an id.
REF_MAX = 100


class BadFrame(Exception):
    """The frame is not a JSON object with a type: the socket is closed with 4400."""


def command(
    kind: str, fields: type[C], *, scope: str = "read"
) -> Callable[[Callable[[Connection, C], Awaitable[None]]], Callable[[Connection, C], Awaitable[None]]]:
    """Register the handler of a command; `scope` is what a token must cover for it."""

    def register(handle: Callable[[Connection, C], Awaitable[None]]) -> Callable[[Connection, C], Awaitable[None]]:
        _registry[kind] = _Entry(msgspec.json.Decoder(fields).decode, handle, scope)
        return handle

    return register


@dataclass(frozen=True, slots=True)
class Call:
    """A decoded command, ready to run."""

    kind: str
    ref: str | None
    entry: _Entry | None
    fields: Command | None
    problem: str | None = None


def decode(text: str) -> Call:
    """Read a frame. Raises `BadFrame`; what is wrong with a command's own fields is its `problem`."""
    try:
        envelope = _decode_envelope(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        return _half_readable(text, str(error))
    ref = envelope.ref
    if ref is not None and len(ref) > REF_MAX:
        return Call(envelope.type, ref[:REF_MAX], None, None, f"“ref” is longer than {REF_MAX} characters.")
    entry = _registry.get(envelope.type)
    if entry is None:
        return Call(envelope.type, ref, None, None, f"There is no command “{envelope.type[:60]}”.")
    try:
        return Call(envelope.type, ref, entry, entry.decode(text))
    except msgspec.MsgspecError as error:
        return Call(envelope.type, ref, entry, None, str(error))


def _half_readable(text: str, problem: str) -> Call:
    """Find the command in a frame that msgspec does not read. Raises `BadFrame` if there is none.

    msgspec takes half a surrogate pair for broken JSON, which it is not (RFC 8259 §8.2). A browser
    sends one for text that was cut in the middle of an emoji; closed for it, the client would
    connect again and send the same again.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
        envelope = msgspec.convert(found, _Envelope)
        (envelope.type + (envelope.ref or "")).encode()
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise BadFrame(problem) from None
    if envelope.ref is not None and len(envelope.ref) > REF_MAX:
        raise BadFrame(problem)
    return Call(
        envelope.type, envelope.ref, None, None, "The text is not valid Unicode (a surrogate without its pair)."
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


async def carry_out(connection: Connection, call: Call) -> None:
    """Run a decoded command. Raises the `Refusal` that its client gets as an error."""
    if call.problem is not None or call.entry is None or call.fields is None:
        raise Invalid(call.problem or "The command cannot be read.")
    await call.entry.handle(connection, call.fields)
