"""Signing in as a program: access tokens that end with their session, refresh tokens that are good once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import devices, services, tokens
from accounts.authentication import authenticate_socket, still_valid
from accounts.models import DeviceSession, User
from accounts.services import sessions
from audit.models import AuditEntry
from integrations.authentication import authenticate_socket as authenticate_by_api_token
from tests.accounts.apps import App, app_of, call, log_in, renew, renewed, signed_in_app
from tests.accounts.browsers import PASSWORD, Committing, actions, signed_in
from tests.concurrency import at_once, raised
from tests.listening import Ears


def later(**by: float) -> None:
    """Let time go by since the tokens were renewed last."""
    DeviceSession.objects.update(rotated_at=timezone.now() - timedelta(**by))


# --- What a sign-in gives ---


def test_a_sign_in_gives_tokens_and_nothing_that_lasts(alice: User) -> None:
    answer = log_in()
    meta = answer.json()["meta"]
    assert meta["access_token"].startswith("chata_")
    assert meta["refresh_token"].startswith("chatr_")
    assert meta["expires_in"] == 600
    assert "session_token" not in meta
    assert not answer.cookies


def test_a_wrong_password_gives_no_tokens(alice: User) -> None:
    answer = log_in(password="wrong")
    assert answer.status_code == 400
    assert "chata_" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["auth/login", "auth/signup", "auth/password/request", "auth/2fa/authenticate"])
def test_a_text_that_cannot_be_encoded_is_refused_and_no_error_of_ours(path: str) -> None:
    half = "half a pair \ud800"
    answer = call("POST", path, {"username": half, "email": half, "password": half, "code": half})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid")
    assert log_in("nobody", "\N{GRINNING FACE} a whole one").json()["errors"][0]["param"] == "password"


@pytest.mark.parametrize("path", ["account/phone", "auth/phone/verify", "auth/phone/verify/resend"])
def test_numbers_are_not_verified_here(path: str, alice: User) -> None:
    answer = signed_in_app().auth("POST", path, {"phone": "+15551234567", "code": "123456"})
    assert (answer.status_code, answer.json()) == (404, {"status": 404})


def test_neither_token_is_stored(alice: User) -> None:
    app = signed_in_app()
    device = DeviceSession.objects.get()
    kept = repr(vars(device)) + repr(list(Session.objects.values()))
    for token in (app.access, app.refresh):
        assert token not in kept
        assert token.split("_", 1)[1][-40:] not in kept
    shown = tokens.read_refresh(app.refresh)
    assert shown is not None
    assert shown.link not in (bytes(device.secret), bytes(device.refresh_digest or b""))


def test_an_access_token_opens_rest_and_the_socket(alice: User) -> None:
    app = signed_in_app()
    assert app.rest("GET", "me/").json()["username"] == "alice"
    identity = authenticate_socket(app.handshake())
    assert identity is not None
    assert (identity.user_id, identity.scopes) == (str(alice.pk), frozenset())
    assert identity.may("write")
    assert still_valid([identity.credential]) == {identity.credential}
    assert authenticate_by_api_token(app.handshake()) is None


def test_a_refresh_token_opens_nothing_but_a_renewal(alice: User) -> None:
    app = signed_in_app()
    stolen = App(app.refresh, "")
    assert stolen.rest("GET", "me/").status_code == 401
    assert authenticate_socket(stolen.handshake()) is None
    assert stolen.auth("GET", "auth/session").status_code == 410


def test_a_session_key_is_no_token_and_a_token_no_session_key(alice: User) -> None:
    app = signed_in_app()
    key = DeviceSession.objects.get().session_key
    for token in (key, f"chats_{key}"):
        assert call("GET", "auth/session", headers={"X-Session-Token": token}).status_code == 410
    browser = Client()
    browser.cookies["sessionid"] = app.access
    assert browser.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize("token", ["chata_", "chata_AAAA", "chata_" + "A" * 76, "chata_ü", "chata_\x00", "chatr_", ""])
def test_what_is_no_token_opens_nothing(token: str, alice: User) -> None:
    app = App(token, token)
    assert app.rest("GET", "me/").status_code == 401
    assert authenticate_socket(app.handshake()) is None
    assert renew(token).status_code == 400


def test_a_token_that_was_changed_in_any_place_opens_nothing(alice: User) -> None:
    app = signed_in_app()
    for place in range(len("chata_"), len(app.access) - 1, 7):
        other = "A" if app.access[place] != "A" else "B"
        forged = app.access[:place] + other + app.access[place + 1 :]
        assert authenticate_socket(App(forged, "").handshake()) is None


def test_an_access_token_runs_out(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    app = signed_in_app()
    identity = authenticate_socket(app.handshake())
    assert identity is not None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)
    assert not app.is_in()
    assert authenticate_socket(app.handshake()) is None
    assert still_valid([identity.credential]) == set()
    assert renewed(app.refresh).is_in()


# --- Renewal ---


def test_a_renewal_gives_another_pair_that_is_good(alice: User) -> None:
    app = signed_in_app()
    next_one = renewed(app.refresh)
    assert next_one.refresh != app.refresh
    assert next_one.is_in()
    assert renewed(next_one.refresh).is_in()


def test_a_lost_answer_is_given_again(alice: User) -> None:
    app = signed_in_app()
    lost, again = renewed(app.refresh), renewed(app.refresh)
    assert lost.refresh == again.refresh
    assert again.is_in()
    assert renewed(again.refresh).is_in()
    assert "session.refresh_reused" not in actions()


def test_a_used_token_used_again_later_ends_its_session(alice: User) -> None:
    stolen = signed_in_app()
    rightful = renewed(stolen.refresh)
    later(seconds=21)
    assert renew(stolen.refresh).status_code == 400
    assert not rightful.is_in()
    assert renew(rightful.refresh).status_code == 400
    entry = AuditEntry.objects.get(action="session.refresh_reused")
    assert (entry.severity, entry.target_id) == ("warning", str(alice.pk))
    assert actions()[-2:] == ["session.refresh_reused", "session.ended"]


def test_the_grace_ends_when_the_successor_is_used(alice: User) -> None:
    """Whoever has it got the answer; a second use of the first is then another's."""
    stolen = signed_in_app()
    rightful = renewed(renewed(stolen.refresh).refresh)
    assert renew(stolen.refresh).status_code == 400
    assert not rightful.is_in()


