"""Rooms, members and the log in the admin. Changes go through `rooms.services`, as staff.

Every list is ordered by an index and searched by what has one: millions of rows open at once.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from accounts import pictures
from accounts.models import User
from chat_project.admin_site import ReadOnlyAdmin, ServiceAdmin, staff_member
from rooms import naming, services
from rooms.models import Kind, LogEntry, LogEpoch, Membership, Role, Room, RoomHead

# Direct rooms have no name, and their slug is an id: its beginning tells them apart.
SLUG_SHOWN = 16
SEARCH_HELP = "Exactly: the id or the address of a room, the id or the @username of a person."


def as_uuid(term: str) -> UUID | None:
    """Read a search term as an id, if it is one."""
    try:
        return UUID(term)
    except ValueError:
        return None


def user_named(term: str) -> User | None:
    """The user whose id or @username a search term is, if it is one's."""
    people = User.objects.named(term[1:]) if term.startswith("@") else User.objects.filter(pk=as_uuid(term))
    found: User | None = people.first()
    return found


def room_named(term: str) -> Room | None:
    """The room whose id or address a search term is, if it is one's."""
    if room_id := as_uuid(term):
        return Room.objects.filter(pk=room_id).first()
    return Room.objects.filter(slug=term.lower()).first()


def link(text: Any, page: str, *args: Any, **query: Any) -> SafeString:
    """A link to a page of the admin."""
    url = reverse(f"admin:{page}", args=args)
    return format_html('<a href="{}">{}</a>', f"{url}?{urlencode(query)}" if query else url, text)


