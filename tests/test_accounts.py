"""Who may come in, who is shown out, and that nobody gets further in the admin than they may."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from io import StringIO
from typing import Any

import bcrypt
import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.adapter import AccountAdapter
from accounts.authentication import authenticate_socket, still_valid
from accounts.models import User
from audit.models import AuditEntry
from realtime import bus
from realtime.errors import Conflict, Forbidden, Invalid
from realtime.events import Recheck, Signal
from tests.concurrency import at_once, raised
from tests.factories import Cast, make_user

PASSWORD = "correct horse battery staple"  # everybody's
LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"

Committing = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as ever, but with 64 KiB in place of 100 MiB: these tests hash hundreds of times."""
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice", password=PASSWORD)


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", password=PASSWORD, is_staff=True, is_superuser=True)


@pytest.fixture
def moderator(db: None) -> User:
    """Staff with every right over users that the admin knows, and no superuser."""
    user = make_user("erin", password=PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["accounts", "account", "auth"]))
    return user


class Ears:
    """Stands where a hub stands. `ask` is called as each recheck arrives, hence after COMMIT."""

    def __init__(self) -> None:
        self.rechecked: list[str] = []
        self.ask: Callable[[], Any] = lambda: None
        self.answers: list[Any] = []

    def accept(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            if isinstance(signal, Recheck):
                self.rechecked.append(signal.user)
                self.answers.append(self.ask())

    def wants_fragment(self, room: str) -> bool:
        return False


@pytest.fixture
def ears() -> Iterator[Ears]:
    listening = Ears()
    bus.attach(listening)
    yield listening
    bus.detach(listening)


def sign_in(client: Client, login: str = "alice", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": login, "password": password})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
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


def test_an_address_in_use_is_refused_however_it_is_written(alice: User, client: Client) -> None:
    answer = sign_up(client, "alice2", "ALICE@example.org")
    assert "in use" in str(answer.context["form"].errors["email"])


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


def test_nobody_adds_the_address_of_another_to_their_account(alice: User, client: Client) -> None:
    bob = make_user("bob")
    client.force_login(bob)
    answer = client.post("/accounts/email/", {"action_add": "", "email": "Alice@example.org"})
    assert "in use" in str(answer.context["form"].errors["email"])
    assert not EmailAddress.objects.filter(user=bob, email="alice@example.org").exists()


# --- Suspended and closed accounts ---


def test_the_suspended_learn_why_only_after_the_right_password(alice: User, client: Client) -> None:
    services.suspend(alice, reason="Spam in the lobby", until=timezone.now() + timedelta(days=3))
    wrong = sign_in(client, "alice", "wrong")
    assert "suspended" not in str(wrong.context["form"].errors)
    right = sign_in(client)
    assert re.search(r"suspended until .* UTC\. Reason: Spam in the lobby", str(right.context["form"].errors))
    assert "_auth_user_id" not in client.session


def test_the_suspended_are_out_at_once_and_back_when_it_ends(alice: User) -> None:
    client = signed_in(alice)
    assert is_signed_in(client)
    services.suspend(alice, reason="Cool down", until=timezone.now() + timedelta(hours=1))
    assert not is_signed_in(client)
    assert authenticate_socket(handshake(client)) is None
    assert still_valid([credential_of(client)]) == set()
    User.objects.update(suspended_until=timezone.now() - timedelta(seconds=1))
    assert is_signed_in(client)


def test_a_closed_account_opens_for_nobody(alice: User, client: Client) -> None:
    other = signed_in(alice)
    services.deactivate(alice)
    assert not is_signed_in(other)
    assert authenticate_socket(handshake(other)) is None
    assert "has been closed" in str(sign_in(client).context["form"].errors)


@pytest.mark.parametrize(
    "change",
    [
        lambda user, by: services.suspend(user, reason="x", actor=by),
        lambda user, by: services.deactivate(user, actor=by),
        lambda user, by: services.set_password(user, "another pass phrase", actor=by),
        lambda user, by: services.set_staff(user, is_staff=True, is_superuser=False, actor=by),
        lambda user, by: services.update_account(user, email="other@example.org", actor=by),
        lambda user, by: services.update_profile(user, display_name="Ali", actor=by),
    ],
)
def test_every_change_bumps_rev_is_recorded_and_rechecked_after_commit(
    change: Callable[[User, User], Any],
    alice: User,
    boss: User,
    ears: Ears,
    django_capture_on_commit_callbacks: Committing,
) -> None:
    before = AuditEntry.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        change(alice, boss)
        assert ears.rechecked == []
    assert ears.rechecked == [str(alice.pk)]
    assert User.objects.get(pk=alice.pk).rev > alice.rev
    entry = AuditEntry.objects.last()
    assert AuditEntry.objects.count() == before + 1
    assert entry is not None
    assert (entry.actor_name, entry.target_name) == ("boss", "alice")


def test_what_changes_nothing_leaves_no_trace(alice: User) -> None:
    services.unsuspend(alice)
    services.reactivate(alice)
    services.update_profile(alice, display_name=alice.display_name)
    services.set_staff(alice, is_staff=False, is_superuser=False)
    assert User.objects.get(pk=alice.pk).rev == alice.rev
    assert actions() == []


@pytest.mark.parametrize(("reason", "until"), [("", None), ("   ", None), ("x" * 501, None), ("x", timedelta(0))])
def test_a_suspension_needs_a_reason_and_an_end_to_come(reason: str, until: timedelta | None, alice: User) -> None:
    with pytest.raises(Invalid):
        services.suspend(alice, reason=reason, until=until if until is None else timezone.now() + until)
    assert not User.objects.get(pk=alice.pk).is_suspended


# --- Passwords ---


def migrated(password: str) -> str:
    """A hash as other systems made them, with a cheaper work factor."""
    return "bcrypt$" + bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4, prefix=b"2b")).decode()


