"""Signing in with an account of another site: off unless set, and linked by addresses that both have verified."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import get_resolver

from accounts.models import User
from audit.models import AuditEntry
from tests.factories import make_user
from tests.fixtures_server import Installation
from tests.servers import ServerProcess


def test_it_is_off_unless_it_is_set() -> None:
    assert not any("social" in app for app in settings.INSTALLED_APPS)
    routes = str([getattr(each, "url_patterns", each) for each in get_resolver().url_patterns])
    assert "openid" not in routes
    assert "social" not in routes


class Elsewhere:
    """The other site: it says of everybody who comes that they are `person`."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.is_down = False
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(site.configuration if "well-known" in self.path else site.person)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer({"access_token": "theirs", "token_type": "Bearer", "expires_in": 60})

            def _answer(self, body: Any) -> None:
                text = json.dumps(body).encode()
                self.send_response(503 if site.is_down else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def configuration(self) -> dict[str, Any]:
        ways = {name: f"{self.url}/{name}" for name in ("authorize", "token", "userinfo", "jwks")}
        return {
            "issuer": self.url,
            "authorization_endpoint": ways["authorize"],
            "token_endpoint": ways["token"],
            "userinfo_endpoint": ways["userinfo"],
            "jwks_uri": ways["jwks"],
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    site = Elsewhere()
    yield site
    site.close()


@pytest.fixture(scope="module")
def house(installation: Installation, elsewhere: Elsewhere) -> ServerProcess:
    """A server of an installation that has single sign-on."""
    env = {"OIDC_SERVER": elsewhere.url, "OIDC_NAME": "The Club", "OIDC_CLIENT_ID": "chat", "OIDC_CLIENT_SECRET": "s"}
    ServerProcess(env=installation.environment(env=env)).manage("migrate")
    return installation.start(env=env)


class Browser:
    """Follows nothing by itself and keeps cookies."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._cookies: SimpleCookie = SimpleCookie()

    def get(self, path: str) -> tuple[int, str, str]:
        return self._request("GET", path, None)

    def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        _, _, page = self.get("/accounts/login/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        token = found[1] if found else self._cookies["csrftoken"].value
        body = "&".join(f"{name}={value}" for name, value in {"csrfmiddlewaretoken": token, **fields}.items())
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
        try:
            headers = {"Cookie": "; ".join(f"{name}={each.value}" for name, each in self._cookies.items())}
            if body is not None:
                headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._server.url}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                self._cookies.load(cookie)
            return answer.status, answer.headers.get("Location", ""), text
        finally:
            connection.close()

    def come_from(self, site: Elsewhere, **person: Any) -> tuple[int, str, str]:
        """Go to the other site and come back as that person."""
        site.person = person
        status, location, text = self.post("/accounts/oidc/oidc/login/")
        assert status == 302, text
        assert location.startswith(f"{site.url}/authorize")
        asked = parse_qs(urlsplit(location).query)
        assert asked["code_challenge_method"] == ["S256"]
        return self.get(f"/accounts/oidc/oidc/login/callback/?code=x&state={asked['state'][0]}")

    def name(self) -> str | None:
        status, _, text = self.get("/api/v1/me/")
        return str(json.loads(text)["username"]) if status == 200 else None


def test_the_way_in_is_shown(house: ServerProcess) -> None:
    assert "Sign in with The Club" in Browser(house).get("/accounts/login/")[2]


def test_who_is_new_gets_an_account_that_is_recorded(
    house: ServerProcess, elsewhere: Elsewhere, installation: Installation
) -> None:
    browser = Browser(house)
    person = {"sub": "1", "email": "newcomer@club.example", "email_verified": True, "preferred_username": "newcomer"}
    person["name"] = "Nell Newcomer\u202e"
    browser.come_from(elsewhere, **person)
    assert browser.name() == "newcomer"
    again = Browser(house)
    again.come_from(elsewhere, **person)
    assert again.name() == "newcomer"

    def kept() -> tuple[Any, ...]:
        user = User.objects.get(username="newcomer")
        made = AuditEntry.objects.filter(action="user.created", target_id=str(user.pk)).count()
        verified = EmailAddress.objects.get(user=user).verified
        return user.email, user.display_name, user.has_usable_password(), made, verified

    assert installation.shell.now(kept) == ("newcomer@club.example", "Nell Newcomer", False, 1, True)


def test_an_address_that_both_have_verified_links_the_accounts(
    house: ServerProcess, elsewhere: Elsewhere, installation: Installation
) -> None:
    installation.shell.now(_make, "linked", "linked@club.example", True)
    browser = Browser(house)
    browser.come_from(elsewhere, sub="2", email="Linked@club.example", email_verified=True, preferred_username="x-2")
    assert browser.name() == "linked"


@pytest.mark.parametrize(
    ("name", "here", "there"),
    [("squatter", False, True), ("victim", True, False), ("victim2", True, "false"), ("both", False, False)],
)
def test_one_that_either_has_not_verified_links_nothing(
    name: str, here: bool, there: Any, house: ServerProcess, elsewhere: Elsewhere, installation: Installation
) -> None:
    installation.shell.now(_make, name, f"{name}@club.example", here)
    browser = Browser(house)
    browser.come_from(
        elsewhere, sub=name, email=f"{name}@club.example", email_verified=there, preferred_username=f"o-{name}"
    )
    assert browser.name() == f"o-{name}"


def test_a_title_is_no_username_there_either(house: ServerProcess, elsewhere: Elsewhere) -> None:
    browser = Browser(house)
    browser.come_from(elsewhere, sub="9", email="nine@club.example", email_verified=True, preferred_username="admin")
    assert browser.name() not in ("admin", None)


def test_an_answer_that_was_not_asked_for_signs_nobody_in(house: ServerProcess, elsewhere: Elsewhere) -> None:
    browser = Browser(house)
    assert browser.get("/accounts/oidc/oidc/login/callback/?code=x&state=made-up")[0] == 401
    assert browser.name() is None


def test_a_site_that_does_not_answer_is_no_fault_of_ours(house: ServerProcess, elsewhere: Elsewhere) -> None:
    elsewhere.is_down = True
    status, _, text = Browser(house).post("/accounts/oidc/oidc/login/")
    elsewhere.is_down = False
    assert status == 502
    assert "The other site does not answer" in text


def _make(name: str, email: str, verified: bool) -> None:
    user = make_user(name)
    User.objects.filter(pk=user.pk).update(email=email)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
