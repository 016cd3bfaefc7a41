"""What people are to each other, in the admin: for staff to read. It is the people's own to change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Block, Contact, ContactRequest, User
from chat_project.admin_site import ReadOnlyAdmin


class _BetweenTwo(ReadOnlyAdmin):
    """Rows about two people; found by either."""

    one, other = "user", "other"
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id or the @username of either person."
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        user = _user_named(term)
        return queryset.filter(Q((self.one, user)) | Q((self.other, user))) if user else queryset.none(), False


@admin.register(Contact)
class ContactAdmin(_BetweenTwo):
    """Who is among whose contacts: two rows a pair."""

    list_display = ("created_at", "user_link", "other_link")
    list_display_links = ("created_at",)
    list_select_related = ("user", "other")
    fields = ("user_link", "other_link", "created_at")

    @admin.display(description="user")
    def user_link(self, row: Contact) -> SafeString:
        return _link(row.user)

    @admin.display(description="contact")
    def other_link(self, row: Contact) -> SafeString:
        return _link(row.other)


@admin.register(ContactRequest)
class ContactRequestAdmin(_BetweenTwo):
    """Who asked whom, and what came of it; the note is there for who moderates what people write."""

    one, other = "sender", "receiver"
    ordering = ("-created_at",)
    list_display = ("created_at", "sender_link", "receiver_link", "state", "decided_at")
    list_display_links = ("created_at",)
    list_select_related = ("sender", "receiver")
    fields = ("sender_link", "receiver_link", "note", "state", "created_at", "decided_at")

    @admin.display(description="asks")
    def sender_link(self, row: ContactRequest) -> SafeString:
        return _link(row.sender)

    @admin.display(description="is asked")
    def receiver_link(self, row: ContactRequest) -> SafeString:
        return _link(row.receiver)


@admin.register(Block)
class BlockAdmin(_BetweenTwo):
    """Who has blocked whom, and why: somebody whom many block is worth a look."""

    one, other = "blocker", "blocked"
    list_display = ("created_at", "blocker_link", "blocked_link", "reason")
    list_display_links = ("created_at",)
    list_select_related = ("blocker", "blocked")
    fields = ("blocker_link", "blocked_link", "reason", "created_at")

    @admin.display(description="who blocks")
    def blocker_link(self, row: Block) -> SafeString:
        return _link(row.blocker)

    @admin.display(description="is blocked")
    def blocked_link(self, row: Block) -> SafeString:
        return _link(row.blocked)


def _user_named(term: str) -> User | None:
    try:
        return User.objects.filter(pk=UUID(term)).first()
    except ValueError:
        return User.objects.named(term.removeprefix("@")).first() if "\0" not in term else None


def _link(user: User) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[user.pk]), user.username)
