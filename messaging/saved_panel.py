"""The page of saved messages, in the side panel or by itself; it works without a script as well."""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import user_of
from messaging import fragments, saved
from messaging.acting import own_json
from messaging.models import NOTE_MAX_LENGTH
from messaging.wire import MessageOut
from realtime.errors import Refusal
from rooms.models import Room
from rooms.panels import is_for_panel, panel
from rooms.shell import names_of

LIST_PAGE = 30


class SavedEntry(msgspec.Struct, frozen=True):
    """A saved message, its room as its reader calls it, and their note."""

    key: int
    message: MessageOut
    fragment: str
    room: Room
    room_name: str
    note: str


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
    page, following = saved.page(user, before=_below(request), limit=LIST_PAGE)
    rooms = Room.objects.in_bulk({UUID(each.message.room) for each in page})
    names = names_of(user, list(rooms.values()))
    entries = [
        SavedEntry(
            key=each.id,
            message=each.message,
            fragment=fragments.markup(each.message),
            room=room,
            room_name=names[room.pk],
            note=each.note,
        )
        for each in page
        if (room := rooms.get(UUID(each.message.room))) is not None
    ]
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


def _below(request: HttpRequest) -> int | None:
    """The entry after which the asked page begins; what names none is the first page."""
    text = request.GET.get("below", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
