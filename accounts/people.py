"""A user as others see one: the `sender` of a message, a member of a room."""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.conf import settings

from accounts.models import User
from realtime.values import Id


class Person(msgspec.Struct, frozen=True, gc=False):
    """`{"id", "username", "display_name", "avatar"}` of PROTOCOL."""

    id: Id
    username: str
    display_name: str
    avatar: str | None


def person(user_id: UUID, username: str, display_name: str, avatar: str) -> Person:
    """Make a `Person` from columns, for reads that go past the ORM."""
    return Person(str(user_id), username, display_name or username, avatar_url(avatar))


def person_of(user: User) -> Person:
    return person(user.pk, user.username, user.display_name, user.avatar.name or "")


def avatar_url(name: str) -> str | None:
    return f"/{settings.MEDIA_URL.lstrip('/')}{name}" if name else None
