"""Rows that refer to messages which do not exist: there is no constraint in the database to refuse them.

A purge leaves none. That replies and threads outlive what they answer is no fault where retention
took the original; a missing original that is younger than the room's first message is one. Send
records are kept for good, and search has its own check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from messaging.models import ComposerDraft, Message, ScheduledMessage
from messaging.purging import REFERRING

_ALSO = [
    (ComposerDraft, "thread_root_id"),
    (ComposerDraft, "reply_to_id"),
    (ScheduledMessage, "message_id"),
]


@dataclass(frozen=True, slots=True)
class Orphans:
    """Rows of one table whose column names no message."""

    table: str
    column: str
    rows: QuerySet[Any]


def orphans() -> Iterator[Orphans]:
    """Every reference that can go astray; the queries read whole tables and run when they are used."""
    for model, column in (*REFERRING, *_ALSO):
        rows = model._default_manager.filter(**{f"{column}__isnull": False})
        yield Orphans(model._meta.db_table, column, rows.exclude(Exists(Message.objects.filter(pk=OuterRef(column)))))
    for column in ("reply_to_id", "thread_root_id"):
        first = Message.objects.filter(room=OuterRef("room")).order_by("number")
        rows = (
            Message.objects.filter(**{f"{column}__isnull": False})
            .exclude(Exists(Message.objects.filter(pk=OuterRef(column))))
            .alias(first=Subquery(first.values("pk")[:1]))
            .filter(**{f"{column}__gte": F("first")})
        )
        yield Orphans(Message._meta.db_table, column, rows)
