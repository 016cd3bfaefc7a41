"""The index on SQLite: FTS5, whose lists are sorted by the place of a message among the hits.

`messaging_searchdocument` holds the folded words, and triggers keep FTS5's own tables in step.
A place is a number made of the time that the message shows, so a question reads its lists from
the newest on and stops when it has enough.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from messaging.models import Message
from messaging.search.document import Document, mark
from messaging.search.engine import Found, Hit, Matching, Patience
from messaging.search.query import Clause, Term
from rooms.uuid7 import clock_of, moment_of_clock

# A place has 63 bits: the time, and room for as many messages of the same quarter of a microsecond.
_SAME_TIME_BITS = 9
# Where so many say that they were written at the same time, the later ones move up this far at most.
_WINDOW = 1 << 22

# Hits that are looked at in one statement, whatever rooms they are in: the first time, and at most.
LOOK_FIRST = 200
LOOK_MAX = 10_000
# Up to this many rooms are asked for by the index itself; more lists than that cost more than they save.
ROOMS_IN_QUERY = 12
# In the index of every message: FTS5 cannot ask for nothing but “without”.
ALL = ":all"

INSERT = f"""
INSERT INTO messaging_searchdocument (place, message_id, room_id, number, words, extra, marks)
VALUES (coalesce((SELECT max(place) + 1 FROM messaging_searchdocument
                   WHERE place >= %s AND place < %s + {_WINDOW}), %s),
        %s, %s, %s, %s, %s, %s)
"""
_OR_CHANGE = """
    ON CONFLICT (message_id) DO UPDATE
   SET number = excluded.number, words = excluded.words, extra = excluded.extra, marks = excluded.marks
"""
# The inner statement is bounded by hits, wherever they are; the outer keeps those of the rooms.
_FIND = """
SELECT h.rowid, d.message_id, d.room_id IN (SELECT value FROM json_each(%s))
  FROM (SELECT rowid FROM messaging_searchterms
         WHERE messaging_searchterms MATCH %s AND rowid < %s AND rowid >= %s
         ORDER BY rowid DESC LIMIT %s) h
 CROSS JOIN messaging_searchdocument d ON d.place = h.rowid
"""
# What a match in what belongs to the message is worth, to one in the message itself.
_EXTRA_WEIGHT = 0.4
_END = (1 << 63) - 1


def row_of(document: Document) -> tuple[Any, ...]:
    """Return the parameters of `INSERT`."""
    place = place_at(document.created_at)
    marks = [ALL, mark("in", document.room_id), *document.marks]
    return (
        *(place, place, place, document.message_id.hex, document.room_id.hex, document.number),
        *(" ".join(document.words), " ".join(document.extra), " ".join(marks)),
    )


def store(documents: Sequence[Document]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"{INSERT} {_OR_CHANGE}", [row_of(each) for each in documents])


def save(message: Message, fields: Collection[str], document: Document) -> None:
    """See `engine.Engine`. Two statements, but neither is a round trip."""
    message.save(update_fields=fields)
    store([document])


_REMOVE = "DELETE FROM messaging_searchdocument WHERE message_id = %s"


def remove(messages: Collection[tuple[UUID, datetime]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_REMOVE, [[message_id.hex] for message_id, _ in messages])


def remove_up_to(room_id: UUID, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM messaging_searchdocument WHERE room_id = %s AND number <= %s", [room_id.hex, number]
        )


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
    return min(clock_of(moment) << _SAME_TIME_BITS, _END)  # a date can be beyond all that 63 bits count


def moment_at(place: int) -> datetime:
    return moment_of_clock(place >> _SAME_TIME_BITS)


def find(matching: Matching, *, below: int | None, limit: int, patience: Patience) -> Found:
    """See `engine.Engine`."""
    query = match_of(matching)
    rooms = json.dumps([room.hex for room in matching.rooms])
    upper = min(end for end in (below, matching.before, _END) if end is not None)
    lower = matching.after or 0
    hits: list[Hit] = []
    look = max(LOOK_FIRST, limit)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [rooms, query, upper, lower, look])
            rows = cursor.fetchall()
        for place, message_id, is_in_rooms in rows:
            if is_in_rooms:
                hits.append(Hit(place, UUID(message_id)))
                if len(hits) >= limit:
                    return Found(hits, place)
        if len(rows) < look:
            return Found(hits, None)
        upper = rows[-1][0]
        if patience.is_over():
            return Found(hits, upper)
        look = min(4 * look, LOOK_MAX)


def rank(matching: Matching, places: Sequence[int]) -> dict[int, float]:
    """See `engine.Engine`. (FTS5's own ranking would read what is in other rooms as well.)"""
    sought = [clause.term for clauses in matching.alternatives for clause in clauses if not clause.negated]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place, words, extra FROM messaging_searchdocument WHERE place IN (SELECT value FROM json_each(%s))",
            [json.dumps(list(places))],
        )
        rows = cursor.fetchall()
    return {
        place: sum(_weight(term, words.split()) + _EXTRA_WEIGHT * _weight(term, extra.split()) for term in sought)
        for place, words, extra in rows
    }


def _weight(term: Term, words: Sequence[str]) -> float:
    """What a term's occurrences are worth: each one half of the one before."""
    *whole, last = term.words
    found = 0
    for position, word in enumerate(words):
        if word == last or (term.is_prefix and word.startswith(last)):
            begin = position - len(whole)
            found += begin >= 0 and list(words[begin:position]) == whole
    return 1 - 0.5**found


def match_of(matching: Matching) -> str:
    """Write the question in FTS5's language. Words hold no quotes."""
    parts = ["(" + " OR ".join(_all_of(clauses) for clauses in matching.alternatives) + ")"]
    if not matching.alternatives:
        parts = []
    parts += ["(" + " OR ".join(f'"{each}"' for each in any_of) + ")" for any_of in matching.marks]
    if len(matching.rooms) <= ROOMS_IN_QUERY:
        parts.append("(" + " OR ".join(f'"{mark("in", room)}"' for room in matching.rooms) + ")")
    return " AND ".join(parts or [f'"{ALL}"']) + "".join(f' NOT "{each}"' for each in matching.without)


def _all_of(clauses: Sequence[Clause]) -> str:
    wanted = [_term(clause.term) for clause in clauses if not clause.negated] or [f'"{ALL}"']
    unwanted = "".join(f" NOT {_term(clause.term)}" for clause in clauses if clause.negated)
    return f"(({' AND '.join(wanted)}){unwanted})"


def _term(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.is_prefix else ""}'
