"""Pages of one's own account that allauth does not have."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

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
