"""Threads beside their room: one with its composer, and those that somebody follows."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.requests import user_of
from messaging import fragments, lists
from messaging.acting import acting_of, own_json
from messaging.models import NOTICES, Message
from messaging.panels.listing import LIST_PAGE, entries_of, place_of, whole_number
from messaging.writing import blank_message, writing_of
from rooms.models import Room, RoomHead
from rooms.panels import panel
from rooms.shell import names_of

THREAD_PAGE = 50
FACES = 5
# A thread opens with this many read replies above the first unread one.
CONTEXT = 5


@require_safe
@login_required
def thread(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A thread: its root, the replies from the first unread one on or the last ones, and a composer."""
    user, room, membership = place_of(request, slug)
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
        "people": lists.participants(root.pk, FACES) or list(filter(None, [state.root.sender])),
        "faces": FACES,
        "acting": acting_of(room, membership),
        "writing": writing_of(room, membership, in_thread=True),
        "client_id": uuid4(),
    }
    return panel(request, "panels/thread.html", context, kind="thread", title="Thread", slug=slug)


@require_safe
@login_required
def thread_messages(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A page of a thread's replies, `?before=` or `?after=` the number of one, or the last ones."""
    user, room, _ = place_of(request, slug)
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
    entries = entries_of(user, [(state.root, state) for state in states])
    context = {
        "entries": entries,
        "own": own_json(user, [entry.message for entry in entries]),
        "next": following,
    }
    return panel(request, "panels/threads.html", context, kind="threads", title="Threads")


def _root(room: Room, number: int) -> Message:
    """The message at which a thread can begin, or a reply in one; else 404."""
    message = get_object_or_404(Message.objects.in_room(room).above_the_floor(), number=number)
    if message.kind in NOTICES:
        raise Http404("A notice has no thread.")
    return message


def _number_of(root_id: UUID, index: int) -> int:
    """The number of a thread's reply; 0 before the first."""
    found = Message.objects.filter(thread_root_id=root_id, thread_index=index).values_list("number", flat=True).first()
    return found or 0


def _index_at(root_id: UUID, text: str) -> int:
    """The index of the thread's reply that has the number `text`; 0 if there is none."""
    number = whole_number(text)
    rows = Message.objects.filter(thread_root_id=root_id, number=number) if number is not None else None
    return (rows.values_list("thread_index", flat=True).first() if rows is not None else 0) or 0


def _below_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("below", ""))
    except ValueError:
        return None
