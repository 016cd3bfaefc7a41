"""An app that signs in over the headless API and holds tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client

from tests.accounts.browsers import PASSWORD

AUTH = "/api/auth/app/v1/"


@dataclass
class App:
    """One signed-in program: what it was given, and calls with it."""

    access: str
    refresh: str
    agent: str = "ChatApp/2.1 (Pixel 9)"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}", "User-Agent": self.agent}

    def auth(self, method: str, path: str, body: Any = None) -> Any:
        """Call the headless API."""
        return call(method, path, body, self.headers)

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Call the REST API."""
        return Client().generic(
            method, f"/api/v1/{path}", _json(body), content_type="application/json", headers=self.headers
        )

    def is_in(self) -> bool:
        return self.rest("GET", "me/").status_code == 200

    def handshake(self) -> dict[str, Any]:
        return {"type": "websocket", "headers": [(b"authorization", f"Bearer {self.access}".encode())]}

    def confirm(self, password: str = PASSWORD) -> None:
        """Show once more who it is."""
        answer = self.auth("POST", "auth/reauthenticate", {"password": password})
        assert answer.status_code == 200, answer.content


def call(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    return Client().generic(method, AUTH + path, _json(body), content_type="application/json", headers=headers or {})


def log_in(username: str = "alice", password: str = PASSWORD, **headers: str) -> Any:
    return call("POST", "auth/login", {"username": username, "password": password}, headers)


def app_of(answer: Any) -> App:
    assert answer.status_code == 200, answer.content
    meta = answer.json()["meta"]
    return App(meta["access_token"], meta["refresh_token"])


def signed_in_app(username: str = "alice", password: str = PASSWORD) -> App:
    return app_of(log_in(username, password, **{"User-Agent": App.agent}))


def renew(refresh: str) -> Any:
    return call("POST", "tokens/refresh", {"refresh_token": refresh})


def renewed(refresh: str) -> App:
    answer = renew(refresh)
    assert answer.status_code == 200, answer.content
    data = answer.json()["data"]
    return App(data["access_token"], data["refresh_token"])


def _json(body: Any) -> str:
    import json

    return "" if body is None else json.dumps(body)
