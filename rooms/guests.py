"""The page on which somebody enters a room with a name and no account."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.guests import NAME_MAX, NAME_MIN
from realtime.errors import Refusal
from rooms.forms import show_refusal
from rooms.services.guests import enter_as_guest, open_to_guests

HOUR_S = 3_600


class GuestForm(forms.Form):
    name = forms.CharField(
        label="Your name",
        min_length=NAME_MIN,
        max_length=NAME_MAX,
        help_text="Others see it with “guest” behind it.",
        widget=forms.TextInput(attrs={"autocomplete": "nickname", "autofocus": True}),
        error_messages={"required": "Choose a name by which the others may call you."},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a stranger into the room; who has an account goes there with it."""
    room = get_object_or_404(open_to_guests().select_related("head"), slug=slug)
    if request.user.is_authenticated:
        return redirect("room", room.slug)
    form = GuestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not ratelimit.consume(request, app="allauth.account", action="guest"):
            return ratelimit.respond_429(request)
        if form.is_valid():
            try:
                guest = enter_as_guest(room, form.cleaned_data["name"])
            except Refusal as refusal:
                show_refusal(form, refusal)
            else:
                login(request, guest, backend=settings.AUTHENTICATION_BACKENDS[0])
                request.session.set_expiry(settings.GUEST_HOURS * HOUR_S)
                return redirect("room", room.slug)
    context = {"room": room, "form": form, "hours": settings.GUEST_HOURS}
    return render(request, "rooms/guest.html", context, status=422 if form.errors else 200)
