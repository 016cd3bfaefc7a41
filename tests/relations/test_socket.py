"""Contacts and blocks on the socket: the commands, who hears of them, and what stops at a block."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.fixtures_server import Guest, World
from tests.socket_client import Socket
from tests.test_changes_live import acked, refused


async def stands(socket: Socket, **wanted: Any) -> None:
    """Wait until the socket has been told that its user stands so."""

    def told() -> bool:
        frames = [each["data"] for each in socket.frames if each["type"] == "relations"]
        return any(all(each[name] == value for name, value in wanted.items()) for each in frames)

    await socket.until(told, f"relations of {wanted}")


async def test_two_become_contacts_and_part_and_each_sees_how_they_stand(world: World) -> None:
    ann, ben = await world.people(2)
    one, two = await world.socket(ann), await world.socket(ben)
    asked = await acked(one, "contact.request", username=ben.user.username, note="Hello")
    assert (asked["state"], asked["note"]) == ("pending", "Hello")
    await stands(two, incoming=1)
    await stands(one, outgoing=1)
    assert (await acked(two, "contact.accept", request=asked["id"]))["state"] == "accepted"
    await stands(one, contacts=1, outgoing=0)
    assert await acked(one, "contact.remove", user=ben.id) is None
    await stands(two, contacts=0, incoming=0)


async def test_a_request_is_declined_and_another_taken_back(world: World) -> None:
    ann, ben = await world.people(2)
    one, two = await world.socket(ann), await world.socket(ben)
    first = await acked(one, "contact.request", user=ben.id)
    assert (await acked(two, "contact.decline", request=first["id"]))["state"] == "declined"
    second = await acked(one, "contact.request", user=ben.id)
    assert (await acked(one, "contact.cancel", request=second["id"]))["state"] == "cancelled"
    assert await refused(two, "contact.accept", request=second["id"]) == "conflict"
    assert await refused(one, "contact.accept", request=first["id"]) == "not_found"
    assert await refused(one, "contact.request", user=str(uuid4())) == "not_found"
    assert await refused(one, "contact.request", user=ann.id) == "invalid"


async def test_a_block_is_told_to_the_blockers_sockets_alone(world: World) -> None:
    ann, ben = await world.people(2)
    one, other, two = await world.socket(ann), await world.socket(ann), await world.socket(ben)
    assert (await acked(one, "block.add", user=ben.id, reason="spam"))["reason"] == "spam"
    await stands(other, blocked=[ben.id])
    asked = await acked(two, "contact.request", user=ann.id)
    assert asked["state"] == "pending"
    assert await refused(one, "contact.accept", request=asked["id"]) == "not_found"
    assert await acked(one, "block.remove", user=ben.id) is None
    await stands(other, blocked=[], incoming=1)
    await two.in_step()
    # Of the block, its end and what was refused ben hears nothing: one frame, of his own asking.
    assert [each["data"]["outgoing"] for each in two.frames if each["type"] == "relations"] == [1]


async def _viewers(world: World) -> tuple[Guest, Guest, str, list[Socket]]:
    ann, ben, cid = await world.people(3)
    room = str((await world.room(ann, ben, cid)).pk)
    sockets = [await world.socket(each) for each in (ann, ben, cid)]
    for socket in sockets:
        await socket.say("view", room=room)
        await socket.expect("viewing", room=room)
    return ann, ben, room, sockets


def _is_of(frame: dict[str, Any], room: str) -> bool:
    return frame["type"] == "room.added" and frame["room"]["id"] == room


def _told_of(socket: Socket, kind: str, user: Guest) -> bool:
    for each in socket.frames:
        # That somebody is offline is also what their leaving one's sight looks like.
        here = {user_id for user_id, status in each.get("statuses", {}).items() if status != "offline"}
        people = {(each.get("user") or {}).get("id"), *here, *each.get("receipts", {})}
        if each["type"] == kind and user.id in people:
            return True
    return False


async def test_typing_presence_and_receipts_do_not_pass_a_block_either_way(world: World) -> None:
    ann, ben, room, (one, two, three) = await _viewers(world)
    number = (await three.sent(room, "Hello"))["number"]
    await acked(one, "block.add", user=ben.id)
    # A room that is gained shows that the sockets of both have been looked at since.
    later = str((await world.room(await world.person(), ann, ben)).pk)
    for socket in (one, two):
        await socket.until(lambda socket=socket: any(_is_of(each, later) for each in socket.frames), "the new room")
        socket.frames.clear()  # before the block they saw each other come
    for socket, user in ((one, ann), (two, ben)):
        await socket.say("typing", room=room, on=True)
        await socket.say("presence", status="idle")
        await socket.say("read", room=room, number=number)
        # Who is not blocked sees all of it, and by then it has passed the others as well.
        for kind in ("typing", "presence", "receipt"):
            await three.until(lambda kind=kind, user=user: _told_of(three, kind, user), f"{kind} of {user.id}")
    await one.in_step()
    await two.in_step()
    for kind in ("typing", "presence", "receipt"):
        assert not _told_of(two, kind, ann), kind
        assert not _told_of(one, kind, ben), kind