def test_a_migrated_user_signs_in_and_is_upgraded_to_argon2(alice: User, client: Client) -> None:
    # Of a real system, with its work factor; the password is “Tr0ub4dor&3”.
    known = "bcrypt$" + bcrypt.hashpw(b"Tr0ub4dor&3", bcrypt.gensalt(12)).decode()
    assert known.startswith("bcrypt$$2b$12$")
    User.objects.update(password=known)
    assert sign_in(client, "alice", "wrong").status_code == 200
    assert User.objects.get().password == known
    assert sign_in(client, "alice", "Tr0ub4dor&3").status_code == 302
    upgraded = User.objects.get()
    assert upgraded.password.startswith("argon2$argon2id$")
    assert is_signed_in(client)
    assert sign_in(Client(), "alice", "Tr0ub4dor&3").status_code == 302


def test_a_long_password_of_a_migrated_user_is_cut_as_it_was_when_hashed(alice: User, client: Client) -> None:
    User.objects.update(password=migrated("ü" * 60))
    assert sign_in(client, "alice", "wrong" * 30).status_code == 200
    assert sign_in(client, "alice", "ü" * 60).status_code == 302


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(
    alice: User, ears: Ears, django_capture_on_commit_callbacks: Committing
) -> None:
    here, there = signed_in(alice), signed_in(alice)
    ears.ask = lambda: still_valid([credential_of(there)])
    with django_capture_on_commit_callbacks(execute=True):
        form = {"oldpassword": PASSWORD, "password1": "another pass phrase", "password2": "another pass phrase"}
        assert here.post("/accounts/password/change/", form).status_code == 302
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert ears.rechecked == [str(alice.pk)]
    assert ears.answers == [set()]  # whoever looks because of it finds the session ended
    assert AuditEntry.objects.get(action="user.password_changed").actor_id == alice.pk


def test_a_password_changed_in_the_shell_reaches_the_sockets_too(
    alice: User, ears: Ears, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Committing
) -> None:
    client = signed_in(alice)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "another pass phrase")
    with django_capture_on_commit_callbacks(execute=True):
        call_command("changepassword", "alice", stdout=StringIO())
    assert still_valid([credential_of(client)]) == set()
    assert ears.rechecked == [str(alice.pk)]
    assert User.objects.get().rev > alice.rev


def test_a_reset_by_mail_ends_all_sessions(alice: User, client: Client) -> None:
    there = signed_in(alice)
    client.post("/accounts/password/reset/", {"email": "Alice@Example.org"})
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)
    assert link is not None
    form = client.get(link[1], follow=True)
    new = {"password1": "another pass phrase", "password2": "another pass phrase"}
    client.post(form.request["PATH_INFO"], new)
    assert not is_signed_in(there)
    assert sign_in(Client(), "alice", "another pass phrase").status_code == 302
    assert AuditEntry.objects.get(action="user.password_changed").actor_id is None


# --- Sockets and sessions ---


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


