"""Who is kept out of a room, in the web client."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from chat_project.api.fields import cursor_of, key_of
from realtime.errors import Invalid, NotFound, Refusal
from rooms import services
from rooms.models import Ban
from rooms.panels import panel
from rooms.permissions import Action
from rooms.roster.standing import Standing, asked, standing, uuid_or_404

PAGE = 50
SPANS = {
    "always": ("Until it is lifted", None),
    "1d": ("1 day", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}
SPAN_CHOICES = [(key, words) for key, (words, _) in SPANS.items()]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def bans(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is banned, why and until when. POST: a ban by name, or its end."""
    here = standing(request, slug)
    if not here.may(Action.BAN_MEMBER):
        raise PermissionDenied("Your role in this room does not allow this.")
    refused, status = "", 200
    if request.method == "POST":
        try:
            return _change(request, here)
        except Refusal as refusal:
            refused, status = refusal.detail, refusal.status
    rows = Ban.objects.filter(Q(until__isnull=True) | Q(until__gt=timezone.now()), room=here.room)
    rows = rows.select_related("user", "made_by").order_by("-id")
    if after := request.GET.get("after"):
        try:
            rows = rows.filter(id__lt=key_of(after, tuple[int])[0])
        except Invalid as refusal:
            raise BadRequest(refusal.detail) from None
    found = list(rows[: PAGE + 1])
    context = {
        "here": here.room,
        "bans": found[:PAGE],
        "next": cursor_of(found[PAGE - 1].pk) if len(found) > PAGE else None,
        "spans": SPAN_CHOICES,
        "refused": refused,
        "name": asked(request, "username") if refused else "",
        "reason": request.POST.get("reason", "") if refused else "",
    }
    return panel(request, "roster/bans.html", context, kind="room-bans", title="Bans", slug=slug, status=status)


def ban_by_form(request: HttpRequest, here: Standing, user: User) -> None:
    """Ban somebody as a form says it: `reason` and `for`."""
    span = SPANS.get(request.POST.get("for", ""), SPANS["always"])[1]
    reason = request.POST.get("reason", "").replace("\0", "")
    services.ban(here.user, here.room, user, reason=reason, until=timezone.now() + span if span else None)
    messages.success(request, f"{user.name} is banned from the room.")


def _change(request: HttpRequest, here: Standing) -> HttpResponse:
    match request.POST.get("act"):
        case "ban":
            name = asked(request, "username").lstrip("@")
            user = User.objects.active().named(name).first()
            if user is None:
                raise NotFound(f"Nobody here is called “{name}”.")
            ban_by_form(request, here, user)
        case "unban":
            services.unban(here.user, here.room, uuid_or_404(request.POST.get("user", "")))
            messages.success(request, "The ban is lifted.")
        case _:
            raise BadRequest("There is no such act.")
    return redirect("room_bans", here.room.slug)
