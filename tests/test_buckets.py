"""The buckets of rate limits that a process keeps."""

from __future__ import annotations

import pytest

from realtime import limits
from realtime.limits import Buckets


def test_who_has_to_wait_is_never_told_to_wait_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.9999, 0.9999, 1.0009])
    monkeypatch.setattr(limits.time, "monotonic", lambda: next(clock))
    buckets = Buckets(rate=1, burst=1)
    assert buckets.take("one") == 0
    assert buckets.take("one") == 0.001
    assert buckets.take("another") == 0
    assert buckets.take("one") == 0
