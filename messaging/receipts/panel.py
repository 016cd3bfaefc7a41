"""The page of the side panel that says who has received and read a message."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import user_of
from messaging.models import Message
from messaging.receipts import asking
from realtime.errors import Forbidden, NotFound
from rooms.panels import panel

# Of each of the three lists; in a larger room the REST API has the rest.
LISTED_MAX = 200


@require_safe
@login_required
def receipts(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Who has read the message, who has received it, and who neither; the first of each list."""
    title = "Seen by"
    try:
        message = asking.message_for(user_of(request), message_id)
    except NotFound as missing:
        raise Http404 from missing
    except Forbidden as refusal:
        return panel(request, "panels/receipts.html", {"refusal": refusal.detail}, kind="receipts", title=title)
    counts = asking.counts(message)
    lists = {state: _first(message, state) for state in ("read", "received", "waiting")}
    sizes = {"read": counts.read, "received": counts.received - counts.read, "waiting": counts.of - counts.received}
    context = {
        "message": message,
        "counts": counts,
        "lists": [
            {"state": state, "people": people, "count": sizes[state], "more": sizes[state] - len(people)}
            for state, people in lists.items()
        ],
    }
    slug = message.room.slug
    return panel(request, "panels/receipts.html", context, kind="receipts", title=title, slug=slug)


def _first(message: Message, state: asking.State) -> list[asking.ReceiptOut]:
    """The list's people as it shows them: who did it last stands first."""
    people = [each for _, each in asking.people(message, state=state, limit=LISTED_MAX)]
    if state != "waiting":
        people.sort(key=lambda each: each.read_at or each.received_at or "", reverse=True)
    return people
