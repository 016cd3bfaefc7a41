"""What is particular about passwords here: hashes of migrated users, and what a new one sets off."""

from __future__ import annotations

import bcrypt
from django.contrib.auth.hashers import BCryptPasswordHasher

from accounts.models import User
from realtime import bus

BCRYPT_BYTES = 72  # bcrypt reads no more of a password


class MigratedBCryptHasher(BCryptPasswordHasher):
    """Checks the plain bcrypt hashes that migrated users bring (`bcrypt$$2b$12$…`).

    Whoever made them cut long passwords at 72 bytes, as bcrypt always did. The library of today
    raises an error instead, so a long password, right or wrong, would be a server error.
    """

    def encode(self, password: str, salt: bytes) -> str:  # type: ignore[override]
        data = bcrypt.hashpw(password.encode()[:BCRYPT_BYTES], salt)
        return f"{self.algorithm}${data.decode('ascii')}"


class EndsOtherSessions:
    """A password "validator" that only listens: Django tells validators of every new password.

    A new password ends all sessions, since their hash no longer matches. Their open sockets have
    to learn of it, also where the password was set by `manage.py changepassword` or other code
    that knows nothing of sockets.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Accept every password."""

    def get_help_text(self) -> str:
        return "A new password signs you out on all other devices."

    def password_changed(self, password: str, user: User | None = None) -> None:
        if user is not None and User.objects.filter(pk=user.pk).touch_rev():
            bus.recheck([user.pk])
