"""Who is shown out, and when: the suspended, closed accounts, old passwords."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import bcrypt
import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.authentication import authenticate_socket, still_valid
from accounts.models import User
from audit.models import AuditEntry
from realtime.errors import Invalid
from tests.accounts.browsers import (
    PASSWORD,
    Committing,
    actions,
    credential_of,
    handshake,
    is_signed_in,
    sign_in,
    signed_in,
)
from tests.listening import Ears

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


def test_the_admin_has_no_change_of_password_that_is_not_recorded(boss: User) -> None:
    form = {"old_password": PASSWORD, "new_password1": "another pass phrase", "new_password2": "another pass phrase"}
    answer = signed_in(boss).post("/admin/password_change/", form)
    assert answer["Location"] == "/accounts/password/change/"
    assert User.objects.get().check_password(PASSWORD)


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
