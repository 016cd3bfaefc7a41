"""That nobody tries out credentials: every path that takes or changes one has a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as installation
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.middleware import CREDENTIAL_ROUTES
from accounts.models import User
from chat_project.cache import FallbackRedisCache
from tests.accounts.apps import call, log_in, renew
from tests.accounts.browsers import PASSWORD, sign_in, signed_in

EXAMPLES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": "1", "slug": "x", "str": "x"}
FEW = 3


def routes(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Every route below the places where credentials are dealt in, and an address of it."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern) and route.startswith(CREDENTIAL_ROUTES):
            yield route, _address(route)


def _address(route: str) -> str:
    route = re.sub(r"<(\w+):\w+>", lambda found: EXAMPLES[found[1]], route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "x", route).replace("^", "").replace("$", "").replace("\\", "")
    return "/" + route


ALL = sorted(set(routes()))


def test_there_are_as_many_as_one_would_think() -> None:
    found = "\n".join(route for route, _ in ALL)
    for part in ("login/", "2fa/webauthn/login", "tokens/refresh", "auth/webauthn/login", "password/reset", "totp"):
        assert part in found
    assert len(ALL) > 50


@pytest.mark.parametrize("path", [path for _, path in ALL], ids=[route for route, _ in ALL])
def test_every_path_of_credentials_has_a_limit(path: str, alice: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "credentials": f"{FEW}/m/ip"}
    for method in ("get", "post"):
        client = signed_in(alice)
        codes = [getattr(client, method)(path).status_code for _ in range(FEW + 1)]
        assert 429 not in codes[:FEW]
        assert codes[FEW] == 429
        cache.clear() if not settings.REDIS_URL else setattr(cache, "key_prefix", f"{cache.key_prefix}{method}")


def test_who_is_stopped_learns_for_how_long(alice: User, settings: Any, client: Client) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "credentials": "1/m/ip"}
    client.get("/accounts/login/")
    page = client.get("/accounts/login/")
    assert (page.status_code, page["Retry-After"]) == (429, "60")
    assert "Wait a minute" in page.content.decode()
    answer = renew("x")
    assert (answer.status_code, answer["Retry-After"], answer.json()) == (429, "60", {"status": 429})


def test_the_limits_are_kept_in_the_shared_cache(alice: User, settings: Any) -> None:
    """As `cache` is Redis where there are several processes, so what one counts the others know."""
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "credentials": "1/m/ip"}
    Client().get("/accounts/login/")
    assert Client().get("/accounts/login/").status_code == 429
    if not installation.REDIS_URL:
        cache.clear()
        assert Client().get("/accounts/login/").status_code == 200


@pytest.mark.parametrize("backend", ["default", "fallback"])
def test_a_count_is_not_pushed_out_by_those_of_many_others(backend: str, settings: Any) -> None:
    """As Django's cache in memory would: whoever tries names by the hundred would begin anew with each."""
    kept: Any = cache
    if backend == "fallback":
        limits = {"KEY_PREFIX": "test", "LOCAL_MAX_ENTRIES": settings.LOCAL_COUNTERS_MAX}
        kept = FallbackRedisCache("redis://127.0.0.1:1/0", limits)
    kept.set("guessed", 10, 60)
    for other in range(1_000):
        kept.set(f"another-{other}", 1, 60)
    assert kept.get("guessed") == 10


# --- The narrower ones ---


def test_a_dictionary_is_stopped_over_the_headless_api_too(alice: User) -> None:
    for guess in range(10):
        log_in(password=f"guess {guess}")
    answer = log_in()
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "too_many_login_attempts"


def test_guesses_over_page_and_api_count_together(alice: User, client: Client) -> None:
    for guess in range(5):
        log_in(password=f"guess {guess}")
        sign_in(client, "alice", f"other guess {guess}")
    assert log_in().status_code == 400


def test_reauthentication_cannot_be_tried_out(alice: User) -> None:
    client = signed_in(alice)
    for guess in range(10):
        client.post("/accounts/reauthenticate/", {"password": f"guess {guess}"})
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code in (200, 429)
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.django_db
@pytest.mark.parametrize("headless", [False, True])
def test_nobody_is_buried_in_mails(headless: bool, client: Client) -> None:
    from django.core import mail

    for _ in range(6):
        if headless:
            call("POST", "auth/password/request", {"email": "victim@example.org"})
        else:
            client.post("/accounts/password/reset/", {"email": "victim@example.org"})
    assert len(mail.outbox) == 3


@pytest.mark.parametrize("path", ["/accounts/2fa/webauthn/login/", "/api/auth/app/v1/auth/webauthn/login"])
def test_passkeys_cannot_be_tried_out(path: str, db: None, settings: Any) -> None:
    settings.MFA_RATE_LIMITS = {"webauthn_login": "2/m/ip"}
    body = {"credential": "{}"}
    codes = [Client().post(path, body, content_type="application/json").status_code for _ in range(3)]
    assert codes[2] == 429
    assert 429 not in codes[:2]
