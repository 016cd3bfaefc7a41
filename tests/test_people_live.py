"""A new name, picture or status reaches the pages that show the person, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import transaction
from django.utils import timezone

from accounts import services
from accounts.models import Block, User
from realtime import bus
from realtime.events import Glance, Note
from rooms import announcing
from rooms import services as rooms
from tests.factories import Cast, make_direct, make_room
from tests.fixtures_server import World


class Ears:
    """Takes what is published, as a hub does."""

    def __init__(self) -> None:
        self.signals: list[Any] = []

    def accept(self, signals: Any) -> None:
        self.signals += [each for each in signals if isinstance(each, (Glance, Note))]

    def wants_fragment(self, room: str) -> bool:
        return False

    def rooms(self) -> dict[str, set[str]]:
        return {each.room: set(each.users) for each in self.signals if isinstance(each, Glance)}

    def notes(self) -> dict[str, set[str]]:
        notes = [each for each in self.signals if isinstance(each, Note)]
        return {each.user: set(msgspec.json.decode(each.text)["users"]) for each in notes}


@pytest.fixture
def ears() -> Iterator[Ears]:
    made = Ears()
    bus.attach(made)
    yield made
    bus.detach(made)


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    announcing._waiting.clear()
    yield
    announcing._waiting.clear()


def ids(*users: User) -> set[str]:
    return {str(user.pk) for user in users}


@pytest.mark.django_db(transaction=True)
def test_it_goes_to_the_rooms_to_the_others_of_direct_rooms_and_to_oneself(cast: Cast, ears: Ears) -> None:
    direct = make_direct(cast.bob, cast.carol)
    gone = make_room(cast.alice, cast.bob)
    cast.team, cast.news  # noqa: B018 (they are made)
    rooms.leave(cast.bob, gone)
    ears.signals.clear()
    services.set_status(cast.bob, text="Away")
    assert announcing.tell_now() == 1
    assert ears.rooms() == {str(room.pk): ids(cast.bob) for room in (direct, cast.team, cast.news)}
    assert ears.notes() == {str(cast.bob.pk): ids(cast.bob), str(cast.carol.pk): ids(cast.bob)}
    assert announcing.tell_now() == 0


@pytest.mark.django_db(transaction=True)
def test_a_crowd_that_changes_at_once_is_one_frame_a_room(cast: Cast, ears: Ears) -> None:
    room = make_room(cast.alice, cast.bob, cast.carol, cast.dave)
    for user in (cast.bob, cast.carol, cast.dave):
        services.set_status(user, text="Away", until=timezone.now() + timedelta(hours=1))
        services.update_profile(user, display_name=f"New {user.username}")
    announcing.tell_now()
    (glance,) = [each for each in ears.signals if isinstance(each, Glance)]
    assert (glance.room, set(glance.users)) == (str(room.pk), ids(cast.bob, cast.carol, cast.dave))
    ears.signals.clear()
    User.objects.filter(status_text="Away").update(status_until=timezone.now())
    assert services.end_statuses() == 3
    announcing.tell_now()
    (glance,) = [each for each in ears.signals if isinstance(each, Glance)]
    assert all(msgspec.json.decode(seen.value)["status"] is None for seen in glance.users.values())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_by_viewer", [True, False])
def test_a_block_ends_it(cast: Cast, ears: Ears, is_by_viewer: bool) -> None:
    make_direct(cast.bob, cast.carol)
    pair = (cast.carol, cast.bob) if is_by_viewer else (cast.bob, cast.carol)
    Block.objects.create(blocker=pair[0], blocked=pair[1])
    services.set_status(cast.bob, text="Away")
    announcing.tell_now()
    assert ears.notes() == {str(cast.bob.pk): ids(cast.bob)}


@pytest.mark.django_db(transaction=True)
def test_what_others_do_not_see_is_told_to_nobody(cast: Cast, ears: Ears) -> None:
    assert cast.team
    services.update_profile(cast.bob, bio="Hello", time_zone="Europe/Lisbon")
    services.update_account(cast.bob, phone="+351912345678", email="new@example.org")
    assert announcing.tell_now() == 0


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_taken_back_is_told_to_nobody(cast: Cast, ears: Ears) -> None:
    with transaction.atomic():
        services.set_status(cast.bob, text="Away")
        transaction.set_rollback(True)
    assert announcing.tell_now() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [1, 12])
def test_telling_takes_as_many_queries_however_many_rooms_there_are(
    cast: Cast, ears: Ears, count: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        make_room(cast.bob, cast.carol)
    make_direct(cast.bob, cast.carol)
    services.set_status(cast.bob, text="Away")
    with django_assert_max_num_queries(5):
        announcing.tell_now()


# --- Over sockets ---


async def test_a_status_reaches_who_has_the_room_in_view_and_not_who_has_not(world: World) -> None:
    ann, ben, cat = await world.people(3)
    room, other = await world.room(ann, ben, cat), await world.room(cat, ann)
    viewer, elsewhere = await world.socket(ann), await world.socket(cat)
    await viewer.say("view", room=str(room.pk))
    await viewer.expect("viewing", room=str(room.pk))
    await elsewhere.say("view", room=str(other.pk))
    await elsewhere.expect("viewing", room=str(other.pk))
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    assert (await world.rest(ben, "PUT", "me/status/", {"emoji": "🌴", "text": "Away", "until": until}))[0] == 200
    told = (await viewer.expect("user.changed", room=str(room.pk)))["users"][ben.id]
    assert (told["status"]["emoji"], told["status"]["text"]) == ("🌴", "Away")
    await world.rest(ben, "DELETE", "me/status/")
    assert (await viewer.expect("user.changed", room=str(room.pk)))["users"][ben.id]["status"] is None
    await elsewhere.in_step()
    assert elsewhere.count("user.changed") == 0


# Any server of the installation may be the one that notices; without Redis the others' sockets hear nothing of it,
# and the suite has several on one SQLite, which nobody else has.
@pytest.mark.needs_postgres
async def test_a_status_ends_by_itself_before_the_eyes_of_others(world: World) -> None:
    ann, ben = await world.people(2)
    await world.shell(make_direct, ann.user, ben.user)
    side_bar = await world.socket(ann)
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    await world.rest(ben, "PUT", "me/status/", {"text": "Away", "until": until})
    assert (await side_bar.expect("user.changed"))["users"][ben.id]["status"]["text"] == "Away"
    await world.shell(User.objects.filter(pk=ben.user.pk).update, status_until=timezone.now())
    assert (await side_bar.expect("user.changed"))["users"][ben.id]["status"] is None


async def test_ones_other_devices_follow(world: World) -> None:
    ann = await world.person()
    device = await world.socket(ann)
    await world.rest(ann, "PATCH", "me/", {"display_name": "Ann of Two Devices"})
    assert (await device.expect("user.changed"))["users"][ann.id]["display_name"] == "Ann of Two Devices"
