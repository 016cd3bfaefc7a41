"""Where one is signed in: the page, the REST API, the admin; and what is asked for before a device is signed out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import devices, services
from accounts.authentication import still_valid
from accounts.models import DeviceSession, User
from accounts.services import sessions
from accounts.user_agents import describe
from audit.models import AuditEntry
from integrations.services import create_token
from realtime.errors import Forbidden, Invalid
from tests.accounts.apps import signed_in_app
from tests.accounts.browsers import (
    PASSWORD,
    Committing,
    actions,
    confirmed,
    credential_of,
    is_signed_in,
    sign_in,
    signed_in,
)
from tests.factories import make_user
from tests.listening import Ears

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


def browser(user: User, agent: str = FIREFOX, ip: str = "192.0.2.7") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=ip)
    assert sign_in(client, user.username).status_code == 302
    return client


def device_of(client: Client) -> DeviceSession:
    return DeviceSession.objects.get(session_key=client.session.session_key)


# --- The record ---


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/139.0 Safari/537.36 Edg/139.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36", "Chrome on Android"),
        ("ChatApp/2.1 (Pixel 9)", "ChatApp"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_named_by_what_it_calls_itself(agent: str, name: str) -> None:
    assert describe(agent) == name


def test_a_sign_in_is_a_device_with_address_and_agent(alice: User) -> None:
    client = browser(alice)
    device = device_of(client)
    assert (device.user, device.ip, device.user_agent, device.kind) == (alice, "192.0.2.7", FIREFOX, "browser")
    assert AuditEntry.objects.get(action="session.started").details["device"] == "Firefox on Linux"


def test_hostile_user_agents_are_kept_as_databases_hold_them(alice: User) -> None:
    client = browser(alice, "a\x00b" + "x" * 1000)
    assert device_of(client).user_agent == ("ab" + "x" * 1000)[:300]


def test_a_device_goes_with_its_session_however_it_ends(alice: User) -> None:
    for end in (
        lambda client: client.post("/accounts/logout/"),
        lambda client: client.session.flush(),
        lambda client: services.end_session(device_of(client)),
    ):
        client = browser(alice)
        end(client)
        assert not DeviceSession.objects.exists()


def test_a_device_stays_when_its_session_gets_another_key(alice: User) -> None:
    client = browser(alice)
    before = device_of(client)
    form = {"oldpassword": PASSWORD, "password1": "another pass phrase", "password2": "another pass phrase"}
    client.post("/accounts/password/change/", form)
    after = device_of(client)
    assert (after.pk, after.created_at) == (before.pk, before.created_at)
    assert after.session_key != before.session_key
    assert devices.of_user(User.objects.get()) == [after]


def test_use_is_noted_once_a_minute(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(alice)
    long_ago = timezone.now() - timedelta(days=3)
    devices._noted.clear()
    DeviceSession.objects.update(last_used_at=long_ago)
    client.get("/api/v1/me/")
    noted = device_of(client).last_used_at
    assert noted > long_ago + timedelta(days=2)
    client.get("/api/v1/me/")
    assert device_of(client).last_used_at == noted


def test_what_ran_out_is_tidied_up(alice: User) -> None:
    old, current = browser(alice), browser(alice)
    Session.objects.filter(session_key=old.session.session_key).update(expire_date=timezone.now())
    sessions.purge()
    assert list(DeviceSession.objects.all()) == [device_of(current)]


# --- The page ---


def test_the_page_shows_all_devices_and_which_is_this_one(alice: User) -> None:
    here = browser(alice)
    browser(alice, SAFARI, "2001:db8::1")
    signed_in_app()
    browser(make_user("bob", password=PASSWORD), ip="198.51.100.9")
    page = here.get("/settings/security/").content.decode()
    assert page.count("This device") == 1
    assert all(words in page for words in ("Firefox on Linux", "Safari on iPhone", "2001:db8::1", "ChatApp"))
    assert "198.51.100.9" not in page


def test_a_device_is_renamed(alice: User) -> None:
    client = browser(alice)
    client.post(reverse("device_rename", args=[device_of(client).pk]), {"name": "  Work   laptop "})
    assert "Work laptop" in client.get("/settings/security/").content.decode()


def test_a_name_is_visible_and_short(alice: User) -> None:
    client = browser(alice)
    for name in ("x" * 61, "a\u202eb", "a\x00b"):
        with pytest.raises(Invalid):
            services.rename_session(device_of(client), name)


def test_signing_a_device_out_asks_who_it_is_and_then_does_it(alice: User) -> None:
    here, there = browser(alice), browser(alice, SAFARI)
    url = reverse("device_end", args=[device_of(there).pk])
    asked = here.post(url)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert is_signed_in(there)
    answer = here.post(asked["Location"], {"password": PASSWORD, "next": url}, follow=True)
    assert "is signed out" in answer.content.decode()
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_signing_out_all_others_keeps_this_one(alice: User) -> None:
    here, there, app = browser(alice), browser(alice, SAFARI), signed_in_app()
    confirmed(here)
    here.post(reverse("devices_end_others"))
    assert (is_signed_in(here), is_signed_in(there), app.is_in()) == (True, False, False)
    assert actions().count("session.ended") == 2


@pytest.mark.parametrize("name", ["device_end", "device_rename"])
def test_nobody_reaches_the_devices_of_another(name: str, alice: User) -> None:
    theirs = browser(alice)
    mallory = browser(make_user("mallory", password=PASSWORD))
    confirmed(mallory)
    assert mallory.post(reverse(name, args=[device_of(theirs).pk]), {"name": "x"}).status_code == 404
    assert is_signed_in(theirs)


# --- REST ---


def test_rest_lists_renames_and_ends(alice: User) -> None:
    app, other = signed_in_app(), signed_in_app()
    listed = app.rest("GET", "me/sessions/").json()["results"]
    assert [each["current"] for each in listed].count(True) == 1
    target = next(each for each in listed if not each["current"])
    assert app.rest("PATCH", f"me/sessions/{target['id']}/", {"name": "Tablet"}).json()["name"] == "Tablet"
    assert app.rest("DELETE", f"me/sessions/{target['id']}/").status_code == 403
    app.confirm()
    assert app.rest("DELETE", f"me/sessions/{target['id']}/").status_code == 204
    assert (app.is_in(), other.is_in()) == (True, False)


def test_rest_ends_all_others(alice: User) -> None:
    app, client = signed_in_app(), browser(alice)
    app.confirm()
    assert app.rest("DELETE", "me/sessions/").json() == {"ended": 1}
    assert not is_signed_in(client)


def test_rest_keeps_the_contract(alice: User, api: Callable[..., Any]) -> None:
    client = api(alice)
    browser(alice)
    assert client.get("/api/v1/me/sessions/").status_code == 200
    assert client.patch(f"/api/v1/me/sessions/{DeviceSession.objects.get().pk}/", {"name": "A"}).status_code == 200
    assert client.delete(f"/api/v1/me/sessions/{uuid4()}/").status_code == 403


def test_an_api_token_ends_no_session(alice: User) -> None:
    browser(alice)
    headers = {"Authorization": f"Bearer {create_token(alice)[1]}"}
    assert Client().get("/api/v1/me/sessions/", headers=headers).status_code == 200
    answer = Client().delete("/api/v1/me/sessions/", headers=headers)
    assert answer.status_code == 403
    assert DeviceSession.objects.count() == 1


def test_nobody_reaches_the_sessions_of_another_by_rest(alice: User) -> None:
    theirs = browser(alice)
    make_user("mallory", password=PASSWORD)
    app = signed_in_app("mallory")
    app.confirm()
    for method in ("PATCH", "DELETE"):
        assert app.rest(method, f"me/sessions/{device_of(theirs).pk}/", {"name": "x"}).status_code == 404
    assert is_signed_in(theirs)


# --- Staff ---


def test_staff_end_a_session_and_its_sockets(
    alice: User, boss: User, ears: Ears, django_capture_on_commit_callbacks: Committing
) -> None:
    theirs = browser(alice)
    credential, device = credential_of(theirs), device_of(theirs)
    ears.ask = lambda: still_valid([credential])
    with django_capture_on_commit_callbacks(execute=True):
        chosen = {"action": "end_sessions", "_selected_action": [str(device.pk)]}
        signed_in(boss).post(reverse("admin:accounts_devicesession_changelist"), chosen)
    assert not is_signed_in(theirs)
    assert (ears.rechecked, ears.answers) == ([str(alice.pk)], [set()])
    entry = AuditEntry.objects.get(action="session.ended")
    assert (entry.actor_name, entry.target_name, entry.severity) == ("boss", "alice", "notice")


def test_a_moderator_does_not_end_the_sessions_of_a_superuser(boss: User, moderator: User) -> None:
    device = device_of(browser(boss))
    with pytest.raises(Forbidden):
        services.end_session(device, actor=moderator)


def test_the_admin_shows_no_secret(alice: User, boss: User) -> None:
    from tests.accounts.factors import with_totp

    secret = with_totp(alice)
    client = signed_in(boss)
    for name in ("mfa_authenticator", "accounts_devicesession"):
        page = client.get(reverse(f"admin:{name}_changelist"))
        assert page.status_code == 200
        assert secret not in page.content.decode()
