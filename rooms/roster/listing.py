"""Who is in a room, as a list shows it: the owner first, then by role, page after page by a key.

In a room that one can overlook people of a role stand by name. In a larger one they stand in the
order in which they joined, which an index keeps: sorting ten thousand names for each page would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from accounts.search import named_like
from chat_project.api.fields import cursor_of, key_of
from rooms.models import Membership, MembershipQuerySet, Role, Room

PAGE = 50
BY_NAME_MAX = 1_000
ROLES = (Role.OWNER, Role.ADMIN, Role.MODERATOR, Role.MEMBER)

_NAME = Lower(Coalesce(NullIf("user__display_name", Value("")), F("user__username"), output_field=CharField()))


@dataclass(frozen=True, slots=True)
class Members:
    """A page of a list. `next` is the key of the page after it; `is_cut`: a search has found more than it shows."""

    rows: list[Membership]
    next: str | None = None
    is_cut: bool = False


def page_of(room: Room, after: str | None = None, *, limit: int = PAGE) -> Members:
    """The members behind the one whose key is `after`; the room's `head` is loaded. Invalid: it is no key of it."""
    by_name = room.head.member_count <= BY_NAME_MAX
    key = (
        (key_of(after, tuple[str, str, int]) if by_name else key_of(after, tuple[str, datetime, int]))
        if after
        else None
    )
    begin = ROLES.index(Role(key[0])) if key and key[0] in ROLES else 0
    found: list[Membership] = []
    for role in ROLES[begin:]:
        rows = _ordered(room, by_name).filter(role=role)
        if key and role == key[0]:
            _, value, row_id = key
            rows = rows.filter(Q(place__gt=value) | Q(place=value, id__gt=row_id))
        found += rows[: limit + 1 - len(found)]
        if len(found) > limit:
            last = found[limit - 1]
            return Members(found[:limit], cursor_of(str(last.role), last.place, last.pk))  # type: ignore[attr-defined]
    return Members(found)


def search(room: Room, words: str, *, limit: int = PAGE) -> Members:
    """Members whose username, or a word of whose name, begins so; by name, and no more than a page of them."""
    named = _ordered(room, by_name=True).filter(named_like(words.lstrip("@"), "user__"))
    found = list(named[: limit + 1])
    return Members(found[:limit], is_cut=len(found) > limit)


def _ordered(room: Room, by_name: bool) -> MembershipQuerySet:
    rows: MembershipQuerySet = Membership.objects.current().of_room(room).select_related("user")
    return rows.annotate(place=_NAME if by_name else F("joined_at")).order_by("place", "id")
