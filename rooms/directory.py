"""The directory: the rooms that anyone may find, looked through by name, size or activity.

Pages go on from the key of the last row, so that a far page costs what the first does and no room
is shown twice when others come in between.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Lower

from accounts.models import User
from chat_project.api.fields import cursor_of, key_of
from realtime.errors import Invalid
from rooms.models import Room

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_COUNT_MAX = 2**31 - 1


class Sort(models.TextChoices):
    NAME = "name", "Name"
    MEMBERS = "members", "Members"
    ACTIVITY = "activity", "Last activity"


_KEYS: dict[str, Any] = {
    Sort.NAME: Lower("name"),
    Sort.MEMBERS: F("head__member_count"),
    Sort.ACTIVITY: Coalesce("head__last_message_at", Value(_NEVER), output_field=models.DateTimeField()),
}
_SHAPES: dict[str, Any] = {
    Sort.NAME: tuple[str, str, UUID],
    Sort.MEMBERS: tuple[str, Annotated[int, msgspec.Meta(ge=0, le=_COUNT_MAX)], UUID],
    Sort.ACTIVITY: tuple[str, datetime, UUID],
}


def page(
    user: User, *, words: str = "", sort: str = Sort.NAME, cursor: str | None = None, limit: int
) -> tuple[list[Room], str | None]:
    """Up to `limit` listed rooms with their heads, and the cursor of the page after. One query.

    `words` is a part of the name or of the topic. By name from A; by members and activity the most
    and the newest first. Invalid: the cursor is not one of this list in this order.
    """
    rooms = Room.objects.visible_to(user).listed().select_related("head").annotate(sort_key=_KEYS[sort])
    if words:
        rooms = rooms.filter(Q(name__icontains=words) | Q(topic__icontains=words))
    if cursor is not None:
        of, key, room_id = key_of(cursor, _SHAPES[sort])
        if of != sort:
            detail = "This is a cursor of another order. Begin without one."
            raise Invalid(detail, fields={"cursor": [detail]})
        beyond = Q(sort_key__gt=key) if sort == Sort.NAME else Q(sort_key__lt=key)
        rooms = rooms.filter(beyond | Q(sort_key=key, id__gt=room_id))
    found: list[Any] = list(rooms.order_by("sort_key" if sort == Sort.NAME else "-sort_key", "id")[: limit + 1])
    shown = found[:limit]
    more = cursor_of(sort, shown[-1].sort_key, shown[-1].pk) if len(found) > limit else None
    return shown, more
