"""Who may do what to whose account; the shell, and the REST API's view of oneself."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import services
from accounts.models import User
from audit.models import AuditEntry
from realtime.errors import Forbidden, Invalid
from tests.accounts.browsers import actions
from tests.factories import Cast, make_user

# --- Who may do what to whom ---


@pytest.mark.parametrize(
    "change",
    [
        lambda user, by: services.suspend(user, reason="x", actor=by),
        lambda user, by: services.deactivate(user, actor=by),
        lambda user, by: services.set_password(user, "another pass phrase", actor=by),
        lambda user, by: services.update_account(user, email="mine@example.org", actor=by),
        lambda user, by: services.update_profile(user, display_name="Fool", actor=by),
        lambda user, by: services.set_staff(user, is_staff=True, is_superuser=False, actor=by),
        lambda user, by: services.set_staff(by, is_staff=True, is_superuser=True, actor=by),
        lambda user, by: services.create_user("helper", is_staff=True, actor=by),
        lambda user, by: services.save_group(Group(name="x"), permissions=[], actor=by),
    ],
)
def test_a_moderator_does_not_get_over_the_staff(
    change: Callable[[User, User], Any], moderator: User, boss: User
) -> None:
    with pytest.raises(Forbidden):
        change(boss, moderator)
    assert actions() == []


def test_a_moderator_suspends_people_and_cannot_take_their_accounts(moderator: User, alice: User) -> None:
    services.suspend(alice, reason="x", actor=moderator)
    with pytest.raises(Forbidden):
        services.set_password(alice, "another pass phrase", actor=moderator)
    with pytest.raises(Forbidden):
        services.update_account(alice, email="mine@example.org", actor=moderator)


def test_people_change_their_own_account_and_nobody_elses(alice: User) -> None:
    bob = make_user("bob")
    assert services.update_profile(alice, bio="Hello", actor=alice).bio == "Hello"
    with pytest.raises(Forbidden):
        services.update_profile(bob, bio="Fool", actor=alice)


@pytest.mark.parametrize(
    "change",
    [
        lambda user: services.suspend(user, reason="x", actor=user),
        lambda user: services.deactivate(user, actor=user),
        lambda user: services.set_staff(user, is_staff=False, is_superuser=False, actor=user),
    ],
)
def test_a_superuser_cannot_lock_themselves_out(change: Callable[[User], Any], boss: User) -> None:
    with pytest.raises(Forbidden):
        change(boss)


def test_a_new_address_replaces_what_could_reset_the_password(alice: User, boss: User) -> None:
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=True, primary=True)
    services.update_account(alice, email="New@Example.org", actor=boss)
    assert list(EmailAddress.objects.values_list("email", "primary")) == [("new@example.org", True)]
    entry = AuditEntry.objects.get()
    assert entry.details == {"email": ["alice@example.org", "new@example.org"]}


def test_a_verified_address_of_another_is_in_use(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="work@example.org", verified=True)
    with pytest.raises(Invalid, match="in use"):
        services.create_user("bob", email="work@example.org")


@pytest.mark.parametrize("name", ["here", "Everyone"])
def test_nobody_is_called_what_addresses_everybody(name: str, boss: User) -> None:
    with pytest.raises(Invalid):
        services.create_user(name, actor=boss)


@pytest.mark.django_db
def test_people_without_an_address_do_not_clash() -> None:
    for name in ("one", "two"):
        services.create_user(name, email="")
    assert list(User.objects.values_list("email", flat=True)) == [None, None]


# --- The shell and the REST API ---


@pytest.mark.django_db
def test_the_shell_makes_the_first_superuser(client: Client, settings: Any) -> None:
    out = StringIO()
    call_command("create_user", "boss", "--superuser", "--email", "boss@example.org", stdout=out)
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (True, True)
    assert user.check_password(out.getvalue().strip())
    assert AuditEntry.objects.get().severity == "warning"
    # Mails may not go out yet, and none of them has to arrive.
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client.post("/accounts/login/", {"login": "boss", "password": out.getvalue().strip()})
    assert client.get("/api/v1/me/").status_code == 200


def test_the_shell_tells_what_is_wrong(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="taken"):
        call_command("create_user", "Alice")
    monkeypatch.setattr("sys.stdin", StringIO("short\n"))
    with pytest.raises(CommandError, match="too short"):
        call_command("create_user", "zoe", "--password-stdin")


def test_me_tells_who_is_signed_in(cast: Cast, api: Callable[..., Any]) -> None:
    answer = api(cast.alice).get("/api/v1/me/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["username"], body["display_name"]) == (str(cast.alice.pk), "alice", "Alice")
    assert (body["avatar"], body["is_staff"], body["is_bot"]) == (None, False, False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", body["created_at"])
    assert "password" not in body


@pytest.mark.django_db
def test_me_is_nobody_without_credentials(api: Callable[..., Any]) -> None:
    answer = api().get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
