"""The page of one's own API tokens: what it shows, who may see it, and that it asks first who it is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import AuditEntry
from integrations import services
from integrations.models import ApiToken
from integrations.services import create_token, revoke_token
from tests.accounts.browsers import PASSWORD, confirmed, signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE, NEW = "/settings/tokens/", "/settings/tokens/new/"
FIELDS = {"name": "Feed", "scope": "read", "days": "30"}


@pytest.fixture
def alice() -> User:
    return make_user("alice", password=PASSWORD)


def shown(client: Client) -> str:
    return client.get(PAGE).content.decode()


def use(token: str) -> int:
    return APIClient().get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_made_shown_once_and_works(alice: User) -> None:
    client = confirmed(signed_in(alice))
    answer = client.post(NEW, FIELDS)
    found = re.search(r'<code id="token">(chat_[\w-]{43})</code>', answer.content.decode())
    assert found is not None
    assert "no-store" in answer["Cache-Control"]
    row = ApiToken.objects.get()
    assert (row.user, row.name, row.scopes) == (alice, "Feed", ["read"])
    assert row.expires_at is not None
    assert timedelta(days=29.9) < row.expires_at - timezone.now() < timedelta(days=30)
    assert use(found[1]) == 200
    page = shown(client)
    assert found[1] not in page
    assert all(words in page for words in ("Feed", "Read only", row.hint, "Last used"))
    entry = AuditEntry.objects.get(action="token.created")
    assert entry.actor_name == "alice"


@pytest.mark.parametrize(
    ("scope", "days", "kept"), [("all", "", []), ("write", "7", ["write"]), ("read", "365", ["read"])]
)
def test_what_it_may_do_and_for_how_long_is_chosen(scope: str, days: str, kept: list[str], alice: User) -> None:
    confirmed(signed_in(alice)).post(NEW, {"name": "x", "scope": scope, "days": days})
    row = ApiToken.objects.get()
    assert row.scopes == kept
    assert (row.expires_at is None) == (days == "")


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 101}, {"scope": "everything"}, {"days": "9999"}])
def test_what_cannot_be_is_refused_at_its_field(wrong: dict[str, str], alice: User) -> None:
    answer = confirmed(signed_in(alice)).post(NEW, FIELDS | wrong)
    assert answer.status_code == 422
    assert 'class="errors"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_making_and_revoking_ask_first_who_it_is(alice: User) -> None:
    row, token = create_token(alice, name="Feed")
    client = signed_in(alice)
    assert client.get(PAGE).status_code == 200
    for method, path in (("get", NEW), ("post", NEW), ("post", reverse("token_revoke", args=[row.pk]))):
        answer = getattr(client, method)(path, FIELDS)
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert ApiToken.objects.count() == 1
    assert use(token) == 200


def test_a_revoked_token_is_dead_and_listed_among_those_that_ended(alice: User) -> None:
    row, token = create_token(alice, name="Feed")
    client = confirmed(signed_in(alice))
    answer = client.post(reverse("token_revoke", args=[row.pk]), follow=True)
    assert "Feed is revoked" in answer.content.decode()
    assert use(token) == 401
    page = shown(client)
    assert "You have none that works" in page
    assert "Revoked on" in page
    assert "token_revoke" not in page
    assert AuditEntry.objects.get(action="token.revoked").actor_name == "alice"


def test_one_that_ran_out_is_among_those_that_ended(alice: User) -> None:
    create_token(alice, name="Feed")
    ApiToken.objects.update(expires_at=timezone.now())
    assert "Ran out on" in shown(signed_in(alice))


def test_nobody_sees_or_ends_the_tokens_of_another(alice: User) -> None:
    row, token = create_token(alice, name="Feed")
    mallory = confirmed(signed_in(make_user("mallory", password=PASSWORD, is_staff=True, is_superuser=True)))
    assert row.hint not in shown(mallory)
    assert mallory.post(reverse("token_revoke", args=[row.pk])).status_code == 404
    assert use(token) == 200
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")


def test_the_page_asks_the_database_as_much_for_many_as_for_one(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        revoke_token(create_token(alice, name=f"Old {number}")[0])
        create_token(alice, name=f"Feed {number}")
    client = signed_in(alice)
    with django_assert_max_num_queries(6):
        page = shown(client)
    assert page.count("Revoked on") == 10
    assert page.count("Feed ") >= 15


def test_nobody_makes_more_than_they_can_keep_in_sight(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TOKENS_MAX", 2)
    client = confirmed(signed_in(alice))
    create_token(alice)
    ended = create_token(alice)[0]
    refused = client.post(NEW, FIELDS)
    assert refused.status_code == 422
    assert "2 tokens already" in refused.content.decode()
    revoke_token(ended)
    assert client.post(NEW, FIELDS).status_code == 200
