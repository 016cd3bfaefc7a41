"""Finding people by what one remembers of their name."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from accounts.models.user import USERNAME_MAX
from realtime.errors import Invalid, NotFound, RateLimited
from realtime.limits import Buckets

PEOPLE_LIMIT = 20


# A person who types a name asks once in a while; what asks more often tries names.
_LOOK_UPS = Buckets(rate=1, burst=30)


def person_named(asker: User, username: str) -> User | None:
    """The one who may be met under exactly this username (an “@” before it is no part of it).

    RateLimited: the asker has looked up very many names.
    """
    if not asker.unthrottled and (wait := _LOOK_UPS.take(str(asker.pk))):
        raise RateLimited("You are looking up very many names. Wait a moment.", retry_after=wait)
    username = username.strip().removeprefix("@")
    if not username or len(username) > USERNAME_MAX or not username.isascii() or "\0" in username:
        return None
    return User.objects.active().named(username).first()


def whom(asker: User, user_id: UUID | None, username: str | None) -> UUID:
    """The one of the two that was given, as an id. NotFound: nobody has that name. Invalid: both, or neither."""
    if (user_id is None) == (username is None):
        raise Invalid("Give either “user” or “username”.")
    if user_id is not None:
        return user_id
    found = person_named(asker, username or "")
    if found is None:
        raise NotFound("There is no such person.")
    return found.pk


def find_people(query: str, *, without: Collection[User] = (), limit: int = PEOPLE_LIMIT) -> list[User]:
    """Return active users by the beginning of the username or of a word of the display name.

    An empty query gives the first by name, so that a small team needs no search at all.
    """
    people = User.objects.active().with_accounts().exclude(pk__in=[user.pk for user in without])
    if query := query.lstrip("@"):
        people = people.filter(named_like(query))
    return list(people.order_by("username")[:limit])


def named_like(query: str, path: str = "") -> Q:
    """Whose username, or a word of whose display name, begins so; `path` leads to the user (“user__”)."""
    name, words = f"{path}username", f"{path}display_name"
    return (
        Q((f"{name}__istartswith", query))
        | Q((f"{words}__istartswith", query))
        | Q((f"{words}__icontains", f" {query}"))
    )
