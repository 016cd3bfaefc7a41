"""Rooms over the socket: settings, joining, leaving and roles, as over REST."""

from __future__ import annotations

from uuid import uuid4

from rooms.models import Kind
from tests.fixtures_server import World
from tests.test_changes_live import acked, refused, refused_whatever


async def test_a_room_is_changed_over_either_way(world: World) -> None:
    ann, ben, cat = await world.people(3)
    room = str((await world.room(ann, ben)).pk)
    one, two, stranger = await world.socket(ann), await world.socket(ben), await world.socket(cat)
    settings = {"slow_mode_s": 30, "retention_s": 3600, "threads": "only"}
    changed = await acked(one, "room.change", room=room, name="Crew", settings=settings)
    assert (changed["name"], changed["settings"]) == ("Crew", settings)
    told = await two.expect("room.changed", room=room)
    assert (told["data"]["name"], told["data"]["settings"]) == ("Crew", settings)
    notices = [(await two.expect("message.created", room=room))["data"]["metadata"]["what"] for _ in range(2)]
    assert notices == ["renamed", "retention"]
    _, read = await world.rest(ann, "GET", f"rooms/{room}/")
    # What may have moved since, and nothing that was answered, is left out.
    assert {**changed, "head_seq": 0} == {**read, "head_seq": 0}
    assert (await acked(one, "room.change", room=room, archived=True))["archived"] is True
    for wrong in ({}, {"name": ""}, {"slug": "No Slug"}, {"settings": {"slow_mode_s": -1}}, {"settings": {"x": 1}}):
        assert await refused(one, "room.change", room=room, **wrong) == "invalid"
    assert await refused(two, "room.change", room=room, name="Mine") == "forbidden"
    assert await refused(stranger, "room.change", room=room, name="Mine") == "not_found"
    assert await refused(one, "room.change", room=str(uuid4()), name="Mine") == "not_found"


async def test_one_joins_and_leaves_over_the_socket(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, kind=Kind.PUBLIC)).pk)
    closed = str((await world.room(ann)).pk)
    one, two = await world.socket(ann), await world.socket(ben)
    joined = await acked(two, "room.join", room=room)
    assert (joined["role"], joined["member_count"]) == ("member", 2)
    await two.expect("room.added")
    await one.expect("member.joined", room=room)
    assert (await acked(two, "room.join", room=room))["member_count"] == 2
    assert await acked(two, "room.leave", room=room) is None
    await two.expect("room.removed", room=room)
    await one.expect("member.left", room=room)
    assert await refused(two, "room.leave", room=room) == "not_found"
    assert await refused(two, "room.join", room=closed) == "not_found"


async def test_a_member_is_given_a_role_and_muted_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    one, two = await world.socket(ann), await world.socket(ben)
    until = "2100-01-01T00:00:00.000000Z"
    member = await acked(one, "member.change", room=room, user=ben.id, role="moderator", muted_until=until)
    assert (member["user"]["id"], member["role"], member["muted_until"]) == (ben.id, "moderator", until)
    await two.expect("member.changed", room=room)
    _, listed = await world.rest(ann, "GET", f"rooms/{room}/members/")
    assert member in listed["results"]
    again = await acked(one, "member.change", room=room, user=ben.id, muted_until=None)
    assert (again["role"], again["muted_until"]) == ("moderator", None)
    assert await refused(one, "member.change", room=room, user=ben.id) == "invalid"
    assert await refused(two, "member.change", room=room, user=ann.id, role="member") == "forbidden"
    assert await refused(one, "member.change", room=room, user=str(uuid4()), role="member") == "not_found"


