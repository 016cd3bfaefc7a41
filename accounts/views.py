"""Pages of one's own account that allauth does not have."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from accounts import privacy
from accounts.forms import PrivacyForm
from accounts.models import Privacy
from accounts.requests import user_of

THEMES = ("light", "dark")
# Chrome keeps no cookie for longer than this.
THEME_COOKIE_S = 400 * 86_400


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose light, dark or what the system says. A cookie: it belongs to the device."""
    back = request.POST.get("next", "")
    response = redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/")
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=THEME_COOKIE_S, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie("theme")
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def privacy_settings(request: HttpRequest) -> HttpResponse:
    """What one lets others know and do, and the choices for it."""
    kept = privacy.settings_of(user_of(request))
    form = PrivacyForm(request.POST or None, initial={str(what): getattr(kept, what) for what in Privacy})
    if request.method == "POST" and form.is_valid():
        privacy.change(user_of(request), **form.changes())
        messages.success(request, "Your privacy settings are saved.")
        return redirect("settings_privacy")
    return render(request, "accounts/privacy.html", {"form": form})
