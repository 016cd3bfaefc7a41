"""A user as others see one: the `sender` of a message, a member of a room."""

from __future__ import annotations

from uuid import UUID

import msgspec

from accounts import pictures
from accounts.models import User
from accounts.statuses import Status
from realtime.values import Id


class Person(msgspec.Struct, frozen=True, gc=False):
    """`{"id", "username", "display_name", "avatar"}` of PROTOCOL."""

    id: Id
    username: str
    display_name: str
    avatar: str | None


class PersonNow(Person, frozen=True, gc=False):
    """A person with what they say of themselves at the moment, for where that is shown: lists, not messages."""

    status: Status | None


def person(user_id: UUID, username: str, display_name: str, avatar: str) -> Person:
    """Make a `Person` from columns, for reads that go past the ORM."""
    return Person(str(user_id), username, display_name or username, avatar_url(avatar))


def person_of(user: User) -> Person:
    return person(user.pk, user.username, user.display_name, user.avatar.name or "")


def person_now(user: User) -> PersonNow:
    return PersonNow(**msgspec.structs.asdict(person_of(user)), status=user.status)


def avatar_url(name: str, size: int = pictures.MEDIUM) -> str | None:
    """The address of a picture, in one of the sizes of `accounts.pictures`; None where there is none."""
    return pictures.url(name, size)
