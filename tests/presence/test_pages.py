"""Availability over REST and from its form, last seen, and what the administration is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import privacy
from accounts.availability import invisible
from accounts.models import Availability, Block, User
from accounts.services import set_availability
from presence import last_seen
from realtime.errors import Invalid
from tests.contract import ContractClient
from tests.factories import Cast, make_user

Api = Callable[..., ContractClient]
MINE = "/api/v1/me/availability/"


def test_one_says_it_and_reads_it_back(cast: Cast, api: Api) -> None:
    alice = api(cast.alice)
    assert alice.get(MINE).json() == {"availability": "automatic", "until": None}
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    said = alice.put(MINE, {"availability": "dnd", "until": until})
    assert (said.status_code, said.json()["availability"], said.json()["until"][:19]) == (200, "dnd", until[:19])
    cast.alice.refresh_from_db()
    assert (cast.alice.availability, cast.alice.rev) == ("dnd", 1)
    assert alice.put(MINE, {"availability": "automatic", "until": until}).json()["until"] is None


@pytest.mark.parametrize(
    ("fields", "culprit"),
    [
        ({}, "availability"),
        ({"availability": "busy"}, "availability"),
        ({"availability": "dnd", "until": "tomorrow"}, "until"),
        ({"availability": "dnd", "until": "2100-01-01T00:00:00"}, "until"),
        ({"availability": "dnd", "until": "2020-01-01T00:00:00Z"}, "until"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(cast: Cast, api: Api, fields: Any, culprit: str) -> None:
    refused = api(cast.alice).put(MINE, fields)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [culprit])


def test_nobody_says_it_for_another_or_without_signing_in(cast: Cast, api: Api) -> None:
    assert api().put(MINE, {"availability": "dnd"}).status_code == 401
    assert api().get(f"/api/v1/users/{cast.alice.pk}/presence/").status_code == 401


def test_the_same_again_changes_nothing_and_its_end_needs_no_write(cast: Cast) -> None:
    set_availability(cast.alice, "invisible")
    set_availability(cast.alice, "invisible")
    cast.alice.refresh_from_db()
    assert cast.alice.rev == 1
    assert list(User.objects.filter(invisible())) == [cast.alice]
    User.objects.filter(pk=cast.alice.pk).update(availability_until=timezone.now() - timedelta(seconds=1))
    assert not User.objects.filter(invisible()).exists()
    with pytest.raises(Invalid):
        set_availability(cast.alice, "gone")


@pytest.mark.parametrize(
    ("choice", "said", "hours"),
    [("dnd:30", "dnd", 0.5), ("dnd:60", "dnd", 1), ("dnd", "dnd", None), ("invisible", "invisible", None)],
)
def test_the_form_takes_what_the_menu_offers(cast: Cast, choice: str, said: str, hours: float | None) -> None:
    browser = Client()
    browser.force_login(cast.alice, backend="accounts.backends.AccountBackend")
    answer = browser.post("/settings/availability/", {"availability": choice, "next": "/rooms/"})
    assert (answer.status_code, answer["Location"]) == (302, "/rooms/")
    alice = User.objects.get(pk=cast.alice.pk)
    assert alice.availability == said
    if hours is None:
        assert alice.availability_until is None
    else:
        assert alice.availability_until is not None
        assert abs(alice.availability_until - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)


def test_tomorrow_is_tomorrow_morning_where_the_person_is(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(time_zone="Asia/Tokyo")
    browser = Client()
    browser.force_login(cast.alice, backend="accounts.backends.AccountBackend")
    browser.post("/settings/availability/", {"availability": "dnd:tomorrow", "next": "https://evil.example/"})
    until = User.objects.get(pk=cast.alice.pk).availability_until
    assert until is not None
    assert (until.astimezone(UTC).hour, until > timezone.now()) == (23, True)  # 8:00 in Tokyo


@pytest.mark.parametrize("choice", ["", "gone", "busy:30"])
def test_the_form_leaves_things_as_they_are_at_nonsense(cast: Cast, choice: str) -> None:
    browser = Client()
    browser.force_login(cast.alice, backend="accounts.backends.AccountBackend")
    answer = browser.post("/settings/availability/", {"availability": choice, "next": "//evil.example/"})
    assert answer["Location"] == "/"
    assert User.objects.get(pk=cast.alice.pk).availability == Availability.AUTOMATIC


# --- Last seen -----------------------------------------------------------------------------------


def test_it_is_written_once_a_minute_in_one_statement(cast: Cast, django_assert_num_queries: Any) -> None:
    people = [str(user.pk) for user in (cast.alice, cast.bob)]
    with django_assert_num_queries(3):  # with its savepoint, which is the test's own transaction's
        assert last_seen.write(people) == 2
    first = User.objects.get(pk=cast.alice.pk).last_seen_at
    assert last_seen.write(people) == 0
    User.objects.filter(pk=cast.bob.pk).update(last_seen_at=timezone.now() - timedelta(seconds=61))
    assert last_seen.write(people) == 1
    assert User.objects.get(pk=cast.alice.pk).last_seen_at == first


def test_a_process_asks_once_a_minute_too() -> None:
    diary = last_seen.Diary()
    assert diary.due(["a", "b"]) == ["a", "b"]
    assert diary.due(["a", "b", "c"]) == ["c"]
    diary.undo(["a"])
    assert diary.due(["a", "b", "c"]) == ["a"]


@pytest.mark.parametrize("audience", ["everyone", "contacts", "nobody"])
def test_it_is_shown_as_the_person_has_chosen(cast: Cast, api: Api, audience: str) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    User.objects.filter(pk=cast.bob.pk).update(last_seen_at=at)
    privacy.change(cast.bob, last_seen=audience)
    shown = api(cast.alice).get(f"/api/v1/users/{cast.bob.pk}/presence/").json()
    expected = "2026-03-01T12:00:00.000000Z" if audience == "everyone" else None
    assert shown == {"status": "offline", "last_seen_at": expected}
    Block.objects.create(blocker=cast.bob, blocked=cast.alice)
    assert api(cast.alice).get(f"/api/v1/users/{cast.bob.pk}/presence/").json()["last_seen_at"] is None


def test_many_are_asked_for_at_once(
    cast: Cast, api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many = "/api/v1/users/presence/"
    asked = [cast.carol.pk, uuid4(), cast.bob.pk, cast.carol.pk, *(make_user().pk for _ in range(20))]
    client = api(cast.alice)
    with django_assert_max_num_queries(8):
        found = client.get(many, {"user": asked}).json()["results"]
    # In their order, once each; who does not exist is left out.
    assert [each["user"] for each in found[:2]] == [str(cast.carol.pk), str(cast.bob.pk)]
    assert len(found) == 22
    for refused, culprit in (({}, "user"), ({"user": ["x"]}, "user.0"), ({"user": [uuid4()] * 101}, "user")):
        answer = client.get(many, refused)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [culprit])


def test_the_administration_shows_how_somebody_is(cast: Cast, client: Client) -> None:
    User.objects.filter(pk=cast.bob.pk).update(last_seen_at=timezone.now() - timedelta(hours=3))
    set_availability(cast.bob, "dnd", timezone.now() + timedelta(days=2))
    client.force_login(cast.staff, backend="accounts.backends.AccountBackend")
    page = client.get(f"/admin/accounts/user/{cast.bob.pk}/change/").content.decode()
    assert "offline, last here 3" in page.replace("\xa0", " ")
    assert "Do not disturb, until" in page
