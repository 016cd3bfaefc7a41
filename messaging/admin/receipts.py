"""Receipts in the admin: who received or read what when, to look into what was not delivered."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chat_project.admin_site import ReadOnlyAdmin
from messaging.models import Receipt
from rooms.admin import link, room_named, user_named


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Newest first; written once, never changed."""

    list_display = ("at", "user_link", "kind", "room_link", "from_number", "to_number")
    list_display_links = ("at",)
    list_select_related = ("user", "room")
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id or the address of a room, the id or the @username of a person."
    ordering = ("-id",)
    fields = ("at", "user_link", "kind", "room_link", "from_number", "to_number")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Receipt], search_term: str
    ) -> tuple[QuerySet[Receipt], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if user := user_named(term):
            return queryset.filter(user=user), False
        return (queryset.filter(room=room) if (room := room_named(term)) else queryset.none()), False

    @admin.display(description="user")
    def user_link(self, row: Receipt) -> SafeString:
        return link(row.user, "accounts_user_change", row.user_id)

    @admin.display(description="room")
    def room_link(self, row: Receipt) -> SafeString:
        return link(row.room, "rooms_room_change", row.room_id)
