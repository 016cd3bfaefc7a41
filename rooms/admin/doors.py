"""Who is asked into rooms, by which links people come, and who is kept out: for staff, through the services."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chat_project.admin_site import ReadOnlyAdmin, ServiceAdmin, staff_member
from rooms import services
from rooms.admin.rooms import SEARCH_HELP, room_named, user_named
from rooms.models import Ban, Invitation


def _of(queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
    term = search_term.strip()
    if not term:
        return queryset, False
    if room := room_named(term):
        return queryset.filter(room=room), False
    return queryset.filter(user=user_named(term)), False


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """The codes of links are not shown: staff who may look here need not be able to come in."""

    list_display = ("room", "asks", "made_by", "state", "uses", "uses_max", "expires_at", "created_at")
    list_select_related = ("room", "user", "made_by")
    list_filter = ("state",)
    search_fields = ("=room__slug",)  # shows the box; `get_search_results` does the search
    search_help_text = SEARCH_HELP
    ordering = ("-created_at",)
    exclude = ("code",)
    actions = ("revoke",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invitation], search_term: str
    ) -> tuple[QuerySet[Invitation], bool]:
        return _of(queryset, search_term)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("rooms.change_invitation"))

    @admin.display(description="asks")
    def asks(self, invitation: Invitation) -> str:
        return f"@{invitation.user.username}" if invitation.user else "by link"

    @admin.action(description="Revoke the invitations", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        staff = services.Staff(staff_member(request))
        ServiceAdmin.apply_to_each(
            self,  # type: ignore[arg-type]
            request,
            chosen.select_related("room"),
            lambda invitation: services.revoke(staff, invitation),
            "Invitations revoked",
        )


@admin.register(Ban)
class BanAdmin(ServiceAdmin):
    list_display = ("user", "room", "made_by", "reason", "until", "created_at")
    list_select_related = ("user", "room", "made_by")
    search_fields = ("=room__slug",)  # shows the box; `get_search_results` does the search
    search_help_text = SEARCH_HELP
    autocomplete_fields = ("room", "user")
    ordering = ("-id",)
    sortable_by = ()
    readonly_fields = ("made_by", "created_at")
    fields = ("room", "user", "reason", "until", "made_by", "created_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ban], search_term: str
    ) -> tuple[QuerySet[Ban], bool]:
        return _of(queryset, search_term)

    def get_readonly_fields(self, request: HttpRequest, obj: Ban | None = None) -> Any:
        return self.readonly_fields if obj is None else ("room", "user", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Ban, form: Any, change: bool) -> None:
        staff = services.Staff(staff_member(request))
        made = services.ban(staff, obj.room, obj.user_id, reason=obj.reason, until=obj.until)
        obj.pk = made.pk  # the admin goes on to its page

    def delete_model(self, request: HttpRequest, obj: Ban) -> None:
        services.unban(services.Staff(staff_member(request)), obj.room, obj.user_id)
