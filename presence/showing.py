"""How people are, for answers outside of the socket: REST, pages, the administration."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.timesince import timesince

from accounts import privacy, relations
from accounts.availability import on_presence
from accounts.models import Privacy, User
from presence import asking
from presence.states import OFF, OFFLINE, Status, seen

WORDS = {
    "online": "online",
    "away": "away",
    "dnd": "online, not to be disturbed",
    "invisible": "online, invisible to others",
    "offline": "offline",
}


def statuses(viewer: User, user_ids: Collection[UUID]) -> dict[UUID, Status]:
    """How these people are, as far as they let the viewer know. Three queries."""
    shown = privacy.who_allow(viewer, Privacy.PRESENCE, user_ids)
    states = asking.states([str(user_id) for user_id in shown])
    circle = relations.circles([viewer.pk])[viewer.pk]
    own = str(viewer.pk)
    return {
        user_id: seen(str(user_id), states.get(str(user_id), OFF), circle, own) if user_id in shown else OFFLINE
        for user_id in user_ids
    }


def words_of(user: User) -> str:
    """How somebody really is, whatever they show, and when they were last here: for those who run the server."""
    state = asking.states([str(user.pk)]).get(str(user.pk), OFF)
    words = WORDS[state.own]
    if state.status != OFFLINE or user.last_seen_at is None:
        return words
    ago = timezone.now() - user.last_seen_at
    return f"{words}, last here {timesince(user.last_seen_at)} ago" if ago > timedelta(minutes=1) else words


on_presence(words_of)
