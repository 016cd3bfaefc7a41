"""Second factors: on the way in, in the administration, and when they are changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from audit.models import AuditEntry
from tests.accounts.browsers import PASSWORD, actions, confirmed, is_signed_in, sign_in, signed_in
from tests.accounts.factors import PERIOD_S, code_of, with_totp

CODE = "/accounts/2fa/authenticate/"


# --- On the way in ---


def test_a_password_alone_is_half_the_way(alice: User, client: Client) -> None:
    secret = with_totp(alice)
    answer = sign_in(client)
    assert answer["Location"] == CODE
    assert not is_signed_in(client)
    assert client.get("/api/v1/me/").status_code == 401
    client.post(CODE, {"code": code_of(secret)})
    assert is_signed_in(client)


def test_a_code_opens_once(alice: User) -> None:
    secret = with_totp(alice)
    code = code_of(secret)
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client)
        client.post(CODE, {"code": code})
    assert (is_signed_in(first), is_signed_in(second)) == (True, False)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_is_known_as_used_for_as_long_as_it_is_good(
    steps: int, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(with_totp(alice), steps)
    factor = Authenticator.objects.get(user=alice, type=Authenticator.Type.TOTP)
    kept: list[float] = []
    add = cache.add
    monkeypatch.setattr(cache, "add", lambda *a, timeout, **k: kept.append(timeout) or add(*a, timeout=timeout, **k))
    assert factor.wrap().validate_code(code)
    assert not factor.wrap().validate_code(code)
    assert min(kept) >= 3 * PERIOD_S  # a clock that is a step ahead, on time, and a step behind


def test_a_code_of_long_ago_or_to_come_opens_nothing(alice: User, client: Client) -> None:
    secret = with_totp(alice)
    sign_in(client)
    for steps in (-3, 3):
        client.post(CODE, {"code": code_of(secret, steps)})
        assert not is_signed_in(client)
    client.post(CODE, {"code": code_of(secret, -1)})  # a clock that is a little off
    assert is_signed_in(client)


def test_a_recovery_code_opens_once_and_is_recorded(alice: User) -> None:
    with_totp(alice)
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client)
        client.post(CODE, {"code": code})
    assert (is_signed_in(first), is_signed_in(second)) == (True, False)
    assert AuditEntry.objects.get(action="mfa.recovery_code_used").details == {"left": 9}


def test_codes_cannot_be_tried_out(alice: User, client: Client) -> None:
    secret = with_totp(alice)
    sign_in(client)
    for guess in range(10):
        client.post(CODE, {"code": f"{guess:06}"})
    client.post(CODE, {"code": code_of(secret)})
    assert not is_signed_in(client)
    assert actions().count("mfa.refused") == 10


def test_the_suspended_do_not_come_in_by_a_code_that_they_began_before(alice: User, client: Client) -> None:
    from accounts import services

    secret = with_totp(alice)
    sign_in(client)
    services.suspend(alice, reason="x")
    client.post(CODE, {"code": code_of(secret)})
    assert not is_signed_in(client)


# --- The administration ---


def test_staff_with_a_factor_do_not_enter_by_password_alone(boss: User, client: Client) -> None:
    secret = with_totp(boss)
    way = client.get("/admin/", follow=True)
    assert way.redirect_chain[-1][0].startswith("/accounts/login/")
    answer = client.post("/accounts/login/?next=/admin/", {"login": "boss", "password": PASSWORD, "next": "/admin/"})
    assert answer["Location"] == CODE
    assert client.get("/admin/").status_code == 302
    assert client.post("/admin/login/", {"username": "boss", "password": PASSWORD}).status_code == 302
    assert client.get("/admin/").status_code == 302
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_staff_without_a_factor_set_one_up_first_where_it_is_asked_for(boss: User, settings: Any) -> None:
    client = signed_in(boss)
    assert client.get("/admin/").status_code == 200
    settings.ADMIN_REQUIRES_MFA = True
    answer = client.get("/admin/accounts/user/", follow=True)
    assert answer.redirect_chain[-1][0] == "/settings/security/"
    assert "to enter the administration" in answer.content.decode()
    assert client.post("/admin/login/", {"username": "boss", "password": PASSWORD})["Location"] == "/settings/security/"
    with_totp(boss)
    assert client.get("/admin/accounts/user/").status_code == 200


def test_a_superuser_takes_the_factors_of_who_is_locked_out(alice: User, boss: User, moderator: User) -> None:
    with_totp(alice)
    chosen = {"action": "remove", "_selected_action": [str(Authenticator.objects.first().pk)]}  # type: ignore[union-attr]
    url = "/admin/mfa/authenticator/"
    signed_in(moderator).post(url, chosen)
    assert Authenticator.objects.count() == 2
    confirmed(signed_in(boss)).post(url, chosen)
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(action="mfa.removed")
    assert (entry.actor_name, entry.severity) == ("boss", "warning")


# --- Changing them ---


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/webauthn/add/",
    ],
)
def test_whoever_finds_an_open_browser_changes_no_factor(path: str, alice: User) -> None:
    if "totp/activate" not in path and "webauthn" not in path:
        with_totp(alice)
    client = signed_in(alice)
    before = list(Authenticator.objects.values())
    assert client.get(path)["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(path, {"code": "123456"})["Location"].startswith("/accounts/reauthenticate/")
    assert list(Authenticator.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_and_its_secret_is_encrypted(alice: User) -> None:
    client = signed_in(alice)
    confirmed(client)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r"<code>([A-Z2-7]{16,})</code>", page)
    assert found is not None
    done = client.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1])}, follow=True)
    assert done.status_code == 200
    assert len(re.findall(r"<li>\d{8}</li>", done.content.decode())) == 10  # recovery codes, shown this once
    kept = Authenticator.objects.get(type="totp").data
    assert found[1] not in str(kept)
    assert "mfa.added" in actions()
    assert any("authenticator" in message.body.lower() for message in mail.outbox)
    again = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert not re.search(r"<li>\d{8}</li>", again)


def test_the_security_page_tells_what_is_on(alice: User) -> None:
    client = signed_in(alice)
    assert "Set up" in client.get("/settings/security/").content.decode()
    with_totp(alice)
    page = client.get("/settings/security/").content.decode()
    assert "Turn off" in page
    assert "10 left" in page


def test_reauthentication_takes_a_code_too(alice: User) -> None:
    secret = with_totp(alice)
    client = signed_in(alice)
    assert client.post("/accounts/2fa/reauthenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/reauthenticate/", {"code": code_of(secret)}).status_code == 302
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
