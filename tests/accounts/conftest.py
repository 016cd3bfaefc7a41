"""Alice, the boss and a moderator, who can sign in, and a listener on the bus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Permission

from accounts.models import User
from realtime import bus
from tests.accounts.browsers import PASSWORD
from tests.factories import make_user
from tests.listening import Ears


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as ever, but with 64 KiB in place of 100 MiB: these tests hash hundreds of times."""
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice", password=PASSWORD)


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", password=PASSWORD, is_staff=True, is_superuser=True)


@pytest.fixture
def moderator(db: None) -> User:
    """Staff with every right over users that the admin knows, and no superuser."""
    user = make_user("erin", password=PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["accounts", "account", "auth"]))
    return user


@pytest.fixture
def ears() -> Iterator[Ears]:
    listening = Ears()
    bus.attach(listening)
    yield listening
    bus.detach(listening)
