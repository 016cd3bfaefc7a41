"""The page of one's contacts, in the side panel or by itself; it works without a script as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import relations
from accounts.models import User
from accounts.models.user import USERNAME_MAX
from accounts.people import person_of
from accounts.requests import user_of
from accounts.search import person_named
from accounts.services import blocks, contacts
from accounts.services.blocks import REASON_MAX
from accounts.services.contacts import NOTE_MAX
from chat_project.api.fields import cursor_of, key_of
from realtime.errors import Invalid, Refusal
from rooms.panels import is_for_panel, panel

# Contacts of one page; open requests and blocks are few, and shown up to this many as well.
LIST_PAGE = 50

# What the page's buttons do: with whom, or with which request.
_WITH_PERSON: dict[str, Callable[[User, UUID, str], object]] = {
    "ask": lambda user, who, words: contacts.request(user, who, words),
    "remove": lambda user, who, _: contacts.remove(user, who),
    "block": lambda user, who, words: blocks.block(user, who, words),
    "unblock": lambda user, who, _: blocks.unblock(user, who),
}
_WITH_REQUEST: dict[str, Callable[[User, UUID], object]] = {
    "accept": contacts.accept,
    "decline": contacts.decline,
    "cancel": contacts.cancel,
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def contacts_page(request: HttpRequest) -> HttpResponse:
    """One's contacts, requests and blocks, and one person by exact username. POST: what a button does."""
    user = user_of(request)
    if request.method == "POST":
        try:
            _change(request, user)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        if not is_for_panel(request):
            query = urlencode({"username": request.POST["sought"]}) if request.POST.get("sought") else ""
            return redirect(reverse("contacts") + (f"?{query}" if query else ""))
    found, following = relations.contacts_page(user, after=_after(request), limit=LIST_PAGE)
    context = {
        **_sought(request, user),
        "contacts": found,
        "next": None if following is None else cursor_of(following),
        "is_first": "after" not in request.GET,
        "incoming": relations.requests_page(user, "incoming", before=None, limit=LIST_PAGE)[0],
        "outgoing": relations.requests_page(user, "outgoing", before=None, limit=LIST_PAGE)[0],
        "blocked": relations.blocks_page(user, before=None, limit=LIST_PAGE)[0],
        "username_max": USERNAME_MAX,
        "note_max": NOTE_MAX,
        "reason_max": REASON_MAX,
    }
    return panel(request, "panels/contacts.html", context, kind="contacts", title="Contacts")


def _sought(request: HttpRequest, user: User) -> dict[str, Any]:
    """Who was looked for by username, and what they are to the user."""
    sought = (request.POST.get("sought") or request.GET.get("username", "")).strip()[: USERNAME_MAX + 1]
    if not sought:
        return {"sought": ""}
    try:
        person = person_named(user, sought)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
        return {"sought": sought}
    if person is None:
        return {"sought": sought, "nobody": True}
    relation, asked = relations.relation_of(user, person)
    return {"sought": sought, "person": person_of(person), "relation": str(relation), "asked": asked}


def _change(request: HttpRequest, user: User) -> None:
    act = request.POST.get("act", "")
    if (with_person := _WITH_PERSON.get(act)) is not None:
        with_person(user, _id(request, "user"), request.POST.get("words", ""))
    elif (with_request := _WITH_REQUEST.get(act)) is not None:
        with_request(user, _id(request, "request"))
    else:
        raise Http404


def _id(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise Http404 from None


def _after(request: HttpRequest) -> str | None:
    """The username behind which the asked page begins; what names none is the first page."""
    try:
        return key_of(request.GET["after"], tuple[str])[0] if "after" in request.GET else None
    except Invalid:
        return None
