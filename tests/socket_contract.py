"""`docs/asyncapi.yaml` executed: what goes over a socket is held against it.

    exchange = Exchange()
    exchange.sent({"type": "ping", "ref": "1"})
    exchange.received({"type": "pong", "ref": "1"})     # Breach: if the file says otherwise

Commands and frames are told apart by the direction of the operations that name them, and an
answer must be one of those that the operation of its command lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator, FormatChecker

PATH = Path(__file__).parent.parent / "docs" / "asyncapi.yaml"

Frame = dict[str, Any]

# AsyncAPI's own schema format is JSON Schema draft 7. What its formats mean is checked here, since
# a checker passes over the formats that it does not know.
FORMATS = FormatChecker(formats=["uuid"])


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


class Breach(AssertionError):
    """What was sent or received is not what the file describes."""


@cache
def description() -> dict[str, Any]:
    """The file as it stands."""
    loaded: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return loaded


def resolved(node: Any) -> Any:
    """Return a part of the file with what it refers to in place of the references."""
    if isinstance(node, dict):
        if "$ref" in node:
            return resolved(_at(node["$ref"]))
        return {key: resolved(value) for key, value in node.items()}
    return [resolved(each) for each in node] if isinstance(node, list) else node


def _at(reference: str) -> Any:
    node: Any = description()
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


class Description:
    """The messages of the channel by direction: commands from clients, frames from the server."""

    def __init__(self) -> None:
        operations = description()["operations"].values()
        received = [each for each in operations if each["action"] == "receive"]
        replies = [reference for each in received for reference in each["reply"]["messages"]]
        self.commands = _by_type(reference for each in received for reference in each["messages"])
        self.frames = _by_type(
            [
                *replies,
                *(reference for each in operations if each["action"] == "send" for reference in each["messages"]),
            ]
        )
        # By the command's type: the frames that may answer it.
        self.answers = {
            kind: _by_type(each["reply"]["messages"]) for each in received for kind in _by_type(each["messages"])
        }


def _by_type(references: Iterable[dict[str, str]]) -> dict[str, list[Draft7Validator]]:
    """Return validators of the messages that are referred to, by the `type` that their frames have."""
    found: dict[str, list[Draft7Validator]] = defaultdict(list)
    for reference in {each["$ref"]: each for each in references}.values():
        payload = _validator(reference["$ref"])
        found[payload.schema["properties"]["type"]["const"]].append(payload)
    return dict(found)


@cache
def _validator(reference: str) -> Draft7Validator:
    schema = resolved(_at(reference))["payload"]
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema, format_checker=FORMATS)


@cache
def contract() -> Description:
    return Description()


class Exchange:
    """One connection's commands and frames, in the order in which they were sent and came."""

    def __init__(self) -> None:
        self._commands: dict[str, str] = {}  # by ref: the type of the command that has it

    def sent(self, frame: Frame) -> None:
        """Breach: the client should not say this."""
        _hold(frame, contract().commands, "a command")
        self._commands[frame["ref"]] = frame["type"]

    def received(self, frame: Frame) -> None:
        """Breach: the server should not say this, or not in answer to the command of that `ref`."""
        asked = self._commands.get(frame.get("ref", ""))
        if asked is None:
            _hold(frame, contract().frames, "a frame")
        else:
            _hold(frame, contract().answers[asked], f"an answer to {asked}")


def _hold(frame: Frame, described: dict[str, list[Draft7Validator]], what: str) -> None:
    kind = frame.get("type")
    if kind not in described:
        raise Breach(f"“{kind}” is not described as {what}: {_short(frame)}")
    if any(each.is_valid(frame) for each in described[kind]):
        return
    wrong = [
        f"{error.json_path}: {error.message[:300]}" for each in described[kind] for error in each.iter_errors(frame)
    ]
    raise Breach(f"“{kind}” is not as described. {'; '.join(wrong[:5])}: {_short(frame)}")


def _short(frame: Frame) -> str:
    return str(frame)[:600]
