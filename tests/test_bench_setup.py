"""`manage.py bench_setup`: what load clients find when they start."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import User
from integrations.models import ApiToken
from rooms.models import Kind, Membership, Role, Room
from rooms.summaries import summaries

pytestmark = pytest.mark.django_db


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "lines.jsonl"


def set_up(out: Path, users: int = 5, rooms: int = 4, members: int = 3, **options: str) -> list[dict[str, str]]:
    call_command("bench_setup", users=users, rooms=rooms, members=members, out=str(out), verbosity=0, **options)
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_a_line_stands_for_each_membership(out: Path) -> None:
    lines = set_up(out)
    assert Counter(line["room"] for line in lines) == {str(room.pk): 3 for room in Room.objects.all()}
    assert {(line["room"], line["user"]) for line in lines} == {
        (str(room), str(user)) for room, user in Membership.objects.values_list("room_id", "user_id")
    }
    assert all(Room.objects.get(pk=line["room"]).slug == line["slug"] for line in lines)
    assert all(User.objects.get(pk=line["user"]).username == line["username"] for line in lines)


def test_users_are_dealt_out_in_turn(out: Path) -> None:
    lines = set_up(out, users=5, rooms=5, members=2)
    assert set(Counter(line["user"] for line in lines).values()) == {2}


def test_each_user_has_one_token_and_it_signs_in(out: Path) -> None:
    lines = set_up(out)
    assert len({(line["user"], line["token"]) for line in lines}) == ApiToken.objects.count() == 5
    client = APIClient(headers={"Authorization": f"Bearer {lines[0]['token']}"})
    answer = client.get("/api/v1/me/")
    assert (answer.status_code, answer.json()["username"]) == (200, lines[0]["username"])


def test_the_users_are_exempt_from_rate_limits_and_have_no_password(out: Path) -> None:
    set_up(out)
    assert all(user.unthrottled and not user.has_usable_password() for user in User.objects.all())


def test_the_first_member_owns_the_room_and_heads_count_right(out: Path) -> None:
    lines = set_up(out)
    for room in Room.objects.all():
        first = next(line for line in lines if line["room"] == str(room.pk))
        assert str(room.memberships.get(role=Role.OWNER).user_id) == first["user"]
        assert room.head.member_count == 3
    assert summaries(lines[0]["user"])[0].unread == 0


def test_rooms_are_private_unless_said(out: Path) -> None:
    set_up(out, users=2, rooms=1, members=1)
    set_up(out, users=2, rooms=1, members=1, kind="public")
    assert sorted(Room.objects.values_list("kind", flat=True)) == [Kind.PRIVATE, Kind.PUBLIC]


def test_it_can_be_run_again(out: Path) -> None:
    first, second = set_up(out), set_up(out)
    assert not {line["username"] for line in first} & {line["username"] for line in second}
    assert not {line["slug"] for line in first} & {line["slug"] for line in second}


def test_it_inserts_in_bulk(out: Path, django_assert_max_num_queries: Callable[[int], Any]) -> None:
    rows = 300 + 30 + 30 + 600 + 300  # users, rooms, heads, memberships, tokens
    with django_assert_max_num_queries(rows // 10):
        set_up(out, users=300, rooms=30, members=20)


def test_only_its_owner_can_read_the_file(out: Path) -> None:
    out.write_text("of an earlier run")
    out.chmod(0o644)
    set_up(out)
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"users": 2, "rooms": 1, "members": 3}, "as many users"),
        ({"users": 0, "rooms": 1, "members": 1}, "at least 1"),
        ({"users": 1, "rooms": -1, "members": 1}, "at least 1"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(out: Path, numbers: dict[str, int], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        set_up(out, **numbers)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot write"):
        set_up(tmp_path / "missing" / "lines.jsonl")
    assert not User.objects.exists()