def test_a_reuse_ends_that_session_only(alice: User) -> None:
    stolen, other, browser = signed_in_app(), signed_in_app(), signed_in(alice)
    renewed(stolen.refresh)
    later(seconds=21)
    renew(stolen.refresh)
    assert other.is_in()
    assert browser.get("/api/v1/me/").status_code == 200


def test_a_forged_token_of_a_session_ends_nothing(alice: User) -> None:
    app = signed_in_app()
    device = DeviceSession.objects.get()
    forger = DeviceSession(pk=device.pk, secret=b"another secret of the right size")
    assert renew(tokens.write_refresh(forger, 0, b"x" * 32)).status_code == 400
    assert app.is_in()
    assert "session.refresh_reused" not in actions()


@pytest.mark.django_db(transaction=True)
def test_renewals_that_race_give_one_family_and_no_alarm(alice: User) -> None:
    app = signed_in_app()
    results = at_once([lambda: sessions.renew(app.refresh) for _ in range(6)])
    assert raised(results) == []
    assert len({refresh for _, refresh in results}) == 1
    assert all(App(access, "").is_in() for access, _ in results)
    assert DeviceSession.objects.get().generation == 2
    assert "session.refresh_reused" not in actions()
    assert renewed(results[0][1]).is_in()


@pytest.mark.django_db(transaction=True)
def test_a_thief_and_the_owner_at_once_end_the_session_once(alice: User) -> None:
    stolen = signed_in_app()
    rightful = renewed(renewed(stolen.refresh).refresh)
    results = at_once([lambda: sessions.renew(stolen.refresh) for _ in range(4)])
    assert results == [None] * 4
    assert sessions.renew(rightful.refresh) is None
    assert actions().count("session.refresh_reused") == 1


