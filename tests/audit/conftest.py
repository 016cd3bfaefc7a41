"""A small chain, with and without the triggers that guard it."""

from __future__ import annotations

import pytest
from django.db import connection

from audit import triggers
from audit.models import AuditEntry
from audit.sealer import seal_pending
from audit.services import record


@pytest.fixture
def guarded(db: None) -> None:
    """The triggers of a real installation, for this test's transaction only; see conftest."""
    triggers.install(connection)


@pytest.fixture
def chain(db: None) -> list[AuditEntry]:
    """Five sealed entries. Without triggers: what an attacker does who has got around them."""
    entries = [record("test.done", details={"n": n}) for n in range(1, 6)]
    seal_pending()
    return entries
