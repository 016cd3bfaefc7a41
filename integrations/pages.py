"""The page about one's own API tokens: which there are, a new one, and the end of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import user_of
from integrations import services
from integrations.models import ApiToken
from integrations.scopes import Scope
from realtime.errors import Refusal

# Of those that have ended, so many are shown: what was it that worked until last week?
ENDED_SHOWN = 10
SCOPES: dict[str, tuple[str, tuple[Scope, ...]]] = {
    "all": ("Everything", ()),
    "read": ("Read only", (Scope.READ,)),
    "write": ("Write only", (Scope.WRITE,)),
}
SCOPE_WORDS = {scopes: words for words, scopes in SCOPES.values()} | {(Scope.READ, Scope.WRITE): "Read and write"}
SPANS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year", "": "Until it is revoked"}


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        help_text="What it is for, so that you know it again later.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    scope = forms.ChoiceField(label="What it may do", choices=[(key, words) for key, (words, _) in SCOPES.items()])
    days = forms.ChoiceField(label="How long it lasts", choices=list(SPANS.items()), required=False)


@require_safe
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens that work, and those that ended last."""
    own = ApiToken.objects.filter(user=user_of(request)).order_by("-created_at")
    live = own.live()
    ended = own.exclude(pk__in=live.values("pk"))[:ENDED_SHOWN]
    context = {"tokens": [_described(each) for each in live], "ended": [_described(each) for each in ended]}
    return render(request, "integrations/tokens.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
@never_cache
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token. It is shown in the answer itself: no message, session or address ever holds it."""
    form = TokenForm(request.POST if request.method == "POST" else None, initial={"scope": "all", "days": "90"})
    if request.method == "POST" and form.is_valid():
        user, data = user_of(request), form.cleaned_data
        scopes, days = SCOPES[data["scope"]][1], int(data["days"]) if data["days"] else None
        try:
            made, token = services.create_token(user, name=data["name"], scopes=scopes, days=days, actor=user)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            return render(request, "integrations/token_made.html", {"made": made, "token": token})
    return render(request, "integrations/token_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_POST
@reauthentication_required
def revoke(request: HttpRequest, token: UUID) -> HttpResponse:
    """End one of one's own tokens for good."""
    held = get_object_or_404(ApiToken, user=user_of(request), pk=token)
    services.revoke_token(held, actor=user_of(request))
    messages.success(request, f"{held.name or held.hint + '…'} is revoked. Programs that use it are shut out.")
    return redirect("settings_tokens")


def _described(token: ApiToken) -> dict[str, Any]:
    return {"row": token, "scope": SCOPE_WORDS.get(tuple(Scope(name) for name in token.scopes), "")}
