"""The statements of a batch on SQLite, through `json_each` and `executemany`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from messaging.reach import Peer
from messaging.search import sqlite as search
from messaging.search.document import Document
from messaging.store.rows import Acts, Asked, Facts, MessageRow, ReadRow, RecordRow
from rooms.log import Head, ask_heads, from_sqlite, take_heads
from rooms.models import KEY_OF_TWO

# The last column is of conversations of two: what decides whether the other is closed to the sender.
_FACTS = f"""
SELECT m.id, m.role, m.left_at, m.muted_until, m.last_sent_at, m.permissions,
       r.kind, r.settings, r.archived_at, r.deleted_at,
       u.username, u.display_name, u.avatar, u.is_active, u.suspended_at, u.suspended_until,
       s.message_id, s.digest,
       o.id, o.number, substr(o.content, 1, 200), o.deleted_at, a.id, a.username, a.display_name, a.avatar,
       t.id, t.kind, t.thread_root_id, t.thread_count, f.user_id,
       CASE WHEN length(r.direct_key) = {KEY_OF_TWO} THEN (
         SELECT json_array(p.last_sent_at IS NOT NULL, q.messages,
                EXISTS (SELECT 1 FROM accounts_contact c WHERE c.user_id = p.user_id AND c.other_id = d.sender_id),
                EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = d.sender_id AND b.blocked_id = p.user_id),
                EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = p.user_id AND b.blocked_id = d.sender_id))
           FROM rooms_membership p
           LEFT JOIN accounts_privacysettings q ON q.user_id = p.user_id
          WHERE p.room_id = d.room_id AND p.user_id <> d.sender_id LIMIT 1) END
  FROM (SELECT key, json_extract(value, '$[0]') AS room_id, json_extract(value, '$[1]') AS sender_id,
               json_extract(value, '$[2]') AS client_id, json_extract(value, '$[3]') AS reply_to,
               json_extract(value, '$[4]') AS thread
          FROM json_each(%s)) d
  LEFT JOIN rooms_membership m ON m.room_id = d.room_id AND m.user_id = d.sender_id
  LEFT JOIN rooms_room r ON r.id = d.room_id
  LEFT JOIN accounts_user u ON u.id = d.sender_id
  LEFT JOIN messaging_sendrecord s ON s.sender_id = d.sender_id AND s.client_id = d.client_id
  LEFT JOIN rooms_roomhead h ON h.room_id = d.room_id
  LEFT JOIN messaging_message o ON o.id = d.reply_to AND o.room_id = d.room_id AND o.number > h.floor_number
  LEFT JOIN accounts_user a ON a.id = o.sender_id
  LEFT JOIN messaging_message t ON t.id = d.thread AND t.room_id = d.room_id AND t.number > h.floor_number
  LEFT JOIN rooms_membership f ON f.room_id = d.room_id AND f.user_id = t.sender_id AND f.left_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = t.sender_id AND b.blocked_id = d.sender_id)
 ORDER BY d.key
"""

_INSERT_MESSAGES = """
INSERT INTO messaging_message (id, room_id, seq, number, unread_index, kind, sender_id, content,
       html, client_id, client_time, metadata, reply_to_id, created_at, html_version, silent, in_flow,
       thread_root_id, thread_index, mentions, poll)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_INSERT_RECORDS = """
INSERT INTO messaging_sendrecord (sender_id, client_id, message_id, room_id, digest)
VALUES (%s, %s, %s, %s, %s)
"""

_COUNT_REPLIES = "UPDATE messaging_message SET thread_count = %s WHERE id = %s"

_INSERT_FOLLOWS = """
INSERT INTO messaging_threadfollow (root_id, user_id, room_id, read_index) VALUES (%s, %s, %s, %s)
    ON CONFLICT (root_id, user_id) DO UPDATE SET read_index = max(read_index, excluded.read_index)
"""

_INSERT_POLLS = """
INSERT INTO messaging_poll (message_id, options, multiple, anonymous, closes_at) VALUES (%s, %s, %s, %s, %s)
"""

