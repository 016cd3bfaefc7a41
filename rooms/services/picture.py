"""A room's picture."""

from __future__ import annotations

from accounts import pace, pictures
from accounts.models import User
from rooms.models import Room
from rooms.permissions import Action
from rooms.services.change import Actor, Change, changing


def set_picture(actor: Actor, room: Room, upload: pictures.Upload) -> Room:
    """Make what was uploaded the room's picture. TooLarge or Invalid: it can't be used.

    RateLimited: the person uploads too many, of themselves and of rooms.
    """
    with changing(room, actor) as change:
        change.require(Action.EDIT_ROOM)  # before the work, which is done without the room's lock
    if isinstance(actor, User):
        pace.picture(actor)
    name = pictures.keep(upload, "rooms")
    try:
        with changing(room, actor) as change:
            change.require(Action.EDIT_ROOM)
            return _put(change, name)
    except Exception:
        pictures.discard.call(name)  # nothing refers to it
        raise


def remove_picture(actor: Actor, room: Room) -> Room:
    """Take the room's picture away. No change where there is none."""
    with changing(room, actor) as change:
        change.require(Action.EDIT_ROOM)
        return _put(change, "") if change.room.avatar else change.room


def _put(change: Change, name: str) -> Room:
    before = change.room.avatar.name
    change.room.avatar = name
    change.room.save(update_fields=["avatar", "updated_at"])
    if before:
        pictures.discard.enqueue(before)
    change.tell_room()
    change.notice("picture", removed=not name)
    change.record("room.picture_changed" if name else "room.picture_removed")
    return change.room
