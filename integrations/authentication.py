"""Who a program is by its API token, on the REST API and at the socket's handshake.

A token is found by its digest, so nothing secret is compared byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.models import User
from accounts.tokens import ACCESS_PREFIX
from integrations.models import ApiToken
from integrations.scopes import Scope, covers, needed_for
from integrations.tokens import digest_of
from realtime.identity import Identity

PREFIX = "token:"
SCHEME = "bearer"

# A write for every call would make reading as dear as writing.
LAST_USED_EVERY = timedelta(minutes=1)


class TokenRefused(Exception):
    """An Authorization header that opens nothing; the text is for who sent it."""


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer chat_…`. A wrong token is refused, never ignored for the cookie's sake.

    The scope is asked for here and not in a permission class, since a view that sets its own
    `permission_classes` would forget it.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        try:
            token = _token_of(get_authorization_header(request))
        except TokenRefused as refusal:
            raise AuthenticationFailed(str(refusal)) from refusal
        if token is None:
            return None
        needed = needed_for(request.method)
        if not covers(token.scopes, needed):
            raise PermissionDenied(f"This token does not have the scope “{needed}”.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def authenticate_socket(scope: Mapping[str, Any]) -> Identity | None:
    """Return whose token the handshake's Authorization header holds; None if none that is good.

    A socket delivers whatever its user may read, so it takes a token that may read.
    """
    header = next((value for name, value in scope.get("headers", ()) if name == b"authorization"), b"")
    try:
        token = _token_of(header)
    except TokenRefused:
        return None
    if token is None or not covers(token.scopes, Scope.READ):
        return None
    user = token.user
    return Identity(
        user_id=str(user.pk),
        username=user.username,
        rev=user.rev,  # read in one query with the token: what changes later makes it differ
        credential=f"{PREFIX}{token.pk}",
        via="token",
        scopes=frozenset(token.scopes),
        unthrottled=user.unthrottled,
    )


def still_valid(credentials: Iterable[str]) -> set[str]:
    """Return those of the credentials (`token:<uuid>`, others are passed over) that still stand. One query."""
    ids = {UUID(credential.removeprefix(PREFIX)) for credential in credentials if credential.startswith(PREFIX)}
    standing = ApiToken.objects.live().filter(pk__in=ids, user__in=User.objects.active())
    return {f"{PREFIX}{pk}" for pk in standing.values_list("pk", flat=True)}


def _token_of(header: bytes) -> ApiToken | None:
    """Return the token of an Authorization header; None where there is none of the scheme Bearer, or an access token.

    TokenRefused: it is malformed, unknown, revoked or expired, or its user may not come in. Whoever
    holds a token may know which of these it is.
    """
    scheme, _, credential = header.partition(b" ")
    if scheme.lower() != SCHEME.encode() or credential.strip().startswith(ACCESS_PREFIX.encode()):
        return None
    try:
        digest = digest_of(credential.strip().decode("ascii"))
    except UnicodeDecodeError:
        raise TokenRefused("This token is not valid.") from None
    token = ApiToken.objects.select_related("user").filter(digest=digest).first()
    if token is None:
        raise TokenRefused("This token is not valid.")
    if token.revoked_at is not None:
        raise TokenRefused("This token has been revoked.")
    if not token.is_live:
        raise TokenRefused("This token has expired.")
    if not token.user.is_active or token.user.is_suspended or token.user.is_visitor:
        raise TokenRefused("The account of this token is suspended or closed.")
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at <= now - LAST_USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