def test_a_logged_out_session_has_ended_when_the_recheck_looks(
    alice: User, ears: Ears, django_capture_on_commit_callbacks: Committing
) -> None:
    client, other = signed_in(alice), signed_in(alice)
    old = credential_of(client)
    ears.ask = lambda: still_valid([old, credential_of(other)])
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/logout/")
    assert ears.answers == [{credential_of(other)}]
    assert User.objects.get().rev == alice.rev + 1
    assert AuditEntry.objects.filter(action="session.ended", actor_id=alice.pk).count() == 1


def test_many_sessions_are_looked_up_in_two_queries(
    alice: User, boss: User, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    credentials = {credential_of(signed_in(user)) for user in (alice, boss) for _ in range(5)}
    with django_assert_num_queries(2):
        assert still_valid(credentials) == credentials


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


# --- The admin ---


def change_form(client: Client, user: User) -> dict[str, Any]:
    """What a browser would send back of the user's page, unchanged."""
    page = client.get(reverse("admin:accounts_user_change", args=[user.pk]))
    form = page.context["adminform"].form
    values: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if field.name in ("password", "avatar") or value in (None, False):
            continue
        values.update(
            {f"{field.name}_0": value.date(), f"{field.name}_1": value.time()}
            if hasattr(value, "date")
            else {field.name: [str(getattr(each, "pk", each)) for each in value] if isinstance(value, list) else value}
        )
    return values


def save(client: Client, user: User, **changes: Any) -> Any:
    url = reverse("admin:accounts_user_change", args=[user.pk])
    return client.post(url, {**change_form(client, user), **changes}, follow=True)


def test_the_admin_page_saved_unchanged_changes_nothing(alice: User, boss: User) -> None:
    client = signed_in(boss)
    before = User.objects.filter(pk=alice.pk).values().get()
    save(client, alice)
    assert User.objects.filter(pk=alice.pk).values().get() == before
    assert actions() == ["session.started"]


def test_the_admin_suspends_through_the_service(alice: User, boss: User) -> None:
    client, theirs = signed_in(boss), signed_in(alice)
    save(client, alice, suspended="on", suspension_reason="Spam")
    assert not is_signed_in(theirs)
    entry = AuditEntry.objects.get(action="user.suspended")
    assert (entry.actor_name, entry.details["reason"], entry.ip) == ("boss", "Spam", "127.0.0.1")
    values = change_form(client, User.objects.get(pk=alice.pk))
    del values["suspended"]
    client.post(reverse("admin:accounts_user_change", args=[alice.pk]), values)
    assert is_signed_in(theirs)
    assert actions()[-1] == "user.unsuspended"


def test_the_admin_asks_for_a_reason(alice: User, boss: User) -> None:
    answer = save(signed_in(boss), alice, suspended="on")
    assert "Give a reason" in str(answer.context["adminform"].form.errors)
    assert not User.objects.get(pk=alice.pk).is_suspended


def test_the_admin_changes_profile_account_and_access_in_one_go(alice: User, boss: User) -> None:
    group = Group.objects.create(name="Moderators")
    save(signed_in(boss), alice, bio="Hi", email="a@example.org", is_staff="on", groups=[group.pk])
    user = User.objects.get(pk=alice.pk)
    assert (user.bio, user.email, user.is_staff, list(user.groups.all())) == ("Hi", "a@example.org", True, [group])
    assert actions()[-3:] == ["user.profile_changed", "user.account_changed", "user.access_changed"]


def test_a_superuser_who_closes_their_own_account_is_told_why_not(boss: User) -> None:
    client = signed_in(boss)
    values = change_form(client, boss)
    del values["is_active"]
    answer = client.post(reverse("admin:accounts_user_change", args=[boss.pk]), values, follow=True)
    assert "your own account" in str(list(answer.context["messages"]))
    assert User.objects.get(pk=boss.pk).is_active


def test_a_moderators_forged_form_gives_no_rights(moderator: User, alice: User) -> None:
    save(signed_in(moderator), alice, is_staff="on", is_superuser="on", email="mine@example.org", bio="Hi")
    user = User.objects.get(pk=alice.pk)
    assert (user.is_staff, user.is_superuser, user.email, user.bio) == (False, False, "alice@example.org", "Hi")


def test_a_moderators_forged_form_about_themselves_gives_no_rights(moderator: User) -> None:
    save(signed_in(moderator), moderator, is_superuser="on")
    assert not User.objects.get(pk=moderator.pk).is_superuser


def test_a_moderator_cannot_open_the_form_of_a_superuser(moderator: User, boss: User) -> None:
    url = reverse("admin:accounts_user_change", args=[boss.pk])
    assert signed_in(moderator).post(url, {"username": "boss", "bio": "Fool"}).status_code == 403


def test_a_moderator_cannot_set_anybodys_password(moderator: User, alice: User, boss: User) -> None:
    client = signed_in(moderator)
    form = {"password1": "another pass phrase", "password2": "another pass phrase"}
    answers = [client.post(reverse("admin:auth_user_password_change", args=[user.pk]), form) for user in (alice, boss)]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert "Only a superuser" in str(answers[0].context["form"].errors)
    assert all(User.objects.get(pk=user.pk).check_password(PASSWORD) for user in (alice, boss))


def test_a_superuser_sets_a_password_and_stays_signed_in_with_their_own(alice: User, boss: User) -> None:
    client, theirs = signed_in(boss), signed_in(alice)
    form = {"password1": "another pass phrase", "password2": "another pass phrase"}
    for user in (alice, boss):
        answer = client.post(reverse("admin:auth_user_password_change", args=[user.pk]), form)
        assert answer.status_code == 302
    assert User.objects.get(pk=alice.pk).check_password("another pass phrase")
    assert (is_signed_in(client), is_signed_in(theirs)) == (True, False)
    assert actions().count("user.password_changed") == 2


@pytest.mark.parametrize("usable", ["true", "false"])
def test_the_admin_makes_a_user_through_the_service(usable: str, boss: User) -> None:
    passwords = {"usable_password": usable, "password1": PASSWORD, "password2": PASSWORD}
    url = reverse("admin:accounts_user_add")
    answer = signed_in(boss).post(url, {"username": "robot", "email": "R@example.org", **passwords}, follow=True)
    assert answer.status_code == 200
    made = User.objects.get(username="robot")
    assert (made.email, made.has_usable_password()) == ("r@example.org", usable == "true")
    assert actions()[-1] == "user.created"


def test_nobody_deletes_a_user(alice: User, boss: User) -> None:
    client = signed_in(boss)
    assert client.post(reverse("admin:accounts_user_delete", args=[alice.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(alice.pk)], "post": "yes"}
    client.post(reverse("admin:accounts_user_changelist"), chosen)
    assert User.objects.filter(pk=alice.pk).exists()


def test_an_action_on_many_does_what_it_may_and_says_what_it_may_not(alice: User, boss: User, moderator: User) -> None:
    chosen = {"action": "close_accounts", "_selected_action": [str(user.pk) for user in (alice, boss)]}
    answer = signed_in(moderator).post(reverse("admin:accounts_user_changelist"), chosen, follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert any("Only a superuser" in text for text in said)
    assert "Accounts closed: 1." in said
    assert list(User.objects.filter(is_active=False)) == [alice]


def test_a_groups_rights_are_recorded(boss: User) -> None:
    right = Permission.objects.get(codename="change_user")
    signed_in(boss).post(reverse("admin:auth_group_add"), {"name": "Moderators", "permissions": [right.pk]})
    entry = AuditEntry.objects.get(action="group.saved")
    assert entry.details == {"before": None, "after": ["accounts.change_user"]}
    assert list(Group.objects.get().permissions.all()) == [right]


def test_a_moderator_does_not_deal_in_rights(moderator: User) -> None:
    answer = signed_in(moderator).post(reverse("admin:auth_group_add"), {"name": "Mine", "permissions": []})
    assert answer.status_code == 403


def test_marking_an_address_verified_goes_through_the_service(alice: User, boss: User) -> None:
    address = EmailAddress.objects.create(user=alice, email="alice@example.org", primary=True)
    chosen = {"action": "mark_verified", "_selected_action": [str(address.pk)]}
    signed_in(boss).post(reverse("admin:account_emailaddress_changelist"), chosen)
    assert EmailAddress.objects.get().verified
    assert actions()[-1] == "user.email_verified"


# --- The shell and the REST API ---


@pytest.mark.django_db
def test_the_shell_makes_the_first_superuser() -> None:
    out = StringIO()
    call_command("create_user", "boss", "--superuser", stdout=out)
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (True, True)
    assert user.check_password(out.getvalue().strip())
    assert AuditEntry.objects.get().severity == "warning"


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
