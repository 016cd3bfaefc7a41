"""Users in the admin. Whatever is typed goes through `accounts.services`: nothing is saved raw."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any
from urllib.parse import urlencode

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import availability, pictures, privacy, services
from accounts.confirming import require_confirmed_staff
from accounts.forms import PasswordForm, UserAddForm, UserChangeForm
from accounts.models import Audience, Availability, DeviceSession, Privacy, User
from accounts.relations_admin import BlockAdmin, ContactAdmin, ContactRequestAdmin
from chat_project.admin_site import ServiceAdmin, staff_member

__all__ = ["BlockAdmin", "ContactAdmin", "ContactRequestAdmin", "EmailAddressAdmin", "GroupAdmin", "UserAdmin"]

SUSPENSION_FIELDS = frozenset({"suspended", "suspension_reason", "suspended_until"})
ACCESS_FIELDS = ("is_staff", "is_superuser", "groups")
# By these one signs in as somebody else, or gives oneself or others rights for good.
TAKING_OVER = frozenset({*ACCESS_FIELDS, "email", "username"})


class SuspendedFilter(admin.SimpleListFilter):
    title = "suspended"
    parameter_name = "suspended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() != "yes":
            return queryset
        goes_on = Q(suspended_until__isnull=True) | Q(suspended_until__gt=timezone.now())
        return queryset.filter(goes_on, suspended_at__isnull=False)


@admin.register(User)
class UserAdmin(ServiceAdmin, auth_admin.UserAdmin):
    form = UserChangeForm
    add_form = UserAddForm
    list_display = ("username", "display_name", "email", "standing", "is_staff", "is_bot", "last_seen_at", "created_at")
    list_filter = ("is_staff", "is_active", SuspendedFilter, "is_bot")
    search_fields = ("^username", "^display_name", "^email")
    sortable_by = ("created_at", "last_seen_at")  # what has an index
    ordering = ("-created_at",)
    filter_horizontal = ("groups",)
    readonly_fields = (
        *("suspended_at", "created_at", "last_login", "last_seen_at", "record", "relations", "privacy_choices"),
        *("picture", "shown_status", "presence_now", "says", "sections"),
    )
    actions = ("lift_suspension", "close_accounts", "open_accounts")
    fieldsets = (
        (None, {"fields": ("username", "email", "phone", "password", "record")}),
        ("Profile", {"fields": ("display_name", ("picture", "avatar"), "bio")}),
        ("Status", {"fields": ("shown_status", ("status_emoji", "status_text"), "status_until")}),
        ("Language and time", {"fields": ("locale", "time_zone")}),
        ("Privacy and people, as the person has chosen", {"fields": ("privacy_choices", "relations", "sections")}),
        ("Presence", {"fields": ("presence_now", "says", "last_seen_at")}),
        ("Suspension", {"fields": ("suspended", "suspension_reason", "suspended_until", "suspended_at")}),
        ("Account", {"fields": ("is_active", "is_verified", "is_bot", "is_guest", "unthrottled")}),
        ("Access to the administration", {"fields": ACCESS_FIELDS}),
        ("Times", {"fields": ("created_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("username", "email", "display_name", "usable_password", "password1", "password2")},
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff are changed by superusers (and by themselves): else a moderator could become one."""
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or request.user.is_superuser or obj == request.user or not (obj.is_staff or obj.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody: rooms and messages refer to users. Accounts are closed; erasure is a job of its own."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *ACCESS_FIELDS, *services.ACCOUNT_FIELDS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        data, actor = form.cleaned_data, staff_member(request)
        if not change:
            made = services.create_user(
                obj.username,
                email=obj.email,
                display_name=obj.display_name,
                password=data["password1"] if data["set_usable_password"] else None,
                actor=actor,
            )
            obj.pk = made.pk  # the admin goes on to its page
            return
        changed = set(form.changed_data)
        if changed & TAKING_OVER:
            require_confirmed_staff(request)
        typed = {name: data[name] for name in changed & services.PROFILE_FIELDS}
        if "avatar" in typed:
            uploaded = typed.pop("avatar")  # False is the form's word for a picture that was taken away
            if uploaded:
                services.set_avatar(obj, uploaded, actor=actor)
            else:
                services.remove_avatar(obj, actor=actor)
        if typed:
            services.update_profile(obj, actor=actor, **typed)
        if account := {name: data[name] for name in changed & services.ACCOUNT_FIELDS}:
            services.update_account(obj, actor=actor, **account)
        if changed & SUSPENSION_FIELDS:
            self._set_suspension(obj, data, actor)
        if "is_active" in changed:
            (services.reactivate if data["is_active"] else services.deactivate)(obj, actor=actor)
        if changed & set(ACCESS_FIELDS):
            services.set_staff(
                obj,
                is_staff=data["is_staff"],
                is_superuser=data["is_superuser"],
                groups=data["groups"],
                actor=actor,
            )

    @staticmethod
    def _set_suspension(user: User, data: dict[str, Any], actor: User) -> None:
        if data["suspended"]:
            services.suspend(user, reason=data["suspension_reason"], until=data["suspended_until"], actor=actor)
        else:
            services.unsuspend(user, actor=actor)

    @method_decorator(reauthentication_required)
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's page, with a form that goes through the service and so has to know who acts."""
        bound = copy.copy(self)
        bound.change_password_form = partial(PasswordForm, actor=staff_member(request))
        return super(UserAdmin, bound).user_change_password(request, id, form_url)

    @admin.display(description="standing")
    def standing(self, user: User) -> str:
        if not user.is_active:
            return "closed"
        return "suspended" if user.is_suspended else "active"

    @admin.display(description="picture")
    def picture(self, user: User) -> SafeString | str:
        """As others see it. What is uploaded here is made into squares, as over REST."""
        address = pictures.url(user.avatar.name or "", pictures.MEDIUM)
        return (
            format_html('<img class="picture" src="{}" alt="" width="64" height="64">', address) if address else "none"
        )

    @admin.display(description="shown now")
    def shown_status(self, user: User) -> str:
        if user.status is None:
            return "nothing"
        until = f", until {user.status_until:%-d %B %Y, %H:%M} UTC" if user.status_until else ""
        return f"{user.status.emoji} {user.status.text}".strip() + until

    @admin.display(description="privacy")
    def privacy_choices(self, user: User) -> SafeString:
        kept = privacy.settings_of(user)
        choices = ((what.label, Audience(getattr(kept, what)).label) for what in Privacy)
        return format_html_join(format_html("<br>"), "{}: {}", choices)

    @admin.display(description="contacts and blocks")
    def relations(self, user: User) -> SafeString:
        lists = (("contact", "Contacts"), ("contactrequest", "Requests"), ("block", "Blocks, either way"))
        links = (
            (reverse(f"admin:accounts_{name}_changelist"), urlencode({"q": f"@{user.username}"}), words)
            for name, words in lists
        )
        return format_html_join(" · ", '<a href="{}?{}">{}</a>', links)

    @admin.display(description="sections of the side bar")
    def sections(self, user: User) -> str:
        return ", ".join(user.sidebar_sections.order_by("position", "id").values_list("name", flat=True)) or "none"

    @admin.display(description="is now")
    def presence_now(self, user: User) -> str:
        return availability.presence_words(user) or "not known"

    @admin.display(description="says")
    def says(self, user: User) -> str:
        said = availability.described(user)
        words = Availability(said["availability"]).label
        until = user.availability_until if said["until"] else None
        return f"{words}, until {date_format(until, 'DATETIME_FORMAT')}" if until else words

    @admin.display(description="audit record")
    def record(self, user: User) -> SafeString:
        page = reverse("admin:audit_auditentry_changelist")
        return format_html(
            '<a href="{}">What was done to this account</a> · <a href="{}">What this user did</a>',
            f"{page}?{urlencode({'target_id': user.pk})}",
            f"{page}?{urlencode({'actor_id': user.pk})}",
        )

    @admin.action(description="Lift the suspension", permissions=["change"])
    def lift_suspension(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self.apply_to_each(
            request, chosen, lambda user: services.unsuspend(user, actor=staff_member(request)), "Suspensions lifted"
        )

    @admin.action(description="Close the accounts", permissions=["change"])
    def close_accounts(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self.apply_to_each(
            request, chosen, lambda user: services.deactivate(user, actor=staff_member(request)), "Accounts closed"
        )

    @admin.action(description="Open the accounts again", permissions=["change"])
    def open_accounts(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self.apply_to_each(
            request, chosen, lambda user: services.reactivate(user, actor=staff_member(request)), "Accounts opened"
        )


admin.site.unregister([Group, EmailAddress, Authenticator])


@admin.register(Group)
class GroupAdmin(ServiceAdmin, auth_admin.GroupAdmin):
    """What staff may do. A group's rights are its members' rights, so only superusers deal in them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    has_delete_permission = has_change_permission

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        require_confirmed_staff(request)
        services.save_group(obj, permissions=form.cleaned_data["permissions"], actor=staff_member(request))

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        services.delete_group(obj, actor=staff_member(request))


@admin.register(EmailAddress)
class EmailAddressAdmin(ServiceAdmin):
    """The addresses that allauth keeps. The main one is changed on the user's page."""

    list_display = ("email", "user", "primary", "verified")
    search_fields = ("=email",)
    ordering = ("-id",)
    sortable_by = ()
    list_select_related = ("user",)
    actions = ("mark_verified",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: EmailAddress | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: EmailAddress | None = None) -> bool:
        return False

    def has_verify_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("account.change_emailaddress"))

    @admin.action(description="Mark as verified", permissions=["verify"])
    def mark_verified(self, request: HttpRequest, chosen: QuerySet[EmailAddress]) -> None:
        require_confirmed_staff(request)
        self.apply_to_each(
            request,
            chosen.select_related("user"),
            lambda address: services.verify_address(address, actor=staff_member(request)),
            "Addresses verified",
        )


class LookedAtAdmin(ServiceAdmin):
    """Rows that nobody types: they are looked at, and ended by actions."""

    sortable_by = ()
    list_select_related = ("user",)
    list_display_links = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DeviceSession)
class DeviceSessionAdmin(LookedAtAdmin):
    """Where people are signed in. A session is ended here, as by the person themselves."""

    list_display = ("user", "label", "kind", "ip", "created_at", "last_used_at", "replaced_at")
    search_fields = ("=user__username", "=ip")
    list_filter = ("kind",)
    ordering = ("-created_at",)
    actions = ("end_sessions",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("accounts.change_devicesession"))

    @admin.action(description="End the sessions", permissions=["end"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[DeviceSession]) -> None:
        self.apply_to_each(
            request,
            chosen.select_related("user"),
            lambda device: services.end_session(device, actor=staff_member(request)),
            "Sessions ended",
        )


@admin.register(Authenticator)
class AuthenticatorAdmin(LookedAtAdmin):
    """Second factors: which, and when they were used; never their secrets. Removed for who is locked out."""

    list_display = ("user", "type", "created_at", "last_used_at")
    search_fields = ("=user__username",)
    list_filter = ("type",)
    ordering = ("-id",)
    actions = ("remove",)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.action(description="Remove all second factors of these people", permissions=["remove"])
    def remove(self, request: HttpRequest, chosen: QuerySet[Authenticator]) -> None:
        require_confirmed_staff(request)
        people = User.objects.filter(pk__in=chosen.values("user_id"))
        self.apply_to_each(
            request,
            people,
            lambda user: services.remove_factors(user, actor=staff_member(request)),
            "Second factors removed",
        )
