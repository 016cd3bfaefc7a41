"""Second factors: their secrets are encrypted at rest, and apps show whose code it is."""

from __future__ import annotations

import base64

from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.user_agents import describe


def _cipher() -> MultiFernet:
    """The server's key, and those before it: what was encrypted with them is still read."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = (salted_hmac("chat.mfa", "at rest", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in derived])


class MFAAdapter(DefaultMFAAdapter):
    """allauth's, with the encryption that it leaves to its users."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode("ascii")

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """Suggest what to call a new passkey: by the device that makes it."""
        return describe(context.request.META.get("HTTP_USER_AGENT", ""))

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode("ascii")).decode()


def _mark_code_used(self: TOTP, code: str) -> bool:
    """Whether the code is used for the first time.

    allauth remembers it for one step of 30 s, by which it may still be good: with a tolerance of one
    step, a code is good for three. Who looks over a shoulder could use it once more.
    """
    steps = 2 * app_settings.TOTP_TOLERANCE + 1
    return bool(cache.add(self._get_used_cache_key(code), "y", timeout=steps * app_settings.TOTP_PERIOD))


# allauth has no setting for it, and makes its `TOTP`s itself.
TOTP._mark_code_used = _mark_code_used
