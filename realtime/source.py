"""What the hub needs to know of rooms and users: the port through which it reads the truth.

`realtime` knows no chat rule. The class named by `REALTIME["SOURCE"]` answers these questions
from the database; all of them are synchronous and run on the bounded pool.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from realtime.events import Event


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room of a user: where its log stands, and what `ready` and `room.added` say of it."""

    id: str
    head_seq: int
    read_number: int
    summary: Any


@dataclass(frozen=True, slots=True)
class Standing:
    """A user as the database has them now."""

    rev: int
    user: Any  # what `ready` says of them
    rooms: Sequence[RoomView]
    # Of the credentials that were asked about, those that still open a socket.
    credentials: frozenset[str]
    # And of the others, those that gave way to a newer session (single-session mode).
    replaced: frozenset[str] = frozenset()
    # Of the ephemeral frames that are not everybody's, those that the user gets.
    topics: frozenset[str] = frozenset()
    # Users who show this one what they show those near them only; and those who show them nothing.
    near: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    # What an app above the hub has to know of a user whose sockets are here.
    manner: Any = None
    # What the user has chosen for themselves, as marks that differ where it does; what is as at first is left out.
    choices: Mapping[str, int] = field(default_factory=dict)
    # What else `ready` says of them.
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogRange:
    """Log events after a cursor, in order, as far as was read. A `seq` missing above `floor` is void."""

    events: Sequence[Event]
    head: int
    floor: int
    upto: int  # where the reading ended: the head, or as far as the limit went


class Source(Protocol):
    def epoch(self) -> str:
        """The log's epoch: cursors of another one mean nothing."""

    def standings(self, credentials: Mapping[str, Collection[str]]) -> dict[str, Standing]:
        """Where these users stand, by id, given the credentials of their open sockets."""

    def valid(self, credentials: Collection[str]) -> Collection[str]:
        """Of these credentials, those that still open a socket: ending by time moves no `rev`."""

    def read(self, room: str, after: int, limit: int, *, fragments: bool) -> LogRange | None:
        """Read the head, then up to `limit` events after the cursor. None: no such room."""

    def fragment(self, event: Event) -> str | None:
        """Render the event's message, if it has one. Reads nothing."""

    def chosen(self, standing: Standing, key: str) -> bytes | None:
        """The frame that tells the user's sockets of one of their `choices`. None: it is about nothing now."""

    def heads(self, known: Mapping[str, int]) -> dict[str, int]:
        """Of these rooms, those whose head is beyond the `seq` given, with their head."""

    def revs(self, known: Mapping[str, int]) -> Collection[str]:
        """Of these users, those whose `rev` is not the one given."""


@cache
def source() -> Source:
    """The installation's source."""
    made: Source = import_string(settings.REALTIME["SOURCE"])()
    return made
