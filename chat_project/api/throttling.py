"""How often one user may call the REST API."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from realtime.limits import Buckets

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module


class UserThrottle(BaseThrottle):
    """A bucket of tokens per user in each process: no request waits for a cache, up or down.

    The rate is `DEFAULT_THROTTLE_RATES["user"]`; a user who has rested may call as often at once.
    Users with `unthrottled` (load tests, bridges) are not counted.
    """

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not user.is_authenticated or user.unthrottled:
            return True
        self._wait = _buckets(api_settings.DEFAULT_THROTTLE_RATES["user"]).take(str(user.pk))
        return self._wait == 0

    def wait(self) -> float:
        return self._wait


@cache
def _buckets(rate: str) -> Buckets:
    """Buckets for a rate as settings write it, such as “1200/min”."""
    calls, seconds = SimpleRateThrottle.parse_rate(None, rate)  # type: ignore[arg-type]
    assert calls, "the rate is no number of calls"
    assert seconds, "the rate names no time"
    return Buckets(rate=calls / seconds, burst=calls)