_INSERT_MENTIONS = """
INSERT INTO messaging_mention (message_id, room_id, number, kind, user_id) VALUES (%s, %s, %s, %s, %s)
"""

_ADVANCE_HEADS = """
UPDATE rooms_roomhead
   SET last_seq = %s, last_number = %s, last_index = %s, last_id = %s, last_message_at = %s
 WHERE room_id = %s
"""

_ADVANCE_READS = """
UPDATE rooms_membership
   SET read_number = max(read_number, %s), read_index = max(read_index, %s),
       last_read_at = CASE WHEN read_number < %s THEN %s ELSE last_read_at END, last_sent_at = %s
 WHERE id = %s
"""


class SqliteStatements:
    """See `rows.Statements`."""

    def lock_and_read(
        self, room_ids: Collection[UUID], asked: Sequence[Asked], *, skip_held: bool = False
    ) -> tuple[dict[UUID, Head], list[Facts]]:
        # The transaction is the only writer already: no head is held by another.
        with connection.cursor() as cursor:
            ask_heads(cursor, room_ids)
            heads = take_heads(cursor)
        return heads, self._facts(asked)

    def _facts(self, asked: Sequence[Asked]) -> list[Facts]:
        keys = json.dumps([[value and value.hex for value in one] for one in asked])
        now = timezone.now()  # the embedded database shares this process's clock
        with connection.cursor() as cursor:
            cursor.execute(_FACTS, [keys])
            return [
                Facts._make((
                    now, row[0], row[1], from_sqlite(row[2]), from_sqlite(row[3]), from_sqlite(row[4]), _json(row[5]),
                    row[6], _json(row[7]), from_sqlite(row[8]), from_sqlite(row[9]),
                    row[10], row[11], row[12], None if row[13] is None else bool(row[13]),
                    from_sqlite(row[14]), from_sqlite(row[15]), _uuid(row[16]), row[17],
                    _uuid(row[18]), row[19], row[20], from_sqlite(row[21]), _uuid(row[22]), *row[23:26],
                    _uuid(row[26]), row[27], _uuid(row[28]), row[29], _uuid(row[30]),
                    _peer(row[31]),
                ))
                for row in cursor.fetchall()
            ]  # fmt: skip

    def insert_messages(self, rows: Sequence[MessageRow], documents: Sequence[Document]) -> None:
        _run_many(_INSERT_MESSAGES, rows)
        _run_many(search.INSERT, [search.row_of(each) for each in documents])

    def insert_records(self, rows: Sequence[RecordRow]) -> None:
        _run_many(_INSERT_RECORDS, rows)

    def insert_acts(self, acts: Acts) -> None:
        _run_many(_COUNT_REPLIES, [(row.thread_count, row.message_id) for row in acts.roots])
        _run_many(_INSERT_FOLLOWS, acts.follows)
        _run_many(_INSERT_POLLS, acts.polls)
        _run_many(_INSERT_MENTIONS, acts.mentions)

    def advance(self, heads: Sequence[Head], reads: Sequence[ReadRow], now: datetime) -> None:
        _run_many(
            _ADVANCE_HEADS,
            [(h.last_seq, h.last_number, h.last_index, h.last_id, h.last_message_at, h.room_id) for h in heads],
        )
        _run_many(
            _ADVANCE_READS,
            [(r.read_number, r.read_index, r.read_number, now, now, r.membership_id) for r in reads],
        )


def _run_many(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, [[_adapt(value) for value in row] for row in rows])


def _adapt(value: Any) -> Any:
    """Write a value as Django's SQLite backend stores it."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return value


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _peer(text: str | None) -> Peer | None:
    if text is None:
        return None
    written, messages, *others = json.loads(text)
    return Peer(bool(written), messages, *map(bool, others))


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


@contextmanager
def begin() -> Iterator[SqliteStatements]:
    with transaction.atomic():
        yield SqliteStatements()
