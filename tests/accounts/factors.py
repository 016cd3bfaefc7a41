"""Second factors of people in tests."""

from __future__ import annotations

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from accounts.models import User

PERIOD_S = 30


def with_totp(user: User) -> str:
    """Give the user an app with codes, and recovery codes; return the app's secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    """The code that the app shows now, or so many steps later."""
    counter = int(time.time()) // PERIOD_S + steps
    code: str = format_hotp_value(hotp_value(secret, counter))
    return code
