"""The panel about a person, by their id or their exact username."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import pace, pictures, wording
from accounts.models import User
from accounts.requests import user_of
from realtime.errors import RateLimited
from rooms import people
from rooms.panels import panel

# Of the rooms that both are in, those that are named; of the others, how many.
ROOMS_NAMED = 5


@require_safe
@login_required
def profile(request: HttpRequest, user_id: UUID) -> HttpResponse:
    person = people.visible_to(user_of(request)).filter(pk=user_id).first()
    if person is None:
        raise Http404("no such person, or not for the viewer")
    return _card(request, person)


@require_safe
@login_required
def profile_named(request: HttpRequest, username: str) -> HttpResponse:
    """By name one finds people whom one shares nothing with: as often as over REST."""
    try:
        pace.look_up(user_of(request))
    except RateLimited as refusal:
        return HttpResponse(refusal.detail, status=refusal.status, content_type="text/plain")
    person = people.named(user_of(request), username).first()
    if person is None:
        raise Http404("no such person, or not for the viewer")
    return _card(request, person)


def _card(request: HttpRequest, person: User) -> HttpResponse:
    viewer = user_of(request)
    shown = people.profile_of(viewer, person)
    rooms = list(people.shared_rooms(viewer, person)[:ROOMS_NAMED]) if shown.relation != "self" else []
    context = {
        "person": shown,
        "picture": pictures.url(person.avatar.name or "", pictures.LARGE),
        "zone": wording.zone_of(person.time_zone) if person.time_zone else None,
        "last_seen": person.last_seen_at if shown.last_seen_at else None,
        "rooms": rooms,
        "more_rooms": shown.shared_rooms - len(rooms) if rooms else 0,
    }
    return panel(request, "panels/profile.html", context, kind="profile", title=shown.display_name)
