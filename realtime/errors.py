"""The errors of the contract. Services raise them; each interface turns them into its own form.

One class a code of PROTOCOL: the gateway answers `error` frames, the REST API problem details,
the pages a message. `detail` is written for the person who made the mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """A request that is refused for a reason that the asker may know."""

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Invalid request"

    def __init__(
        self, detail: str, *, retry_after: float | None = None, fields: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after  # seconds
        self.fields = dict(fields or {})  # messages per field, for forms and REST


class Invalid(Refusal):
    """The input is malformed or breaks a rule that its sender can see."""


class Unauthenticated(Refusal):
    code, status, title = "unauthenticated", 401, "Not signed in"


class Forbidden(Refusal):
    """The asker sees the thing but may not do this with it."""

    code, status, title = "forbidden", 403, "Not allowed"


class NotFound(Refusal):
    """Missing, or hidden from the asker: the two answer alike."""

    code, status, title = "not_found", 404, "Not found"


class Conflict(Refusal):
    code, status, title = "conflict", 409, "Conflict"


class Gone(Refusal):
    code, status, title = "gone", 410, "Gone"


class TooLarge(Refusal):
    code, status, title = "too_large", 413, "Too large"


class RateLimited(Refusal):
    code, status, title = "rate_limited", 429, "Too many requests"


class SlowMode(Refusal):
    code, status, title = "slow_mode", 429, "Slow mode"


class ReadOnly(Refusal):
    """The room is archived, or only some may post in it, or the asker is muted."""

    code, status, title = "read_only", 403, "Read only"


class Unavailable(Refusal):
    """The outcome is unknown or a part is down; trying the same again is safe and settles it."""

    code, status, title = "unavailable", 503, "Not available now"
