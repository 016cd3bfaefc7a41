"""Moments as forms have them: a day and a time on the clock of who fills them in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import User
from realtime.errors import Invalid


def zone_of(user: User) -> ZoneInfo:
    return _zone(user.time_zone) or ZoneInfo(settings.TIME_ZONE)


def local(moment: datetime, zone: tzinfo) -> str:
    """The moment as a `datetime-local` field has it."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"


def read(data: Mapping[str, str], name: str, user: User) -> datetime:
    """The moment that a field says, in the time zone of the form's `zone`. Invalid: it says none."""
    zone = _zone(data.get("zone", "")) or zone_of(user)
    try:
        return datetime.fromisoformat(data.get(name, "")).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("Choose a day and a time.", fields={name: ["Choose a day and a time."]}) from None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):  # not the name of one, or of none that is installed
        return None
