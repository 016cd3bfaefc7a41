"""A web of our own: servers that the product takes for public ones, and a trap that it must not touch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from messaging.previews import work
from messaging.previews.fetching import Fetcher
from tests.previews.hostile import Hostile, Names, Trap, policy_for


@pytest.fixture
def site() -> Iterator[Hostile]:
    with Hostile() as made:
        yield made


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as made:
        yield made
        assert made.visits == 0, "a preview went where it must not go"


@pytest.fixture
def names() -> Names:
    return Names(
        {
            "good.test": [["127.0.0.2"]],
            "other.test": [["127.0.0.2"]],
            "private.test": [["127.0.0.1"]],
            "mixed.test": [["127.0.0.2", "127.0.0.1"]],
            "mapped.test": [["::ffff:127.0.0.1"]],
            "rebinding.test": [["127.0.0.2"], ["127.0.0.1"]],
            "nowhere.test": [[]],
        }
    )


@pytest.fixture
def fetcher(site: Hostile, trap: Trap, names: Names) -> Fetcher:
    return Fetcher(policy_for(names, site, trap))


@pytest.fixture
def web(site: Hostile, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> Hostile:
    """The server, where the product fetches previews from it."""
    monkeypatch.setattr(work, "fetcher", fetcher)
    return site
