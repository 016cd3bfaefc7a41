"""Who a socket belongs to by its session cookie, and which sessions still stand.

Both are synchronous and run on a worker thread; integrations does the same for tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http.cookie import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from realtime.identity import Identity

PREFIX = "session:"

# Django's keys are 32 of a–z and 0–9. Anything else, NUL above all, is kept from the database.
SESSION_KEY_MAX = 40


def authenticate_socket(scope: Mapping[str, Any]) -> Identity | None:
    """Return whose session the handshake's cookie names; None if there is none that stands.

    Where an Authorization header was sent, it decides alone. The gateway asks nobody for an
    Origin who sends one, and a foreign page can have the browser send one along with the cookie
    (`wss://user:password@host/`).
    """
    if any(name == b"authorization" for name, _ in scope.get("headers", ())):
        return None
    key = _cookie(scope)
    user = _owners([key]).get(key) if key else None
    if key is None or user is None:
        return None
    # `rev` was read after the session: one that ended in between bumped it before it was read, and
    # the recheck would find nothing new. Looked at again, the session is at least as old as `rev`.
    if not _session_model().objects.filter(session_key=key).exists():
        return None
    return Identity(
        user_id=str(user.pk),
        username=user.username,
        rev=user.rev,
        credential=PREFIX + key,
        via="session",
        unthrottled=user.unthrottled,
    )


def still_valid(credentials: Iterable[str]) -> set[str]:
    """Return those of the credentials (`session:<key>`, others are passed over) that still stand.

    Two queries, however many they are.
    """
    keys = {credential.removeprefix(PREFIX) for credential in credentials if credential.startswith(PREFIX)}
    return {PREFIX + key for key in _owners(keys)}


def _cookie(scope: Mapping[str, Any]) -> str | None:
    header = "; ".join(value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"cookie")
    key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isascii() and key.isalnum() and len(key) <= SESSION_KEY_MAX else None


def _owners(keys: Collection[str]) -> dict[str, User]:
    """Return the users who are signed in by these sessions and may be, by session key."""
    rows = _session_model().objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {row.session_key: row.get_decoded() for row in rows}
    ids = {data[SESSION_KEY] for data in sessions.values() if SESSION_KEY in data}
    users = {str(user.pk): user for user in User.objects.active().filter(pk__in=ids)} if ids else {}
    owners = ((key, data, users.get(data.get(SESSION_KEY, ""))) for key, data in sessions.items())
    return {key: user for key, data, user in owners if user is not None and _opens(data, user)}


def _opens(data: Mapping[str, Any], user: User) -> bool:
    """Whether the session was opened with the user's password of now, in a way that is still in use."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    held = data.get(HASH_SESSION_KEY, "")
    valid = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(held, one) for one in valid)


def _session_model() -> Any:
    """The model of the sessions' engine, which keeps them in the database."""
    store: type[SessionStore] = import_module(settings.SESSION_ENGINE).SessionStore
    return store.get_model_class()
