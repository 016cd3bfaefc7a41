"""What `search` asks of the databases, the same of both. See `postgres` and `sqlite`."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from django.db import connection

from messaging.models import Message
from messaging.search.document import Document
from messaging.search.query import Clause


class Hit(NamedTuple):
    """A message that matches. Hits are sorted by `place`: the time that the message shows."""

    place: int
    message_id: UUID


class Found(NamedTuple):
    """Hits, newest first. `reached`: go on below this place; None: there are no more."""

    hits: list[Hit]
    reached: int | None


@dataclass(frozen=True, slots=True)
class Matching:
    """What is looked for, with all names resolved. Rooms are those that the user is in, or fewer."""

    rooms: list[UUID]
    alternatives: tuple[tuple[Clause, ...], ...] = ()
    # Each is marks of which a hit has at least one.
    marks: tuple[tuple[str, ...], ...] = ()
    # Marks that a hit does not have.
    without: tuple[str, ...] = ()
    # Places: from `after` on, and below `before`.
    after: int | None = None
    before: int | None = None


@dataclass(slots=True)
class Patience:
    """How long a search may take. It ends between two statements, with what was found till then."""

    # No statement begins after this time …
    soft_s: float
    # … and none is let run for longer than this.
    hard_s: float
    _began: float = field(default_factory=time.monotonic)

    def is_over(self) -> bool:
        return time.monotonic() - self._began > self.soft_s


class Engine(Protocol):
    """The index of one kind of database."""

    def store(self, documents: Sequence[Document]) -> None:
        """Write documents, in place of what there is of these messages."""

    def save(self, message: Message, fields: Collection[str], document: Document) -> None:
        """Write these fields of the message's row, and its document."""

    def remove(self, messages: Collection[tuple[UUID, datetime]]) -> None:
        """Remove messages, named by id and the time of their making."""

    def remove_up_to(self, room_id: UUID, number: int) -> None:
        """Remove a room's messages up to that number: they have been purged."""

    def remove_astray(self, limit: int) -> int:
        """Remove up to `limit` documents whose messages do not exist; return how many it were."""

    def place_at(self, moment: datetime) -> int:
        """The least place of that moment."""

    def moment_at(self, place: int) -> datetime:
        """The time that a place stands for, to the millisecond."""

    def find(self, matching: Matching, *, below: int | None, limit: int, patience: Patience) -> Found:
        """Return the newest hits below a place, at most `limit`; fewer, where patience ends before."""

    def rank(self, matching: Matching, places: Sequence[int]) -> dict[int, float]:
        """How well each of these hits matches: more is better. Without words to match, nothing."""


def engine() -> Engine:
    """That of the database that is in use."""
    if connection.vendor == "postgresql":
        from messaging.search import postgres

        return postgres
    from messaging.search import sqlite

    return sqlite
