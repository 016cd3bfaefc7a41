"""What every request passes before its view: a limit on credentials, and the wall around guests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.core.internal import ratelimit
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin

from accounts import guests

# By the beginning of their route. allauth limits most of what is below these, each in its own way;
# not the confirming of addresses by their keys, the passkeys' challenges, the renewal of tokens.
CREDENTIAL_ROUTES = ("accounts/", "api/auth/", "settings/security/", "settings/tokens/", "guest/")
RETRY_AFTER_S = 60


class Gate(MiddlewareMixin):
    """One step for both, as each costs a hop to another thread."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        assert match is not None, "a view was found"
        if match.route.startswith(CREDENTIAL_ROUTES) and not ratelimit.consume(
            request, app="allauth.account", action="credentials", limit_get=True
        ):
            return self._too_many(request)
        # Pictures are for everybody, and kept by whoever keeps pages for many.
        if match.url_name == "picture" and request.method in ("GET", "HEAD"):
            return None
        if getattr(request.user, "is_visitor", False) and not guests.may_reach(request.method or "", match):
            raise Http404("guests see their room and nothing else")
        return None

    def _too_many(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return JsonResponse({"status": 429}, status=429, headers={"Retry-After": str(RETRY_AFTER_S)})
        answer: HttpResponse = ratelimit.handler429(request)
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
