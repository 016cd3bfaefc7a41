"""The index on PostgreSQL: a `tsvector` for each message, partitioned by month like the messages.

There are three ways through it, and none is right for all words:

- walk: read the newest documents and keep those that match. Quick for what is common in the
  user's rooms, endless for what is rare.
- gather: take all that match, of all rooms, if they are not too many. Quick for what is rare. (Of
  few rooms: take all that is in them, and keep what matches.)
- look up: intersect words and rooms, a month at a time. For what is common elsewhere, or was
  once; a month bounds what one statement reads, whatever the table's size.

A search begins to walk; how many hits that brings tells, better than the planner's statistics,
whether to walk on. If not, it gathers, and if that is too much, it looks up.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.db.models.sql import UpdateQuery

from messaging.models import Message
from messaging.partitions import SEARCH_TABLE as TABLE
from messaging.partitions import Month, bounds_of
from messaging.search.document import Document
from messaging.search.engine import Found, Hit, Matching, Patience
from messaging.search.query import Clause, Term
from rooms.uuid7 import at_moment, floor_of, moment_of

# Documents that the first steps of a walk read: some 2 ms, and enough hits of a common word.
WALK_FIRST = 2_000
# The most that one walk reads (some 20 ms), where the density of hits so far promises the rest.
WALK_MAX = 20_000
# As many are walked where nothing else gets anywhere in its time: enough to come to an end by asking on.
PLOD = 5_000
# How many matches, of all rooms, are gathered at most: some 5 ms.
GATHER_MAX = 5_000
# Up to this many rooms are looked up in all months at once: more cost the planner a millisecond a month.
FEW_ROOMS = 16
# Positions of a tsvector end here; what stands behind is found all the same, but in no phrase.
POSITION_MAX = 16_383
# Weights of D, C, B, A: a message's own words over the rest.
_WEIGHTS = "{0, 0, 0.4, 1}"

_COLUMNS = "place, message_id, room_id, number, terms"
# A row as JSON, as the statements of `append` take theirs.
_SELECT = """
SELECT (row->>0)::uuid, (row->>1)::uuid, (row->>2)::uuid, (row->>3)::bigint, (row->>4)::tsvector
  FROM jsonb_array_elements(%s::jsonb) AS e(row)
"""
# A part of the statement that inserts messages: what is said can be found with the same COMMIT.
INSERT = f"INSERT INTO {TABLE} ({_COLUMNS}) {_SELECT}"

_UPSERT = f"{INSERT} ON CONFLICT (place) DO UPDATE SET number = excluded.number, terms = excluded.terms"

_SETTINGS = """
SELECT set_config('statement_timeout', %s, true),
       set_config('work_mem', '64MB', true),  -- bitmaps of a large month stay exact
       set_config('jit', 'off', true),  -- compiling takes longer than any of these statements
       set_config('max_parallel_workers_per_gather', '0', true),
       set_config('enable_seqscan', 'off', true)
