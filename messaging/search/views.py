"""The page of a search, which is also a panel beside the room."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.requests import user_of
from messaging.search.finding import Results, Sort, find, take_turn
from messaging.search.query import FILTERS, PARAMETERS, Filter, parse
from messaging.search.scope import rooms_of, zone_of
from realtime.errors import Refusal
from rooms.panels import is_for_panel, panel

# What a link to a further page carries along.
CARRIED = ("q", *PARAMETERS, "here", "sort", "time_zone")


@require_safe
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """`?q=` and the filters of the API; `here` names the room that one came from, to be offered as `room`."""
    user = user_of(request)
    asked = {name: value for name in CARRIED if (value := request.GET.get(name, "").strip())}
    text, here = asked.get("q", ""), asked.get("here", "")
    filters = [Filter(name, asked[key]) for key, name in PARAMETERS.items() if key in asked]
    sort = Sort.BEST if asked.get("sort") == Sort.BEST else Sort.NEW
    results, problem, status = Results(), "", 200
    # “Only in this room” alone is no question yet: it stands beside the empty field.
    is_asked = bool(text) or any(name != "in" for name, *_ in filters)
    if is_asked:
        try:
            take_turn(user)
            results = find(
                user,
                parse(text).narrowed(filters),
                sort=sort,
                cursor=request.GET.get("cursor") or None,
                zone=zone_of(user, asked.get("time_zone", "")),
            )
        except Refusal as refusal:
            problem, status = refusal.detail, refusal.status
    room = next((room for room in rooms_of(user).values() if here and room.slug == here), None)
    more = f"{reverse('search')}?{urlencode({**asked, 'cursor': results.next})}" if results.next else ""
    everywhere = f"{reverse('search')}?{urlencode({key: value for key, value in asked.items() if key != 'room'})}"
    context = {
        "text": text,
        "is_asked": is_asked,
        "sort": sort,
        "here": room,
        "only_here": room is not None and asked.get("room") == room.slug,
        "everywhere": everywhere,
        "results": results,
        "more": more,
        "problem": problem,
        "filters": FILTERS,
    }
    return panel(
        request,
        "panels/search.html",
        context,
        kind="search",
        title="Search",
        slug=room.slug if room else None,
        # A panel shows what is wrong in its place; only the page by itself has a status to tell.
        status=200 if is_for_panel(request) else status,
    )
