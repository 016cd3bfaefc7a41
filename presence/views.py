"""Saying whether one may be disturbed, from the menu at the foot of the side bar: also without a script."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import services
from accounts.models import Availability, User
from accounts.requests import user_of
from realtime.errors import Refusal

# “Until tomorrow” ends when people begin to work; the client has the same hour.
TOMORROW_AT = time(8)


@require_POST
@login_required
def availability(request: HttpRequest) -> HttpResponse:
    """Take a choice of the menu: what to say, and for how long (minutes, “tomorrow”, or until changed)."""
    user = user_of(request)
    back = request.POST.get("next", "")
    said, _, span = request.POST.get("availability", "").partition(":")
    try:
        services.set_availability(user, said, _end_of(user, span) if said != Availability.AUTOMATIC else None)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/")


def _end_of(user: User, span: str) -> datetime | None:
    """When a span of the menu ends; what is none of it has no end."""
    now = timezone.now()
    if span == "tomorrow":
        here = now.astimezone(_zone_of(user))
        return datetime.combine(here.date() + timedelta(days=1), TOMORROW_AT, here.tzinfo)
    return now + timedelta(minutes=int(span)) if span in ("30", "60") else None


def _zone_of(user: User) -> ZoneInfo:
    try:
        return ZoneInfo(user.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
