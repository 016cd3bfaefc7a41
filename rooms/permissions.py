"""What a member of a room may do: one table, asked by every interface.

Role × action, narrowed by the room's kind and settings and by overrides of a single membership.
Who is no member has no row here: for them the room answers as if it did not exist, except that
listed rooms may be found and joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from rooms.models import Kind, Role


class Action(StrEnum):
    READ = "read"
    POST = "post"
    REPLY = "reply"
    EDIT_OWN = "edit_own"
    DELETE_OWN = "delete_own"
    DELETE_OTHERS = "delete_others"
    SEE_REVISIONS = "see_revisions"  # of others; one's own anybody sees
    REACT = "react"
    PIN = "pin"
    POLL = "poll"
    MENTION_ROOM = "mention_room"  # @room and @here
    INVITE = "invite"  # add and invite people, by name or by link
    MANAGE_INVITATIONS = "manage_invitations"  # see and revoke those of others
    EDIT_ROOM = "edit_room"  # name, topic, avatar, settings
    CHANGE_ROLE = "change_role"
    REMOVE_MEMBER = "remove_member"
    MUTE_MEMBER = "mute_member"
    BAN_MEMBER = "ban_member"
    SET_PERMISSIONS = "set_permissions"  # overrides of a single member
    ARCHIVE = "archive"
    DELETE_ROOM = "delete_room"
    TRANSFER = "transfer"
    LEAVE = "leave"


# From least to most; a role outranks those before it.
RANK: dict[str, int] = {Role.MEMBER: 0, Role.MODERATOR: 1, Role.ADMIN: 2, Role.OWNER: 3}

_MEMBER = frozenset(
    {
        *(Action.READ, Action.POST, Action.REPLY, Action.EDIT_OWN, Action.DELETE_OWN, Action.SEE_REVISIONS),
        *(Action.REACT, Action.PIN, Action.POLL, Action.MENTION_ROOM, Action.INVITE, Action.LEAVE),
    }
)
_MODERATOR = _MEMBER | {Action.DELETE_OTHERS, Action.MUTE_MEMBER, Action.REMOVE_MEMBER, Action.BAN_MEMBER}
_ADMIN = _MODERATOR | {
    *(Action.EDIT_ROOM, Action.CHANGE_ROLE, Action.SET_PERMISSIONS, Action.ARCHIVE, Action.MANAGE_INVITATIONS),
}
_OWNER = _ADMIN | {Action.DELETE_ROOM, Action.TRANSFER}
TABLE: dict[str, frozenset[Action]] = {
    Role.MEMBER: _MEMBER,
    Role.MODERATOR: _MODERATOR,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}

# In a channel few post and many read.
_CHANNEL_POSTERS = RANK[Role.MODERATOR]
_NEVER_OF_READERS = frozenset({Action.POST, Action.REPLY, Action.PIN, Action.POLL, Action.MENTION_ROOM, Action.INVITE})
# A direct room has no one above another: it keeps its people, its kind and its settings.
_NEVER_IN_DIRECT = frozenset(
    {
        Action.INVITE,
        Action.EDIT_ROOM,
        Action.CHANGE_ROLE,
        Action.REMOVE_MEMBER,
        Action.MUTE_MEMBER,
        Action.BAN_MEMBER,
        Action.SET_PERMISSIONS,
        Action.MANAGE_INVITATIONS,
        Action.ARCHIVE,
        Action.DELETE_ROOM,
        Action.TRANSFER,
        Action.DELETE_OTHERS,
        Action.LEAVE,
    }
)
# Those who run the installation may take a conversation away or close it; who is in it and what
# they may do stays between its people.
_STAFF_IN_DIRECT = frozenset({Action.ARCHIVE, Action.DELETE_ROOM})
# A room's settings can ask for a higher role; reading and leaving belong to every member.
SETTABLE = frozenset(Action) - {Action.READ, Action.LEAVE}
# An override can give a single member what their role does not; a room is only its owner's to give away.
GIVABLE = SETTABLE - {Action.TRANSFER}


def allows(
    action: Action,
    *,
    role: str,
    kind: str,
    settings: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> bool:
    """Whether a current member of that role may do `action` in a room of that kind.

    `settings` is `Room.settings`: `{"permissions": {action: least role}}` raises what an action
    takes. `overrides` is `Membership.permissions`: `{action: bool}`; it may take away
    anything but reading and leaving, and give only what the room's table gives somebody.
    """
    if kind == Kind.DIRECT and action in _NEVER_IN_DIRECT:
        return False
    if overrides and action in SETTABLE and (given := overrides.get(action)) is not None:
        return bool(given)
    if action not in TABLE[role]:
        return False
    if kind == Kind.CHANNEL and action in _NEVER_OF_READERS and RANK[role] < _CHANNEL_POSTERS:
        return False
    least = (settings or {}).get("permissions", {}).get(action)
    return least is None or RANK[role] >= RANK.get(least, 0)


def outranks(role: str, other: str) -> bool:
    """Whether one role may act on a member of the other."""
    return RANK[role] > RANK[other]


def staff_may(action: Action, kind: str) -> bool:
    """Whether staff may do `action` from outside, in a room of that kind."""
    return kind != Kind.DIRECT or action in _STAFF_IN_DIRECT
