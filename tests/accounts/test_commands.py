"""Profile, status and privacy over the socket, as over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.fixtures_server import World
from tests.test_changes_live import acked, refused, refused_whatever


async def test_one_says_of_oneself_what_one_likes_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    one, two = await world.socket(ann), await world.socket(ben)
    await two.say("view", room=room)
    await two.expect("viewing", room=room)
    changed = await acked(
        one, "profile.change", display_name="Ann Other", bio="Grows tomatoes.", phone="+351 912 345 678", locale="en"
    )
    assert (changed["display_name"], changed["bio"], changed["phone"]) == (
        "Ann Other",
        "Grows tomatoes.",
        "+351912345678",
    )
    assert await world.rest(ann, "GET", "me/") == (200, changed)
    assert (await two.expect("user.changed", room=room))["users"][ann.id]["display_name"] == "Ann Other"
    emptied = await acked(one, "profile.change", bio="", phone=None)
    assert (emptied["display_name"], emptied["bio"], emptied["phone"]) == ("Ann Other", "", None)

    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    said = await acked(one, "status.set", emoji="🌱", text="Repotting", until=until)
    assert (said["status"]["emoji"], said["status"]["text"]) == ("🌱", "Repotting")
    assert datetime.fromisoformat(said["status"]["until"]) == datetime.fromisoformat(until)
    assert (await acked(one, "status.clear"))["status"] is None
    assert (await acked(one, "status.set", text="Back"))["status"] == {"emoji": "", "text": "Back", "until": None}
    assert (await acked(one, "status.set"))["status"] is None


async def test_a_profile_with_one_wrong_part_stays_as_it_is(world: World) -> None:
    ann = await world.person()
    socket = await world.socket(ann)
    _, before = await world.rest(ann, "GET", "me/")
    for wrong in (
        {},
        {"bio": "Fine", "display_name": "x" * 101},
        {"bio": "Fine", "phone": "12"},
        {"bio": "Fine", "locale": "tlh"},
        {"bio": "Fine", "time_zone": "Mars/Olympus"},
        {"bio": "A\0B"},
        {"bio": None},
        {"phone": 351912345678},
    ):
        assert await refused_whatever(socket, "profile.change", **wrong) == "invalid", wrong
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for wrong in (
        *({"emoji": "🌱🌱"}, {"emoji": "x"}, {"text": "x" * 101}, {"text": "Fine", "until": past}),
        *({"text": "Fine", "until": "2100-01-01T00:00:00"}, {"text": None}),
    ):
        assert await refused_whatever(socket, "status.set", **wrong) == "invalid", wrong
    assert await world.rest(ann, "GET", "me/") == (200, before)


async def test_one_decides_who_knows_what_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    await world.room(ann, ben)
    socket = await world.socket(ann)
    decided = await acked(socket, "privacy.change", presence="nobody", rooms="contacts")
    assert (decided["presence"], decided["rooms"], decided["last_seen"]) == ("nobody", "contacts", "everyone")
    assert await world.rest(ann, "GET", "me/privacy/") == (200, decided)
    for wrong in ({"presence": "friends"}, {"presence": "everyone", "rooms": None}, {"phone": "nobody", "messages": 1}):
        assert await refused_whatever(socket, "privacy.change", **wrong) == "invalid", wrong
    assert await world.rest(ann, "GET", "me/privacy/") == (200, decided)
    assert await refused(await world.socket(ben), "room.create", kind="private", name="Crew", members=[ann.id]) == (
        "forbidden"
    )
