"""Reading a Slack export: members of the archive by name, within limits, nothing extracted."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from integrations.slack.shapes import Conversation, SlackMessage, SlackUser
from rooms.models import Kind

MIB = 1024 * 1024
# One JSON file is parsed in memory. The largest is users.json: 1 KB a user, so this is 250,000.
MEMBER_MAX = 256 * MIB
# All that the archive claims to hold; beyond it is a bomb rather than a workspace.
ARCHIVE_MAX = 64 * 1024 * MIB

# Which list of conversations has which kind of room here. Only the first must be there: an export
# of public channels has no other.
LISTS = {
    "channels.json": Kind.PUBLIC,
    "groups.json": Kind.PRIVATE,
    "mpims.json": Kind.DIRECT,
    "dms.json": Kind.DIRECT,
}
_DAY = re.compile(r"([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
# Ten digits of seconds reach the year 2286.
_TS = re.compile(r"([0-9]{1,10})(?:\.([0-9]+))?")
# A clock may be off; a message of next week would have all later ones numbered after it.
_FUTURE_TOLERANCE = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What JSON can escape but no database stores: NUL, and half of a surrogate pair.
_SUSPECT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

T = TypeVar("T")


class BadExport(Exception):
    """The file is no Slack export, or a part of it is broken; says which and how."""


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation of the export, the kind of room that it becomes, and its days in order."""

    conversation: Conversation
    kind: Kind
    days: tuple[str, ...]

    @property
    def title(self) -> str:
        name = self.conversation.name
        return f"#{name}" if name and self.kind != Kind.DIRECT else self.conversation.id


def moment(ts: str) -> datetime:
    """Read Slack's `"1452837318.000002"` exactly, to the microsecond. ValueError if it is none."""
    found = _TS.fullmatch(ts)
    if not found:
        raise ValueError(f"“{ts[:40]}” is not a time")
    return _EPOCH + timedelta(seconds=int(found[1]), microseconds=int((found[2] or "")[:6].ljust(6, "0")))


class Export:
    """An export archive. All methods raise `BadExport`."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise BadExport(f"{path.name} is not a zip archive.") from error
        except OSError as error:
            raise BadExport(f"{path} cannot be read: {error.strerror}.") from error
        if sum(info.file_size for info in self._zip.infolist()) > ARCHIVE_MAX:
            raise BadExport(f"{path.name} would unpack to more than {ARCHIVE_MAX // MIB // 1024} GiB.")
        names = self._zip.namelist()
        self._names = frozenset(names)
        self._root = self._find_root(path)
        self._folders: dict[str, list[str]] = {}
        for name in sorted(self._names):
            if name.startswith(self._root) and (found := _DAY.fullmatch(name, len(self._root))):
                self._folders.setdefault(found[1], []).append(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()

    def _find_root(self, path: Path) -> str:
        """The folder that users.json lies in: the top, or the one folder that was zipped again."""
        if "users.json" in self._names:
            return ""
        roots = [name.removesuffix("users.json") for name in self._names if re.fullmatch(r"[^/]+/users\.json", name)]
        if len(roots) != 1:
            raise BadExport(f"{path.name} has no users.json: it is not the export of a Slack workspace.")
        return roots[0]

    def users(self) -> list[SlackUser]:
        return self._load("users.json", list[SlackUser])

    def places(self) -> list[Place]:
        """All conversations, those without a message too."""
        if self._root + "channels.json" not in self._names:
            raise BadExport("The archive has no channels.json: it is not the export of a Slack workspace.")
        places = []
        for name, kind in LISTS.items():
            if self._root + name in self._names:
                for conversation in self._load(name, list[Conversation]):
                    days = self._folders.get(conversation.name or "") or self._folders.get(conversation.id) or ()
                    places.append(Place(conversation, kind, tuple(days)))
        return places

    def strays(self, places: list[Place]) -> list[str]:
        """Names of folders with messages that no conversation of the export accounts for."""
        known = {name for place in places for name in (place.conversation.name, place.conversation.id)}
        return sorted(self._folders.keys() - known)

    def messages(self, place: Place) -> Iterator[SlackMessage]:
        """The messages of a conversation, a day at a time, each day in the order of time.

        What stands there twice is given once; different messages under one `ts` are all given.
        """
        for day in place.days:
            messages = self._load(day.removeprefix(self._root), list[SlackMessage])
            try:
                messages.sort(key=lambda message: moment(message.ts))  # stable: equal ones keep their order
                if messages and moment(messages[-1].ts) > datetime.now(UTC) + _FUTURE_TOLERANCE:
                    raise ValueError(f"“{messages[-1].ts}” is in the future")
            except ValueError as error:
                raise BadExport(f"{day}: the “ts” of a message is wrong: {error}.") from error
            previous: SlackMessage | None = None
            for message in messages:
                if message != previous:
                    yield message
                previous = message

    def _load(self, name: str, shape: type[T]) -> T:
        data = self._json(self._root + name)
        try:
            return msgspec.convert(data, shape, strict=False)
        except msgspec.ValidationError as error:
            raise BadExport(f"{name} is not what a Slack export has there: {error}.") from error

    def _json(self, name: str) -> Any:
        info = self._zip.getinfo(name)
        if info.file_size > MEMBER_MAX:
            raise BadExport(f"{name} is larger than {MEMBER_MAX // MIB} MiB, which no part of an export is.")
        try:
            with self._zip.open(info) as member:
                # With a bound even an archive that lies about sizes cannot fill the memory.
                raw = member.read(info.file_size + 1)
        except (zipfile.BadZipFile, RuntimeError, zlib.error, EOFError, OSError) as error:
            raise BadExport(f"{name} cannot be read from the archive: {error}.") from error
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise BadExport(f"{name} is not valid JSON: {error}.") from error
        return _storable(data) if _SUSPECT.search(raw) else data


def _storable(data: Any) -> Any:
    """Replace, in all its strings, the characters that a database refuses."""
    if isinstance(data, str):
        return _UNSTORABLE.sub("\ufffd", data)
    if isinstance(data, list):
        return [_storable(item) for item in data]
    if isinstance(data, dict):
        return {_storable(key): _storable(value) for key, value in data.items()}
    return data