"""
# After the walk: by bitmaps only, since the planner would walk on where it takes words for common,
# and intersected where that saves reading rows, which its costs do not know to be scattered.
_BITMAPS = "SELECT set_config('enable_indexscan', 'off', true), set_config('cpu_tuple_cost', '1', true)"
_WALKING = "SELECT set_config('enable_indexscan', 'on', true), set_config('cpu_tuple_cost', '0.01', true)"

_MONTHS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = %s::regclass ORDER BY c.relname DESC
"""
_WALK = """
SELECT place, message_id
  FROM (SELECT place, message_id, room_id, terms FROM {table}
         WHERE place < %(below)s AND place >= %(lower)s ORDER BY place DESC LIMIT %(walk)s) newest
 WHERE room_id = ANY(%(rooms)s) AND {terms}
 ORDER BY place DESC LIMIT %(limit)s
"""
_WALKED = """
SELECT place FROM (SELECT place FROM {table} WHERE place < %(below)s AND place >= %(lower)s
                    ORDER BY place DESC LIMIT %(walk)s) newest
 ORDER BY place LIMIT 1
"""
_GATHER = f"""
WITH gathered AS MATERIALIZED (
    SELECT place, message_id, room_id, terms FROM {{table}}
     WHERE place < %(below)s AND place >= %(lower)s AND {{first}} LIMIT {GATHER_MAX + 1}
)
SELECT place, message_id, number FROM (SELECT count(*) AS number FROM gathered) counted
  LEFT JOIN gathered ON {{then}}
 ORDER BY place DESC NULLS LAST LIMIT %(limit)s
"""
# Materialised: with the limit in sight the planner might walk, and trust its estimate that far.
_LOOK_UP = """
WITH hits AS MATERIALIZED (
    SELECT place, message_id FROM {table}
     WHERE place < %(below)s AND place >= %(lower)s AND room_id = ANY(%(rooms)s) AND {terms}
)
SELECT place, message_id FROM hits ORDER BY place DESC LIMIT %(limit)s
"""
_RANK = f"""
SELECT place, ts_rank(%s, terms, %s::tsquery) FROM {TABLE} WHERE place = ANY(%s) AND place BETWEEN %s AND %s
"""
_IN_ROOMS = "room_id = ANY(%(rooms)s)"
# Beyond every place.
_END = (1 << 128) - 1
_QUERY_CANCELED = "57014"


def place_of(message_id: UUID, created_at: datetime) -> UUID:
    """Where a message stands among the hits: its id, at the time that it shows.

    An imported message may have got its id long after it was written.
    """
    return at_moment(message_id, created_at)


def row_of(document: Document) -> tuple[str, str, str, int, str]:
    """Return the values of the table's columns."""
    place = place_of(document.message_id, document.created_at)
    return place.hex, document.message_id.hex, document.room_id.hex, document.number, _vector(document)


def rows_of(documents: Iterable[Document]) -> str:
    """Write documents as the JSON that `INSERT` takes."""
    return json.dumps([row_of(each) for each in documents], ensure_ascii=False)


def _vector(document: Document) -> str:
    """Write a tsvector as text. Words hold neither quotes nor backslashes."""
    places: dict[str, list[str]] = {}
    for position, word in enumerate(document.words, 1):
        places.setdefault(word, []).append(f"{min(position, POSITION_MAX)}A")
    # Beyond a gap, so that no phrase reaches from the text into what follows it.
    for position, word in enumerate(document.extra, len(document.words) + 2):
        places.setdefault(word, []).append(f"{min(position, POSITION_MAX)}B")
    found = [f"'{word}':{','.join(at)}" for word, at in places.items()]
    return " ".join(found + [f"'{mark}'" for mark in document.marks])


def store(documents: Sequence[Document]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [rows_of(documents)])


def save(message: Message, fields: Collection[str], document: Document) -> None:
    """See `engine.Engine`: both in one statement."""
    update = UpdateQuery(Message)
    update.add_q(Q(pk=message.pk))
    update.add_update_values({name: getattr(message, name) for name in fields})
    statement, parameters = update.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"WITH document AS ({_UPSERT}) {statement}", [rows_of([document]), *parameters])


