"""Messages in the admin: to read, and to take away what should not be there. Never edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from chat_project.admin_site import ReadOnlyAdmin, ServiceAdmin, staff_member
from messaging import services
from messaging.models import Message
from rooms.admin import SEARCH_HELP, as_uuid, link, room_named, user_named
from rooms.services import Staff

EXCERPT_LENGTH = 80
# Each is a transaction of its own, and the page waits for all of them.
DELETED_AT_ONCE_MAX = 500


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin, ServiceAdmin):
    """Newest first by id, which is by time; nothing is counted, sorted or searched without an index."""

    list_display = ("created_at", "room_link", "number", "sender_link", "kind", "excerpt", "deleted_at")
    list_display_links = ("created_at",)
    list_select_related = ("room", "sender")
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = f"Exactly: the id of a message. {SEARCH_HELP}"
    ordering = ("-id",)
    fields = (
        *("id", "room_link", "number", "seq", "kind", "sender_link", "content", "reply_to_id", "client_id"),
        *("thread_root_id", "thread_count", "in_flow", "silent", "mentions", "reactions", "poll", "previews"),
        *("metadata", "created_at", "client_time", "edited_at", "pinned_at", "deleted_at", "more"),
    )
    actions = ("delete_messages",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        found: QuerySet[Message] = super().get_queryset(request)
        return found.defer("html")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if (message_id := as_uuid(term)) and Message.objects.filter(pk=message_id).exists():
            return queryset.filter(pk=message_id), False
        if room := room_named(term):
            # By number, which is the order of ids within a room: that is what the index has.
            return queryset.filter(room=room).order_by("-number"), False
        user = user_named(term)
        return (queryset.filter(sender=user) if user else queryset.none()), False

    def has_tombstone_permission(self, request: HttpRequest) -> bool:
        """Staff who may delete messages; Django's own deletion would remove the rows."""
        return bool(request.user.has_perm("messaging.delete_message"))

    @admin.action(description="Delete the messages (leave tombstones)", permissions=["tombstone"])
    def delete_messages(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        several = list(chosen[: DELETED_AT_ONCE_MAX + 1])
        if len(several) > DELETED_AT_ONCE_MAX:
            self.message_user(request, f"Choose up to {DELETED_AT_ONCE_MAX} messages at once.", messages.ERROR)
            return
        self.apply_to_each(
            request,
            several,
            lambda message: services.delete(Staff(staff_member(request)), message.pk),
            "Messages deleted",
        )

    @admin.display(description="room")
    def room_link(self, message: Message) -> SafeString:
        return link(message.room, "rooms_room_change", message.room_id)

    @admin.display(description="sender")
    def sender_link(self, message: Message) -> SafeString | str:
        return link(message.sender, "accounts_user_change", message.sender_id) if message.sender else "–"

    @admin.display(description="content")
    def excerpt(self, message: Message) -> str:
        return Truncator(message.content).chars(EXCERPT_LENGTH)

    @admin.display(description="more")
    def more(self, message: Message) -> SafeString:
        """What else there is of it, each a list of its own."""
        lists = {
            "edits": "messagerevision",
            "reactions": "reaction",
            "mentions": "mention",
            "who follows its thread": "threadfollow",
        }
        return format_html_join(
            " · ",
            "{}",
            ((link(words, f"messaging_{model}_changelist", q=str(message.pk)),) for words, model in lists.items()),
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._refuse_raw_write("save_model")
