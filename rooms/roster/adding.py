"""The page on which people are added to a room: found by name, and told apart by who lets others add them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.models import Privacy, User
from accounts.privacy import who_allow
from accounts.relations import blocked_by
from accounts.search import find_people
from realtime.errors import Refusal
from rooms import services
from rooms.models import Membership
from rooms.panels import panel
from rooms.permissions import Action
from rooms.roster.standing import Standing, asked, standing, uuid_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def add_people(request: HttpRequest, slug: str) -> HttpResponse:
    """Find people and add them. Who does not let the user add them is named, and can be invited."""
    here = standing(request, slug)
    if not here.may(Action.INVITE) or here.room.archived_at is not None:
        raise PermissionDenied("You cannot add people to this room.")
    data = request.POST if request.method == "POST" else request.GET
    chosen = list(User.objects.active().filter(pk__in=_uuids(data.getlist("people"))).order_by("username"))
    error, status = "", 200
    if request.method == "POST":
        if "invite" in request.POST:
            error, status = _invite(request, here)
        elif not chosen:
            error, status = "Choose at least one person.", 422
        else:
            try:
                services.add_members(here.user, here.room, chosen)
            except Refusal as refusal:
                error, status = refusal.detail, refusal.status
            else:
                messages.success(request, f"Added {_names(chosen)}.")
                return redirect("room_members", here.room.slug)
    query = asked(request)
    found = find_people(query, without=[here.user, *chosen])
    context = {
        "here": here.room,
        "query": query,
        "people": _choices(here, chosen, found),
        "errors": [error] if error else [],
    }
    return panel(request, "roster/add.html", context, kind="room-add", title="Add people", slug=slug, status=status)


def _invite(request: HttpRequest, here: Standing) -> tuple[str, int]:
    """Ask the person of the pressed button. Return what went wrong, if it did, and the answer's status."""
    try:
        made = services.invite(here.user, here.room, uuid_or_404(request.POST["invite"]))
    except Refusal as refusal:
        return refusal.detail, refusal.status
    messages.success(request, f"{made.user.name if made.user else 'They'} can accept or decline.")
    return "", 200


def _choices(here: Standing, chosen: list[User], found: list[User]) -> list[dict[str, object]]:
    """The people to choose from, with who is in the room already, and who cannot be added and why."""
    ids = [user.pk for user in (*chosen, *found)]
    members = Membership.objects.current().of_room(here.room).filter(user_id__in=ids)
    inside = set(members.values_list("user_id", flat=True))
    invited = set(here.room.invitations.open().filter(user_id__in=ids).values_list("user_id", flat=True))
    banned = set(here.room.bans.standing().filter(user_id__in=ids).values_list("user_id", flat=True))
    blocked = set(blocked_by(here.user.pk))
    willing = who_allow(here.user, Privacy.ROOMS, ids) - banned
    choices: list[dict[str, object]] = [
        {
            "user": user,
            "is_chosen": user in chosen and user.pk not in inside and user.pk in willing,
            "is_inside": user.pk in inside,
            "is_invited": user.pk in invited,
            "is_banned": user.pk in banned,
            "is_blocked": user.pk in blocked,
            "is_unwilling": user.pk not in inside and user.pk not in willing,
        }
        for user in (*chosen, *found)
    ]
    return sorted(choices, key=lambda choice: bool(choice["is_inside"]))  # whom there is nothing to do with stand last


def _names(users: list[User]) -> str:
    names = [user.name for user in users]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _uuids(texts: list[str]) -> list[UUID]:
    """The ids among what a form sent; whatever else it sent chooses nobody."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
