"""Forwarding: a copy of a message in other rooms, with whose words they are.

The copy is a message of its own: who forwards is its sender, what happens to the original later
does not reach it, and it stays when that is deleted. It names the author of the original and the
time, never the room: the readers of the copy may not know of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec

from accounts.models import User
from accounts.people import person_of
from messaging import pacing
from messaging.append import Outcome, append
from messaging.drafts import FORWARDED, Draft, check_content
from messaging.models import NOTICES, Message
from messaging.wire import MessageOut
from realtime.errors import Gone, Invalid, NotFound
from realtime.limits import Buckets
from realtime.values import Id, timestamp

# Rooms of one call: each is a lock, and a message that people read.
ROOMS_MAX = 10
# Copies a second that a person may make for long, and at once. One of a long message counts for more, as
# when it is sent: each call is one request, and writes to as many rooms as it names.
_COPIES = Buckets(rate=2, burst=40)
_COMMENT = UUID("6f0a4f0e-3b1e-4d61-8a0c-6d0b6f4c3a57")  # names the comment's send apart from the copy's


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What became of a forward in one room. `comment` is None where none was asked for."""

    room_id: UUID
    copy: Outcome
    comment: Outcome | None


class WhyNot(msgspec.Struct, gc=False):
    """Why something was refused; `retry_after` in seconds, where waiting helps."""

    code: str
    detail: str
    retry_after: float | None


class ForwardOut(msgspec.Struct, gc=False):
    """What became of it in one room. With a `message`, an `error` tells of the comment."""

    room: Id
    message: MessageOut | None
    comment: MessageOut | None
    error: WhyNot | None


class ForwardList(msgspec.Struct, gc=False):
    """In the order of the rooms that were asked for, each once."""

    results: list[ForwardOut]


def forward(
    user: User, message_id: UUID, room_ids: Sequence[UUID], *, client_id: UUID, comment: str = ""
) -> list[Forwarded]:
    """Copy a message into these rooms; return what became of it in each, in their order.

    `client_id` names the whole: repeated with the same one, nothing is stored twice. A comment is
    a message of its own after the copy. NotFound: no message that the user may read. Gone: it was
    deleted. Invalid: a notice or a poll, or the rooms, or the comment. RateLimited: too many copies.
    """
    rooms = list(dict.fromkeys(room_ids))
    if not 1 <= len(rooms) <= ROOMS_MAX:
        detail = f"Forward to 1 to {ROOMS_MAX} rooms at once."
        raise Invalid(detail, fields={"rooms": [detail]})
    if comment:
        check_content(comment)
    original = Message.objects.reachable_by(user).select_related("sender").filter(pk=message_id).first()
    if original is None:
        raise NotFound("There is no such message.")
    _check_may_be_forwarded(original)
    cost = len(rooms) * pacing.cost_of(original.content + comment)
    pacing.pace(_COPIES, user.pk, unthrottled=user.unthrottled, cost=cost)
    metadata = {FORWARDED: _attribution(original)}
    copies = [
        Draft(
            room_id=room_id,
            sender_id=user.pk,
            content=original.content,
            client_id=uuid5(client_id, room_id.hex),
            metadata=metadata,
        )
        for room_id in rooms
    ]
    comments = [
        Draft(
            room_id=room_id,
            sender_id=user.pk,
            content=comment,
            client_id=uuid5(uuid5(_COMMENT, client_id.hex), room_id.hex),
        )
        for room_id in rooms
        if comment
    ]
    outcomes = append([*copies, *comments])
    said: Sequence[Outcome | None] = outcomes[len(rooms) :] or [None] * len(rooms)
    return [Forwarded(*each) for each in zip(rooms, outcomes[: len(rooms)], said, strict=True)]


def forward_out(results: Sequence[Forwarded]) -> ForwardList:
    """What became of a forward, as it is told over REST and the socket."""
    return ForwardList([_written(each) for each in results])


def _written(each: Forwarded) -> ForwardOut:
    error = each.copy.error or (each.comment.error if each.comment else None)
    return ForwardOut(
        room=str(each.room_id),
        message=each.copy.message,
        comment=each.comment.message if each.comment else None,
        error=WhyNot(error.code, error.detail, error.retry_after) if error else None,
    )


def _check_may_be_forwarded(original: Message) -> None:
    if original.deleted_at is not None:
        raise Gone("This message has been deleted.")
    if original.kind in NOTICES:
        raise Invalid("Notices of a room cannot be forwarded.")
    if original.poll is not None:
        raise Invalid("A poll cannot be forwarded: its votes belong to its room.")


def _attribution(original: Message) -> dict[str, Any]:
    """Whose words they are. Of what was itself forwarded: its author, not who passed it on."""
    if FORWARDED in original.metadata:
        given: dict[str, Any] = original.metadata[FORWARDED]
        return given
    sender = original.sender
    return {
        "id": str(original.pk),
        "sender": msgspec.to_builtins(person_of(sender)) if sender else None,
        "created_at": timestamp(original.created_at),
    }
