"""The list of a room's members, and the page about one of them with what may be done to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from realtime.errors import Invalid, Refusal
from rooms import services
from rooms.models import Kind, Membership, Role
from rooms.panels import lead_away, panel
from rooms.permissions import Action, allows
from rooms.roster import listing, moments
from rooms.roster.banning import SPAN_CHOICES, ban_by_form
from rooms.roster.standing import Standing, asked, member_or_404, standing

# How long somebody is muted for, as the page offers it.
MUTES = {
    "10m": ("10 minutes", timedelta(minutes=10)),
    "1h": ("1 hour", timedelta(hours=1)),
    "1d": ("1 day", timedelta(days=1)),
}
# What the roles that can be given may do beyond a member.
ROLE_WORDS = {
    Role.ADMIN: "Admins also change settings and roles.",
    Role.MODERATOR: "Moderators mute, remove and ban people, and delete messages.",
}
# What a member can be given or denied besides their role, as the page offers it.
OVERRIDABLE = {
    Action.POST: "Write messages",
    Action.REACT: "React to messages",
    Action.POLL: "Ask polls",
    Action.PIN: "Pin messages",
    Action.MENTION_ROOM: "Mention everybody",
    Action.INVITE: "Add and invite people",
    Action.DELETE_OTHERS: "Delete messages of others",
    Action.EDIT_ROOM: "Change the room’s settings",
}


@require_safe
@login_required
def member_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is in the room, with roles and mutes: a page of them, or those with such a name."""
    here = standing(request, slug)
    query = asked(request)
    try:
        found = listing.search(here.room, query) if query else listing.page_of(here.room, request.GET.get("after"))
    except Invalid as refusal:
        raise BadRequest(refusal.detail) from None
    context = {
        "here": here.room,
        "query": query,
        "members": found,
        "now": timezone.now(),
        "count": here.room.head.member_count,
        "may_invite": here.may(Action.INVITE) or here.may(Action.MANAGE_INVITATIONS),
        "may_add": here.room.archived_at is None and here.may(Action.INVITE),
    }
    return panel(request, "roster/members.html", context, kind="members", title="Members", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def member(request: HttpRequest, slug: str, user_id: UUID) -> HttpResponse:
    """One member. POST: what is done to them, named by `act`; refused, the page says why."""
    here = standing(request, slug)
    about = member_or_404(here.room, user_id)
    act, refused = "", ""
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act not in _ACTS:
            raise BadRequest("There is no such act.")
        try:
            return _ACTS[act](request, here, about)
        except Refusal as refusal:
            refused, status = refusal.detail, refusal.status
            about = member_or_404(here.room, user_id)  # as they are, whatever was tried
    context = {"here": here.room, "member": about, "refused": refused, "refused_act": act, **_offers(here, about)}
    status = status if refused else 200
    return panel(request, "roster/member.html", context, kind="member", title="Member", slug=slug, status=status)


def _offers(here: Standing, about: Membership) -> Mapping[str, Any]:
    """What the page offers to do, by the table; the services judge."""
    is_self = about.user_id == here.user.pk
    now = timezone.now()
    roles = here.roles_for(about)
    return {
        "is_self": is_self,
        "now": now,
        "muted_until": about.muted_until if about.muted_until and about.muted_until > now else None,
        "roles": [(role.value, role.label) for role in roles],
        "roles_help": " ".join(ROLE_WORDS[role] for role in reversed(roles) if role in ROLE_WORDS),
        "mutes": [(key, words) for key, (words, _) in MUTES.items()],
        "may_mute": here.may_to(Action.MUTE_MEMBER, about),
        "may_remove": here.may_to(Action.REMOVE_MEMBER, about),
        "may_transfer": not is_self and here.may(Action.TRANSFER),
        "may_ban": here.may_to(Action.BAN_MEMBER, about),
        "spans": SPAN_CHOICES,
        "overrides": _overrides(here, about) if here.may_to(Action.SET_PERMISSIONS, about) else [],
        "may_message": not is_self and not (here.room.kind == Kind.DIRECT and here.room.head.member_count <= 2),
        "may_leave": is_self and here.may(Action.LEAVE),
        "zone": moments.zone_of(here.user).key,
        "local_muted_until": moments.local(about.muted_until, moments.zone_of(here.user)) if about.muted_until else "",
    }


def _overrides(here: Standing, about: Membership) -> list[dict[str, Any]]:
    """What can be decided about the member alone: those actions that who decides may do themselves."""
    room = here.room

    def by_role(action: Action) -> bool:
        return allows(action, role=about.role, kind=room.kind, settings=room.settings)

    return [
        {"action": action.value, "words": words, "by_role": by_role(action), "given": about.permissions.get(action)}
        for action, words in OVERRIDABLE.items()
        if here.may(action)
    ]


def _done(request: HttpRequest, here: Standing, about: Membership, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("room_member", here.room.slug, about.user_id)


def _change_role(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    changed = services.change_role(here.user, here.room, about.user_id, request.POST.get("role", ""))
    return _done(request, here, about, f"{about.user.name} is now {_A[Role(changed.role)]}.")


def _mute(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    span = request.POST.get("for", "")
    until = timezone.now() + MUTES[span][1] if span in MUTES else moments.read(request.POST, "until", here.user)
    services.mute_member(here.user, here.room, about.user_id, until)
    return _done(request, here, about, f"{about.user.name} can read, but not write.")


def _unmute(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    services.mute_member(here.user, here.room, about.user_id, None)
    return _done(request, here, about, f"{about.user.name} can write again.")


def _remove(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    services.remove_member(here.user, here.room, about.user_id)
    messages.success(request, f"{about.user.name} is not in the room any more.")
    return redirect("room_members", here.room.slug)


def _transfer(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    services.transfer(here.user, here.room, about.user_id)
    return _done(request, here, about, f"{about.user.name} owns the room now; you are an admin of it.")


def _message(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    room, _ = services.direct_room(here.user, [about.user])
    return lead_away(request, reverse("room", args=[room.slug]))


def _ban(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    ban_by_form(request, here, about.user)
    return redirect("room_members", here.room.slug)


def _set_permissions(request: HttpRequest, here: Standing, about: Membership) -> HttpResponse:
    """What the form does not offer stays as it is."""
    wanted = {name: given for name, given in about.permissions.items() if name not in OVERRIDABLE}
    for action in OVERRIDABLE:
        if (given := _GIVEN.get(request.POST.get(f"may_{action}", ""))) is not None:
            wanted[action] = given
    services.set_permissions(here.user, here.room, about.user_id, wanted)
    return _done(request, here, about, f"What {about.user.name} may do is saved.")


_GIVEN = {"yes": True, "no": False}
_A = {Role.ADMIN: "an admin", Role.MODERATOR: "a moderator", Role.MEMBER: "a member", Role.OWNER: "the owner"}
_ACTS: Mapping[str, Callable[[HttpRequest, Standing, Membership], HttpResponse]] = {
    "role": _change_role,
    "mute": _mute,
    "unmute": _unmute,
    "remove": _remove,
    "transfer": _transfer,
    "message": _message,
    "ban": _ban,
    "permissions": _set_permissions,
}
