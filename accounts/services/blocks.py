"""Blocks: one wants nothing to do with another, who is not told.

What a block ends is asked for by its rule (`accounts.privacy.allowing`, `accounts.relations`); here
it begins and ends.
"""

from __future__ import annotations

from uuid import UUID

from accounts.models import Block, ContactRequest, User
from accounts.services.pairs import checked_words, locked
from realtime.errors import Conflict

REASON_MAX = 500
# All of them are part of every page of the person's: the client folds by them.
BLOCKS_MAX = 1_000


def block(user: User, other: User | UUID, reason: str = "") -> Block:
    """Block somebody; blocked already, they get the new reason. NotFound, Invalid.

    They are no contacts any more, and what the user has asked of the other is withdrawn. What the
    other has asked waits on, as they see it; the user does not see it. Conflict: too many are blocked.
    """
    reason = checked_words(reason, "reason", REASON_MAX)
    with locked(user, other.pk if isinstance(other, User) else other) as pair:
        held = Block.objects.filter(blocker=pair.user, blocked=pair.other).first()
        if held is not None:
            if held.reason != reason:
                held.reason = reason
                held.save(update_fields=["reason"])
                pair.changed("user.blocked", is_seen=False, reason=reason)
            held.blocked = pair.other
            return held
        if Block.objects.filter(blocker=pair.user).count() >= BLOCKS_MAX:
            raise Conflict(f"You have blocked {BLOCKS_MAX:,} people. Unblock some of them first.")
        made = Block.objects.create(blocker=pair.user, blocked=pair.other, reason=reason)
        was_contact = pair.part()
        if mine := pair.open_request():
            pair.decide(mine, ContactRequest.State.CANCELLED)
        # To the other it is a contact less, or a request taken back; else nothing has happened.
        is_seen = was_contact or mine is not None
        pair.changed("user.blocked", is_seen=is_seen, severity="notice", reason=reason, was_contact=was_contact)
        return made


def unblock(user: User, other: User | UUID) -> None:
    """Lift a block. What they were before does not come back. Without a block, nothing changes."""
    with locked(user, other.pk if isinstance(other, User) else other) as pair:
        if Block.objects.filter(blocker=pair.user, blocked=pair.other).delete()[0]:
            pair.changed("user.unblocked", is_seen=False)
