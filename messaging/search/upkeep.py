"""Keeping the index true, in the transaction that changes a message.

New messages are written by `messaging.store` together with their rows; here is what happens to
them afterwards, and the making anew of everything.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from messaging import partitions
from messaging.models import Message
from messaging.purging import Purged, on_purge
from messaging.search.document import document_of
from messaging.search.engine import engine


def index(*messages: Message) -> None:
    """Write what the messages are now: after an edit, a pin, a vote that made a poll, a deletion.

    Call it after the message's own row has been written, so that locks are taken in one order.
    """
    documents = {message: document_of(message) for message in messages}
    if gone := [message for message, each in documents.items() if each is None]:
        remove(*gone)
    if kept := [each for each in documents.values() if each is not None]:
        engine().store(kept)


def save(message: Message, fields: Collection[str]) -> None:
    """Write these fields of the message's row, and the index with them, for as few queries as can be."""
    made = document_of(message)
    if made is None:
        message.save(update_fields=fields)
        remove(message)
    else:
        engine().save(message, fields, made)


def remove(*messages: Message) -> None:
    """Take messages out of the index."""
    if messages:
        engine().remove([(message.id, message.created_at) for message in messages])


def remove_up_to(room_id: UUID, number: int) -> None:
    """Take a room's messages up to that number out of the index: they have been purged."""
    engine().remove_up_to(room_id, number)


@on_purge
def _remove_purged(purged: Purged) -> None:
    remove_up_to(purged.room_id, purged.number)


def remove_astray(batch: int) -> int:
    """Remove what the index has of messages that do not exist, if there is any; return how many it were."""
    total = 0
    while removed := engine().remove_astray(batch):
        total += removed
    return total


def rebuild(after: UUID | None, batch: int) -> tuple[UUID | None, int]:
    """Write the next `batch` messages after that id anew.

    Return the id to go on after (None: that was all), and how many messages it were. The rows are
    locked, so that no edit in between is overwritten by what was read before it.
    """
    with transaction.atomic():
        messages = Message.objects.order_by("id").select_for_update(no_key=True)
        found = list((messages if after is None else messages.filter(id__gt=after))[:batch])
        months = {partitions.month_of(message.created_at) for message in found}
        partitions.ensure(months)  # of what was imported late: its month may have no messages' partition
        index(*found)
    return (found[-1].id if len(found) == batch else None), len(found)
