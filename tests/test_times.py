"""Times travel in one form, whoever writes them: RFC 3339 in UTC with microseconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from realtime.values import timestamp
from rooms import services
from rooms.models import LogEntry
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, say


def test_a_time_of_another_zone_is_the_same_moment_in_utc() -> None:
    moment = datetime(2026, 3, 2, 18, 1, 11, 500_000, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp(moment) == "2026-03-02T17:01:11.500000Z"


def test_a_room_tells_of_its_last_message_to_the_microsecond(cast: Cast, api: Callable[..., ContractClient]) -> None:
    say(make_direct(cast.alice, cast.bob), cast.bob, imported_at=datetime(2024, 1, 1, tzinfo=UTC))
    (room,) = api(cast.alice).get("/api/v1/rooms/").json()["results"]
    assert room["last_message_at"] == "2024-01-01T00:00:00.000000Z"


def test_a_mute_ends_at_the_same_time_in_the_log_and_over_rest(cast: Cast, api: Callable[..., ContractClient]) -> None:
    until = datetime(2100, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    services.mute_member(cast.alice, cast.team, cast.bob, until)
    assert LogEntry.objects.latest("id").payload["muted_until"] == "2099-12-31T22:00:00.000000Z"
    members = api(cast.alice).get(f"/api/v1/rooms/{cast.team.pk}/members/").json()["results"]
    assert [each["muted_until"] for each in members if each["muted_until"]] == ["2099-12-31T22:00:00.000000Z"]
    assert all(each["joined_at"].endswith("Z") and len(each["joined_at"]) == 27 for each in members)
