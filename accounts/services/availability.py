"""People say of themselves whether they may be disturbed: as they are, not now, or as if not there."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Availability, User
from realtime import bus
from realtime.errors import Invalid

# Who wants it for longer says “until changed”.
AVAILABILITY_MAX = timedelta(days=366)


def set_availability(user: User, availability: str, until: datetime | None = None) -> User:
    """Set it until a time, or until it is changed. Own sockets and those who look follow at once.

    Returns the user as they are then; the audit record is not for moods. Raises `Invalid`.
    """
    _check(availability, until)
    if availability == Availability.AUTOMATIC:
        until = None
    with transaction.atomic():
        held = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if (held.availability, held.availability_until) == (availability, until):
            return held
        held.availability, held.availability_until = Availability(availability), until
        held.save(update_fields=["availability", "availability_until"])
        User.objects.filter(pk=user.pk).touch_rev()
        # What sockets are told of it comes from the standing that they read anew, in every process.
        bus.recheck([user.pk])
    return held


def _check(availability: str, until: datetime | None) -> None:
    if availability not in Availability.values:
        detail = f"Choose one of: {', '.join(Availability.values)}."
        raise Invalid(detail, fields={"availability": [detail]})
    if until is None:
        return
    detail = ""
    if until <= timezone.now():
        detail = "Choose a time to come."
    elif until > timezone.now() + AVAILABILITY_MAX:
        detail = "Choose a time within a year, or none."
    if detail:
        raise Invalid(detail, fields={"until": [detail]})
