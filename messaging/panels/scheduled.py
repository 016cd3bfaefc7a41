"""The page of scheduled messages, in the side panel or by itself; it works without a script as well."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import user_of
from chat_project.api.fields import cursor_of, key_of
from messaging import scheduled
from messaging.models import ScheduledMessage
from messaging.panels.listing import LIST_PAGE
from realtime.errors import Invalid, Refusal
from realtime.values import timestamp
from rooms.panels import is_for_panel, panel
from rooms.summaries import RoomSummary, summaries


class ScheduledEntry(msgspec.Struct, frozen=True):
    """A scheduled message and the room that it goes to, as its author sees it (None: they left)."""

    id: str
    room: RoomSummary | None
    content: str
    in_thread: bool
    send_at: str
    # The same in the author's time zone, as the form has it.
    local: str
    failed: bool
    problem: str


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def scheduled_messages(request: HttpRequest) -> HttpResponse:
    """What the user has written to be sent later, the next first. POST: a change of one, or its end."""
    user = user_of(request)
    if request.method == "POST":
        try:
            _change(request, user)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        if not is_for_panel(request):
            return redirect("scheduled")
    rows, more = scheduled.page(user, after=_after(request), limit=LIST_PAGE)
    rooms = {room.id: room for room in summaries(user.pk)} if rows else {}
    zone = _zone_of(user)
    context = {
        "entries": [_entry(row, rooms.get(str(row.room_id)), zone) for row in rows],
        "next": cursor_of(rows[-1].send_at, rows[-1].pk) if more else None,
        "zone": str(zone),
        "message_max_length": settings.MESSAGE_MAX_LENGTH,
    }
    return panel(request, "panels/scheduled.html", context, kind="scheduled", title="Scheduled messages")


def _entry(row: ScheduledMessage, room: RoomSummary | None, zone: tzinfo) -> ScheduledEntry:
    return ScheduledEntry(
        id=str(row.pk),
        room=room,
        content=row.content,
        in_thread=row.thread_root_id is not None,
        send_at=timestamp(row.send_at),
        local=f"{row.send_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        failed=row.state == ScheduledMessage.State.FAILED,
        problem=row.problem,
    )


def _change(request: HttpRequest, user: User) -> None:
    try:
        scheduled_id = UUID(request.POST.get("scheduled", ""))
    except ValueError:
        raise Http404 from None
    if "cancel" in request.POST:
        scheduled.cancel(user, scheduled_id)
        return
    scheduled.change(
        user,
        scheduled_id,
        content=request.POST.get("content", "").replace("\r\n", "\n"),  # forms send line ends of their own
        send_at=_moment(request.POST.get("send_at", ""), _zone(request.POST.get("zone", "")) or _zone_of(user)),
    )


def _moment(text: str, zone: tzinfo) -> datetime:
    """The moment that the form's field says, in that time zone."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("Choose a day and a time.", fields={"send_at": ["Choose a day and a time."]}) from None


def _zone_of(user: User) -> ZoneInfo:
    return _zone(user.time_zone) or ZoneInfo(settings.TIME_ZONE)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):  # not the name of one, or of none that is installed
        return None


def _after(request: HttpRequest) -> tuple[datetime, UUID] | None:
    """The entry after which the asked page begins; what names none is the first page."""
    try:
        return key_of(request.GET["after"], tuple[datetime, UUID]) if "after" in request.GET else None
    except Invalid:
        return None
