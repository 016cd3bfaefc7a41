"""Finding people by what one remembers of their name."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from accounts.models import User

PEOPLE_LIMIT = 20


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
