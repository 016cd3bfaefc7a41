"""The verbs that change rooms. Each checks, writes and tells, in one transaction under the room's lock.

They take who acts first: a user, bound by their role in the room, or `Staff`, bound by nothing
but the room's kind. They raise `realtime.errors.Refusal`s, and then nothing has changed. A room
that is passed in may be stale: it is read afresh under the lock, and that one is returned.
"""

from rooms.services.change import Actor, Staff
from rooms.services.inviting import accept_link, answer, invite, invite_by_link, link_of, revoke
from rooms.services.making import create_room, direct_key, direct_room, make_room
from rooms.services.membership import (
    add_members,
    change_role,
    heir,
    join,
    leave,
    mute_member,
    remove_member,
    transfer,
)
from rooms.services.moderating import ban, change_member, set_permissions, unban
from rooms.services.picture import remove_picture, set_picture
from rooms.services.preferences import (
    change_section,
    create_section,
    delete_section,
    preferences_for,
    set_preferences,
)
from rooms.services.upkeep import archive, change_room, delete_room, restore_room, unarchive, update_room

__all__ = [
    "Actor",
    "Staff",
    "accept_link",
    "add_members",
    "answer",
    "archive",
    "ban",
    "change_member",
    "change_role",
    "change_room",
    "change_section",
    "create_room",
    "create_section",
    "delete_room",
    "delete_section",
    "direct_key",
    "direct_room",
    "heir",
    "invite",
    "invite_by_link",
    "join",
    "leave",
    "link_of",
    "make_room",
    "mute_member",
    "preferences_for",
    "remove_member",
    "remove_picture",
    "restore_room",
    "revoke",
    "set_permissions",
    "set_picture",
    "set_preferences",
    "transfer",
    "unarchive",
    "unban",
    "update_room",
]
