"""That nobody learns by a form whether an address has an account: same answer, and the same work for it.

Work is counted, not timed: hashes of passwords, which take a hundred times longer than all the rest,
mails, and database queries to within a few.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.accounts.apps import call, signed_in_app
from tests.accounts.browsers import PASSWORD, is_signed_in, sign_in, signed_in
from tests.factories import make_user

KNOWN, CONFIRMED, UNKNOWN = "alice@example.org", "work@example.org", "nobody@example.org"
# Making an account writes what refusing one does not: its row, its record, its session. Some
# milliseconds, beside the hash of a password.
QUERIES_APART = 8


@dataclass
class Seen:
    """What somebody sees of an answer, and what it cost."""

    answer: Any
    hashes: int
    mails: int
    queries: int


@pytest.fixture(autouse=True)
def _alice_with_two_addresses(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=CONFIRMED, verified=True)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Seen]:
    hashed: list[str] = []
    encode, check = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda *a: hashed.append("made") or encode(*a))
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *a: hashed.append("checked") or check(*a))

    def seen(act: Callable[[], Any]) -> Seen:
        hashed.clear()
        before = len(mail.outbox)
        with CaptureQueriesContext(connection) as queries:
            answer = act()
        return Seen(_shown(answer), len(hashed), len(mail.outbox) - before, len(queries))

    return seen


def _shown(answer: Any) -> Any:
    """The answer as a stranger compares it: without what differs from one call to the next anyway."""
    text = answer.content.decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="\w+"|chat[ars]_[\w-]+|"at": [\d.]+', "", text)
    text = re.sub(r"[\w.-]+@example\.org|new-\d+|[0-9a-f]{8}-[0-9a-f-]{27}", "", text)
    if text.startswith("{") and isinstance(listed := json.loads(text).get("data"), list):
        text = str(sorted(map(str, listed)))  # by address, as the database's index has them
    return answer.status_code, answer.headers.get("Location"), text


def alike(one: Seen, other: Seen, apart: int = 0) -> None:
    assert one.answer == other.answer
    assert (one.hashes, one.mails) == (other.hashes, other.mails)
    assert abs(one.queries - other.queries) <= apart


def sign_up(headless: bool, username: str, email: str, client: Client | None = None) -> Any:
    if headless:
        return call("POST", "auth/signup", {"username": username, "email": email, "password": PASSWORD})
    form = {"username": username, "email": email, "password1": PASSWORD}
    return (client or Client()).post("/accounts/signup/", form)


@pytest.mark.parametrize("headless", [False, True], ids=["page", "headless"])
@pytest.mark.parametrize("verification", ["none", "optional", "mandatory"])
@pytest.mark.parametrize("address", [KNOWN, CONFIRMED, KNOWN.upper()])
def test_a_sign_up(
    address: str, verification: str, headless: bool, look: Callable[[Callable[[], Any]], Seen], settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    sign_up(headless, "new-0", "first@example.org")  # what is done once only has been done
    known = look(lambda: sign_up(headless, "new-1", address))
    unknown = look(lambda: sign_up(headless, "new-2", "fresh@example.org"))
    assert known.hashes == 1
    alike(known, unknown, apart=QUERIES_APART if verification != "mandatory" else 3 * QUERIES_APART)


@pytest.mark.parametrize("headless", [False, True], ids=["page", "headless"])
@pytest.mark.parametrize("address", [KNOWN, CONFIRMED])
def test_a_reset(address: str, headless: bool, look: Callable[[Callable[[], Any]], Seen]) -> None:
    def reset(email: str) -> Any:
        if headless:
            return call("POST", "auth/password/request", {"email": email})
        return Client().post("/accounts/password/reset/", {"email": email})

    known, unknown = look(lambda: reset(address)), look(lambda: reset(UNKNOWN))
    assert known.mails == 1
    alike(known, unknown, apart=QUERIES_APART)


@pytest.mark.parametrize("headless", [False, True], ids=["page", "headless"])
@pytest.mark.parametrize("address", [KNOWN, CONFIRMED])
def test_a_sign_in(address: str, headless: bool, look: Callable[[Callable[[], Any]], Seen]) -> None:
    def attempt(email: str) -> Any:
        if headless:
            return call("POST", "auth/login", {"email": email, "password": "wrong"})
        return sign_in(Client(), email, "wrong")

    known, unknown = look(lambda: attempt(address)), look(lambda: attempt(UNKNOWN))
    assert known.hashes == 1
    alike(known, unknown, apart=2)


@pytest.mark.parametrize("verification", ["none", "mandatory"])
@pytest.mark.parametrize("headless", [False, True], ids=["page", "headless"])
@pytest.mark.parametrize("address", [KNOWN, CONFIRMED])
def test_an_address_that_is_added(
    address: str, headless: bool, verification: str, look: Callable[[Callable[[], Any]], Seen], settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    answers = []
    for name, email in (("bob", address), ("carol", "new-9@example.org")):
        user = make_user(name, password=PASSWORD)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        if headless:
            app = signed_in_app(name)
            app.confirm()
            answers.append(look(lambda app=app, email=email: app.auth("POST", "account/email", {"email": email})))
        else:
            client = signed_in(user)
            client.post("/accounts/reauthenticate/", {"password": PASSWORD})
            form = {"action_add": "", "email": email}
            answers.append(look(lambda client=client, form=form: client.post("/accounts/email/", form)))
        cache.clear()
    assert answers[0].mails == 1
    alike(*answers, apart=2)


def test_a_code_that_is_asked_for_by_mail_is_not_offered(look: Callable[[Callable[[], Any]], Seen]) -> None:
    assert Client().post("/accounts/login/code/", {"email": KNOWN}).status_code == 404
    assert call("POST", "auth/code/request", {"email": KNOWN}).status_code == 404


# --- A claim is not the address ---


def test_a_claim_opens_nothing_and_takes_nothing(alice: User) -> None:
    client = Client()
    sign_up(False, "mallory", KNOWN, client)
    assert is_signed_in(client)
    assert client.get("/api/v1/me/").json()["email"] == KNOWN  # as if it were hers
    assert User.objects.get(username="mallory").email is None
    assert User.objects.get(pk=alice.pk).email == KNOWN
    entered = Client()
    sign_in(entered, KNOWN)
    assert entered.session["_auth_user_id"] == str(alice.pk)


def test_a_claim_does_not_become_the_main_address(alice: User) -> None:
    mallory = make_user("mallory", password=PASSWORD)
    client = signed_in(mallory)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": KNOWN})
    assert client.post("/accounts/email/", {"action_primary": "", "email": KNOWN}).status_code == 302
    assert User.objects.get(pk=alice.pk).email == KNOWN
    assert User.objects.get(pk=mallory.pk).email is None


def test_whoever_answers_the_mail_gets_the_address(alice: User) -> None:
    """Alice never confirmed it; Bob reads the mail to it."""
    sign_up(False, "bob", KNOWN)
    EmailAddress.objects.create(user=alice, email=KNOWN, primary=True)
    bob = User.objects.get(username="bob")
    address = EmailAddress.objects.get(user=bob)
    from allauth.account.models import EmailConfirmationHMAC

    client = Client()
    client.post(f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/")
    assert User.objects.get(pk=alice.pk).email is None
    assert not EmailAddress.objects.filter(user=alice, email=KNOWN).exists()
    assert EmailAddress.objects.get(user=bob).verified
    entered = Client()
    sign_in(entered, KNOWN)
    assert entered.session["_auth_user_id"] == str(bob.pk)


def test_a_confirmed_address_is_not_confirmed_by_another(alice: User) -> None:
    from allauth.account.models import EmailConfirmationHMAC

    sign_up(False, "bob", CONFIRMED)
    bobs = EmailAddress.objects.get(user__username="bob")
    Client().post(f"/accounts/confirm-email/{EmailConfirmationHMAC(bobs).key}/")
    assert list(EmailAddress.objects.filter(email=CONFIRMED, verified=True).values_list("user", flat=True)) == [
        alice.pk
    ]


def test_two_without_an_address_do_not_clash(alice: User) -> None:
    """allauth writes an empty one for who removes their last."""
    for name in ("bob", "carol"):
        user = make_user(name, password=PASSWORD)
        EmailAddress.objects.create(user=user, email=user.email, primary=True)
        client = signed_in(user)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.post("/accounts/email/", {"action_remove": "", "email": user.email})
        assert User.objects.get(pk=user.pk).email is None
