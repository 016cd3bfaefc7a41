"""The page of saved messages, in the side panel or by itself; it works without a script as well."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import user_of
from messaging import saved
from messaging.acting import own_json
from messaging.models import NOTE_MAX_LENGTH
from messaging.panels.listing import LIST_PAGE, below, entries_of
from realtime.errors import Refusal
from rooms.panels import is_for_panel, panel


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def saved_messages(request: HttpRequest) -> HttpResponse:
    """What the user has saved, the last first. POST: another note for a message, or off the list with it."""
    user = user_of(request)
    if request.method == "POST":
        try:
            _change(request, user)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        if not is_for_panel(request):
            return redirect("saved")
    page, following = saved.page(user, before=below(request), limit=LIST_PAGE)
    entries = entries_of(user, [(each.message, each) for each in page])
    context = {
        "entries": entries,
        "own": own_json(user, [entry.message for entry in entries]),
        "next": following,
        "note_max_length": NOTE_MAX_LENGTH,
    }
    return panel(request, "panels/saved.html", context, kind="saved", title="Saved messages")


def _change(request: HttpRequest, user: User) -> None:
    try:
        message_id = UUID(request.POST.get("message", ""))
    except ValueError:
        raise Http404 from None
    if "remove" in request.POST:
        saved.unsave(user, message_id)
    else:
        saved.save(user, message_id, request.POST.get("note", "").strip())
