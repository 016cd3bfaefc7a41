"""What becomes of a room, as its people decide it in the panel: archiving, deletion, and leaving it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import user_of
from realtime.errors import Invalid, Refusal
from rooms import services
from rooms.models import Kind, Role
from rooms.panels import lead_away, panel
from rooms.permissions import Action
from rooms.roster.standing import asked, standing


@require_POST
@login_required
def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the uploaded picture in the place of the one before, or (`remove`) nothing."""
    here = standing(request, slug)
    upload = request.FILES.get("avatar")
    try:
        if "remove" in request.POST:
            services.remove_picture(here.user, here.room)
        elif upload is None:
            raise Invalid("Choose a picture first.")
        else:
            services.set_picture(here.user, here.room, upload)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "The picture is removed." if "remove" in request.POST else "The picture is changed.")
    return redirect("room_settings", here.room.slug)


@require_POST
@login_required
def archive(request: HttpRequest, slug: str) -> HttpResponse:
    """Close the room for writing (`archived` is 1), or open it again (0)."""
    here = standing(request, slug)
    change = services.archive if request.POST.get("archived") == "1" else services.unarchive
    try:
        room = change(here.user, here.room)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "The room is archived." if room.archived_at else "The room is open again.")
    return redirect("room_settings", here.room.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete the room, once its name has been typed."""
    here = standing(request, slug)
    if not here.may(Action.DELETE_ROOM):
        raise PermissionDenied("Only the owner can delete this room.")
    error, status = "", 200
    if request.method == "POST":
        if asked(request, "name").casefold() != here.room.name.strip().casefold():
            error, status = "This is not the room’s name.", 422
        else:
            try:
                services.delete_room(here.user, here.room)
            except Refusal as refusal:
                error, status = refusal.detail, refusal.status
            else:
                messages.success(request, f"{here.room.name} is deleted.")
                return lead_away(request, reverse("directory"))
    context = {"here": here.room, "errors": [error] if error else []}
    return panel(
        request, "roster/delete.html", context, kind="room-delete", title="Delete the room", slug=slug, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave the room; who owns it is told before who inherits it."""
    here = standing(request, slug)
    if request.method == "POST":
        try:
            services.leave(user_of(request), here.room)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return lead_away(request, reverse("room", args=[here.room.slug]))
        if here.user.is_visitor:
            logout(request)
            return render(request, "rooms/guest_left.html", {"room": here.room})
        messages.success(request, f"You left {here.room.name}.")
        return lead_away(request, reverse("directory"))
    if not here.may(Action.LEAVE):
        raise PermissionDenied("A direct conversation cannot be left.")
    is_owner = here.own.role == Role.OWNER
    context = {
        "here": here.room,
        "is_owner": is_owner,
        "heir": services.heir(here.room) if is_owner else None,
        "can_return": here.room.kind != Kind.PRIVATE,
    }
    return panel(request, "roster/leave.html", context, kind="room-leave", title="Leave the room", slug=slug)
