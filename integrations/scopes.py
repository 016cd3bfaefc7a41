"""What an API token may be limited to. A token without scopes may do all that its user may.

    read   GET, HEAD and OPTIONS of the REST API; connecting to the socket and what it delivers
    write  every other method; commands on the socket that change something

They are independent of one another: a script that only posts has `write` alone and can read
nothing, so it can't open a socket. A new scope is added here and asked for where it matters; old
tokens do not have it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from rest_framework.permissions import SAFE_METHODS

from realtime.errors import Invalid


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"


def check_scopes(names: Iterable[str]) -> list[str]:
    """Return the scopes sorted and each once. Invalid: one is not known."""
    chosen = sorted(set(names))
    if unknown := [name for name in chosen if name not in set(Scope)]:
        message = f"Not a scope: {', '.join(unknown)}. There are {', '.join(Scope)}."
        raise Invalid(message, fields={"scopes": [message]})
    return chosen


def needed_for(method: str | None) -> Scope:
    """Return the scope that an HTTP method needs."""
    return Scope.READ if method in SAFE_METHODS else Scope.WRITE


def covers(scopes: Collection[str], needed: Scope) -> bool:
    """Whether a token of these scopes may do what needs `needed`."""
    return not scopes or needed in scopes
