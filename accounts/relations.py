"""What people are to each other, as it is asked: contacts and blocks of many users at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from accounts.models import Block, Contact


@dataclass(frozen=True, slots=True)
class Circle:
    """Who is near a user (contacts), and who sees and shows nothing (blocks, either way). Ids as text."""

    near: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()


ALONE = Circle()


def circles(user_ids: Collection[UUID]) -> dict[UUID, Circle]:
    """The circle of each of these users. Two queries for all."""
    near: dict[UUID, set[str]] = defaultdict(set)
    hidden: dict[UUID, set[str]] = defaultdict(set)
    for user_id, other_id in Contact.objects.filter(user__in=user_ids).values_list("user_id", "other_id"):
        near[user_id].add(str(other_id))
    concerned = Block.objects.filter(Q(blocker__in=user_ids) | Q(blocked__in=user_ids))
    for blocker_id, blocked_id in concerned.values_list("blocker_id", "blocked_id"):
        hidden[blocker_id].add(str(blocked_id))
        hidden[blocked_id].add(str(blocker_id))
    return {
        user_id: Circle(frozenset(near.get(user_id, ())), frozenset(hidden.get(user_id, ())))
        if user_id in near or user_id in hidden
        else ALONE
        for user_id in user_ids
    }


def blocked_by(user_id: UUID) -> list[UUID]:
    """Whom the user has blocked: their messages are folded, and not found."""
    return list(Block.objects.filter(blocker=user_id).values_list("blocked_id", flat=True))


def is_blocked_between(one: UUID, other: UUID) -> bool:
    """Whether either of the two has blocked the other."""
    return Block.objects.filter(Q(blocker=one, blocked=other) | Q(blocker=other, blocked=one)).exists()
