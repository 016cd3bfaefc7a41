"""API tokens in the admin: made and revoked through services. A token is shown once, when it is made."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator

from chat_project.admin_site import ServiceAdmin, staff_member
from integrations import services
from integrations.models import ApiToken
from integrations.scopes import Scope


class TokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None: all that the user may do.",
    )
    days = forms.IntegerField(
        min_value=1, max_value=services.DAYS_MAX, required=False, help_text="Empty: until it is revoked."
    )

    class Meta:
        model = ApiToken
        fields = ("user", "name", "scopes", "days")


@admin.register(ApiToken)
class ApiTokenAdmin(ServiceAdmin):
    form = TokenForm
    fields = ("user", "name", "scopes", "days")
    list_display = ("hint", "name", "user", "scopes", "standing", "created_at", "last_used_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("=user__username", "=hint")
    autocomplete_fields = ("user",)
    sortable_by = ()
    ordering = ("-created_at",)
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Nobody: a revoked token stays, to tell what it was and when it was used last."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("integrations.change_apitoken"))

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        if obj is None:
            return self.fields
        return ("user", "name", "hint", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")

    @method_decorator(reauthentication_required)
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask once more who it is: whoever finds an open browser would take a key of their own along."""
        return super().add_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        data = form.cleaned_data
        made, token = services.create_token(
            data["user"], name=data["name"], scopes=data["scopes"], days=data["days"], actor=staff_member(request)
        )
        obj.pk, obj.hint = made.pk, made.hint
        obj.shown_once = token  # type: ignore[attr-defined]  # for `response_add`, and for nobody else

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """Show the token in the answer itself, which no admin page lets a browser keep.

        A message would travel in a cookie or lie in the session.
        """
        context = {**self.admin_site.each_context(request), "title": "Token made", "token": obj.shown_once}  # type: ignore[attr-defined]
        return TemplateResponse(request, "admin/integrations/apitoken/made.html", context)

    @admin.display(description="standing")
    def standing(self, token: ApiToken) -> str:
        if token.revoked_at is not None:
            return "revoked"
        return "live" if token.is_live else "expired"

    @admin.action(description="Revoke the tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        self.apply_to_each(
            request, chosen, lambda token: services.revoke_token(token, actor=staff_member(request)), "Tokens revoked"
        )
