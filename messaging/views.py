"""The room's page, pages of its history, and permalinks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import user_of
from messaging import dates, fragments, pacing, pages
from messaging.acting import acting_of, own_json
from messaging.append import append
from messaging.drafts import Draft
from messaging.models import Message
from messaging.writing import blank_message, may, retention_note, writing_of
from realtime.errors import Invalid, Refusal
from rooms.models import Membership, Room
from rooms.permissions import Action
from rooms.settings import settings_of
from rooms.shell import shell
from rooms.summaries import unread_of
from rooms.views import LAST_ROOM_COOKIE

BOUNDS = ("before", "after", "around", "limit")
LAST_ROOM_COOKIE_S = int(timedelta(days=90).total_seconds())


@require_safe
@login_required
def room(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """A room with its newest messages, or with those around `number` or of `?at=`; for others, its door."""
    room = get_object_or_404(Room.objects.visible_to(user_of(request)).select_related("head"), slug=slug)
    membership = Membership.objects.current().of_room(room).filter(user=user_of(request)).first()
    if membership is None:
        return render(request, "rooms/join.html", {"shell": shell(user_of(request), slug), "room": room})
    if "at" in request.GET:
        moment = dates.read_moment(request.GET["at"], user_of(request).time_zone)
        said = dates.number_at(room.pk, moment) if moment else None
        return redirect("room_at", room.slug, said) if said else redirect("room", room.slug)
    response = _room_page(request, room, membership, number=number)
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


class Messages(LoginRequiredMixin, View):
    """The messages of a room: pages of fragments, and sending where no script is at work (yet)."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Answer a page: `?before=` or `?after=` or `?around=` a number, and `?limit=`."""
        room = get_object_or_404(Room.objects.joined_by(user_of(request)), slug=slug)
        try:
            bounds = {name: _number(name, request.GET[name]) for name in BOUNDS if name in request.GET}
            page = pages.page(room, **bounds)
        except Invalid as refusal:
            return HttpResponseBadRequest(refusal.detail, content_type="text/plain; charset=utf-8")
        context = {
            "page": page,
            "own": own_json(user_of(request), page.results),
            "fragments": map(fragments.markup, page.results),
        }
        return render(request, "messaging/page.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Send what the composer holds; refused, it is put back with the reason."""
        room = get_object_or_404(Room.objects.joined_by(user_of(request)), slug=slug)
        content = request.POST.get("content", "").replace("\r\n", "\n")  # forms send line ends of their own
        root = _root(room, request.POST.get("thread", ""))
        try:
            client_id = _send(user_of(request), room, content, request.POST.get("client_id", ""), root)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            membership = get_object_or_404(Membership.objects.current(), room=room, user=user_of(request))
            return _room_page(request, room, membership, draft=content, status=refusal.status)
        place = reverse("thread", args=[room.slug, root.number]) if root else reverse("room", args=[room.slug])
        return redirect(f"{place}#m-{client_id}")


@require_safe
@login_required
def permalink(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """From a message's id to its place: links survive the renaming of a room."""
    message = get_object_or_404(Message.objects.reachable_by(user_of(request)).select_related("room"), pk=message_id)
    return redirect("room_at", message.room.slug, message.number)


def _room_page(
    request: HttpRequest,
    room: Room,
    membership: Membership,
    *,
    number: int | None = None,
    draft: str = "",
    status: int = 200,
) -> HttpResponse:
    user = user_of(request)
    page = pages.page(room, around=number or _first_unread(room, membership))
    surround = shell(user, room.slug)
    if surround.here is None:  # the membership ended between two reads
        return redirect("home")
    context = {
        "shell": surround,
        "here": surround.here,
        "page": page,
        "own": own_json(user, page.results),
        "acting": acting_of(room, membership),
        "fragments": map(fragments.markup, page.results),
        "blank_fragment": fragments.markup(blank_message(user, room)),
        "target": number,
        "writing": writing_of(room, membership),
        "retention_note": retention_note(settings_of(room.settings)),
        "may_edit_room": room.archived_at is None and may(Action.EDIT_ROOM, room, membership),
        "may_add_people": room.archived_at is None and may(Action.INVITE, room, membership),
        "may_leave": may(Action.LEAVE, room, membership),
        "client_id": uuid4(),
        "draft": draft,
    }
    return render(request, "rooms/room.html", context, status=status)


def _first_unread(room: Room, membership: Membership) -> int | None:
    """Where to open a room with more unread than the newest page holds: there, so that none is passed over."""
    head = room.head
    is_beyond = head.last_number - membership.read_number > pages.PAGE_DEFAULT
    return membership.read_number + 1 if is_beyond and unread_of(head, membership.read_index) else None


def _root(room: Room, text: str) -> Message | None:
    """The message whose thread a form replies in, if it does."""
    if not text:
        return None
    try:
        root_id = UUID(text)
    except ValueError:
        raise Http404("No message has such an id.") from None
    return get_object_or_404(Message.objects.in_room(room).above_the_floor(), pk=root_id)


def _send(user: User, room: Room, content: str, client_id: str, root: Message | None) -> UUID:
    """Store a message and return its `client_id`, which makes a form that is sent twice one message."""
    try:
        name = UUID(client_id)
    except ValueError:
        raise Invalid("The form was not complete. Load the page anew and send it once more.") from None
    pacing.pace(pacing.MESSAGE_BUCKETS, user.pk, unthrottled=user.unthrottled, cost=pacing.cost_of(content))
    thread = root.pk if root else None
    draft = Draft(room_id=room.pk, sender_id=user.pk, content=content, client_id=name, thread=thread)
    outcome = append([draft])[0]
    if outcome.error is not None:
        raise outcome.error
    return name


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):  # 18 digits fit the column
        raise Invalid(f"“{name}” must be a whole number.", fields={name: ["Must be a whole number."]})
    return int(text)
