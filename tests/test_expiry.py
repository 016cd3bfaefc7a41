"""Credentials that run out while their sockets are open: nothing in the database moves then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import ApiToken
from tests.fixtures_server import Guest, Installation, World
from tests.servers import ServerProcess


@pytest.fixture(scope="module")
def attentive(installation: Installation) -> ServerProcess:
    """A server that looks for what has run out all the time."""
    return installation.start(patch="import realtime.checks\nrealtime.checks.EXPIRY_INTERVAL_S = 0.1")


async def test_a_token_that_runs_out_takes_its_sockets_along(world: World, attentive: ServerProcess) -> None:
    alice, bob = await world.people(2)
    expiring, staying = await world.socket(alice, server=attentive), await world.socket(bob, server=attentive)

    def run_out(guest: Guest) -> None:
        """As time does it: no service, no `rev`."""
        ApiToken.objects.filter(user=guest.user).update(expires_at=timezone.now() - timedelta(seconds=1))

    await world.shell(run_out, alice)
    assert await expiring.closed() == 4401
    await staying.in_step()
