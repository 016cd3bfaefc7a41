"""The admin site that moderators live in, and what its pages share: no raw saves, no long counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, cast

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin, ShowFacets
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property

from realtime.errors import Refusal

# Recovery codes alone are no factor: they only stand in for one.
FACTORS = ["totp", "webauthn"]


def staff_member(request: HttpRequest) -> Any:
    """Return the `User` who acts. (Not by that name: the apps below accounts use this module, too.)"""
    assert request.user.is_authenticated, "the admin lets nobody in who is not signed in"
    return request.user


def _lacks_factor(request: HttpRequest) -> bool:
    """Whether the installation asks staff for a second factor, and this one of them has none."""
    return settings.ADMIN_REQUIRES_MFA and not is_mfa_enabled(request.user, FACTORS)


class ChatAdminSite(AdminSite):
    site_header = "Chat administration"
    site_title = "Chat administration"
    index_title = "Moderation and upkeep"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not _lacks_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign in where everybody does: a form of its own would have no rate limits and no second factor."""
        if request.user.is_authenticated and _lacks_factor(request):
            # Whoever is staff is known already; what is missing is not a password, so none is asked for.
            messages.warning(request, "Set up an authenticator app or a passkey to enter the administration.")
            return HttpResponseRedirect(reverse("settings_security"))
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Change one's password where everybody does, too: Django's form here would not be recorded."""
        return HttpResponseRedirect(reverse("account_change_password"))


class AtLeast(int):
    """A count that was given up: shown with a plus."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class UncountedPaginator(Paginator):
    """A paginator for lists of millions: it counts, and leafs through, the first rows only.

    COUNT(*) reads the whole table, and so does OFFSET, nearly, on a late page. Nobody leafs that
    far; filters and search narrow the list. Both have to use an index, as has the ordering.
    """

    ROWS_MAX = 5_000  # fifty pages of a hundred; counted in about a millisecond

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        counted = rows.order_by().values("pk")[: self.ROWS_MAX + 1].count()
        return counted if counted <= self.ROWS_MAX else AtLeast(self.ROWS_MAX)


class ServiceAdmin(ModelAdmin):
    """A `ModelAdmin` whose changes go through services, so that clients and the audit record learn of them.

    A subclass writes `save_model` (from `form.cleaned_data`, many-to-many fields too) and, where
    it allows deletion, `delete_model`. What a service refuses becomes a message.
    """

    paginator = UncountedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would be a count of its own

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._refuse_raw_write("save_model")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save nothing: the service that `save_model` called has done it."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._refuse_raw_write("delete_model")

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_message(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_message(request, super().delete_view, *args, **kwargs)

    def apply_to_each(self, request: HttpRequest, chosen: Any, change: Callable[[Any], Any], done: str) -> None:
        """Call a service for each chosen object (an action); say how many it was, and what was refused."""
        count = 0
        for obj in chosen:
            try:
                change(obj)
            except Refusal as refusal:
                self.message_user(request, f"{obj}: {refusal.detail}", messages.ERROR)
            else:
                count += 1
        if count:
            self.message_user(request, f"{done}: {count}.", messages.SUCCESS)

    def _or_message(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # Around the transaction that the admin wraps its views in: it has been rolled back here.
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def _refuse_raw_write(self, method: str) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__}.{method} has to call a service.")


class ReadOnlyAdmin(ModelAdmin):
    """A `ModelAdmin` that shows and changes nothing."""

    paginator = UncountedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would be a count of its own
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
