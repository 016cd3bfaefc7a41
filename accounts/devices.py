"""What is known of the devices on which people are signed in: read here, changed by `services.sessions`."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import DeviceSession, User

# “Last used” is right to the minute; a write for every request would make reading as dear as writing.
NOTED_EVERY_S = 60.0
# So many are remembered as noted; beyond it, all are forgotten and noted once more.
NOTED_MAX = 50_000


def session_model() -> Any:
    """The model of the sessions' engine, which keeps them in the database."""
    return import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()


def store(session_key: str | None = None) -> SessionBase:
    made: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return made


def owners(keys: Collection[str]) -> dict[str, User]:
    """The users who are signed in by these sessions and may be, by session key. Two queries."""
    rows = session_model().objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {row.session_key: row.get_decoded() for row in rows}
    ids = {data[SESSION_KEY] for data in sessions.values() if SESSION_KEY in data}
    users = {str(user.pk): user for user in User.objects.active().filter(pk__in=ids)} if ids else {}
    found = ((key, data, users.get(data.get(SESSION_KEY, ""))) for key, data in sessions.items())
    return {key: user for key, data, user in found if user is not None and _opens(data, user)}


def of_user(user: User) -> list[DeviceSession]:
    """The user's devices whose session stands, the last used first."""
    devices = list(DeviceSession.objects.of(user))
    standing = owners([device.session_key for device in devices])
    return [device for device in devices if device.session_key in standing]


def of_session(session: SessionBase) -> DeviceSession | None:
    """The device that a session belongs to."""
    key = session.session_key
    return DeviceSession.objects.filter(session_key=key, replaced_at__isnull=True).first() if key else None


def note_use(keys: Iterable[str]) -> None:
    """Say that these sessions are in use now. A write a minute and process at most, for all of them."""
    now = time.monotonic()
    with _lock:
        if len(_noted) > NOTED_MAX:
            _noted.clear()
        due = [key for key in keys if _noted.get(key, -NOTED_EVERY_S) <= now - NOTED_EVERY_S]
        _noted.update(dict.fromkeys(due, now))
    if due:
        DeviceSession.objects.filter(session_key__in=due).update(last_used_at=timezone.now())


_noted: dict[str, float] = {}
_lock = threading.Lock()


def _opens(data: Any, user: User) -> bool:
    """Whether the session was opened with the user's password of now, in a way that is still in use."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    held = data.get(HASH_SESSION_KEY, "")
    valid = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(held, one) for one in valid)
