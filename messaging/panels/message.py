"""About one message, beside its room: what it said before, who reacted to it, who has read it."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import user_of
from messaging import lists
from messaging.models import Message
from messaging.panels.listing import below
from messaging.receipts import asking
from realtime.errors import Forbidden, NotFound
from rooms.panels import panel

REVISIONS_PAGE = 30
# Of each emoji; who wants all of a crowd asks the REST API.
REACTORS_MAX = 100
# Of each of the three lists of receipts; in a larger room the REST API has the rest.
LISTED_MAX = 200


@require_safe
@login_required
def revisions(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """The message as it is, and below it what it said before, the newest first."""
    message = _message(request, message_id)
    try:
        page = lists.revisions(user_of(request), message_id, before=below(request), limit=REVISIONS_PAGE)
    except NotFound as missing:  # the membership ended between two reads
        raise Http404 from missing
    except Forbidden as refusal:
        raise PermissionDenied from refusal
    context = {"message": message, "revisions": page.results, "next": page.next}
    slug = message.room.slug
    return panel(request, "panels/revisions.html", context, kind="revisions", title="Edit history", slug=slug)


@require_safe
@login_required
def reactions(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Who reacted, by emoji, in the order of their first use."""
    message = _message(request, message_id)
    user = user_of(request)
    groups = []
    for reaction in [] if message.deleted_at else message.reactions:
        emoji, count = reaction["emoji"], reaction["count"]
        people = lists.reactors(user, message_id, emoji=emoji, after=None, limit=REACTORS_MAX).results
        groups.append({"emoji": emoji, "count": count, "people": people, "more": max(0, count - len(people))})
    context = {"message": message, "groups": groups}
    slug = message.room.slug
    return panel(request, "panels/reactions.html", context, kind="reactions", title="Reactions", slug=slug)


@require_safe
@login_required
def receipts(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Who has read the message, who has received it, and who neither; the first of each list."""
    title, user = "Seen by", user_of(request)
    try:
        message = asking.message_for(user, message_id)
    except NotFound as missing:
        raise Http404 from missing
    except Forbidden as refusal:
        return panel(request, "panels/receipts.html", {"refusal": refusal.detail}, kind="receipts", title=title)
    counts = asking.counts(message, user)
    seen = {state: _first(message, user, state) for state in ("read", "received", "waiting")}
    sizes = {"read": counts.read, "received": counts.received - counts.read, "waiting": counts.of - counts.received}
    context = {
        "message": message,
        "counts": counts,
        "lists": [
            {"state": state, "people": people, "count": sizes[state], "more": sizes[state] - len(people)}
            for state, people in seen.items()
        ],
    }
    slug = message.room.slug
    return panel(request, "panels/receipts.html", context, kind="receipts", title=title, slug=slug)


def _message(request: HttpRequest, message_id: UUID) -> Message:
    reachable = Message.objects.reachable_by(user_of(request)).select_related("room", "sender")
    return get_object_or_404(reachable, pk=message_id)


def _first(message: Message, viewer: User, state: asking.State) -> list[asking.ReceiptOut]:
    """The list's people as it shows them: who did it last stands first."""
    people = [each for _, each in asking.people(message, viewer, state=state, limit=LISTED_MAX)]
    if state != "waiting":
        people.sort(key=lambda each: each.read_at or each.received_at or "", reverse=True)
    return people
