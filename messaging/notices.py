"""Notices: the messages by which a room tells of itself, written when `rooms` asks for one.

Joins and leaves happen in `rooms`, which knows no messages; it announces them through
`rooms.log.notice`, and this module writes the row in the same transaction, under the same lock.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from accounts.models import User
from messaging import composing, fragments, partitions
from messaging.events import event_of
from messaging.models import Kind, Message
from messaging.wire import message_out
from realtime import bus
from rooms import log
from rooms.uuid7 import moment_of


def write(head: log.Head, kind: str, user: User | None, metadata: dict[str, Any]) -> None:
    """Store a notice of that kind about `user`, and publish it after COMMIT."""
    assert head.now is not None, "heads come from lock()"
    place = head.next_message(head.now, counts=False)
    partitions.ensure([partitions.month_of(moment_of(place.id))])
    message = Message.objects.create(
        id=place.id,
        room_id=head.room_id,
        seq=place.seq,
        number=place.number,
        unread_index=place.unread_index,
        kind=Kind(kind),
        sender=user,
        client_id=uuid4(),
        metadata=metadata,
        created_at=head.now,
    )
    if kind == Kind.LEAVE and user is not None:
        composing.forget(user.pk, head.room_id)
    written = message_out(message, {})
    fragment = fragments.render(written) if bus.wants_fragment(written.room) else None
    bus.publish_on_commit([event_of(written, fragment=fragment)])


log.on_notice(write)
