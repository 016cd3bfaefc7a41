"""What becomes of a room: its name and settings, archiving, deletion and restoration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from realtime.errors import Invalid
from rooms import naming
from rooms.models import Room
from rooms.permissions import Action
from rooms.services.change import Actor, Change, Staff, changing, touch
from rooms.settings import check_settings, settings_of


def update_room(
    actor: Actor,
    room: Room,
    *,
    name: str | None = None,
    topic: str | None = None,
    settings: Mapping[str, Any] | None = None,
    slug: str | None = None,
) -> Room:
    """Change what is given (None: it stays). What changes nothing leaves no entry.

    Invalid: a field breaks its rule. Conflict: the slug is taken. Forbidden: the settings ask for
    a role above the actor's own.
    """
    with changing(room, actor) as change:
        change.require(Action.EDIT_ROOM)
        held = change.room
        wanted: dict[str, Any] = {}
        if name is not None:
            wanted["name"] = naming.check_name(name)
        if topic is not None:
            wanted["topic"] = naming.check_topic(topic)
        if slug is not None:
            wanted["slug"] = naming.check_slug(slug)
        if settings is not None:
            wanted["settings"] = check_settings(
                settings, before=held.settings, role=change.own.role if change.own else None
            )
        before = {field: getattr(held, field) for field in wanted}
        if changed := [field for field in wanted if wanted[field] != before[field]]:
            for field in changed:
                setattr(held, field, wanted[field])
            _save(held, changed)
            change.tell_room()
            _tell_people(change, before)
            change.record("room.edited", changed={field: [before[field], wanted[field]] for field in changed})
        return held


def change_room(actor: Actor, room: Room, *, archived: bool | None = None, **fields: Any) -> Room:
    """Change what is given, as `update_room` and `archive` do: all of it or, where one part is refused, nothing.

    Invalid: nothing is given.
    """
    if not fields and archived is None:
        raise Invalid("Give something to change.")
    with transaction.atomic():
        if fields:
            room = update_room(actor, room, **fields)
        if archived is not None:
            room = (archive if archived else unarchive)(actor, room)
    return room


def _tell_people(change: Change, before: Mapping[str, Any]) -> None:
    """Say in the room what its people ought to notice of a change."""
    room = change.room
    if room.name != before.get("name", room.name):
        change.notice("renamed", before=before["name"], name=room.name)
    if room.topic != before.get("topic", room.topic):
        change.notice("topic", topic=room.topic)
    stay = settings_of(room.settings).retention_s
    if "settings" in before and stay != settings_of(before["settings"]).retention_s:
        change.notice("retention", seconds=stay)


def archive(actor: Actor, room: Room) -> Room:
    """Close the room for writing and for new members; everything can be read."""
    with changing(room, actor) as change:
        change.require(Action.ARCHIVE)
        if change.room.archived_at is None:
            _set(change, "room.archived", archived_at=change.now)
            change.notice("archived")
        return change.room


def unarchive(actor: Actor, room: Room) -> Room:
    """Open an archived room again."""
    with changing(room, actor) as change:
        change.require(Action.ARCHIVE)
        if change.room.archived_at is not None:
            _set(change, "room.unarchived", archived_at=None)
            change.notice("unarchived")
        return change.room


def delete_room(actor: Actor, room: Room) -> Room:
    """Take the room out of everybody's sight. Nothing of it is lost: staff can restore it.

    Hubs end its sockets at the entry, whose payload says that it is deleted.
    """
    with changing(room, actor) as change:
        change.require(Action.DELETE_ROOM)
        _set(change, "room.deleted", deleted_at=change.now)
        _touch_members(change.room)
        return change.room


def restore_room(actor: Staff, room: Room) -> Room:
    """Bring a deleted room back; its members get it again without reconnecting."""
    with changing(room, actor, deleted=True) as change:
        change.require(Action.DELETE_ROOM)
        if change.room.deleted_at is not None:
            _set(change, "room.restored", deleted_at=None)
            _touch_members(change.room)
        return change.room


def _set(change: Change, action: str, **fields: Any) -> None:
    """Set the room's fields, tell its members and the audit record."""
    for field, value in fields.items():
        setattr(change.room, field, value)
    change.room.save(update_fields=[*fields, "updated_at"])
    change.tell_room()
    change.record(action, severity="notice")


def _save(room: Room, changed: list[str]) -> None:
    try:
        with transaction.atomic():
            room.save(update_fields=[*changed, "updated_at"])
    except IntegrityError:
        if "slug" in changed and Room.objects.filter(slug=room.slug).exclude(pk=room.pk).exists():
            raise naming.slug_taken() from None
        raise


def _touch_members(room: Room) -> None:
    touch(list(room.memberships.current().values_list("user_id", flat=True)))
