"""API tokens: what opens the REST API and the socket to programs, and what no longer does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from accounts import services as accounts
from accounts.models import User
from audit.models import AuditEntry
from integrations.authentication import authenticate_socket, still_valid
from integrations.models import ApiToken
from integrations.services import create_token, revoke_token
from realtime import bus
from realtime.errors import Forbidden, Invalid
from tests.factories import make_user
from tests.listening import Ears

ME = "/api/v1/me/"


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice")


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def ears() -> Iterator[Ears]:
    listening = Ears()
    bus.attach(listening)
    yield listening
    bus.detach(listening)


def call(authorization: str, client: APIClient | None = None) -> Any:
    return (client or APIClient()).get(ME, headers={"Authorization": authorization})


def handshake(authorization: str) -> dict[str, Any]:
    return {"type": "websocket", "headers": [(b"authorization", authorization.encode("latin-1"))]}


class Echo(APIView):
    """A view of the defaults: GET reads, POST writes. Its own permissions are none."""

    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"user": str(request.user)})

    post = get


def echo(method: str, token: str) -> int:
    request = APIRequestFactory().generic(method, "/", headers={"Authorization": f"Bearer {token}"})
    status: int = Echo.as_view()(request).status_code
    return status


# --- Making ---


def test_of_a_token_only_its_digest_is_kept(alice: User) -> None:
    row, token = create_token(alice, name="Feed", scopes=["write", "read", "read"], days=3, actor=alice)
    assert token.startswith("chat_")
    assert len(token) == len("chat_") + 43  # 256 bits in base64
    stored = ApiToken.objects.get()
    assert bytes(stored.digest) == hashlib.sha256(token.encode()).digest()
    assert token not in str(ApiToken.objects.values().get())
    assert (stored.hint, stored.name, stored.scopes) == (token[:12], "Feed", ["read", "write"])
    assert row.expires_at is not None
    assert timedelta(days=2.9) < row.expires_at - timezone.now() < timedelta(days=3)
    entry = AuditEntry.objects.get(action="token.created")
    assert (entry.actor_name, entry.details["user"]) == ("alice", "alice")
    assert token not in str(vars(entry))


def test_two_tokens_are_never_alike(alice: User) -> None:
    assert create_token(alice)[1] != create_token(alice)[1]


@pytest.mark.parametrize("wrong", [{"scopes": ["everything"]}, {"days": 0}, {"days": -1}, {"days": 10**9}])
def test_a_token_of_unknown_scope_or_length_is_refused(wrong: dict[str, Any], alice: User) -> None:
    with pytest.raises(Invalid):
        create_token(alice, **wrong)
    assert not ApiToken.objects.exists()


def test_staff_do_not_make_tokens_of_others(alice: User, boss: User) -> None:
    erin = make_user("erin", is_staff=True)
    with pytest.raises(Forbidden):
        create_token(boss, actor=erin)
    with pytest.raises(Forbidden):
        revoke_token(create_token(boss)[0], actor=erin)
    assert create_token(alice, actor=boss)
    assert create_token(erin, actor=erin)


def test_the_command_prints_the_token_and_nothing_else(alice: User) -> None:
    out = StringIO()
    call_command("create_token", "ALICE", "--scope", "read", "--days", "7", "--name", "Feed", stdout=out)
    token = out.getvalue().removesuffix("\n")
    assert call(f"Bearer {token}").json()["id"] == str(alice.pk)
    assert (ApiToken.objects.get().scopes, ApiToken.objects.get().name) == (["read"], "Feed")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["nobody"], "no user"), (["alice", "--scope", "all"], "invalid choice"), (["alice", "--days", "0"], "days")],
)
def test_the_command_tells_what_is_wrong(arguments: list[str], complaint: str, alice: User) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("create_token", *arguments)


# --- On the REST API ---


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_opens_the_rest_api(scheme: str, alice: User) -> None:
    answer = call(f"{scheme} {create_token(alice)[1]}")
    assert (answer.status_code, answer.json()["username"]) == (200, "alice")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer chat_" + "A" * 43,
        "Bearer a b",
        "Bearer \xff",
        "Bearer " + "x" * 9_000,
    ],
)
def test_a_wrong_token_is_refused(header: str) -> None:
    answer = call(header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert authenticate_socket(handshake(header)) is None


def test_a_wrong_token_is_not_made_good_by_a_cookie(alice: User) -> None:
    client = APIClient()
    client.force_login(alice)
    assert call("Bearer wrong", client).status_code == 401
    assert client.get(ME).status_code == 200


def end(token: ApiToken, how: str) -> None:
    match how:
        case "revoked":
            revoke_token(token)
        case "expired":
            ApiToken.objects.update(expires_at=timezone.now())
        case "suspended":
            accounts.suspend(token.user, reason="x")
        case "closed":
            accounts.deactivate(token.user)


@pytest.mark.parametrize("how", ["revoked", "expired", "suspended", "closed"])
def test_a_token_that_has_ended_is_refused_and_told_why(how: str, alice: User) -> None:
    row, token = create_token(alice)
    credential = f"token:{row.pk}"
    assert still_valid([credential, "session:abc"]) == {credential}
    end(row, how)
    answer = call(f"Bearer {token}")
    assert answer.status_code == 401
    assert how in answer.json()["detail"]
    assert authenticate_socket(handshake(f"Bearer {token}")) is None
    assert still_valid([credential]) == set()


def test_a_revoked_token_is_refused(alice: User) -> None:
    row, token = create_token(alice)
    other = create_token(alice)[1]
    revoke_token(row)
    assert call(f"Bearer {token}").status_code == 401
    assert call(f"Bearer {other}").status_code == 200


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [([], {"GET", "POST"}), (["read"], {"GET"}), (["write"], {"POST"}), (["read", "write"], {"GET", "POST"})],
)
def test_a_scope_limits_a_token_even_where_a_view_forgets_its_permissions(
    scopes: list[str], allowed: set[str], alice: User
) -> None:
    token = create_token(alice, scopes=scopes)[1]
    assert {method: echo(method, token) for method in ("GET", "POST")} == {
        method: 200 if method in allowed else 403 for method in ("GET", "POST")
    }


def test_last_use_is_written_once_a_minute(alice: User) -> None:
    row, token = create_token(alice)

    def used() -> Any:
        call(f"Bearer {token}")
        return ApiToken.objects.get(pk=row.pk).last_used_at

    first = used()
    assert first is not None
    assert used() == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=1))
    assert used() > first


# --- At the socket ---


def test_a_token_opens_a_socket(alice: User) -> None:
    row, token = create_token(alice, scopes=["read", "write"])
    identity = authenticate_socket(handshake(f"Bearer {token}"))
    assert identity is not None
    assert (identity.user_id, identity.username, identity.via) == (str(alice.pk), "alice", "token")
    assert (identity.credential, identity.scopes) == (f"token:{row.pk}", frozenset({"read", "write"}))
    assert identity.rev == User.objects.get().rev


def test_a_token_that_may_only_write_hears_nothing(alice: User) -> None:
    token = create_token(alice, scopes=["write"])[1]
    assert authenticate_socket(handshake(f"Bearer {token}")) is None


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["", "Basic eDp5", "Token x"])
def test_another_scheme_is_left_to_others(header: str) -> None:
    assert authenticate_socket(handshake(header)) is None
    assert authenticate_socket({"headers": []}) is None


def test_revoking_bumps_rev_and_has_the_sockets_rechecked(
    alice: User,
    ears: Ears,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    row, _ = create_token(alice)
    with django_capture_on_commit_callbacks(execute=True):
        revoke_token(row)
        revoke_token(row)  # again: nothing happens
    assert ears.rechecked == [str(alice.pk)]
    assert User.objects.get().rev == alice.rev + 1
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1


def test_many_tokens_are_looked_up_in_one_query(
    alice: User, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    credentials = {f"token:{create_token(alice)[0].pk}" for _ in range(5)}
    with django_assert_num_queries(1):
        assert still_valid({*credentials, f"token:{uuid4()}"}) == credentials


# --- In the admin ---


def test_the_admin_shows_a_token_once(alice: User, boss: User, client: Client) -> None:
    client.force_login(boss)
    form = {"user": str(alice.pk), "name": "Feed", "scopes": ["read"], "days": "7"}
    answer = client.post(reverse("admin:integrations_apitoken_add"), form)
    token = answer.context["token"]
    assert token in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert call(f"Bearer {token}").json()["username"] == "alice"
    row = ApiToken.objects.get()
    pages = [
        reverse("admin:integrations_apitoken_changelist"),
        reverse("admin:integrations_apitoken_change", args=[row.pk]),
    ]
    for page in pages:
        shown = client.get(page)
        assert shown.status_code == 200
        assert token not in shown.content.decode()
    assert token not in str(dict(client.session))
    assert token not in str(client.cookies)
    assert AuditEntry.objects.get(action="token.created").actor_name == "boss"


def test_the_admin_revokes_and_never_deletes(alice: User, boss: User, client: Client) -> None:
    row, token = create_token(alice)
    client.force_login(boss)
    url = reverse("admin:integrations_apitoken_changelist")
    client.post(url, {"action": "revoke", "_selected_action": [str(row.pk)]})
    assert call(f"Bearer {token}").status_code == 401
    assert client.post(reverse("admin:integrations_apitoken_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert ApiToken.objects.get().revoked_at is not None


def test_staff_who_try_to_make_a_superusers_token_are_told_no(boss: User, client: Client) -> None:
    erin = make_user("erin", is_staff=True)
    erin.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["integrations", "accounts"]))
    client.force_login(erin)
    answer = client.post(reverse("admin:integrations_apitoken_add"), {"user": str(boss.pk), "name": "x"}, follow=True)
    assert "Only a superuser" in str(list(answer.context["messages"]))
    assert not ApiToken.objects.exists()
