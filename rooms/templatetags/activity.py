"""Template filter: when something was last written."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

register = template.Library()

_UNITS = [(60, "minute"), (60 * 60, "hour"), (24 * 60 * 60, "day")]
_DAYS_TOLD = 30


@register.filter
def activity(moment: datetime) -> str:
    """How long ago something was last written, as far as it matters when one chooses a room."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < _UNITS[0][0]:
        return "active now"
    if seconds > _DAYS_TOLD * _UNITS[-1][0]:
        return f"last active {timezone.localtime(moment):%-d %B %Y}"
    size, unit = next(each for each in reversed(_UNITS) if seconds >= each[0])
    count = int(seconds // size)
    return f"active {count} {unit}{'' if count == 1 else 's'} ago"
