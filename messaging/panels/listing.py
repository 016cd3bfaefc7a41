"""What the panels share: where a page of a list begins, and messages ready to be listed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.requests import user_of
from messaging import fragments
from messaging.wire import MessageOut
from rooms.models import Membership, Room
from rooms.shell import names_of

LIST_PAGE = 30


class Entry(NamedTuple):
    """A message in a list: its fragment, where it stands, and what the list says of it."""

    message: MessageOut
    fragment: str
    room: Room
    room_name: str
    extra: Any = None


def place_of(request: HttpRequest, slug: str) -> tuple[User, Room, Membership]:
    """The user, a room that they are in, and their membership of it; else 404."""
    user = user_of(request)
    room = get_object_or_404(Room.objects.joined_by(user).select_related("head"), slug=slug)
    return user, room, get_object_or_404(Membership.objects.current(), room=room, user=user)


def entries_of(user: User, found: Iterable[tuple[MessageOut, Any]]) -> list[Entry]:
    """Messages from rooms of the user, ready to be listed. Two queries at most."""
    found = list(found)
    rooms = Room.objects.in_bulk({UUID(message.room) for message, _ in found})
    names = names_of(user, list(rooms.values()))
    return [
        Entry(message, fragments.markup(message), room, names[room.pk], extra)
        for message, extra in found
        if (room := rooms.get(UUID(message.room))) is not None
    ]


def below(request: HttpRequest) -> int | None:
    """The row after which the asked page of a list begins; what names none is the first page."""
    return whole_number(request.GET.get("below", ""))


def whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None  # what the column holds
