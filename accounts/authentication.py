"""Who a socket or a call belongs to by its session cookie or access token, and which sessions still stand.

All of it is synchronous and runs on a worker thread; integrations does the same for API tokens.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http.cookie import parse_cookie
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.authentication import SessionAuthentication as FrameworkSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import devices, guests, tokens
from accounts.models import DeviceSession, User
from realtime.identity import Identity

PREFIX, ACCESS_PREFIX = "session:", "access:"
SCHEME = b"bearer"

# Django's keys are 32 of a–z and 0–9. Anything else, NUL above all, is kept from the database.
SESSION_KEY_MAX = 40


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good access token opens: `request.auth` of a call that it signs."""

    device: DeviceSession
    expires: int

    @property
    def credential(self) -> str:
        return f"{ACCESS_PREFIX}{self.device.pk}:{self.expires}"


def grant_of(token: str) -> Grant | None:
    """Return what the access token opens; None: it is malformed, forged, run out, or its session has ended.

    Three queries. The device comes with its user.
    """
    access = tokens.read_access(token)
    if access is None or access.expires <= time.time():
        return None
    rows = DeviceSession.objects.filter(pk=access.device_id, replaced_at__isnull=True).select_related("user")
    device = rows.first()
    if device is None or not access.is_of(device) or device.session_key not in devices.owners([device.session_key]):
        return None
    return Grant(device, access.expires)


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer chata_…`. No scope: it may what its user may."""

    def authenticate(self, request: Request) -> tuple[User, Grant] | None:
        token = _access_token(get_authorization_header(request))
        if token is None:
            return None
        grant = grant_of(token)
        if grant is None:
            raise AuthenticationFailed("This access token is not valid, or not any more. Renew it, or sign in again.")
        devices.note_use([grant.device.session_key])
        return grant.device.user, grant

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(FrameworkSessionAuthentication):
    """REST framework's, which also notes that the device is in use."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is not None and (key := request.session.session_key):
            devices.note_use([key])
        return found


def authenticate_socket(scope: Mapping[str, Any]) -> Identity | None:
    """Return whose session the handshake's cookie or access token names; None if there is none that stands.

    Where an Authorization header was sent, it decides alone. The gateway asks nobody for an
    Origin who sends one, and a foreign page can have the browser send one along with the cookie
    (`wss://user:password@host/`).
    """
    header = next((value for name, value in scope.get("headers", ()) if name == b"authorization"), None)
    if header is not None:
        token = _access_token(header)
        grant = grant_of(token) if token is not None else None
        return _by_grant(grant) if grant is not None else None
    key = _cookie(scope)
    user = devices.owners([key]).get(key) if key else None
    if key is None or user is None:
        return None
    # `rev` was read after the session: one that ended in between bumped it before it was read, and
    # the recheck would find nothing new. Looked at again, the session is at least as old as `rev`.
    if not devices.session_model().objects.filter(session_key=key).exists():
        return None
    devices.note_use([key])
    return Identity(
        user_id=str(user.pk),
        username=user.username,
        rev=user.rev,
        credential=PREFIX + key,
        via="session",
        unthrottled=user.unthrottled,
        commands=guests.COMMANDS if user.is_visitor else None,
    )


def still_valid(credentials: Iterable[str]) -> set[str]:
    """Return those of the credentials (`session:<key>`, `access:<device>:<end>`) that still stand.

    Others are passed over. Three queries at most, however many they are. Who has a socket open is
    here, so this also notes the use of their devices.
    """
    given = set(credentials)
    keys = {credential.removeprefix(PREFIX): credential for credential in given if credential.startswith(PREFIX)}
    wanted: dict[str, set[str]] = {key: {credential} for key, credential in keys.items()}
    for key, granted in _of_access(given).items():
        wanted.setdefault(key, set()).update(granted)
    standing = devices.owners(wanted.keys())
    devices.note_use(standing)
    return {credential for key in standing for credential in wanted[key]}


def replaced(credentials: Iterable[str]) -> set[str]:
    """Of these credentials, those whose session gave way to a newer one (single-session mode)."""
    if not settings.SINGLE_SESSION:
        return set()
    given = set(credentials)
    rows = DeviceSession.objects.filter(replaced_at__isnull=False)
    keys = {credential.removeprefix(PREFIX) for credential in given if credential.startswith(PREFIX)}
    by_id = _devices_of(given)
    gone = {PREFIX + key for key in rows.filter(session_key__in=keys).values_list("session_key", flat=True)}
    for device_id in rows.filter(pk__in=by_id).values_list("pk", flat=True):
        gone |= by_id[device_id]
    return gone


def _by_grant(grant: Grant) -> Identity | None:
    device = grant.device
    devices.note_use([device.session_key])
    # As with cookies: the session is looked at again, after `rev` was read.
    if not devices.session_model().objects.filter(session_key=device.session_key).exists():
        return None
    user = device.user
    return Identity(
        user_id=str(user.pk),
        username=user.username,
        rev=user.rev,
        credential=grant.credential,
        via="session",
        unthrottled=user.unthrottled,
    )


def _of_access(credentials: Iterable[str]) -> dict[str, set[str]]:
    """The access credentials that have not run out, by the key of the session that they belong to."""
    now = time.time()
    access = [each for each in credentials if each.startswith(ACCESS_PREFIX)]
    live = _devices_of(each for each in access if int(each.rpartition(":")[2]) > now)
    if not live:
        return {}
    rows = DeviceSession.objects.filter(pk__in=live, replaced_at__isnull=True).values_list("session_key", "pk")
    return {key: live[device_id] for key, device_id in rows}


def _devices_of(credentials: Iterable[str]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    for credential in credentials:
        if credential.startswith(ACCESS_PREFIX):
            found.setdefault(UUID(credential.split(":")[1]), set()).add(credential)
    return found


def _access_token(header: bytes) -> str | None:
    """The access token in an Authorization header; None where there is another kind of credential, or none."""
    scheme, _, credential = header.partition(b" ")
    token = credential.strip().decode("latin-1")
    return token if scheme.lower() == SCHEME and token.startswith(tokens.ACCESS_PREFIX) else None


def _cookie(scope: Mapping[str, Any]) -> str | None:
    header = "; ".join(value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"cookie")
    key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isascii() and key.isalnum() and len(key) <= SESSION_KEY_MAX else None
