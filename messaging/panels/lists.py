"""Lists of messages beside a room: its pins, where one was called, what one has begun to write."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import user_of
from messaging import lists
from messaging.acting import acting_of, own_json
from messaging.models import ComposerDraft
from messaging.panels.listing import LIST_PAGE, below, entries_of, place_of
from rooms.models import Room
from rooms.panels import panel
from rooms.shell import names_of


@require_safe
@login_required
def pins(request: HttpRequest, slug: str) -> HttpResponse:
    """What the members of a room keep at hand, the newest pin first."""
    user, room, membership = place_of(request, slug)
    page = lists.pins(room, before=below(request), limit=LIST_PAGE)
    entries = entries_of(user, [(pin.message, pin) for pin in page.results])
    context = {
        "here": room,
        "acting": acting_of(room, membership),
        "entries": entries,
        "own": own_json(user, [entry.message for entry in entries]),
        "next": page.next,
    }
    return panel(request, "panels/pins.html", context, kind="pins", title="Pinned messages", slug=slug)


@require_safe
@login_required
def mentions(request: HttpRequest) -> HttpResponse:
    """Where the user was called, the newest first."""
    user = user_of(request)
    page = lists.mentions(user, before=below(request), limit=LIST_PAGE)
    entries = entries_of(user, [(message, None) for message in page.results])
    context = {
        "entries": entries,
        "own": own_json(user, [entry.message for entry in entries]),
        "next": page.next,
    }
    return panel(request, "panels/mentions.html", context, kind="mentions", title="Mentions")


@require_safe
@login_required
def drafts(request: HttpRequest) -> HttpResponse:
    """What the user has begun to write and not sent, the newest first. A person has few."""
    user = user_of(request)
    rows = list(
        ComposerDraft.objects.filter(user=user, room__in=Room.objects.joined_by(user))
        .select_related("room", "thread_root")
        .order_by("-updated_at")[:LIST_PAGE]
    )
    names = names_of(user, [row.room for row in rows])
    context = {"drafts": [(row, names[row.room_id]) for row in rows]}
    return panel(request, "panels/drafts.html", context, kind="drafts", title="Drafts")
