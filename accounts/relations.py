"""What people are to each other, as it is asked: contacts, requests and blocks, and lists of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db.models import Count, Q, Value
from django.db.models.functions import Lower

from accounts.models import Block, Contact, ContactRequest, User
from accounts.people import Person, person_of
from realtime.values import Id, Timestamp, timestamp


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


# --- As one of them sees it -------------------------------------------------------------------------


class Relation(StrEnum):
    """What somebody is to a user, as the user may know it."""

    SELF = "self"
    CONTACT = "contact"
    INCOMING = "incoming"  # asks the user
    OUTGOING = "outgoing"  # was asked by the user
    BLOCKED = "blocked"  # by the user; the other way round one is not told
    NONE = "none"


def relation_of(user: User, other: User) -> tuple[Relation, ContactRequest | None]:
    """What the other is to the user, and the request between them that is not decided. Three queries."""
    if user.pk == other.pk:
        return Relation.SELF, None
    if Block.objects.filter(blocker=user, blocked=other).exists():
        return Relation.BLOCKED, None
    if Contact.objects.filter(user=user, other=other).exists():
        return Relation.CONTACT, None
    open_ones = ContactRequest.objects.open()
    request = open_ones.filter(Q(sender=user, receiver=other) | Q(sender=other, receiver=user)).first()
    if request is None:
        return Relation.NONE, None
    return (Relation.OUTGOING if request.sender_id == user.pk else Relation.INCOMING), request


class RelationsOut(msgspec.Struct, gc=False):
    """How a user stands: to be compared by `rev`, for frames of two changes may cross."""

    rev: int
    contacts: int
    incoming: int
    outgoing: int
    blocked: list[Id]


class RequestOut(msgspec.Struct, gc=False):
    """A request to become contacts, as either of the two sees it."""

    id: Id
    sender: Person
    receiver: Person
    note: str
    state: str  # pending, accepted, declined, cancelled
    created_at: Timestamp
    decided_at: Timestamp | None


class ContactOut(msgspec.Struct, gc=False):
    """One of the user's contacts, since when."""

    user: Person
    since: Timestamp


class BlockOut(msgspec.Struct, gc=False):
    """Somebody whom the user has blocked, and why."""

    user: Person
    reason: str
    created_at: Timestamp


def at_start(user: User) -> dict[str, Any]:
    """What the client begins with: whom the user has blocked, and how many requests wait for them. One query."""
    waiting = ContactRequest.objects.received_by(user).order_by().values("receiver_id").annotate(count=Count("pk"))
    blocked = Block.objects.filter(blocker=user).annotate(count=Value(0)).values_list("blocked_id", "count")
    rows = list(blocked.union(waiting.values_list("receiver_id", "count"), all=True))
    return {
        "blocked": [str(each) for each, count in rows if not count],
        "incoming": sum(count for _, count in rows),
    }


def standing(user_id: UUID) -> RelationsOut:
    """How many contacts and open requests the user has, and whom they have blocked. Five queries."""
    user = User.objects.only("pk", "rev").get(pk=user_id)
    return RelationsOut(
        rev=user.rev,
        contacts=Contact.objects.filter(user=user).count(),
        incoming=ContactRequest.objects.received_by(user).count(),
        outgoing=ContactRequest.objects.sent_by(user).count(),
        blocked=[str(each) for each in blocked_by(user.pk)],
    )


def request_out(request: ContactRequest) -> RequestOut:
    """`sender` and `receiver` are loaded."""
    return RequestOut(
        id=str(request.pk),
        sender=person_of(request.sender),
        receiver=person_of(request.receiver),
        note=request.note,
        state=request.state,
        created_at=timestamp(request.created_at),
        decided_at=timestamp(request.decided_at) if request.decided_at else None,
    )


def contact_out(contact: Contact) -> ContactOut:
    return ContactOut(person_of(contact.other), timestamp(contact.created_at))


def block_out(block: Block) -> BlockOut:
    return BlockOut(person_of(block.blocked), block.reason, timestamp(block.created_at))


def contacts_page(user: User, *, after: str | None, limit: int) -> tuple[list[ContactOut], str | None]:
    """Up to `limit` contacts by username, behind that of `after`; and the last one's, if there are more."""
    rows = Contact.objects.filter(user=user).select_related("other").annotate(key=Lower("other__username"))
    found = list((rows if after is None else rows.filter(key__gt=after)).order_by("key")[: limit + 1])
    page = found[:limit]
    return list(map(contact_out, page)), page[-1].other.username.lower() if len(found) > limit else None


def requests_page(
    user: User, direction: Literal["incoming", "outgoing"], *, before: UUID | None, limit: int
) -> tuple[list[RequestOut], UUID | None]:
    """Up to `limit` open requests, the newest first, from before that one; and the last one's id, if there are more."""
    objects = ContactRequest.objects
    rows = objects.received_by(user) if direction == "incoming" else objects.sent_by(user)
    rows = rows.select_related("sender", "receiver").order_by("-created_at", "-pk")
    if before is not None:
        # Whatever has become of it since; it is one of the user's, or the page is the first.
        last = objects.filter(Q(sender=user) | Q(receiver=user), pk=before).first()
        if last is not None:
            at = last.created_at
            rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=last.pk))
    found = list(rows[: limit + 1])
    page = found[:limit]
    return list(map(request_out, page)), page[-1].pk if len(found) > limit else None


def blocks_page(user: User, *, before: int | None, limit: int) -> tuple[list[BlockOut], int | None]:
    """Up to `limit` blocks of the user's, the newest first, and the last one's id, if there are more."""
    rows = Block.objects.filter(blocker=user).select_related("blocked").order_by("-pk")
    found = list((rows if before is None else rows.filter(pk__lt=before))[: limit + 1])
    page = found[:limit]
    return list(map(block_out, page)), page[-1].pk if len(found) > limit else None
