"""What is to be sent later, and what was found behind links: to see how it stands.

What a scheduled message says is its author's until it is sent; staff see that it is there.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chat_project.admin_site import ReadOnlyAdmin
from messaging.models import LinkPreview, ScheduledMessage
from messaging.previews.work import digest_of
from rooms.admin import as_uuid, link, room_named, user_named


@admin.register(ScheduledMessage)
class ScheduledMessageAdmin(ReadOnlyAdmin):
    list_display = ("send_at", "sender_link", "room_link", "state", "problem", "message_link")
    list_display_links = ("send_at",)
    list_select_related = ("sender", "room")
    list_filter = ("state",)
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: an id, the address of a room, the @username of a person."
    ordering = ("-send_at",)
    fields = (
        *("id", "sender_link", "room_link", "length", "silent", "send_at", "state", "problem", "message_link"),
        *("created_at", "updated_at"),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ScheduledMessage], search_term: str
    ) -> tuple[QuerySet[ScheduledMessage], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if (scheduled_id := as_uuid(term)) and ScheduledMessage.objects.filter(pk=scheduled_id).exists():
            return queryset.filter(pk=scheduled_id), False
        if user := user_named(term):
            return queryset.filter(sender=user), False
        return (queryset.filter(room=room) if (room := room_named(term)) else queryset.none()), False

    @admin.display(description="sender")
    def sender_link(self, row: ScheduledMessage) -> SafeString:
        return link(row.sender, "accounts_user_change", row.sender_id)

    @admin.display(description="room")
    def room_link(self, row: ScheduledMessage) -> SafeString:
        return link(row.room, "rooms_room_change", row.room_id)

    @admin.display(description="message")
    def message_link(self, row: ScheduledMessage) -> SafeString | str:
        return link(row.message_id, "messaging_message_change", row.message_id) if row.message_id else "–"

    @admin.display(description="characters")
    def length(self, row: ScheduledMessage) -> int:
        return len(row.content)


@admin.register(LinkPreview)
class LinkPreviewAdmin(ReadOnlyAdmin):
    list_display = ("fetched_at", "url", "title", "site", "problem")
    list_display_links = ("fetched_at",)
    search_fields = ("=url",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: an address."
    ordering = ("-fetched_at",)
    fields = ("url", "title", "description", "site", "problem", "fetched_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LinkPreview], search_term: str
    ) -> tuple[QuerySet[LinkPreview], bool]:
        term = search_term.strip()
        return (queryset.filter(digest=digest_of(term)) if term else queryset), False
