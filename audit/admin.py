"""The audit record in the admin: to read, filter and search; nothing can be changed there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.models import AuditEntry
from chat_project.admin_site import ReadOnlyAdmin

PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


class PeriodFilter(admin.SimpleListFilter):
    title = "time"
    parameter_name = "within"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"Past {name}") for name in PERIODS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        period = PERIODS.get(self.value() or "")
        return queryset.filter(created_at__gte=timezone.now() - period) if period else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Every filter is an index with the newest first, and nothing is sorted or counted otherwise."""

    list_display = ("at", "severity", "action_link", "actor_link", "target_link", "ip")
    list_display_links = ("at",)
    list_filter = ("severity", PeriodFilter)
    search_fields = ("actor_name",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: an action (user.suspended), a username, or the id of a user, room or token."
    ordering = ("-id",)
    list_per_page = 100
    fields = (
        *("id", "at", "severity", "action_link", "actor_link", "target_link", "target_type"),
        *("ip", "user_agent", "details", "sealed"),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Search what has an index, by the look of the term. A part of a word would read the whole table."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", term):
            return queryset.filter(action=term), False
        if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", term):
            return queryset.filter(Q(target_id=term.lower()) | Q(actor_id=term)), False
        return queryset.filter(Q(actor_name=term) | Q(target_id=term)), False

    @admin.display(description="time (UTC)")
    def at(self, entry: AuditEntry) -> str:
        return f"{entry.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="action")
    def action_link(self, entry: AuditEntry) -> SafeString:
        return self._narrow(entry.action, action=entry.action)

    @admin.display(description="actor")
    def actor_link(self, entry: AuditEntry) -> SafeString | str:
        return self._narrow(entry.actor_name, actor_id=str(entry.actor_id)) if entry.actor_id else "the system"

    @admin.display(description="target")
    def target_link(self, entry: AuditEntry) -> SafeString | str:
        return self._narrow(entry.target_name or entry.target_id, target_id=entry.target_id) if entry.target_id else "–"

    @admin.display(description="seal")
    def sealed(self, entry: AuditEntry) -> str:
        seal = getattr(entry, "seal", None)
        return f"{seal.position}: {bytes(seal.hash).hex()}" if seal else "Waits for its seal (a few seconds)."

    def _narrow(self, text: str, **filters: str) -> SafeString:
        """A link to the list narrowed to what the text names."""
        url = f"{reverse('admin:audit_auditentry_changelist')}?{urlencode(filters)}"
        return format_html('<a href="{}">{}</a>', url, text)
