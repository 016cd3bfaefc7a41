"""What a member may do with a room's messages, as the client must know it to offer it.

It only shapes the page: every act is judged anew by its service.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from messaging.overlay import as_data, overlay
from messaging.wire import MessageOut
from messaging.writing import is_muted, may, silence
from rooms.models import Membership, Room
from rooms.permissions import Action
from rooms.settings import settings_of

# What the client asks about.
_ABOUT_MESSAGES = (
    Action.REPLY,
    Action.EDIT_OWN,
    Action.DELETE_OWN,
    Action.DELETE_OTHERS,
    Action.SEE_REVISIONS,
    Action.REACT,
    Action.PIN,
)
# What an archived room takes no more of from anybody, and any room from whom a moderator has muted.
_OF_THE_VOICE = frozenset({Action.EDIT_OWN, Action.REACT, Action.PIN})


@dataclass(frozen=True, slots=True)
class Acting:
    """`may`: actions, and “write” where the composer is open. `edit_window_s`: None is always."""

    may: str
    edit_window_s: int | None
    fold_joins: bool


def acting_of(room: Room, membership: Membership) -> Acting:
    """Return what the client offers on the messages of a room, or of a thread in it."""
    decided = settings_of(room.settings)
    allowed = [str(action) for action in _ABOUT_MESSAGES if _may(action, room, membership)]
    if silence(room, membership) is None:
        allowed.append("write")
    return Acting(" ".join(allowed), decided.edit_window_s, decided.fold_joins)


def own_json(user: User, messages: Sequence[MessageOut]) -> str:
    """The user's own part in these messages, for `data-own` of their list. One query."""
    return json.dumps(as_data(overlay(user, [message.id for message in messages])), ensure_ascii=False)


def _may(action: Action, room: Room, membership: Membership) -> bool:
    if action in _OF_THE_VOICE and (room.archived_at is not None or is_muted(membership)):
        return False
    return may(action, room, membership)
