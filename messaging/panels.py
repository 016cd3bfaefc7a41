"""Pages of the side panel that are made of messages: pins, saved messages.

The frame around them is `rooms.panels`, and what is in the lists `messaging.lists`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import user_of
from messaging import fragments, lists
from messaging.acting import acting_of, own_json
from messaging.models import NOTICES, ComposerDraft, Message
from messaging.wire import MessageOut
from messaging.writing import blank_message, writing_of
from rooms.models import Membership, Room, RoomHead
from rooms.panels import panel
from rooms.shell import names_of

LIST_PAGE = 30
THREAD_PAGE = 50
FACES = 5
# A thread opens with this many read replies above the first unread one.
CONTEXT = 5


class Entry(NamedTuple):
    """A message in a list: its fragment, where it stands, and what the list says of it."""

    message: MessageOut
    fragment: str
    room: Room
    room_name: str
    extra: Any = None


@require_safe
@login_required
def pins(request: HttpRequest, slug: str) -> HttpResponse:
    """What the members of a room keep at hand, the newest pin first."""
    user, room, membership = _place(request, slug)
    page = lists.pins(room, before=_below(request), limit=LIST_PAGE)
    entries = _entries(user, [(pin.message, pin) for pin in page.results])
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
def thread(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A thread: its root, the replies from the first unread one on or the last ones, and a composer."""
    user, room, membership = _place(request, slug)
    root = _root(room, number)
    if root.thread_root_id is not None:
        return redirect("thread", slug, get_object_or_404(Message, pk=root.thread_root_id).number)
    as_of_seq = RoomHead.objects.get(room=room).last_seq
    state, _, _, _ = lists.thread(user, root.pk, limit=1)
    is_far = state.unread > THREAD_PAGE - CONTEXT
    bounds = {"after": max(0, state.read_index - CONTEXT)} if is_far else {}
    state, replies, has_before, has_after = lists.thread(user, root.pk, limit=THREAD_PAGE, **bounds)
    context = {
        "here": room,
        "room_name": names_of(user, [room])[room.pk],
        "root": state.root,
        "root_fragment": fragments.markup(state.root),
        "count": state.root.thread.count if state.root.thread else 0,
        "state": state,
        "replies": map(fragments.markup, replies),
        "own": own_json(user, replies),
        "root_own": own_json(user, [state.root]),
        "blank_fragment": fragments.markup(blank_message(user, room)),
        "as_of_seq": as_of_seq,
        "has_before": has_before,
        "has_after": has_after,
        "read_number": _number_of(root.pk, state.read_index) if state.following else None,
        "people": lists.participants(root.pk, FACES),
        "acting": acting_of(room, membership),
        "writing": writing_of(room, membership, in_thread=True),
        "client_id": uuid4(),
    }
    return panel(request, "panels/thread.html", context, kind="thread", title="Thread", slug=slug)


@require_safe
@login_required
def thread_messages(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A page of a thread's replies, `?before=` or `?after=` the number of one, or the last ones."""
    user, room, _ = _place(request, slug)
    root = _root(room, number)
    bounds: dict[str, int] = {}
    for name in ("before", "after"):
        if (text := request.GET.get(name)) is not None:
            bounds[name] = _index_at(root.pk, text)
    if len(bounds) > 1 or 0 in bounds.values():
        return HttpResponseBadRequest("Give the number of one reply.", content_type="text/plain; charset=utf-8")
    as_of_seq = RoomHead.objects.get(room=room).last_seq
    _, replies, has_before, has_after = lists.thread(user, root.pk, limit=THREAD_PAGE, **bounds)
    context = {
        "page": {"has_before": has_before, "has_after": has_after, "as_of_seq": as_of_seq},
        "own": own_json(user, replies),
        "fragments": map(fragments.markup, replies),
    }
    return render(request, "messaging/page.html", context)


@require_safe
@login_required
def threads(request: HttpRequest) -> HttpResponse:
    """The threads that the user follows, with what is unread in each."""
    user = user_of(request)
    states, following = lists.threads(user, before=_below_id(request), limit=LIST_PAGE)
    entries = _entries(user, [(state.root, state) for state in states])
    context = {"entries": entries, "next": following}
    return panel(request, "panels/threads.html", context, kind="threads", title="Threads")


@require_safe
@login_required
def mentions(request: HttpRequest) -> HttpResponse:
    """Where the user was called, the newest first."""
    user = user_of(request)
    page = lists.mentions(user, before=_below(request), limit=LIST_PAGE)
    entries = _entries(user, [(message, None) for message in page.results])
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


def _place(request: HttpRequest, slug: str) -> tuple[User, Room, Membership]:
    """The user, a room that they are in, and their membership of it; else 404."""
    user = user_of(request)
    room = get_object_or_404(Room.objects.joined_by(user).select_related("head"), slug=slug)
    return user, room, get_object_or_404(Membership.objects.current(), room=room, user=user)


def _root(room: Room, number: int) -> Message:
    """The message at which a thread can begin, or a reply in one; else 404."""
    message = get_object_or_404(Message.objects.in_room(room), number=number)
    if message.kind in NOTICES:
        raise Http404("A notice has no thread.")
    return message


def _entries(user: User, found: Iterable[tuple[MessageOut, Any]]) -> list[Entry]:
    """Messages from rooms of the user, ready to be listed. Two queries at most."""
    found = list(found)
    rooms = Room.objects.in_bulk({UUID(message.room) for message, _ in found})
    names = names_of(user, list(rooms.values()))
    return [
        Entry(message, fragments.markup(message), room, names[room.pk], extra)
        for message, extra in found
        if (room := rooms.get(UUID(message.room))) is not None
    ]


def _number_of(root_id: UUID, index: int) -> int:
    """The number of a thread's reply; 0 before the first."""
    found = Message.objects.filter(thread_root_id=root_id, thread_index=index).values_list("number", flat=True).first()
    return found or 0


def _index_at(root_id: UUID, text: str) -> int:
    """The index of the thread's reply that has the number `text`; 0 if there is none."""
    number = _whole(text)
    rows = Message.objects.filter(thread_root_id=root_id, number=number) if number is not None else None
    return (rows.values_list("thread_index", flat=True).first() if rows is not None else 0) or 0


def _below(request: HttpRequest) -> int | None:
    """The row after which the asked page of a list begins; what names none is the first page."""
    return _whole(request.GET.get("below", ""))


def _below_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("below", ""))
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None  # what the column holds
