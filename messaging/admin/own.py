"""What people keep for themselves: staff see that it is there, not what it says."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chat_project.admin_site import ReadOnlyAdmin
from messaging.models import ComposerDraft, SavedMessage
from rooms.admin import as_uuid, link, room_named, user_named


@admin.register(SavedMessage)
class SavedMessageAdmin(ReadOnlyAdmin):
    """Who saved which message; the note is its owner's."""

    list_display = ("created_at", "user_link", "message_link", "has_note")
    list_display_links = ("created_at",)
    list_select_related = ("user",)
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id of a message, the id or the @username of a person."
    ordering = ("-id",)
    fields = ("user_link", "message_link", "has_note", "created_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SavedMessage], search_term: str
    ) -> tuple[QuerySet[SavedMessage], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if user := user_named(term):
            return queryset.filter(user=user), False
        return (queryset.filter(message_id=message_id) if (message_id := as_uuid(term)) else queryset.none()), False

    @admin.display(description="user")
    def user_link(self, row: SavedMessage) -> SafeString:
        return link(row.user, "accounts_user_change", row.user_id)

    @admin.display(description="message")
    def message_link(self, row: SavedMessage) -> SafeString:
        return link(row.message_id, "messaging_message_change", row.message_id)

    @admin.display(description="note", boolean=True)
    def has_note(self, row: SavedMessage) -> bool:
        return bool(row.note)


@admin.register(ComposerDraft)
class ComposerDraftAdmin(ReadOnlyAdmin):
    """Who is writing where; the words are not said yet, and nobody else's."""

    list_display = ("updated_at", "user_link", "room_link", "thread_root_id", "length")
    list_display_links = ("updated_at",)
    list_select_related = ("user", "room")
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id or the address of a room, the id or the @username of a person."
    ordering = ("-id",)
    fields = ("user_link", "room_link", "thread_root_id", "reply_to_id", "length", "updated_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ComposerDraft], search_term: str
    ) -> tuple[QuerySet[ComposerDraft], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if user := user_named(term):
            return queryset.filter(user=user), False
        return (queryset.filter(room=room) if (room := room_named(term)) else queryset.none()), False

    @admin.display(description="user")
    def user_link(self, row: ComposerDraft) -> SafeString:
        return link(row.user, "accounts_user_change", row.user_id)

    @admin.display(description="room")
    def room_link(self, row: ComposerDraft) -> SafeString:
        return link(row.room, "rooms_room_change", row.room_id)

    @admin.display(description="characters")
    def length(self, row: ComposerDraft) -> int:
        return len(row.content)
