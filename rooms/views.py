"""Pages about rooms: the way in, the directory, making, joining and leaving. The room's own page,
with its messages, is in `messaging.views`.
"""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.requests import user_of
from accounts.search import find_people
from realtime.errors import Invalid, Refusal
from rooms import directory as directories
from rooms import services
from rooms.forms import RoomForm
from rooms.models import Kind, Room
from rooms.roster.inviting import LINK_COOKIE
from rooms.shell import shell

DIRECTORY_PAGE = 50
QUERY_MAX_LENGTH = 100
# Remembers the room that was open, so that the next visit begins there. Set by its page.
LAST_ROOM_COOKIE = "last_room"

# What the form says of each kind; the icon is the side bar's.
KINDS = [
    {"value": "public", "icon": "hash", "label": "Public room", "words": "Anyone here can find it and join."},
    {"value": "private", "icon": "lock", "label": "Private room", "words": "Only those you add can find and read it."},
    {"value": "channel", "icon": "megaphone", "label": "Channel", "words": "For news: anyone can follow, a few post."},
]


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Go on where the user left off: the last open room, or the liveliest, or the directory."""
    if code := request.COOKIES.get(LINK_COOKIE):  # they followed a link before they were signed in
        return redirect("invitation", code)
    mine = Room.objects.joined_by(user_of(request))
    last = mine.filter(slug=request.COOKIES.get(LAST_ROOM_COOKIE, "")).first()
    last = last or mine.order_by("-head__last_message_at").first()
    return redirect("room", last.slug) if last else redirect("directory")


@require_safe
@login_required
def directory(request: HttpRequest) -> HttpResponse:
    """List the rooms that anyone may join."""
    query = _asked(request.GET)
    sort = request.GET.get("sort", "")
    sort = sort if sort in directories.Sort.values else directories.Sort.NAME.value
    cursor = request.GET.get("after") or None
    try:
        found, more = directories.page(user_of(request), words=query, sort=sort, cursor=cursor, limit=DIRECTORY_PAGE)
    except Invalid:  # an address of another time: from the beginning
        return redirect(f"{reverse('directory')}?{urlencode({'q': query, 'sort': sort})}")
    mine = Room.objects.joined_by(user_of(request)).filter(id__in=[room.pk for room in found])
    context = {
        "shell": shell(user_of(request)),
        "query": query,
        "sort": sort,
        "sorts": directories.Sort.choices,
        "entries": found,
        "joined": set(mine.values_list("id", flat=True)),
        "is_first": cursor is None,
        "more": more,
    }
    return render(request, "rooms/directory.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new_room(request: HttpRequest) -> HttpResponse:
    form = RoomForm(request.POST or None, initial={"name": request.GET.get("name", "")[:QUERY_MAX_LENGTH]})
    if request.method == "POST" and form.is_valid():
        try:
            room = services.create_room(
                user_of(request),
                kind=Kind(form.cleaned_data["kind"]),
                name=form.cleaned_data["name"],
                topic=form.cleaned_data["topic"],
                members=form.cleaned_data["people"],
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect("room", room.slug)
    form.focus()
    context = {"shell": shell(user_of(request)), "form": form, "kinds": KINDS}
    return render(request, "rooms/new.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new_direct(request: HttpRequest) -> HttpResponse:
    """Pick people and open the conversation with them; the one that exists already, if it does."""
    data = request.POST if request.method == "POST" else request.GET
    query = _asked(data)
    chosen = list(User.objects.active().filter(pk__in=_uuids(data.getlist("people"))).exclude(pk=user_of(request).pk))
    error = ""
    if request.method == "POST":
        if chosen:
            try:
                return redirect("room", services.direct_room(user_of(request), chosen)[0].slug)
            except Refusal as refusal:
                error = refusal.detail
        else:
            error = "Choose at least one person."
    context = {
        "shell": shell(user_of(request)),
        "query": query,
        "chosen": chosen,
        "found": find_people(query, without=[user_of(request), *chosen]),
        "errors": [error] if error else [],
    }
    return render(request, "rooms/direct_new.html", context)


@require_POST
@login_required
def join(request: HttpRequest, slug: str) -> HttpResponse:
    room = get_object_or_404(Room.objects.visible_to(user_of(request)), slug=slug)
    try:
        services.join(user_of(request), room)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    return redirect("room", room.slug)


def _asked(data: QueryDict) -> str:
    """What was typed to look for; NUL is in no name, and a database takes it badly."""
    return data.get("q", "").replace("\0", "").strip()[:QUERY_MAX_LENGTH]


def _uuids(texts: list[str]) -> list[UUID]:
    """The ids among what a form sent; whatever else it sent chooses nobody."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
