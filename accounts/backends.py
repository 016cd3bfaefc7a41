"""Who somebody is by name and password, and whether they may be signed in at all."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db.models.functions import Lower
from django.http import HttpRequest

from accounts.models import User


def find_user(login: str) -> User | None:
    """Return whose username or e-mail address that is. Usernames hold no “@”, so there is no doubt which.

    Addresses are the user's main one and further ones that were verified: an unverified one could
    be anybody's.
    """
    key = login.strip().lower()
    if "@" not in key:
        return User.objects.named(key).first()
    verified = EmailAddress.objects.filter(email=key, verified=True).select_related("user").first()
    if verified is not None:
        return verified.user
    return User.objects.alias(address=Lower("email")).filter(address=key).first()


class AccountBackend(AuthenticationBackend):
    """allauth's backend, which also refuses the suspended: at sign-in and on every later request."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Return the user whose credentials these are, or None.

        One password hash is computed whether the login exists or not. (allauth's own tries an
        address twice where it exists, so the time of the answer would tell that it does.)
        """
        login = credentials.get("email") or credentials.get("username")
        password = credentials.get("password")
        if not login or not password:
            return None
        user = find_user(login)
        if user is None:
            make_password(password)
            return None
        if not user.check_password(password):
            return None
        if not self.user_can_authenticate(user):
            # The adapter finds the user there and tells them why they may not sign in.
            self._stash_user(user)
            return None
        return user

    def user_can_authenticate(self, user: User) -> bool:
        return super().user_can_authenticate(user) and not user.is_suspended
