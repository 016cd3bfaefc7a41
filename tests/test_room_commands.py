"""Rooms over the socket: settings, joining, leaving and roles, as over REST."""

from __future__ import annotations

from uuid import uuid4

from rooms.models import Kind
from tests.fixtures_server import World
from tests.test_changes_live import acked, refused


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