def remove(messages: Collection[tuple[UUID, datetime]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE place = ANY(%s)", [[place_of(*each) for each in messages]])


def remove_up_to(room_id: UUID, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE room_id = %s AND number <= %s", [room_id, number])


def remove_astray(limit: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM messaging_searchdocument WHERE place IN (SELECT place FROM messaging_searchdocument d"
            " WHERE NOT EXISTS (SELECT 1 FROM messaging_message m WHERE m.id = d.message_id) LIMIT %s)",
            [limit],
        )
        removed: int = cursor.rowcount
    return removed


def place_at(moment: datetime) -> int:
    return floor_of(moment).int


def moment_at(place: int) -> datetime:
    return moment_of(UUID(int=place))


def find(matching: Matching, *, below: int | None, limit: int, patience: Patience) -> Found:
    """See `engine.Engine`."""
    upper = min(end for end in (below, matching.before, _END) if end is not None)
    search = _Search(matching, limit, patience, upper)
    start, lower = upper, matching.after or 0
    for step in (search.walk, search.gather, search.look_up):
        try:
            with _reading(patience):
                reached = step(upper, lower)
        except OperationalError as error:
            # A statement took longer than `hard_s`; what came before it stays found.
            if getattr(error.__cause__, "sqlstate", None) != _QUERY_CANCELED:
                raise
            reached = search.reached
        if len(search.hits) >= limit:
            return Found(search.hits, search.hits[-1].place)
        if reached is None:
            return Found(search.hits, None)
        upper = reached
        if patience.is_over():
            break
    if search.hits or upper < start:
        return Found(search.hits, upper)
    # Too slow to get anywhere: some way by walking, so that asking on leads to an end.
    with _reading(patience):
        return Found(search.hits, search.plod(upper, lower))


@contextmanager
def _reading(patience: Patience) -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SETTINGS, [f"{round(patience.hard_s * 1000)}ms"])
        yield


class _Search:
    """One question on its way. Its steps take the bounds that are left to search, and return the place
    down to which they came, or None: there is no more."""

    def __init__(self, matching: Matching, limit: int, patience: Patience, start: int) -> None:
        self.hits: list[Hit] = []
        # All above it has been searched: where to go on when a statement was given up.
        self.reached = start
        self._matching = matching
        self._limit = limit
        self._patience = patience
        self._terms, self._query = terms_of(matching)
        self._months: list[tuple[str, int, int]] = []
        # Documents walked so far: how many there are to a hit tells whether to walk on.
        self._walked = 0

    def walk(self, upper: int, lower: int) -> int | None:
        for table, end, begin in self._parts(upper, lower):
            upper = end
            while walk := self._promising():
                rows = self._ask(_WALK, table, upper, begin, walk=walk)
                if len(self.hits) + len(rows) >= self._limit:
                    self._take(rows)
                    return upper
                last = self._ask(_WALKED, table, upper, begin, walk=walk)
                self._take(rows)  # not before it is known how far they reach
                self._walked += walk
                if not last:
                    break
                self.reached = upper = last[0][0].int
                if self._patience.is_over():
                    return upper
            else:
                return upper
        return None

    def gather(self, upper: int, lower: int) -> int | None:
        if not self._can_be_looked_up and not self._is_of_few_rooms:
            return upper
        self._set(_BITMAPS)
        first, then = self._terms, _IN_ROOMS
        if self._is_of_few_rooms:
            first, then = then, first
        gathered = 0
        for table, end, begin in self._growing(upper, lower):
            self.reached = end
            if self._patience.is_over():
                return end
            rows = self._ask(_GATHER, table, end, begin, first=first, then=then)
            gathered += rows[0][2]
            if gathered > GATHER_MAX:
                return end
            self._take((place, message_id) for place, message_id, _ in rows if place is not None)
            if len(self.hits) >= self._limit:
                return begin
        return None

    def look_up(self, upper: int, lower: int) -> int | None:
        if not self._is_of_few_rooms:
            self._set(_BITMAPS)
        parts = self._growing(upper, lower) if self._is_of_few_rooms else self._parts(upper, lower)
        for table, end, begin in parts:
            self.reached = end
            if self._patience.is_over():
                return end
            self._take(self._ask(_LOOK_UP, table, end, begin))
            if len(self.hits) >= self._limit:
                return begin
        return None

    def plod(self, upper: int, lower: int) -> int | None:
        self._set(_WALKING)
        for table, end, begin in self._parts(upper, lower):
            self._take(self._ask(_WALK, table, end, begin, walk=PLOD))
            last = self._ask(_WALKED, table, end, begin, walk=PLOD)
            return last[0][0].int if last else begin
        return None

    @property
    def _can_be_looked_up(self) -> bool:
        """Not if nothing but “-without” is asked for: an index knows what is there."""
        asked = self._matching
        return bool(asked.marks) or (
            bool(asked.alternatives)
            and all(any(not clause.negated for clause in clauses) for clauses in asked.alternatives)
        )

    @property
    def _is_of_few_rooms(self) -> bool:
        return len(self._matching.rooms) <= FEW_ROOMS

    def _promising(self) -> int:
        """How many documents to walk next; 0: it would be too many."""
        if self._walked < WALK_FIRST:
            return WALK_FIRST
        if not self._can_be_looked_up and not self._is_of_few_rooms:
            return WALK_MAX
        if not self.hits:
            return 0
        walk = round(1.5 * (self._limit - len(self.hits)) * self._walked / len(self.hits))
        return walk if walk <= WALK_MAX else 0

    def _parts(self, upper: int, lower: int) -> Iterator[tuple[str, int, int]]:
        """The partitions between the bounds, newest first, with where to end and begin in each."""
        if not self._months:
            with connection.cursor() as cursor:
                cursor.execute(_MONTHS, [TABLE])
                names = [name for (name,) in cursor.fetchall()]
            for name in names:
                first, beyond = bounds_of(_month_of(name))
                self._months.append((name, beyond.int, first.int))
        for name, end, begin in self._months:
            if begin < upper and end > lower:
                yield name, min(end, upper), max(begin, lower)

    def _growing(self, upper: int, lower: int) -> Iterator[tuple[str, int, int]]:
        """The same as `_parts`, ever more months at once: what finds little is soon done with all."""
        parts = list(self._parts(upper, lower))
        first, size = 0, 1
        while first < len(parts):
            group = parts[first : first + size]
            yield (group[0][0] if len(group) == 1 else TABLE), group[0][1], group[-1][2]
            first, size = first + size, 2 * size

    def _take(self, rows: Iterable[tuple[UUID, UUID]]) -> None:
        self.hits += [Hit(place.int, message_id) for place, message_id in rows]

    def _set(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def _ask(
        self, statement: str, table: str, upper: int, lower: int, *, walk: int = 0, first: str = "", then: str = ""
    ) -> list[Any]:
        parameters: dict[str, Any] = {
            "below": UUID(int=upper),
            "lower": UUID(int=lower),
            "rooms": self._matching.rooms,
            "query": self._query,
            "limit": self._limit - len(self.hits),
            "walk": walk,
        }
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=table, terms=self._terms, first=first, then=then), parameters)
            rows: list[Any] = cursor.fetchall()
        return rows


def rank(matching: Matching, places: Sequence[int]) -> dict[int, float]:
    """See `engine.Engine`."""
    _, query = terms_of(matching)
    if not query or not places:
        return {}
    wanted = sorted(UUID(int=place) for place in places)
    with connection.cursor() as cursor:
        cursor.execute(_RANK, [_WEIGHTS, query, wanted, wanted[0], wanted[-1]])
        return {place.int: score for place, score in cursor.fetchall()}


def terms_of(matching: Matching) -> tuple[str, str]:
    """Return the condition on `terms`, and the tsquery (as text) that is its parameter `query`."""
    parts = []
    if matching.alternatives:
        parts.append("(" + " | ".join(_all_of(clauses) for clauses in matching.alternatives) + ")")
    for any_of in matching.marks:
        parts.append("(" + " | ".join(f"'{mark}'" for mark in any_of) + ")")
    for mark in matching.without:
        parts.append(f"!'{mark}'")
    query = " & ".join(parts)
    return ("terms @@ %(query)s::tsquery" if query else "true"), query


def _all_of(clauses: Sequence[Clause]) -> str:
    return "(" + " & ".join(("!" if clause.negated else "") + _term(clause.term) for clause in clauses) + ")"


def _term(term: Term) -> str:
    words = [f"'{word}'" for word in term.words]
    if term.is_prefix:
        words[-1] += ":*"
    return f"({' <-> '.join(words)})"


def _month_of(name: str) -> Month:
    year, month = name.removeprefix(f"{TABLE}_").split("_")
    return int(year), int(month)
