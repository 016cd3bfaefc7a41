"""That nobody gets further in the admin than they may, and that it saves nothing raw."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import AuditEntry
from tests.accounts.browsers import PASSWORD, actions, confirmed, is_signed_in, signed_in


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


def save(client: Client, user: User, *, follow: bool = True, **changes: Any) -> Any:
    url = reverse("admin:accounts_user_change", args=[user.pk])
    return client.post(url, {**change_form(client, user), **changes}, follow=follow)


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
    save(confirmed(signed_in(boss)), alice, bio="Hi", email="a@example.org", is_staff="on", groups=[group.pk])
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


def test_whoever_finds_an_open_browser_sets_no_password_and_makes_no_token(alice: User, boss: User) -> None:
    client = signed_in(boss)
    for url in (
        reverse("admin:auth_user_password_change", args=[alice.pk]),
        reverse("admin:integrations_apitoken_add"),
    ):
        for answer in (client.get(url), client.post(url, {})):
            assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_whoever_finds_an_open_browser_takes_over_no_account(alice: User, boss: User) -> None:
    """By an address a password is reset; without a second factor it is enough; rights last."""
    client = signed_in(boss)
    address = EmailAddress.objects.create(user=alice, email="alice@example.org", primary=True)
    factor = Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    acts = [
        lambda: save(client, alice, follow=False, email="mine@example.org"),
        lambda: save(client, alice, follow=False, is_staff="on"),
        lambda: client.post(reverse("admin:auth_group_add"), {"name": "Mine", "permissions": []}),
        lambda: act(client, "admin:account_emailaddress_changelist", "mark_verified", address.pk),
        lambda: act(client, "admin:mfa_authenticator_changelist", "remove", factor.pk),
    ]
    for each in acts:
        assert each()["Location"].startswith("/accounts/reauthenticate/")
    user = User.objects.get(pk=alice.pk)
    assert (user.email, user.is_staff, Group.objects.count()) == ("alice@example.org", False, 0)
    assert not EmailAddress.objects.get().verified
    assert Authenticator.objects.filter(user=alice).exists()


def test_what_was_asked_for_goes_on_after_the_confirmation(alice: User, boss: User) -> None:
    client = signed_in(boss)
    asked = save(client, alice, follow=False, email="new@example.org")
    there = reverse("admin:accounts_user_change", args=[alice.pk])
    client.post(asked["Location"], {"password": PASSWORD, "next": there})
    assert User.objects.get(pk=alice.pk).email == "new@example.org"


def act(client: Client, page: str, action: str, pk: int) -> Any:
    return client.post(reverse(page), {"action": action, "_selected_action": [str(pk)]})


def test_a_moderator_cannot_set_anybodys_password(moderator: User, alice: User, boss: User) -> None:
    client = confirmed(signed_in(moderator))
    form = {"password1": "another pass phrase", "password2": "another pass phrase"}
    answers = [client.post(reverse("admin:auth_user_password_change", args=[user.pk]), form) for user in (alice, boss)]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert "Only a superuser" in str(answers[0].context["form"].errors)
    assert all(User.objects.get(pk=user.pk).check_password(PASSWORD) for user in (alice, boss))


def test_a_superuser_sets_a_password_and_stays_signed_in_with_their_own(alice: User, boss: User) -> None:
    client, theirs = confirmed(signed_in(boss)), signed_in(alice)
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
    confirmed(signed_in(boss)).post(reverse("admin:auth_group_add"), {"name": "Moderators", "permissions": [right.pk]})
    entry = AuditEntry.objects.get(action="group.saved")
    assert entry.details == {"before": None, "after": ["accounts.change_user"]}
    assert list(Group.objects.get().permissions.all()) == [right]


def test_a_moderator_does_not_deal_in_rights(moderator: User) -> None:
    answer = signed_in(moderator).post(reverse("admin:auth_group_add"), {"name": "Mine", "permissions": []})
    assert answer.status_code == 403


def test_marking_an_address_verified_goes_through_the_service(alice: User, boss: User) -> None:
    address = EmailAddress.objects.create(user=alice, email="alice@example.org", primary=True)
    chosen = {"action": "mark_verified", "_selected_action": [str(address.pk)]}
    confirmed(signed_in(boss)).post(reverse("admin:account_emailaddress_changelist"), chosen)
    assert EmailAddress.objects.get().verified
    assert actions()[-1] == "user.email_verified"
