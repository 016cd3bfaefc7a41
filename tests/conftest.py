"""What every test needs: a database that can be emptied, the cast, clients of the REST API.

`DATABASE_URL` and `REDIS_URL` choose the servers, as they do in production; without them the
suite runs on the embedded database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from pytest_django import DjangoDbBlocker

from accounts.models import User
from audit import triggers
from messaging import partitions
from rooms.models import LogEpoch
from tests import counters
from tests.contract import ContractClient
from tests.factories import Cast

pytest_plugins = ("tests.fixtures_server",)


@pytest.fixture(scope="session", autouse=True)
def _static_files_when_asked_for() -> None:
    """Look for a static file when it is asked for: a list of them all would be made for every client of a test."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let the test database be emptied: the audit record's triggers would refuse it.

    A test of those triggers installs them and removes them again.
    """
    with django_db_blocker.unblock():
        triggers.remove(connection)
        # Ahead of the tests, as in production: one that is rolled back would take its partition along.
        partitions.ensure_coming()
    post_migrate.connect(_begin_epoch, sender=apps.get_app_config("rooms"))


def _begin_epoch(**_: Any) -> None:
    """Put back the row that a migration made, after a test with `transaction=True` emptied the tables."""
    if not LogEpoch.objects.exists():
        LogEpoch.objects.create(reason="the test database was emptied")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Counters of rate limits do not go from one test into the next."""
    counters.forget()


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def api() -> Callable[..., ContractClient]:
    """Make a client of the REST API that is signed in as the user, or as nobody.

    Every answer that it gets is held against the OpenAPI description.
    """

    def client(user: User | None = None) -> ContractClient:
        made = ContractClient()
        if user is not None:
            made.force_authenticate(user)
        return made

    return client
