"""Which session cookies open a socket, and which sessions still stand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.authentication import authenticate_socket, still_valid
from accounts.models import User
from audit.models import AuditEntry
from tests.accounts.browsers import credential_of, handshake, signed_in
from tests.listening import Ears


def test_a_session_cookie_opens_a_socket(alice: User) -> None:
    client = signed_in(alice)
    identity = authenticate_socket(handshake(client))
    assert identity is not None
    assert (identity.user_id, identity.username, identity.via) == (str(alice.pk), "alice", "session")
    assert (identity.credential, identity.scopes, identity.rev) == (credential_of(client), frozenset(), alice.rev)
    assert still_valid([identity.credential, "token:x", "session:unknown"]) == {identity.credential}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cookie",
    [b"", b"sessionid=", b"sessionid=\x00\x00", b"sessionid=" + b"a" * 32, b"sessionid=a%00b", b"\xff\xfe;;==", b"x=y"],
)
def test_a_cookie_that_names_no_session_opens_nothing(cookie: bytes) -> None:
    assert authenticate_socket({"headers": [(b"cookie", cookie)]}) is None


@pytest.mark.django_db
def test_no_cookie_opens_nothing() -> None:
    assert authenticate_socket({"headers": []}) is None
    assert authenticate_socket({}) is None


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer wrong", ""])
def test_a_cookie_does_not_stand_in_for_an_authorization_header(header: str, alice: User) -> None:
    """The gateway asks no Origin of those who send one, and wss://x:y@host/ sends one from any page."""
    client = signed_in(alice)
    assert authenticate_socket(handshake(client)) is not None
    assert authenticate_socket(handshake(client, authorization=header)) is None


def test_an_anonymous_session_opens_nothing(client: Client, db: None) -> None:
    session = client.session
    session["seen"] = True
    session.save()
    assert authenticate_socket(handshake(client)) is None


def test_an_expired_session_opens_nothing(alice: User) -> None:
    client = signed_in(alice)
    Session.objects.update(expire_date=timezone.now())
    assert authenticate_socket(handshake(client)) is None
    assert still_valid([credential_of(client)]) == set()


def test_a_session_of_a_backend_that_is_gone_opens_nothing(alice: User, settings: Any) -> None:
    client = signed_in(alice)
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    assert authenticate_socket(handshake(client)) is None


@pytest.mark.django_db(transaction=True)
def test_a_logged_out_session_has_ended_when_the_recheck_looks(alice: User, ears: Ears) -> None:
    """Django tells of a sign-out before it ends the session; a hub looks at the next COMMIT."""
    client, other = signed_in(alice), signed_in(alice)
    old = credential_of(client)
    ears.ask = lambda: still_valid([old, credential_of(other)])
    client.post("/accounts/logout/")
    assert ears.answers == [{credential_of(other)}]
    assert User.objects.get().rev == alice.rev + 1
    assert AuditEntry.objects.filter(action="session.ended", actor_id=alice.pk).count() == 1


def test_many_sessions_are_looked_up_in_two_queries_and_a_note_that_they_are_used(
    alice: User, boss: User, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    credentials = {credential_of(signed_in(user)) for user in (alice, boss) for _ in range(5)}
    with django_assert_num_queries(3):
        assert still_valid(credentials) == credentials
    with django_assert_num_queries(2):  # it was noted just now
        assert still_valid(credentials) == credentials
