"""What somebody chooses for themselves: how rooms call for them, and where these stand in the side bar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from realtime.errors import Conflict, Invalid, NotFound
from rooms import services, sidebar
from rooms.models import Membership, Room, SidebarSection
from rooms.services.preferences import SECTIONS_MAX
from rooms.summaries import summaries
from tests.contract import ContractClient
from tests.factories import Cast, make_direct, make_room, say

pytestmark = pytest.mark.django_db

Client = Callable[..., ContractClient]
V1 = "/api/v1"


def laid_out(user: User) -> dict[str, list[str]]:
    """The side bar: names of rooms by heading; empty ones left out."""
    found = sidebar.groups(summaries(user.pk), sidebar.sections_of(user.pk))
    return {group.name: [room.name for room in group.rooms] for group in found if group.rooms}


@pytest.fixture
def rooms(cast: Cast) -> list[Room]:
    return [make_room(cast.alice, name=name) for name in ("Delta", "alpha", "Bravo", "Charlie")]


def test_rooms_stand_by_name_and_direct_rooms_by_activity(cast: Cast, rooms: list[Room]) -> None:
    first, second = make_direct(cast.alice, cast.bob), make_direct(cast.alice, cast.carol)
    say(second, cast.carol)
    say(first, cast.bob)
    assert laid_out(cast.alice) == {
        "Rooms": ["alpha", "Bravo", "Charlie", "Delta"],
        "Direct messages": ["Bob", "Carol"],
    }


def test_a_favourite_stands_on_top_and_returns_to_its_section(cast: Cast, rooms: list[Room]) -> None:
    section = services.create_section(cast.alice, " Clients ")
    services.set_preferences(cast.alice, rooms[0], section=section.id, favourite=True)
    assert laid_out(cast.alice)["Favourites"] == ["Delta"]
    services.set_preferences(cast.alice, rooms[0], favourite=False)
    assert laid_out(cast.alice)["Clients"] == ["Delta"]


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_room_is_placed_beside_another(cast: Cast, rooms: list[Room], side: str) -> None:
    delta, _, bravo, _ = rooms
    for _ in range(2):  # twice is as once
        services.set_preferences(cast.alice, delta, **{side: bravo.pk})
        wanted = ["alpha", "Delta", "Bravo", "Charlie"] if side == "before" else ["alpha", "Bravo", "Delta", "Charlie"]
        assert laid_out(cast.alice)["Rooms"] == wanted


def test_any_order_can_be_made_however_often_it_is_changed(cast: Cast, rooms: list[Room]) -> None:
    delta, alpha, bravo, charlie = rooms
    for turn in range(40):  # halves of halves: more than a gap between two numbers bears
        moved, other = (delta, charlie) if turn % 2 else (charlie, delta)
        services.set_preferences(cast.alice, moved, after=alpha.pk)
        names = laid_out(cast.alice)["Rooms"]
        assert names[:3] == ["alpha", moved.name, other.name] or turn == 0
    services.set_preferences(cast.alice, bravo, before=alpha.pk)
    assert laid_out(cast.alice)["Rooms"] == ["Bravo", "alpha", "Delta", "Charlie"]


def test_what_comes_later_goes_by_name_below_what_was_ordered(cast: Cast, rooms: list[Room]) -> None:
    services.set_preferences(cast.alice, rooms[0], before=rooms[1].pk)
    make_room(cast.alice, name="Aardvark")
    assert laid_out(cast.alice)["Rooms"] == ["Delta", "Aardvark", "alpha", "Bravo", "Charlie"]


def test_moving_to_a_section_and_a_place_in_it_is_one_act(cast: Cast, rooms: list[Room]) -> None:
    section = services.create_section(cast.alice, "Clients")
    services.set_preferences(cast.alice, rooms[0], section=section.id)
    services.set_preferences(cast.alice, rooms[1], section=section.id, after=rooms[0].pk)
    assert laid_out(cast.alice)["Clients"] == ["Delta", "alpha"]
    services.set_preferences(cast.alice, rooms[1], section=None)
    assert laid_out(cast.alice)["Rooms"] == ["alpha", "Bravo", "Charlie"]


def test_a_place_in_another_part_is_refused_and_nothing_changes(cast: Cast, rooms: list[Room]) -> None:
    services.set_preferences(cast.alice, rooms[0], favourite=True)
    for other in (rooms[0].pk, rooms[1].pk, uuid4(), cast.team.pk):
        with pytest.raises(Invalid):
            services.set_preferences(
                cast.alice,
                rooms[1],
                notification_level="none",
                favourite=other != rooms[1].pk,
                after=rooms[1].pk if other == rooms[0].pk else uuid4(),
            )
    assert services.preferences_for(cast.alice, rooms[1]).notification_level == "all"


def test_sections_belong_to_their_owner(cast: Cast) -> None:
    section = services.create_section(cast.alice, "Clients")
    with pytest.raises(NotFound):
        services.set_preferences(cast.bob, cast.team, section=section.id)
    with pytest.raises(NotFound):
        services.change_section(cast.bob, SidebarSection.objects.get().pk, name="Mine")
    with pytest.raises(NotFound):
        services.delete_section(cast.bob, SidebarSection.objects.get().pk)
    with pytest.raises(NotFound):
        services.set_preferences(cast.mallory, cast.team, favourite=True)


def test_sections_are_made_renamed_moved_and_deleted(cast: Cast) -> None:
    made = [services.create_section(cast.alice, name) for name in ("One", "Two", "Three")]
    ids = list(SidebarSection.objects.order_by("position").values_list("pk", flat=True))
    services.change_section(cast.alice, ids[2], position=0)
    services.change_section(cast.alice, ids[0], name="First", position=99)
    assert [each.name for each in sidebar.sections_of(cast.alice.pk)] == ["Three", "Two", "First"]
    services.set_preferences(cast.alice, cast.team, section=made[1].id)
    services.delete_section(cast.alice, ids[1])
    assert laid_out(cast.alice) == {"Rooms": ["Team"]}
    assert Membership.objects.filter(section__isnull=False).count() == 0


@pytest.mark.parametrize("name", ["", "   ", "x" * 51, "two\nlines", "nul\0"])
def test_a_name_that_is_none_is_refused(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid):
        services.create_section(cast.alice, name)


def test_there_are_at_most_fifty_sections(cast: Cast) -> None:
    for number in range(SECTIONS_MAX):
        services.create_section(cast.alice, f"Section {number}")
    with pytest.raises(Conflict):
        services.create_section(cast.alice, "One more")


def test_a_mute_that_ran_out_is_none(cast: Cast) -> None:
    for until, quiet in ((timedelta(hours=1), True), (timedelta(hours=-1), False)):
        chosen = services.set_preferences(cast.bob, cast.team, notifications_muted_until=timezone.now() + until)
        assert chosen.is_quiet is quiet
    assert services.set_preferences(cast.bob, cast.team, notification_level="none").is_quiet


# --- Over REST -------------------------------------------------------------------------------------


def test_preferences_over_rest(cast: Cast, api: Client) -> None:
    client, url = api(cast.bob), f"{V1}/rooms/{cast.team.pk}/me/"
    section = client.post(f"{V1}/me/sections/", {"name": "Work"}, format="json").json()
    change = {
        "notification_level": "mentions",
        "section": section["id"],
        "notifications_muted_until": "9999-01-01T00:00:00Z",
    }
    assert client.patch(url, change, format="json").json() == client.get(url).json()
    assert client.get(url).json() == change | {
        "favourite": False,
        "position": None,
        "notifications_muted_until": "9999-01-01T00:00:00.000000Z",
    }
    assert client.get(f"{V1}/rooms/").json()["results"][0]["preferences"] == client.get(url).json()
    # Nobody else sees any of it.
    assert api(cast.carol).get(url).json()["section"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"notification_level": "loud"},
        {"notifications_muted_until": "tomorrow"},
        {"favourite": "perhaps"},
        {"section": "work"},
        {"before": str(uuid4()), "after": str(uuid4())},
        {"after": str(uuid4())},
    ],
)
def test_preferences_that_are_none_are_refused(cast: Cast, api: Client, body: dict[str, object]) -> None:
    answer = api(cast.bob).patch(f"{V1}/rooms/{cast.team.pk}/me/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_sections_over_rest(cast: Cast, api: Client) -> None:
    client = api(cast.alice)
    one, two = (client.post(f"{V1}/me/sections/", {"name": name}, format="json").json() for name in ("One", "Two"))
    url = f"{V1}/me/sections/{two['id']}/"
    assert client.patch(url, {"name": "Second", "position": 0}, format="json").json()["name"] == "Second"
    assert [each["name"] for each in client.get(f"{V1}/me/sections/").json()["results"]] == ["Second", "One"]
    assert client.patch(url, {}, format="json").status_code == 400
    assert api(cast.bob).patch(url, {"name": "Mine"}, format="json").status_code == 404
    assert client.delete(url).status_code == 204
    assert client.delete(url).status_code == 404
    assert client.get(f"{V1}/me/sections/").json()["results"] == [one]
