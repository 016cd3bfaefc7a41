"""What people say of themselves for a while: an emoji, some words, and until when."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import emoji as emoji_table
import msgspec
from django.utils import timezone

from realtime.errors import Invalid
from realtime.values import Timestamp, timestamp

EMOJI_MAX = 40  # characters, of the longest sequence with room to spare
TEXT_MAX = 100
# A status that says when it ends is not meant for good.
SPAN_MAX = timedelta(days=366)


class Status(msgspec.Struct, frozen=True, gc=False):
    """A status as it is shown. `until`: it ends by itself then."""

    emoji: str
    text: str
    until: Timestamp | None


class After(StrEnum):
    """The ends that people choose from."""

    HALF_HOUR = "30m"
    HOUR = "1h"
    TODAY = "today"
    WEEK = "week"
    NEVER = "never"


def current(emoji: str, text: str, until: datetime | None) -> Status | None:
    """What is shown now of these columns: nothing where there is nothing, or where it has ended."""
    if not (emoji or text) or (until is not None and until <= timezone.now()):
        return None
    return Status(emoji, text, timestamp(until) if until else None)


def end_of(after: After, zone: ZoneInfo, now: datetime | None = None) -> datetime | None:
    """When a status ends that is set now, by the person's own clock. A week ends with Sunday."""
    now = (now or timezone.now()).astimezone(zone)
    match after:
        case After.HALF_HOUR:
            return now + timedelta(minutes=30)
        case After.HOUR:
            return now + timedelta(hours=1)
        case After.TODAY:
            return _midnight_in(1, now, zone)
        case After.WEEK:
            return _midnight_in(7 - now.weekday(), now, zone)
        case After.NEVER:
            return None


def check_emoji(text: str) -> str:
    """Return the one emoji as it is kept, or nothing for nothing. Invalid: it is something else."""
    if not text:
        return ""
    if len(text) <= EMOJI_MAX and emoji_table.is_emoji(text):
        return emoji_table.emojize(emoji_table.demojize(text))  # of two ways to write it, one
    detail = "The picture of a status is one emoji."
    raise Invalid(detail, fields={"status_emoji": [detail]})


def check_until(until: datetime | None) -> None:
    """Invalid: the end has passed, or is too far off."""
    now = timezone.now()
    if until is not None and not now < until <= now + SPAN_MAX:
        detail = "A status ends at a time to come." if until <= now else "A status ends within a year, or never."
        raise Invalid(detail, fields={"status_until": [detail]})


def _midnight_in(days: int, now: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), time(), zone)
