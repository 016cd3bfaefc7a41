"""What people do with messages, in the admin: reactions, pins, edits, mentions, threads that they follow."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from chat_project.admin_site import ReadOnlyAdmin, ServiceAdmin, staff_member
from messaging import services
from messaging.models import Mention, MessageRevision, Pin, Reaction, ThreadFollow
from rooms.admin import SEARCH_HELP, as_uuid, link, room_named, user_named
from rooms.services import Staff

EXCERPT_LENGTH = 80


class _Act(ReadOnlyAdmin):
    """Newest first; found by the message, and by the person where there is an index for that."""

    ordering = ("-id",)
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id of a message, the id or the @username of a person."
    of_message = "message_id"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = self.elsewhere(queryset, term)
        if found is None:
            message_id = as_uuid(term)
            found = queryset.filter(**{self.of_message: message_id}) if message_id else queryset.none()
        return found, False

    def elsewhere(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any] | None:
        """What a term finds that is not the id of a message; None where it is nothing else."""
        user = user_named(term)
        return queryset.filter(user=user) if user else None

    @admin.display(description="message")
    def message_link(self, row: Any) -> SafeString:
        message_id = getattr(row, self.of_message)
        return link(message_id, "messaging_message_change", message_id)

    @admin.display(description="person")
    def user_link(self, row: Any) -> SafeString | str:
        return link(row.user, "accounts_user_change", row.user_id) if row.user_id else "–"

    @admin.display(description="room")
    def room_link(self, row: Any) -> SafeString:
        return link(row.room, "rooms_room_change", row.room_id)


@admin.register(Reaction)
class ReactionAdmin(_Act):
    list_display = ("created_at", "user_link", "emoji", "message_link")
    list_display_links = ("created_at",)
    list_select_related = ("user",)
    fields = ("created_at", "user_link", "emoji", "message_link")


@admin.register(Pin)
class PinAdmin(_Act, ServiceAdmin):
    """What rooms keep at hand; staff can let go of it."""

    list_display = ("created_at", "room_link", "message_link", "user_link")
    list_display_links = ("created_at",)
    list_select_related = ("room", "user")
    search_help_text = f"Exactly: the id of a message. {SEARCH_HELP}"
    fields = ("created_at", "room_link", "message_link", "user_link")
    actions = ("unpin",)

    def elsewhere(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any] | None:
        room = room_named(term)
        return queryset.filter(room=room) if room else super().elsewhere(queryset, term)

    def has_unpin_permission(self, request: HttpRequest) -> bool:
        """Staff who may delete pins; Django's own deletion would leave the mark on the message."""
        return bool(request.user.has_perm("messaging.delete_pin"))

    @admin.action(description="Unpin the messages", permissions=["unpin"])
    def unpin(self, request: HttpRequest, chosen: QuerySet[Pin]) -> None:
        staff = Staff(staff_member(request))
        self.apply_to_each(request, chosen, lambda pin: services.unpin(staff, pin.message_id), "Messages unpinned")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._refuse_raw_write("save_model")


@admin.register(MessageRevision)
class MessageRevisionAdmin(_Act):
    """What messages said before their edits; it goes with a message that is deleted."""

    list_display = ("replaced_at", "message_link", "editor_link", "excerpt")
    list_display_links = ("replaced_at",)
    list_select_related = ("editor",)
    search_help_text = "Exactly: the id of a message."
    fields = ("replaced_at", "message_link", "seq", "editor_link", "content")

    def elsewhere(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any] | None:
        return None

    @admin.display(description="edited by")
    def editor_link(self, row: MessageRevision) -> SafeString | str:
        return link(row.editor, "accounts_user_change", row.editor_id) if row.editor else "–"

    @admin.display(description="said before")
    def excerpt(self, row: MessageRevision) -> str:
        return Truncator(row.content).chars(EXCERPT_LENGTH)


@admin.register(Mention)
class MentionAdmin(_Act):
    """Whom messages call; without a person, everybody in the room."""

    list_display = ("id", "kind", "user_link", "room_link", "number", "message_link")
    list_display_links = ("id",)
    list_select_related = ("room", "user")
    fields = ("kind", "user_link", "room_link", "number", "message_link")

    def elsewhere(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any] | None:
        found = super().elsewhere(queryset, term)
        # By message, which is the order of time as well: that is what the index of a person has.
        return None if found is None else found.order_by(F("message_id").desc())


@admin.register(ThreadFollow)
class ThreadFollowAdmin(_Act):
    """Who follows a thread and how far they have read it."""

    of_message = "root_id"
    list_display = ("id", "user_link", "room_link", "message_link", "following", "read_index")
    list_display_links = ("id",)
    list_select_related = ("room", "user")
    search_help_text = (
        "Exactly: the id of a thread's first message; the id or the @username of a person, for what they follow."
    )
    fields = ("user_link", "room_link", "message_link", "following", "read_index")

    def elsewhere(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any] | None:
        found = super().elsewhere(queryset, term)
        return None if found is None else found.filter(following=True).order_by(F("root_id").desc())
