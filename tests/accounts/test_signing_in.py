"""Who may come in, by sign-in and sign-up, and what a guesser learns."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from accounts import services
from accounts.adapter import AccountAdapter
from accounts.authentication import still_valid
from accounts.models import User
from audit.models import AuditEntry
from realtime.errors import Conflict, Invalid
from tests.accounts.browsers import LOGIN, PASSWORD, SIGNUP, actions, credential_of, sign_in, signed_in
from tests.concurrency import at_once, raised
from tests.listening import Ears

# --- Signing in ---


@pytest.mark.parametrize("login", ["alice", "ALICE", " alice ", "alice@example.org", "Alice@Example.ORG"])
def test_people_sign_in_by_name_or_address_however_they_write_it(login: str, alice: User, client: Client) -> None:
    assert sign_in(client, login).status_code == 302
    assert client.session["_auth_user_id"] == str(alice.pk)
    assert AuditEntry.objects.filter(action="session.started", actor_id=alice.pk).count() == 1


def test_a_further_address_opens_the_account_only_once_verified(alice: User, client: Client) -> None:
    further = EmailAddress.objects.create(user=alice, email="work@example.org", verified=False)
    assert sign_in(client, "work@example.org").status_code == 200
    EmailAddress.objects.filter(pk=further.pk).update(verified=True)
    assert sign_in(client, "work@example.org").status_code == 302


def test_a_wrong_guess_is_recorded_without_what_was_typed(alice: User, client: Client) -> None:
    sign_in(client, "alice", "wrong")
    sign_in(client, "my secret pass phrase", "x")  # typed into the wrong field
    entries = AuditEntry.objects.filter(action="session.refused").order_by("id")
    assert [(entry.target_name, entry.severity) for entry in entries] == [("alice", "warning"), ("", "warning")]
    assert all("secret" not in str(vars(entry)) for entry in entries)


def test_unknown_and_known_people_look_alike_to_a_guesser(alice: User, client: Client) -> None:
    known, unknown = sign_in(client, "alice", "wrong"), sign_in(client, "nobody", "wrong")
    assert known.context["form"].errors == unknown.context["form"].errors != {}


def test_a_guess_costs_one_hash_whether_the_address_exists_or_not(
    alice: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode, check = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda *a: hashed.append("made") or encode(*a))
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *a: hashed.append("checked") or check(*a))
    counts = []
    for login in ("alice@example.org", "nobody@example.org", "alice", "nobody"):
        hashed.clear()
        sign_in(client, login, "wrong")
        counts.append(len(hashed))
    assert counts == [1, 1, 1, 1]


def test_a_dictionary_is_stopped_though_its_next_word_is_right(alice: User, client: Client) -> None:
    for guess in range(10):
        sign_in(client, "alice", f"guess {guess}")
    answer = sign_in(client)
    assert answer.status_code == 200
    assert "Wait ten minutes" in str(answer.context["form"].errors)


def test_the_admin_has_no_sign_in_that_goes_around_the_rate_limits(client: Client, boss: User) -> None:
    answer = client.post("/admin/login/", {"username": "boss", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
    assert "_auth_user_id" not in client.session


def test_another_person_in_the_same_browser_ends_the_first_ones_session(alice: User, boss: User, ears: Ears) -> None:
    client = signed_in(alice)
    old = credential_of(client)
    request = client.get("/accounts/email/").wsgi_request
    AccountAdapter(request).login(request, boss)
    assert still_valid([old]) == set()
    assert actions()[-2:] == ["session.ended", "session.started"]


# --- Signing up ---


def sign_up(client: Client, username: str, email: str = "new@example.org") -> Any:
    return client.post(SIGNUP, {"username": username, "email": email, "password1": PASSWORD})


@pytest.mark.django_db
def test_a_new_person_is_signed_in_and_recorded(client: Client) -> None:
    assert sign_up(client, "New-Person_1", "New@Example.org").status_code == 302
    user = User.objects.get()
    assert (user.username, user.email) == ("New-Person_1", "new@example.org")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert actions() == ["user.created", "session.started"]


@pytest.mark.parametrize(
    ("username", "complaint"),
    [
        ("al", "at least 3"),
        ("a" * 51, "at most 50"),
        ("a b c", "letters, digits"),
        ("аlice", "letters, digits"),  # a Cyrillic а
        ("alice\n", "taken"),  # forms strip it; the database would not
        ("ALICE", "taken"),
        ("Admin", "reserved"),
        ("here", "reserved"),
    ],
)
def test_a_name_that_is_misshapen_taken_or_misleading_is_refused(
    username: str, complaint: str, alice: User, client: Client
) -> None:
    answer = sign_up(client, username)
    assert answer.status_code == 200
    assert complaint in str(answer.context["form"].errors["username"])
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_closed_community_takes_nobody_in(client: Client, settings: Any) -> None:
    settings.OPEN_SIGNUP = False
    sign_up(client, "newcomer")
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_one_name_at_once_one_gets_it() -> None:
    results = at_once([lambda name=name: services.create_user(name) for name in ("Zoe", "zoe", "ZOE", "zOe")])
    refused = raised(results)
    assert len(refused) == 3
    assert all(isinstance(error, Conflict | Invalid) for error in refused)
    assert User.objects.count() == 1
    assert actions() == ["user.created"]