async def test_people_are_asked_kept_out_and_taken_in_over_either_way(world: World) -> None:
    ann, ben, cat = await world.people(3)
    room = str((await world.room(ann, ben)).pk)
    one, three = await world.socket(ann), await world.socket(cat)
    link = await acked(one, "room.invite", room=room, uses_max=2)
    _, listed = await world.rest(ann, "GET", f"rooms/{room}/invitations/")
    assert listed["results"] == [link]
    asked = await acked(one, "room.invite", room=room, user=cat.id)
    assert (asked["user"]["id"], asked["code"]) == (cat.id, None)
    assert await refused(one, "room.invite", room=room, user=cat.id, uses_max=2) == "invalid"
    await three.expect("invitations", waiting=1)
    answered = await acked(three, "invitation.answer", invitation=asked["id"], accept=True)
    assert answered["state"] == "accepted"
    await three.expect("room.added")
    assert await refused(one, "invitation.answer", invitation=asked["id"], accept=True) == "not_found"
    assert await acked(one, "member.ban", room=room, user=cat.id, reason="Spam") is None
    await three.expect("room.removed", room=room)
    assert await refused(one, "member.add", room=room, user=cat.id) == "forbidden"
    assert await acked(one, "member.unban", room=room, user=cat.id) is None
    assert (await acked(one, "member.add", room=room, user=cat.id))["role"] == "member"
    given = await acked(one, "member.change", room=room, user=cat.id, permissions={"pin": False})
    assert given["permissions"] == {"pin": False}
    assert await acked(one, "member.remove", room=room, user=cat.id) is None


async def test_a_room_is_made_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    one, two = await world.socket(ann), await world.socket(ben)
    made = await acked(one, "room.create", kind="private", name="Crew", topic="Tea", members=[ben.id])
    assert (made["kind"], made["name"], made["role"], made["member_count"]) == ("private", "Crew", "owner", 2)
    await one.expect("room.added")
    assert (await two.expect("room.added"))["room"]["id"] == made["id"]
    direct = await acked(one, "room.create", kind="direct", members=[ben.id])
    assert (await acked(two, "room.create", kind="direct", members=[ann.id]))["id"] == direct["id"]
    _, again = await world.rest(ann, "POST", "rooms/", {"kind": "direct", "members": [ben.id]})
    assert again["id"] == direct["id"]


async def test_a_room_that_cannot_be_made_leaves_nothing_behind(world: World) -> None:
    ann, ben = await world.people(2)
    one = await world.socket(ann)
    await acked(one, "room.create", kind="public", name="Taken", slug="taken")
    for code, wrong in (
        ("invalid", {"kind": "private"}),
        ("invalid", {"kind": "private", "name": " "}),
        ("invalid", {"kind": "private", "name": "A\0B"}),
        ("invalid", {"kind": "palace", "name": "Versailles"}),
        ("invalid", {"kind": "private", "name": "Crew", "slug": "No Slug"}),
        ("invalid", {"kind": "private", "name": "Crew", "members": [ben.id] * 101}),
        ("invalid", {"kind": "private", "name": "Crew", "members": ["ben"]}),
        ("invalid", {"kind": "private", "name": None}),
        ("conflict", {"kind": "private", "name": "Crew", "slug": "taken"}),
        ("not_found", {"kind": "private", "name": "Crew", "members": [ben.id, str(uuid4())]}),
        ("not_found", {"kind": "direct", "members": [str(uuid4())]}),
    ):
        assert await refused_whatever(one, "room.create", **wrong) == code, wrong
    _, listed = await world.rest(ann, "GET", "rooms/")
    assert [room["name"] for room in listed["results"]] == ["Taken"]


async def test_a_room_is_given_away_and_deleted_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    one, two = await world.socket(ann), await world.socket(ben)
    assert await refused(two, "room.transfer", room=room, user=ben.id) == "forbidden"
    assert await refused(one, "room.transfer", room=room, user=str(uuid4())) == "not_found"
    owner = await acked(one, "room.transfer", room=room, user=ben.id)
    assert (owner["user"]["id"], owner["role"]) == (ben.id, "owner")
    assert await refused(one, "room.delete", room=room) == "forbidden"
    assert await acked(two, "room.delete", room=room) is None
    await one.expect("room.removed", room=room)
    assert await refused(two, "room.delete", room=room) == "not_found"


