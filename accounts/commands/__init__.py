"""The socket commands of this app: on one's own profile, and between two people. Guests have none of them."""

from accounts.commands import own, relations  # they register themselves

__all__ = ["own", "relations"]
