"""When somebody was last here: written once a minute at most, and shown to those who may know.

Who is invisible is not seen: the time at which they became so stays.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Privacy, User
from accounts.privacy import allowing

logger = logging.getLogger(__name__)

# Between two writings of one user. Others are told by the minute anyway.
EVERY_S = 60.0


class Diary:
    """Whom a process has seen, and when it last wrote that."""

    def __init__(self) -> None:
        self._written: dict[str, float] = {}  # monotonic seconds

    def due(self, users: Collection[str]) -> list[str]:
        """Of these users, who are here now, those whose last writing is long enough ago: they count as written."""
        now = time.monotonic()
        due = [user for user in users if now - self._written.get(user, -EVERY_S) >= EVERY_S]
        self._written.update(dict.fromkeys(due, now))
        return due

    def forget(self, users: Collection[str]) -> None:
        """These users have left, or could not be written."""
        now = time.monotonic()
        for user in users:
            if now - self._written.get(user, now) >= EVERY_S:
                del self._written[user]

    def undo(self, users: Collection[str]) -> None:
        for user in users:
            self._written.pop(user, None)


def write(users: Collection[str]) -> int:
    """Note that these users are here now; one statement. Returns how many rows it changed.

    Another process may have noted it within the minute, or somebody may hold the row: it can wait.
    """
    long_ago = Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=Now() - timedelta(seconds=EVERY_S))
    with transaction.atomic():
        free = User.objects.filter(long_ago, pk__in=users).select_for_update(no_key=True, skip_locked=True)
        return User.objects.filter(pk__in=free.values("pk")).update(last_seen_at=Now())


def last_seen(viewer: User, user_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When these people were last here, of those who let the viewer know. One query."""
    people = User.objects.filter(allowing(viewer.pk, Privacy.LAST_SEEN), pk__in=user_ids, last_seen_at__isnull=False)
    return {user_id: at for user_id, at in people.values_list("pk", "last_seen_at") if at is not None}
