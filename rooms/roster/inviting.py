"""Invitations in the web client: a room's, where a link leads, and those that wait for the user's own word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import user_of
from chat_project.api.fields import cursor_of, key_of
from realtime.errors import Forbidden, Gone, Invalid, NotFound, Refusal
from rooms import services
from rooms.invitations import made_for
from rooms.models import Invitation, Membership
from rooms.panels import lead_away, panel
from rooms.permissions import Action
from rooms.roster.standing import Standing, standing, uuid_or_404
from rooms.shell import shell

PAGE = 50
# How long a link holds, and how many it lets in, as the page offers it; the first is chosen.
EXPIRIES: Mapping[str, tuple[str, timedelta | None]] = {
    "7d": ("7 days", timedelta(days=7)),
    "1h": ("1 hour", timedelta(hours=1)),
    "1d": ("1 day", timedelta(days=1)),
    "30d": ("30 days", timedelta(days=30)),
    "never": ("No end", None),
}
USES: Mapping[str, tuple[str, int | None]] = {
    "any": ("Any number", None),
    **{str(n): (str(n), n) for n in (1, 5, 10, 25, 100)},
}
# Who is not signed in when they follow a link comes back to it, also by way of a mail that confirms their address.
LINK_COOKIE = "invitation"
LINK_COOKIE_S = 7 * 86_400


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def room_invitations(request: HttpRequest, slug: str) -> HttpResponse:
    """A room's links and the people who have been asked: one's own, or all for who manages them."""
    here = standing(request, slug)
    try:
        held = made_for(here.user, here.room)
    except Forbidden as refusal:
        raise PermissionDenied(refusal.detail) from None
    refused, status = "", 200
    if request.method == "POST":
        try:
            return _change(request, here)
        except Refusal as refusal:
            refused, status = refusal.detail, refusal.status
    held = held.select_related("user", "made_by").order_by("-created_at", "id")
    people, more = _page(held.filter(user__isnull=False), request.GET.get("after"))
    context = {
        "here": here.room,
        "links": [(link, _address(request, link)) for link in held.filter(code__isnull=False)],
        "people": people,
        "next": more,
        "may_make": here.room.archived_at is None and here.may(Action.INVITE),
        "expiries": [(key, words) for key, (words, _) in EXPIRIES.items()],
        "uses": [(key, words) for key, (words, _) in USES.items()],
        "refused": refused,
    }
    template, title = "roster/invitations.html", "Invitations"
    return panel(request, template, context, kind="room-invitations", title=title, slug=slug, status=status)


def _change(request: HttpRequest, here: Standing) -> HttpResponse:
    """Make a link, or revoke an invitation."""
    match request.POST.get("act"):
        case "link":
            expiry = EXPIRIES.get(request.POST.get("expires", ""), EXPIRIES["7d"])[1]
            uses = USES.get(request.POST.get("uses", ""), USES["any"])[1]
            until = timezone.now() + expiry if expiry else None
            services.invite_by_link(here.user, here.room, expires_at=until, uses_max=uses)
            messages.success(request, "The link is made. Copy it and pass it on.")
        case "revoke":
            held = Invitation.objects.filter(room=here.room)
            services.revoke(here.user, get_object_or_404(held, pk=uuid_or_404(request.POST.get("invitation", ""))))
            messages.success(request, "The invitation is revoked.")
        case _:
            raise BadRequest("There is no such act.")
    return redirect("room_invitations", here.room.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_link(request: HttpRequest, code: str) -> HttpResponse:
    """Where a link leads, and the way in. Who is not signed in does that first and comes back."""
    try:
        link = services.link_of(code)
    except NotFound as refusal:
        raise Http404(refusal.detail) from None
    except Gone as refusal:
        return _forget(_landing(request, {"problem": refusal.detail}, status=refusal.status))
    context: dict[str, Any] = {"link": link, "room": link.room, "code": code}
    if not request.user.is_authenticated:
        response = _landing(request, context)
        secure = request.is_secure()
        response.set_cookie(LINK_COOKIE, code, LINK_COOKIE_S, httponly=True, samesite="Lax", secure=secure)
        return response
    user = user_of(request)
    if request.method == "POST":
        try:
            services.accept_link(user, code)
        except Refusal as refusal:
            context["problem"] = refusal.detail
            return _forget(_landing(request, context, status=refusal.status))
        return _forget(redirect("room", link.room.slug))
    if Membership.objects.current().filter(room=link.room, user=user).exists():
        return _forget(redirect("room", link.room.slug))
    return _forget(_landing(request, context))


def _landing(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    if isinstance(request.user, User):
        return render(request, "roster/invited.html", {"shell": shell(request.user), **context}, status=status)
    context = {"open_signup": settings.OPEN_SIGNUP, **context}
    return render(request, "roster/invited_stranger.html", context, status=status)


def _forget(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(LINK_COOKIE)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def my_invitations(request: HttpRequest) -> HttpResponse:
    """The rooms that the user has been asked into. POST: their answer to one."""
    user, refused, status = user_of(request), "", 200
    waiting = Invitation.objects.waiting_for(user).select_related("room__head", "made_by")
    if request.method == "POST":
        asked = get_object_or_404(Invitation, pk=uuid_or_404(request.POST.get("invitation", "")), user=user)
        accept = request.POST.get("answer") == "accept"
        try:
            membership = services.answer(user, asked, accept=accept)
        except Refusal as refusal:
            refused, status = refusal.detail, refusal.status
        else:
            if membership is not None:
                return lead_away(request, reverse("room", args=[asked.room.slug]))
            messages.success(request, f"You declined to join {asked.room.name}.")
            return redirect("my_invitations")
    people, more = _page(waiting.order_by("-created_at", "id"), request.GET.get("after"))
    context = {"waiting": people, "next": more, "refused": refused}
    template, title = "roster/my_invitations.html", "Invitations"
    return panel(request, template, context, kind="invitations", title=title, status=status)


def _page(rows: Any, after: str | None) -> tuple[list[Invitation], str | None]:
    """A page of invitations, the newest first, and the key of the one after it."""
    if after:
        try:
            created_at, row_id = key_of(after, tuple[datetime, UUID])
        except Invalid as refusal:
            raise BadRequest(refusal.detail) from None
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__gt=row_id))
    found = list(rows[: PAGE + 1])
    page = found[:PAGE]
    return page, cursor_of(page[-1].created_at, page[-1].pk) if len(found) > PAGE else None


def _address(request: HttpRequest, link: Invitation) -> str:
    return request.build_absolute_uri(reverse("invitation", args=[link.code]))
