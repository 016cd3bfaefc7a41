"""The statements of a batch on PostgreSQL: one JSON document of rows each, in one pipeline.

They go past the ORM: psycopg's own cursors, so that statements are prepared once a connection
and sent without waiting for each other. A batch takes two round trips: BEGIN with the lock and
the facts, and the writes with COMMIT. Rows travel as JSON, because encoding arrays of UUIDs in
Python costs more than all the rest of a send.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from django.db import connection, transaction

from messaging.reach import Peer
from messaging.search import postgres as search
from messaging.search.document import Document
from messaging.store.rows import Acts, Asked, Facts, MessageRow, ReadRow, RecordRow
from rooms.log import Head, ask_heads, take_heads
from rooms.models import KEY_OF_TWO

# The last column is of conversations of two: what decides whether the other is closed to the sender.
_FACTS = f"""
SELECT clock_timestamp(), m.id, m.role, m.left_at, m.muted_until, m.last_sent_at, m.permissions::text,
       r.kind, r.settings::text, r.archived_at, r.deleted_at,
       u.username, u.display_name, u.avatar, u.is_active, u.suspended_at, u.suspended_until,
       s.message_id, s.digest,
       o.id, o.number, left(o.content, 200), o.deleted_at, a.id, a.username, a.display_name, a.avatar,
       t.id, t.kind, t.thread_root_id, t.thread_count, f.user_id,
       CASE WHEN length(r.direct_key) = {KEY_OF_TWO} THEN (
         SELECT json_build_array(p.last_sent_at IS NOT NULL, q.messages,
                EXISTS (SELECT 1 FROM accounts_contact c WHERE c.user_id = p.user_id AND c.other_id = d.sender_id),
                EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = d.sender_id AND b.blocked_id = p.user_id),
                EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = p.user_id AND b.blocked_id = d.sender_id)
                )::text
           FROM rooms_membership p
           LEFT JOIN accounts_privacysettings q ON q.user_id = p.user_id
          WHERE p.room_id = d.room_id AND p.user_id <> d.sender_id LIMIT 1) END
  FROM (SELECT place, (row->>0)::uuid AS room_id, (row->>1)::uuid AS sender_id,
               (row->>2)::uuid AS client_id, (row->>3)::uuid AS reply_to,
               (row->>4)::uuid AS thread
          FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS e(row, place)) d
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
 ORDER BY d.place
"""

# With what is found of them by search: no statement more, and never one without the other.
_INSERT_MESSAGES = f"""
WITH documents AS ({search.INSERT})
INSERT INTO messaging_message (id, room_id, seq, number, unread_index, kind, sender_id, content,
       html, client_id, client_time, metadata, reply_to_id, created_at, html_version, silent, in_flow,
       thread_root_id, thread_index, mentions, poll)
SELECT (row->>0)::uuid, (row->>1)::uuid, (row->>2)::bigint, (row->>3)::bigint, (row->>4)::bigint,
       row->>5, (row->>6)::uuid, row->>7, row->>8, (row->>9)::uuid, (row->>10)::timestamptz,
       row->11, (row->>12)::uuid, (row->>13)::timestamptz, (row->>14)::smallint, (row->>15)::boolean,
       (row->>16)::boolean, (row->>17)::uuid, (row->>18)::integer, row->19, nullif(row->20, 'null')
  FROM jsonb_array_elements(%s::jsonb) AS e(row)
"""

_INSERT_RECORDS = """
INSERT INTO messaging_sendrecord (sender_id, client_id, message_id, room_id, digest)
SELECT (row->>0)::uuid, (row->>1)::uuid, (row->>2)::uuid, (row->>3)::uuid, decode(row->>4, 'base64')
  FROM jsonb_array_elements(%s::jsonb) AS e(row)
"""

# All in one statement, and only where there is any of it: few sends reply in threads or call people.
_INSERT_ACTS = """
WITH roots AS (
    UPDATE messaging_message m
       SET thread_count = (row->>1)::integer
      FROM jsonb_array_elements(%s::jsonb) AS e(row)
     WHERE m.id = (row->>0)::uuid
), follows AS (
    INSERT INTO messaging_threadfollow AS f (root_id, user_id, room_id, read_index)
    SELECT (row->>0)::uuid, (row->>1)::uuid, (row->>2)::uuid, (row->>3)::integer
      FROM jsonb_array_elements(%s::jsonb) AS e(row)
        ON CONFLICT (root_id, user_id) DO UPDATE SET read_index = greatest(f.read_index, excluded.read_index)
), polls AS (
    INSERT INTO messaging_poll (message_id, options, multiple, anonymous, closes_at)
    SELECT (row->>0)::uuid, row->1, (row->>2)::boolean, (row->>3)::boolean, (row->>4)::timestamptz
      FROM jsonb_array_elements(%s::jsonb) AS e(row)
)
INSERT INTO messaging_mention (message_id, room_id, number, kind, user_id)
SELECT (row->>0)::uuid, (row->>1)::uuid, (row->>2)::bigint, row->>3, (row->>4)::uuid
  FROM jsonb_array_elements(%s::jsonb) AS e(row)
