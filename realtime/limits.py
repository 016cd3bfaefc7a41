"""Rate limits of the process: token buckets by key, which cost nothing while nobody hurries."""

from __future__ import annotations

import math
import threading
import time

# Buckets that are kept; beyond, those that are full again are forgotten.
_SWEEP_AT = 10_000


class Buckets:
    """One bucket a key: `rate` tokens a second, up to `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, when they were counted
        self._guard = threading.Lock()  # the REST API takes from several threads

    def take(self, key: str, cost: float = 1.0) -> float:
        """Take a token, or as many as `cost` says.

        Returns 0, or the seconds after which there will be enough: whole milliseconds, at least one.
        """
        cost = min(cost, self.burst)
        with self._guard:
            now = time.monotonic()
            tokens, counted_at = self._buckets.get(key, (self.burst, now))
            tokens = min(self.burst, tokens + (now - counted_at) * self.rate)
            if tokens < cost:
                return math.ceil((cost - tokens) / self.rate * 1000) / 1000
            if len(self._buckets) >= _SWEEP_AT and key not in self._buckets:
                self._sweep(now)
            self._buckets[key] = (tokens - cost, now)
            return 0.0

    def _sweep(self, now: float) -> None:
        full_after = self.burst / self.rate
        self._buckets = {key: value for key, value in self._buckets.items() if now - value[1] < full_after}
