"""allauth's headless API, with tokens of ours: short access tokens and refresh tokens that rotate.

While somebody signs in (a password, then a code), the steps are held together by a sign-in token in
`X-Session-Token`. Signed in, a program has an access and a refresh token, and nothing that lasts:
the sign-in token opens no session in which somebody is signed in.
"""

from __future__ import annotations

from typing import Any

from allauth.core.internal.httpkit import get_authorization_credential
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from accounts import devices, tokens
from accounts.authentication import grant_of
from accounts.services import sessions


class TokenStrategy(AbstractTokenStrategy):
    """Named by `HEADLESS_TOKEN_STRATEGY`."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        given: str | None = super().get_session_token(request)
        return given or get_authorization_credential(request, "Bearer")

    def create_session_token(self, request: HttpRequest) -> str:
        """Name the session of somebody who is signing in. Empty, and so not shown, once they are."""
        if request.user.is_authenticated:
            return ""
        if not request.session.session_key:
            request.session.save()
        return f"{tokens.SIGN_IN_PREFIX}{request.session.session_key}"

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        device = devices.of_session(request.session)
        issued = sessions.issue(device) if device is not None else None
        if issued is None:
            return None
        access, refresh = issued
        return {"access_token": access, "refresh_token": refresh, "expires_in": settings.ACCESS_TOKEN_S}

    def lookup_session(self, session_token: str) -> SessionBase | None:
        if session_token.startswith(tokens.ACCESS_PREFIX):
            grant = grant_of(session_token)
            if grant is None:
                return None
            devices.note_use([grant.device.session_key])
            return devices.store(grant.device.session_key)
        if not session_token.startswith(tokens.SIGN_IN_PREFIX):
            return None
        key = session_token.removeprefix(tokens.SIGN_IN_PREFIX)
        if not (key.isascii() and key.isalnum()):
            return None
        session = devices.store(key)
        # Reading it loads it, and takes the key from one that is not there.
        is_signed_in = SESSION_KEY in session
        return None if is_signed_in or session.session_key is None else session

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        return sessions.renew(refresh_token)
