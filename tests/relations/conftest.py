"""What the tests of contacts and blocks share."""

from __future__ import annotations

from accounts.models import User
from accounts.services import contacts


def befriend(user: User, other: User) -> None:
    """Make the two contacts of each other."""
    contacts.accept(other, contacts.request(user, other)[0].pk)