class RoomStandingFilter(admin.SimpleListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("archived", "Archived"), ("deleted", "Deleted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> QuerySet[Room]:
        match self.value():
            case "open":
                return queryset.filter(deleted_at__isnull=True, archived_at__isnull=True)
            case "archived":
                return queryset.filter(deleted_at__isnull=True, archived_at__isnull=False)
            case "deleted":
                return queryset.filter(deleted_at__isnull=False)
        return queryset


class MembershipStandingFilter(admin.SimpleListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("current", "Members now"), ("past", "Past members")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> QuerySet[Membership]:
        wanted = {"current": True, "past": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(left_at__isnull=wanted)


class MutedFilter(admin.SimpleListFilter):
    title = "muted"
    parameter_name = "muted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> QuerySet[Membership]:
        return queryset.filter(muted_until__gt=timezone.now()) if self.value() == "now" else queryset


class RoomAddForm(forms.ModelForm):
    kind = forms.ChoiceField(choices=[choice for choice in Kind.choices if choice[0] != Kind.DIRECT])
    owner = forms.ModelChoiceField(User.objects.active(), help_text="Governs the room.")
    slug = forms.CharField(required=False, label="address", help_text="Empty: made of the name.")

    class Meta:
        model = Room
        fields = ("kind", "name", "slug", "topic")


@admin.register(Room)
class RoomAdmin(ServiceAdmin):
    """Deleting takes a room out of sight and keeps all of it, so it can be restored here."""

    list_display = ("title", "kind", "owner_name", "members", "last_message_at", "standing", "created_at")
    list_select_related = ("head",)
    list_filter = (RoomStandingFilter, "kind")
    # The beginning of a slug has an index; `get_search_results` does the search.
    search_fields = ("slug",)
    search_help_text = "The beginning of a name or an address, the id of a room, or the @username of one of its people."
    sortable_by = ()
    # The order of an index that exists anyway. One for the newest activity would be written with every message.
    ordering = ("slug",)
    fields = (
        "name",
        "slug",
        "topic",
        "picture",
        "settings",
        "kind",
        "members",
        "standing",
        "created_by",
        "created_at",
        "see_also",
    )
    readonly_fields = ("picture", "kind", "members", "standing", "created_by", "created_at", "see_also")
    actions = ("archive", "unarchive", "restore", "remove_pictures")
    delete_confirmation_template = "admin/rooms/end_one.html"
    delete_selected_confirmation_template = "admin/rooms/end_several.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        owners = Membership.objects.current().filter(room=OuterRef("pk"), role=Role.OWNER)
        rooms: QuerySet[Room] = super().get_queryset(request)
        return rooms.annotate(_owner=Subquery(owners.values("user__username")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Room], search_term: str
    ) -> tuple[QuerySet[Room], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if room_id := as_uuid(term):
            return queryset.filter(pk=room_id), False
        if term.startswith("@"):
            joined = Membership.objects.current().filter(user=user_named(term)).values("room_id")
            return queryset.filter(pk__in=joined), False
        start = term.lower() if re.fullmatch(r"[A-Za-z0-9_-]+", term) else naming.spelt(term)
        return (queryset.filter(slug__startswith=start) if start else queryset.none()), False

    def get_form(self, request: HttpRequest, obj: Room | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({**kwargs, "form": RoomAddForm} if obj is None else kwargs))

    def get_fields(self, request: HttpRequest, obj: Room | None = None) -> Any:
        return ("owner", "kind", "name", "slug", "topic") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Room | None = None) -> Any:
        if obj is None:
            return ()
        # A direct room keeps its people and its settings; a deleted one waits to be restored.
        fixed = obj.kind == Kind.DIRECT or obj.deleted_at is not None
        return self.fields if fixed else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.deleted_at is None)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What the page of confirmation lists. Django would gather every message of the rooms."""
        return [f"{room}: out of everybody’s sight, until it is restored" for room in objs], {}, set(), []

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        data, staff = form.cleaned_data, services.Staff(staff_member(request))
        if change:
            services.update_room(staff, obj, **{name: data[name] for name in form.changed_data})
            return
        made = services.create_room(
            data["owner"],
            kind=data["kind"],
            name=data["name"],
            slug=data["slug"] or None,
            topic=data["topic"],
            by=staff,
        )
        obj.pk = made.pk  # the admin goes on to its page

    def delete_model(self, request: HttpRequest, obj: Room) -> None:
        services.delete_room(services.Staff(staff_member(request)), obj)

    @admin.display(description="room")
    def title(self, room: Room) -> str:
        return room.name or Truncator(room.slug).chars(SLUG_SHOWN)

    @admin.display(description="owner")
    def owner_name(self, room: Room) -> str:
        return room._owner or "–"  # type: ignore[attr-defined]

    @admin.display(description="picture")
    def picture(self, room: Room) -> SafeString | str:
        address = pictures.url(room.avatar.name or "", pictures.MEDIUM)
        return (
            format_html('<img class="picture" src="{}" alt="" width="64" height="64">', address) if address else "none"
        )

    @admin.display(description="members")
    def members(self, room: Room) -> int:
        return room.head.member_count

    @admin.display(description="last message")
    def last_message_at(self, room: Room) -> Any:
        return room.head.last_message_at

    @admin.display(description="standing")
    def standing(self, room: Room) -> str:
        if room.deleted_at is not None:
            return f"deleted {room.deleted_at:%Y-%m-%d %H:%M} UTC"
        return f"archived {room.archived_at:%Y-%m-%d %H:%M} UTC" if room.archived_at else "open"

    @admin.display(description="see also")
    def see_also(self, room: Room) -> SafeString:
        pages = [
            link("Members", "rooms_membership_changelist", q=room.pk),
            link("Messages", "messaging_message_changelist", q=room.pk),
            link("Log", "rooms_logentry_changelist", q=room.pk),
            link("Audit record", "audit_auditentry_changelist", target_id=room.pk),
        ]
        return format_html_join(" · ", "{}", ((page,) for page in pages))

    @admin.action(description="Archive the rooms", permissions=["change"])
    def archive(self, request: HttpRequest, chosen: QuerySet[Room]) -> None:
        staff = services.Staff(staff_member(request))
        self.apply_to_each(request, chosen, lambda room: services.archive(staff, room), "Rooms archived")

    @admin.action(description="Open archived rooms again", permissions=["change"])
    def unarchive(self, request: HttpRequest, chosen: QuerySet[Room]) -> None:
        staff = services.Staff(staff_member(request))
        self.apply_to_each(request, chosen, lambda room: services.unarchive(staff, room), "Rooms opened")

    @admin.action(description="Restore deleted rooms", permissions=["delete"])
    def restore(self, request: HttpRequest, chosen: QuerySet[Room]) -> None:
        staff = services.Staff(staff_member(request))
        self.apply_to_each(request, chosen, lambda room: services.restore_room(staff, room), "Rooms restored")

    @admin.action(description="Take the pictures of the rooms away", permissions=["change"])
    def remove_pictures(self, request: HttpRequest, chosen: QuerySet[Room]) -> None:
        staff = services.Staff(staff_member(request))
        chosen = chosen.exclude(avatar="")
        self.apply_to_each(request, chosen, lambda room: services.remove_picture(staff, room), "Pictures taken away")


@admin.register(Membership)
class MembershipAdmin(ServiceAdmin):
    """Who is or was in which room. Choosing the role “owner” transfers the room."""

    list_display = ("user", "room_link", "role", "joined_at", "left_at", "muted_until")
    list_select_related = ("user", "room")
    list_filter = (MembershipStandingFilter, "role", MutedFilter)
    search_fields = ("=room__slug",)  # shows the box; `get_search_results` does the search
    search_help_text = SEARCH_HELP
    autocomplete_fields = ("room", "user")
    sortable_by = ()
    ordering = ("-id",)
    fields = (
        *("room_link", "user", "role", "muted_until", "permissions"),
        *("joined_at", "left_at", "read_number"),
        # What the person has chosen for themselves is shown, and theirs.
        *("notification_level", "notifications_muted_until", "is_favourite", "section", "sidebar_position"),
    )
    delete_confirmation_template = "admin/rooms/end_one.html"
    delete_selected_confirmation_template = "admin/rooms/end_several.html"
    readonly_fields = (
        *("room_link", "user", "joined_at", "left_at", "read_number"),
        *("notification_level", "notifications_muted_until", "is_favourite", "section", "sidebar_position"),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Membership], search_term: str
    ) -> tuple[QuerySet[Membership], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if room := room_named(term):
            return queryset.filter(room=room), False
        return queryset.filter(user=user_named(term)), False

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        return ("room", "user") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        return () if obj is None else self.readonly_fields

    def _is_open(self, obj: Membership | None) -> bool:
        """Whether there is anything to change: a past membership and a direct room stay as they are."""
        return obj is None or (obj.is_current and obj.room.kind != Kind.DIRECT)

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_open(obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What the page of confirmation lists: the membership ends, and its row stays."""
        return [f"{membership}: removed from the room" for membership in objs], {}, set(), []

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        data, staff = form.cleaned_data, services.Staff(staff_member(request))
        if not change:
            obj.pk = services.add_members(staff, data["room"], [data["user"]])[0].pk
            return
        if "role" in form.changed_data and data["role"] == Role.OWNER:
            services.transfer(staff, obj.room, obj.user_id)
        elif "role" in form.changed_data:
            services.change_role(staff, obj.room, obj.user_id, data["role"])
        if "muted_until" in form.changed_data:
            services.mute_member(staff, obj.room, obj.user_id, data["muted_until"])
        if "permissions" in form.changed_data:
            services.set_permissions(staff, obj.room, obj.user_id, data["permissions"] or {})

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        services.remove_member(services.Staff(staff_member(request)), obj.room, obj.user_id)

    @admin.display(description="room")
    def room_link(self, membership: Membership) -> SafeString:
        room = membership.room
        return link(room.name or Truncator(room.slug).chars(SLUG_SHOWN), "rooms_room_change", room.pk)


@admin.register(RoomHead)
class RoomHeadAdmin(ReadOnlyAdmin):
    """Where each room's log stands."""

    list_display = ("room", "last_seq", "last_number", "last_message_at", "member_count", "floor_seq", "floor_number")
    list_select_related = ("room",)
    ordering = ("room__slug",)
    search_fields = ("=room__slug",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id or the address of a room."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RoomHead], search_term: str
    ) -> tuple[QuerySet[RoomHead], bool]:
        term = search_term.strip()
        return (queryset.filter(room=room_named(term)) if term else queryset), False


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What happened in rooms, messages aside: newest first, or a room's own by `seq`."""

    list_display = ("created_at", "room", "seq", "kind", "actor", "payload")
    list_select_related = ("room", "actor")
    ordering = ("-id",)
    search_fields = ("=room__slug",)  # shows the box; `get_search_results` does the search
    search_help_text = "Exactly: the id or the address of a room."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LogEntry], search_term: str
    ) -> tuple[QuerySet[LogEntry], bool]:
        term = search_term.strip()
        # By `seq`, which is the order of `id` within a room: that is what the index has.
        return (queryset.filter(room=room_named(term)).order_by("-seq") if term else queryset), False


@admin.register(LogEpoch)
class LogEpochAdmin(ReadOnlyAdmin):
    """The ages of all logs; a new one begins by a command."""

    list_display = ("id", "began_at", "reason")
