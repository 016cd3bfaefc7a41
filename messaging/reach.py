"""Whether somebody may write in a conversation of two, or the other has closed it to them.

A block between the two closes it, either way. Otherwise who has written in it once has opened it;
to one who never has, the other writes as far as their privacy settings let them write first.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.models import DEFAULTS, Audience, Block, Contact, Privacy
from accounts.privacy import IS_BLOCKED, TAKES_NO_MESSAGES
from realtime.errors import Forbidden
from rooms.models import Membership, Room


class Peer(NamedTuple):
    """What decides about the other of two. `messages`: whom they let write first; None: never decided."""

    has_written: bool
    messages: str | None
    is_contact: bool
    is_blocked: bool  # by who would write
    has_blocked: bool  # who would write


def check(peer: Peer | None) -> None:
    """Forbidden: the other is closed to who would write. Who is blocked is told no more than a stranger."""
    if refusal := refusal_of(peer):
        raise Forbidden(refusal)


def refusal_of(peer: Peer | None) -> str | None:
    """Why the other is closed to who would write, in words for them."""
    if peer is None:
        return None
    if peer.is_blocked:
        return IS_BLOCKED
    audience = peer.messages or DEFAULTS[Privacy.MESSAGES]
    lets_write = audience == Audience.EVERYONE or (audience == Audience.CONTACTS and peer.is_contact)
    return None if not peer.has_blocked and (peer.has_written or lets_write) else TAKES_NO_MESSAGES


def peer_in(room: Room, user_id: UUID) -> Peer | None:
    """The other in a conversation of two. One query; in every other room none, and nobody."""
    if not room.is_of_two:
        return None
    other = OuterRef("user_id")
    rows = Membership.objects.filter(room=room).exclude(user_id=user_id)
    row = rows.values_list(
        "last_sent_at",
        "user__privacy__messages",
        Exists(Contact.objects.filter(user=other, other=user_id)),
        Exists(Block.objects.filter(blocker=user_id, blocked=other)),
        Exists(Block.objects.filter(blocker=other, blocked=user_id)),
    ).first()
    return Peer(row[0] is not None, *row[1:]) if row else None