async def test_invitations_are_taken_back_and_links_followed_over_either_way(world: World) -> None:
    ann, ben, cat = await world.people(3)
    room = str((await world.room(ann, ben)).pk)
    one, two, three = await world.socket(ann), await world.socket(ben), await world.socket(cat)
    link = await acked(one, "room.invite", room=room, uses_max=5)
    assert await refused(two, "invitation.revoke", invitation=link["id"]) == "forbidden"
    assert await refused(three, "invitation.revoke", invitation=link["id"]) == "not_found"
    for wrong in ("nothing", "", "a\0b", "x" * 5000):
        assert await refused(three, "link.accept", code=wrong) == "not_found", wrong
    joined = await acked(three, "link.accept", code=link["code"])
    assert (joined["id"], joined["role"], joined["member_count"]) == (room, "member", 3)
    await three.expect("room.added")
    assert (await acked(three, "link.accept", code=link["code"]))["member_count"] == 3
    assert await acked(one, "invitation.revoke", invitation=link["id"]) is None
    assert await refused(await world.socket(await world.person()), "link.accept", code=link["code"]) == "gone"


async def test_ones_own_choices_are_made_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    first, second = [str((await world.room(ann, ben)).pk) for _ in range(2)]
    others = str((await world.room(ben)).pk)
    one, other, two = await world.socket(ann), await world.socket(ann), await world.socket(ben)
    section = await acked(one, "section.create", name="Clients")
    await acked(one, "section.create", name="Later")
    assert (await other.expect("sections"))["sections"] == [section]
    moved = await acked(one, "section.change", section=section["id"], name="Customers", position=1)
    assert moved == {"id": section["id"], "name": "Customers"}
    _, sections = await world.rest(ann, "GET", "me/sections/")
    assert [each["name"] for each in sections["results"]] == ["Later", "Customers"]
    until = "2100-01-01T00:00:00.000000Z"
    chosen = await acked(
        one,
        "room.prefer",
        room=first,
        notification_level="mentions",
        notifications_muted_until=until,
        section=section["id"],
    )
    assert (chosen["notification_level"], chosen["notifications_muted_until"]) == ("mentions", until)
    assert (await other.expect("room.preferences", room=first))["preferences"] == chosen
    beside = await acked(one, "room.prefer", room=second, section=section["id"], before=first)
    assert (beside["section"], beside["position"] is None) == (section["id"], False)
    assert (await acked(one, "room.prefer", room=first, notifications_muted_until=None))["section"] == section["id"]
    _, before = await world.rest(ann, "GET", f"rooms/{first}/me/")
    for wrong in (
        *(
            {},
            {"notification_level": "loud"},
            {"favourite": None},
            {"notifications_muted_until": "2100-01-01T00:00:00"},
        ),
        *({"before": second, "after": second}, {"favourite": True, "after": others}, {"section": "Clients"}),
    ):
        assert await refused_whatever(one, "room.prefer", room=first, **wrong) == "invalid", wrong
    assert await refused(one, "room.prefer", room=first, favourite=True, section=str(uuid4())) == "not_found"
    assert await refused(one, "room.prefer", room=others, favourite=True) == "not_found"
    assert await world.rest(ann, "GET", f"rooms/{first}/me/") == (200, before)
    for wrong in ({}, {"name": " "}, {"name": "x" * 51}, {"position": -1}, {"position": 1_001}, {"name": None}):
        assert await refused_whatever(one, "section.change", section=section["id"], **wrong) == "invalid", wrong
    assert await refused(one, "section.create", name="\0") == "invalid"
    for kind, more in (("section.change", {"name": "Mine"}), ("section.delete", {})):
        assert await refused(two, kind, section=section["id"], **more) == "not_found"
    assert await acked(one, "section.delete", section=section["id"]) is None
    assert (await world.rest(ann, "GET", f"rooms/{first}/me/"))[1]["section"] is None
