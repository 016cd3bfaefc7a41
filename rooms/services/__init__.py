"""The verbs that change rooms. Each checks, writes and tells, in one transaction under the room's lock.

They take who acts first: a user, bound by their role in the room, or `Staff`, bound by nothing
but the room's kind. They raise `realtime.errors.Refusal`s, and then nothing has changed. A room
that is passed in may be stale: it is read afresh under the lock, and that one is returned.
"""

from rooms.services.change import Actor, Staff
from rooms.services.making import create_room, direct_key, direct_room
from rooms.services.membership import (
    add_members,
    change_role,
    join,
    leave,
    mute_member,
    remove_member,
    transfer,
)
from rooms.services.preferences import (
    change_section,
    create_section,
    delete_section,
    preferences_for,
    set_preferences,
)
from rooms.services.upkeep import archive, delete_room, restore_room, unarchive, update_room

__all__ = [
    "Actor",
    "Staff",
    "add_members",
    "archive",
    "change_role",
    "change_section",
    "create_room",
    "create_section",
    "delete_room",
    "delete_section",
    "direct_key",
    "direct_room",
    "join",
    "leave",
    "mute_member",
    "preferences_for",
    "remove_member",
    "restore_room",
    "set_preferences",
    "transfer",
    "unarchive",
    "update_room",
]
