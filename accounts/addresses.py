"""E-mail addresses: whose they are, and what is only claimed.

`User.email` is one person's alone. An address that is somebody's already can be entered by another
all the same, for a refusal would tell that it is in use: it is then a claim, an `EmailAddress` that
opens nothing and that is nobody's main one before a mail to it has been answered. Whoever answers
that mail gets the address, and the claims of others to it are void.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models.functions import Lower

from accounts.models import User


def is_taken(email: str, *, by_other_than: User | None = None) -> bool:
    """Whether the address is somebody's: their main one, or a verified one."""
    key, own = email.lower(), by_other_than.pk if by_other_than else None
    if User.objects.alias(address=Lower("email")).filter(address=key).exclude(pk=own).exists():
        return True
    return EmailAddress.objects.filter(email=key, verified=True).exclude(user=own).exists()


def main_of(user: User) -> str | None:
    """The address that the user goes by, be it only a claim: to them it looks like any other."""
    return user.email or EmailAddress.objects.filter(user=user, primary=True).values_list("email", flat=True).first()


def settle(address: EmailAddress) -> None:
    """Make a verified address its user's alone."""
    User.objects.filter(email=address.email).exclude(pk=address.user_id).update(email=None)
    EmailAddress.objects.filter(email=address.email, verified=False).exclude(user=address.user_id).delete()