"""

_ADVANCE = """
WITH heads AS (
    UPDATE rooms_roomhead h
       SET last_seq = (row->>1)::bigint, last_number = (row->>2)::bigint, last_index = (row->>3)::bigint,
           last_id = (row->>4)::uuid, last_message_at = (row->>5)::timestamptz
      FROM jsonb_array_elements(%s::jsonb) AS e(row)
     WHERE h.room_id = (row->>0)::uuid
)
UPDATE rooms_membership m
   SET read_number = greatest(m.read_number, (row->>1)::bigint),
       read_index = greatest(m.read_index, (row->>2)::bigint),
       last_read_at = CASE WHEN m.read_number < (row->>1)::bigint THEN %s ELSE m.last_read_at END,
       last_sent_at = %s
  FROM jsonb_array_elements(%s::jsonb) AS e(row)
 WHERE m.id = (row->>0)::bigint
"""


def _rows(rows: Sequence[Sequence[Any]]) -> str:
    """Write rows as a JSON array of arrays; bytes become base64."""
    return msgspec.json.encode(rows).decode()


# How long to wait for a lock, and how to look rows up: always by their keys. The planner can't
# know that a batch names few rows, and it plans a prepared statement once: made while a table was
# small, its plan would read the whole table for every batch until statistics are gathered anew.
_TRANSACTION_SETTINGS = """
SELECT set_config('lock_timeout', coalesce(%s, current_setting('lock_timeout')), true),
       set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true)
"""


class _PreparedCursor(psycopg.Cursor[Any]):
    """A cursor whose statements are prepared at once: the same few are all it ever runs."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> _PreparedCursor:
        options.setdefault("prepare", True)
        return super().execute(query, params, **options)


class _UnpreparedCursor(psycopg.Cursor[Any]):
    """A cursor for a transaction whose settings are not ours: no plan of it is kept."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> _UnpreparedCursor:
        options.setdefault("prepare", False)
        return super().execute(query, params, **options)


class PostgresStatements:
    """See `rows.Statements`."""

    def __init__(self, raw: psycopg.Connection[Any], cursor: type[psycopg.Cursor[Any]] = _PreparedCursor) -> None:
        self._raw = raw
        self._cursor = cursor

    def _run(self, statement: str, params: Sequence[Any]) -> psycopg.Cursor[Any]:
        return self._cursor(self._raw).execute(statement, params)

    def lock_and_read(
        self, room_ids: Collection[UUID], asked: Sequence[Asked], *, skip_held: bool = False
    ) -> tuple[dict[UUID, Head], list[Facts]]:
        heads = self._cursor(self._raw)
        ask_heads(heads, room_ids, skip_held=skip_held)
        # Sent along, not waited for: the server begins it, and takes its snapshot, when the lock is had.
        facts = self._run(_FACTS, [_rows(asked)])
        return take_heads(heads), self._read(facts.fetchall())

    @staticmethod
    def _read(rows: Sequence[Any]) -> list[Facts]:
        decode = msgspec.json.decode
        return [
            Facts._make(
                (*row[:6], row[6] and decode(row[6]), row[7], row[8] and decode(row[8]), *row[9:18],
                 row[18] and bytes(row[18]), *row[19:32], row[32] and Peer._make(decode(row[32])))
            )
            for row in rows
        ]  # fmt: skip

    def insert_messages(self, rows: Sequence[MessageRow], documents: Sequence[Document]) -> None:
        self._run(_INSERT_MESSAGES, [_rows([search.row_of(each) for each in documents]), _rows(rows)])

    def insert_records(self, rows: Sequence[RecordRow]) -> None:
        # Sorted, so that two batches with the same keys wait for each other and never in a circle.
        self._run(_INSERT_RECORDS, [_rows(sorted(rows))])

    def insert_acts(self, acts: Acts) -> None:
        self._run(_INSERT_ACTS, [_rows(acts.roots), _rows(acts.follows), _rows(acts.polls), _rows(acts.mentions)])

    def advance(self, heads: Sequence[Head], reads: Sequence[ReadRow], now: datetime) -> None:
        values = [(h.room_id, h.last_seq, h.last_number, h.last_index, h.last_id, h.last_message_at) for h in heads]
        self._run(_ADVANCE, [_rows(values), now, now, _rows(reads)])


@contextmanager
def begin(patience: float | None) -> Iterator[PostgresStatements]:
    if connection.in_atomic_block:  # of the caller: the admin, a join
        with transaction.atomic(), connection.wrap_database_errors:
            yield PostgresStatements(connection.connection, _UnpreparedCursor)
        return
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    # Django sets None here, and psycopg then prepares nothing, whatever a cursor asks for. Planned
    # anew for each batch, the facts alone took 1.7 ms, and more with every partition.
    raw.prepare_threshold = 0
    try:
        # COMMIT rides in the pipeline: leaving the block waits for its answer, and raises it.
        with connection.wrap_database_errors, raw.pipeline():
            raw.execute("BEGIN")
            _PreparedCursor(raw).execute(
                _TRANSACTION_SETTINGS, [None if patience is None else f"{round(patience * 1000)}ms"]
            )
            yield PostgresStatements(raw)
            raw.execute("COMMIT")
    except BaseException:
        if not raw.closed and raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            raw.rollback()
        raise
