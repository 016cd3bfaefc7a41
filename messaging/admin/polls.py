"""Polls in the admin: to read and to close. Of an anonymous one nobody sees the votes, staff neither."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from chat_project.admin_site import ReadOnlyAdmin, ServiceAdmin, staff_member
from messaging import polls
from messaging.models import Poll, PollVote
from rooms.admin import as_uuid, link, user_named
from rooms.services import Staff

QUESTION_LENGTH = 80


@admin.register(Poll)
class PollAdmin(ReadOnlyAdmin, ServiceAdmin):
    """Newest first, by the id of the message that asks."""

    list_display = ("question", "voters", "multiple", "anonymous", "closes_at", "closed_at")
    list_select_related = ("message",)
    search_fields = ("=message__id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id of the message that asks."
    ordering = ("-message",)
    fields = ("message_link", "question", "counts", "voters", "multiple", "anonymous", "closes_at", "closed_at")
    actions = ("close_polls",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Poll], search_term: str
    ) -> tuple[QuerySet[Poll], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return (queryset.filter(pk=message_id) if (message_id := as_uuid(term)) else queryset.none()), False

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Staff who may change polls; there is no form to change one by."""
        return bool(request.user.has_perm("messaging.change_poll"))

    @admin.action(description="Close the polls", permissions=["close"])
    def close_polls(self, request: HttpRequest, chosen: QuerySet[Poll]) -> None:
        staff = Staff(staff_member(request))
        self.apply_to_each(request, chosen, lambda poll: polls.close(staff, poll.pk), "Polls closed")

    @admin.display(description="message")
    def message_link(self, poll: Poll) -> SafeString:
        return link(poll.pk, "messaging_message_change", poll.pk)

    @admin.display(description="question")
    def question(self, poll: Poll) -> str:
        return Truncator(poll.message.content).chars(QUESTION_LENGTH)

    @admin.display(description="votes")
    def counts(self, poll: Poll) -> SafeString:
        shown = (poll.message.poll or {}).get("options", [])
        lines = ((option["text"], option["count"]) for option in shown)
        return format_html_join(SafeString("<br>"), "{}: {}", lines)

    @admin.display(description="voters")
    def voters(self, poll: Poll) -> int:
        return int((poll.message.poll or {}).get("voters", 0))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._refuse_raw_write("save_model")


@admin.register(PollVote)
class PollVoteAdmin(ReadOnlyAdmin):
    """Votes of polls that are not anonymous; of the others there are only counts."""

    list_display = ("created_at", "user_link", "message_link", "option")
    list_display_links = ("created_at",)
    list_select_related = ("user",)
    search_fields = ("=id",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id of the message that asks, the id or the @username of a person."
    ordering = ("-id",)
    fields = ("user_link", "message_link", "option", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PollVote]:
        found: QuerySet[PollVote] = super().get_queryset(request)
        return found.filter(message__poll_row__anonymous=False)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PollVote], search_term: str
    ) -> tuple[QuerySet[PollVote], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if user := user_named(term):
            return queryset.filter(user=user), False
        return (queryset.filter(message_id=message_id) if (message_id := as_uuid(term)) else queryset.none()), False

    @admin.display(description="user")
    def user_link(self, vote: PollVote) -> SafeString:
        return link(vote.user, "accounts_user_change", vote.user_id)

    @admin.display(description="message")
    def message_link(self, vote: PollVote) -> SafeString:
        return link(vote.message_id, "messaging_message_change", vote.message_id)
