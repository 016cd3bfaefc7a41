"""Whether people may be disturbed, as they say themselves. Whether they are here is `presence`, above.

An `availability_until` that has passed means `automatic`: nothing has to happen for that, and the
row stays as it is. Whoever reads the columns asks `current`, or filters by `invisible()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Audience, Availability, Privacy, User
from accounts.privacy import audience_of
from realtime.values import timestamp


def current(availability: str, until: datetime | None, moment: datetime) -> Availability:
    """What the two columns mean at that moment."""
    is_over = until is not None and until <= moment
    return Availability.AUTOMATIC if is_over else Availability(availability)


def invisible(path: str = "") -> Q:
    """Users who are invisible now, as a condition; `path` leads to them (“user__”)."""
    until = f"{path}availability_until"
    goes_on = Q((f"{until}__isnull", True)) | Q((f"{until}__gt", Now()))
    return Q((f"{path}availability", Availability.INVISIBLE)) & goes_on


@dataclass(frozen=True, slots=True)
class Manner:
    """What a process with sockets of a user has to know to tell others of them: `Standing.manner`."""

    availability: Availability = Availability.AUTOMATIC
    until: datetime | None = None
    audience: Audience = Audience.EVERYONE  # of the user's presence

    def at(self, moment: datetime) -> Availability:
        return current(self.availability, self.until, moment)


def manner_of(user: User) -> Manner:
    """Takes no query where the user was read with `privacy`."""
    return Manner(Availability(user.availability), user.availability_until, audience_of(user, Privacy.PRESENCE))


def described(manner: Manner | User, moment: datetime | None = None) -> dict[str, Any]:
    """`{"availability", "until"}` of the contract, as the person sees their own."""
    if isinstance(manner, User):
        holds = current(manner.availability, manner.availability_until, moment or timezone.now())
        until = manner.availability_until
    else:
        holds, until = manner.at(moment or timezone.now()), manner.until
    ends = timestamp(until) if until is not None and holds != Availability.AUTOMATIC else None
    return {"availability": str(holds), "until": ends}


# --- How somebody is: a fact of `presence`, for pages of this app --------------------------------

_Tell = Callable[[User], str]
_tell: _Tell | None = None


def on_presence(tell: _Tell) -> None:
    """Register who knows whether a user is here, in words for the administration."""
    global _tell
    _tell = tell


def presence_words(user: User) -> str:
    """Whether the user is here now; empty where nobody registered who knows."""
    return _tell(user) if _tell else ""
