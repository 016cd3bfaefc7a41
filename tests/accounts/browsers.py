"""What people do with a browser: sign in, be signed in, open a socket."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.test import Client

from accounts.models import User
from audit.models import AuditEntry

PASSWORD = "correct horse battery staple"  # everybody's
LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"

Committing = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


def sign_in(client: Client, login: str = "alice", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": login, "password": password})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def confirmed(client: Client, password: str = PASSWORD) -> Client:
    """The browser after its user has shown once more who they are."""
    assert client.post("/accounts/reauthenticate/", {"password": password}).status_code == 302
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/email/").status_code == 200


def handshake(client: Client, **headers: str) -> dict[str, Any]:
    """The scope of a socket's handshake by this browser."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "websocket", "headers": [(b"cookie", cookie.encode()), *named]}


def credential_of(client: Client) -> str:
    return f"session:{client.session.session_key}"


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