@pytest.mark.django_db(transaction=True)
def test_of_sign_ins_that_race_in_single_session_mode_one_stays(alice: User, settings: Any) -> None:
    settings.SINGLE_SESSION = True
    answers = at_once([log_in] * 6)
    assert not raised(answers)
    let_in = [app_of(answer) for answer in answers if answer.status_code == 200]
    assert sum(app.is_in() for app in let_in) == 1
    assert len(devices.of_user(alice)) == 1


def test_an_app_that_renews_stays_signed_in(alice: User) -> None:
    app = signed_in_app()
    soon = timezone.now() + timedelta(minutes=1)
    Session.objects.update(expire_date=soon)
    renewed(app.refresh)
    assert Session.objects.get().expire_date > soon + timedelta(days=1)


# --- The session's end is theirs ---


@pytest.mark.parametrize(
    "end",
    [
        lambda user: services.end_session(DeviceSession.objects.get()),
        lambda user: services.end_other_sessions(user, None),
        lambda user: services.suspend(user, reason="x"),
        lambda user: services.deactivate(user),
        lambda user: services.set_password(user, "another pass phrase"),
        lambda user: Session.objects.update(expire_date=timezone.now()),
        lambda user: Session.objects.all().delete(),
    ],
    ids=["ended", "all ended", "suspended", "closed", "new password", "run out", "gone"],
)
def test_tokens_end_with_their_session(end: Callable[[User], Any], alice: User) -> None:
    app = signed_in_app()
    identity = authenticate_socket(app.handshake())
    assert identity is not None
    end(alice)
    assert not app.is_in()
    assert authenticate_socket(app.handshake()) is None
    assert still_valid([identity.credential]) == set()
    assert renew(app.refresh).status_code == 400
    assert app.auth("GET", "auth/session").status_code == 410
    assert "session.refresh_reused" not in actions()


def test_ending_a_session_has_its_sockets_looked_at(
    alice: User, ears: Ears, django_capture_on_commit_callbacks: Committing
) -> None:
    app = signed_in_app()
    identity = authenticate_socket(app.handshake())
    assert identity is not None
    ears.ask = lambda: still_valid([identity.credential])
    with django_capture_on_commit_callbacks(execute=True):
        app.auth("DELETE", "auth/session")
    assert ears.rechecked == [str(alice.pk)]
    assert ears.answers == [set()]
    assert User.objects.get().rev > identity.rev


def test_a_new_password_keeps_the_app_in_which_it_was_set(alice: User) -> None:
    app, other = signed_in_app(), signed_in_app()
    app.confirm()
    new = {"current_password": PASSWORD, "new_password": "another pass phrase"}
    assert app.auth("POST", "account/password/change", new).status_code == 200
    assert (app.is_in(), other.is_in()) == (True, False)
    assert renewed(app.refresh).is_in()
    assert [device.pk for device in devices.of_user(User.objects.get())] == [
        tokens.read_access(app.access).device_id  # type: ignore[union-attr]
    ]


# --- Second factors ---


def test_a_second_factor_is_asked_for_before_any_token(alice: User) -> None:
    from tests.accounts.factors import code_of, with_totp

    secret = with_totp(alice)
    first = log_in()
    assert first.status_code == 401
    meta = first.json()["meta"]
    assert "access_token" not in meta
    step = {"X-Session-Token": meta["session_token"]}
    wrong = call("POST", "auth/2fa/authenticate", {"code": "000000"}, step)
    assert wrong.status_code == 400
    app = app_of(call("POST", "auth/2fa/authenticate", {"code": code_of(secret)}, step))
    assert app.is_in()
    assert call("GET", "auth/session", headers=step).status_code == 410
