"""The room's page, pages of its history, and permalinks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.people import person_of
from messaging import fragments, pages
from messaging.models import Message
from messaging.wire import MessageOut
from realtime.errors import Invalid
from rooms.models import Kind, Membership, Room
from rooms.permissions import Action, allows
from rooms.shell import shell
from rooms.views import LAST_ROOM_COOKIE

BOUNDS = ("before", "after", "around", "limit")
LAST_ROOM_COOKIE_S = int(timedelta(days=90).total_seconds())


@require_GET
@login_required
def room(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """A room with its newest messages, or with those around `number`; for others, its door."""
    room = get_object_or_404(Room.objects.visible_to(request.user).select_related("head"), slug=slug)
    membership = Membership.objects.current().of_room(room).filter(user=request.user).first()
    surround = shell(request.user, slug)
    context = {"shell": surround, "room": room, "here": surround.here}
    # The second can only be missing when a membership ended between the two reads.
    if membership is None or surround.here is None:
        return render(request, "rooms/join.html", context)
    page = pages.page(room, around=number)
    context |= {
        "page": page,
        "fragments": _joined(page.results),
        "blank_fragment": mark_safe(fragments.render(_blank(request.user, room))),
        "target": number,
        "silence": _silence(room, membership),
        "may_leave": _may(Action.LEAVE, room, membership),
        "message_max_length": settings.MESSAGE_MAX_LENGTH,
    }
    response = render(request, "rooms/room.html", context)
    if "prefetch" not in request.headers.get("Sec-Purpose", ""):  # a link that was only pointed at
        response.set_cookie(
            LAST_ROOM_COOKIE,
            room.slug,
            max_age=LAST_ROOM_COOKIE_S,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


@require_GET
@login_required
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of fragments: `?before=` or `?after=` or `?around=` a number, and `?limit=`."""
    room = get_object_or_404(Room.objects.joined_by(request.user), slug=slug)
    try:
        page = pages.page(room, **{name: _number(name, request.GET[name]) for name in BOUNDS if name in request.GET})
    except Invalid as refusal:
        return HttpResponseBadRequest(refusal.detail, content_type="text/plain; charset=utf-8")
    return render(request, "messaging/page.html", {"page": page, "fragments": _joined(page.results)})


@require_GET
@login_required
def permalink(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """From a message's id to its place: links survive the renaming of a room."""
    message = get_object_or_404(Message.objects.reachable_by(request.user).select_related("room"), pk=message_id)
    return redirect("room_at", message.room.slug, message.number)


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):  # 18 digits fit the column
        raise Invalid(f"“{name}” must be a whole number.", fields={name: ["Must be a whole number."]})
    return int(text)


def _joined(messages: Iterable[MessageOut]) -> SafeString:
    return mark_safe("".join(fragments.render(message) for message in messages))


def _may(action: Action, room: Room, membership: Membership) -> bool:
    return allows(
        action, role=membership.role, kind=room.kind, settings=room.settings, overrides=membership.permissions
    )


def _silence(room: Room, membership: Membership) -> dict[str, str] | None:
    """Why the member cannot write here, or None: it stands in the place of the composer."""
    if room.archived_at is not None:
        return {"icon": "archive", "words": "This room is archived. You can read it, and nobody can write in it."}
    if membership.muted_until is not None and membership.muted_until > timezone.now():
        return {"icon": "alert", "words": "You can read this room. A moderator has paused your writing here for now."}
    if not _may(Action.POST, room, membership):
        if room.kind == Kind.CHANNEL:
            return {"icon": "megaphone", "words": "You follow this channel. Its moderators post here."}
        return {"icon": "lock", "words": "You can read this room. Only some of its members can write here."}
    return None


def _blank(user: User, room: Room) -> MessageOut:
    """The message that the client clones for what it sends: the sender's own, still without a place."""
    return MessageOut(
        id="",
        room=str(room.pk),
        seq=0,
        number=0,
        kind="text",
        sender=person_of(user),
        content="",
        html="",
        client_id=None,
        reply_to=None,
        thread=None,
        attachments=[],
        reactions=[],
        mentions=[],
        metadata={},
        pinned=False,
        edited_at=None,
        deleted_at=None,
        created_at="",
    )
