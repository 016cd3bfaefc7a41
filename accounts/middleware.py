"""What every request passes before its view: a limit on credentials, and the wall around guests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from allauth.core.internal import ratelimit
from django.contrib.sessions.backends.base import UpdateError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.deprecation import MiddlewareMixin

from accounts import guests
from realtime.errors import RateLimited

# By the beginning of their route. allauth limits most of what is below these, each in its own way;
# not the confirming of addresses by their keys, the passkeys' challenges, the renewal of tokens.
# The links of invitations open rooms to whoever has them.
CREDENTIAL_ROUTES = (
    *("accounts/", "api/auth/", "settings/security/", "settings/tokens/"),
    *("guest/", "invite/", "api/v1/invitations/links/"),
)
RETRY_AFTER_S = 60
TOO_MANY = "You are doing this too often. Wait a minute."
# Of allauth's API, which reads JSON: only there can a text hold half a surrogate pair.
JSON_ROUTES = "api/auth/"
# Its routes for numbers that are verified by a message: there is no way to send one, and they would fail.
OF_PHONES = frozenset({"manage_phone", "verify_phone", "resend_phone_verification_code"})
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


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
        if match.route.startswith(JSON_ROUTES) and match.url_name in OF_PHONES:
            return JsonResponse({"status": 404}, status=404)
        if match.route.startswith(JSON_ROUTES) and not _is_unicode(request.body):
            error = {"message": "The text is not valid Unicode.", "code": "invalid"}
            return JsonResponse({"status": 400, "errors": [error]}, status=400)
        # Pictures are for everybody, and kept by whoever keeps pages for many.
        if match.url_name == "picture" and request.method in ("GET", "HEAD"):
            return None
        if getattr(request.user, "is_visitor", False) and not guests.may_reach(request.method or "", match):
            raise Http404("guests see their room and nothing else")
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A session that was ended while the headless API wrote to it is gone, and no error of ours."""
        if isinstance(exception, UpdateError):
            return JsonResponse({"status": 410}, status=410)
        return None

    def _too_many(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            is_ours = not request.path.startswith(f"/{JSON_ROUTES}")
            body = {"type": "about:blank", "title": RateLimited.title, "detail": TOO_MANY, "code": RateLimited.code}
            return JsonResponse(
                {**(body if is_ours else {}), "status": 429},
                status=429,
                content_type="application/problem+json" if is_ours else "application/json",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        answer: HttpResponse = ratelimit.handler429(request)
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer


def _is_unicode(body: bytes) -> bool:
    """Whether the texts of a JSON body can be encoded: neither hashes nor databases take those that cannot."""
    if not _SURROGATE.search(body):
        return True
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    except ValueError:
        return True  # no JSON at all: allauth says so
    return True
