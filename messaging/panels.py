"""Pages of the side panel that are made of messages: pins, threads, mentions, drafts.

The frame around them is `rooms.panels`. Every list is keyset by the id of its rows, newest first.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.people import Person, person_of
from accounts.requests import user_of
from messaging import fragments
from messaging.models import Message, Pin
from messaging.wire import MessageOut, messages_out
from rooms.models import Room
from rooms.panels import panel

LIST_PAGE = 30


class Entry(msgspec.Struct, frozen=True):
    """A message in a list, with where it stands and, of a pin, who put it there."""

    key: int
    message: MessageOut
    fragment: str
    room_name: str = ""
    by: Person | None = None


def below(request: HttpRequest) -> int | None:
    """The row after which the asked page of a list begins; what names none is the first page."""
    text = request.GET.get("below", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


@require_safe
@login_required
def pins(request: HttpRequest, slug: str) -> HttpResponse:
    """What the members of a room keep at hand, the newest pin first."""
    room = get_object_or_404(Room.objects.joined_by(user_of(request)), slug=slug)
    rows = Pin.objects.filter(room=room).select_related("user").order_by("-id")
    if (start := below(request)) is not None:
        rows = rows.filter(pk__lt=start)
    found = list(rows[: LIST_PAGE + 1])
    page = found[:LIST_PAGE]
    shown = _shown(row.message_id for row in page)
    entries = [
        Entry(row.pk, shown[row.message_id], fragments.markup(shown[row.message_id]), by=person_of(row.user))
        if row.user
        else Entry(row.pk, shown[row.message_id], fragments.markup(shown[row.message_id]))
        for row in page
        if row.message_id in shown  # a purge may be under way
    ]
    context = {"room": room, "entries": entries, "next": page[-1].pk if len(found) > LIST_PAGE else None}
    return panel(request, "panels/pins.html", context, kind="pins", title="Pinned messages", slug=slug)


def _shown(message_ids: Iterable[UUID]) -> dict[UUID, MessageOut]:
    """The messages as lists show them, by id. Two queries at most."""
    rows = Message.objects.select_related("sender").filter(pk__in=list(message_ids))
    return {UUID(message.id): message for message in messages_out(rows)}
