"""Receipts on the socket: who hears of them, who does not, and what a room looks like when it is opened."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import privacy
from messaging.models import Receipt
from rooms.models import Room
from tests.factories import membership_of, say
from tests.fixtures_server import Guest, World
from tests.servers import ServerProcess
from tests.socket_client import Frame, Socket


async def view(socket: Socket, room: str) -> Frame:
    """Open the room on this socket; return how it is."""
    await socket.say("view", room=room)
    return await socket.expect("viewing", room=room)


async def hears(socket: Socket, room: str, reader: Guest, **marks: int) -> None:
    """Wait until the socket has been told that the reader is there."""

    def told() -> bool:
        frames = [each["receipts"].get(reader.id) for each in socket.frames if each["type"] == "receipt"]
        return any(each and all(each[name] == value for name, value in marks.items()) for each in frames)

    await socket.until(told, f"a receipt of {marks} in {room}")


async def three(world: World) -> tuple[Guest, Guest, Guest, Room, str, int]:
    """Alice, Bob and Carol in a room where Alice has said something; its number."""
    alice, bob, carol = await world.people(3)
    room = await world.room(alice, bob, carol)
    number = (await world.shell(say, room, alice.user)).number
    return alice, bob, carol, room, str(room.pk), number


async def test_viewers_hear_that_somebody_has_received_and_read(world: World) -> None:
    alice, bob, _, _, room_id, number = await three(world)
    ears, reader = await world.socket(alice), await world.socket(bob)
    await view(ears, room_id)
    await reader.say("received", positions={room_id: number})
    await hears(ears, room_id, bob, received=number)
    await reader.say("read", room=room_id, number=number)
    await hears(ears, room_id, bob, received=number, read=number)
    status, page = await world.rest(alice, "GET", f"messages/{await _id_of(world, alice, room_id, number)}/receipts/")
    assert (status, page["counts"]) == (200, {"read": 1, "received": 1, "of": 2})


async def _id_of(world: World, guest: Guest, room_id: str, number: int) -> str:
    _, page = await world.rest(guest, "GET", f"rooms/{room_id}/messages/?around={number}&limit=1")
    return str(page["results"][0]["id"])


async def test_who_does_not_look_at_the_room_is_told_when_they_open_it(world: World) -> None:
    alice, bob, carol, room, room_id, number = await three(world)
    away, ears, reader = await world.socket(alice), await world.socket(carol), await world.socket(bob)
    await view(ears, room_id)
    await reader.say("read", room=room_id, number=number)
    await hears(ears, room_id, bob, read=number)
    await away.in_step()
    assert [each for each in away.frames if each["type"] == "receipt"] == []
    since = (await world.shell(membership_of, room, bob.user)).receipts_since
    opened = await view(away, room_id)
    assert opened["receipts"][bob.id] == {"received": number, "read": number, "since": since}
    assert opened["receipts"].keys() == {bob.id, carol.id}


async def test_who_keeps_receipts_to_themselves_hears_of_none_from_that_moment_on(world: World) -> None:
    alice, bob, carol, _, room_id, number = await three(world)
    silent, ears, reader = await world.socket(alice), await world.socket(carol), await world.socket(bob)
    for socket in (silent, ears):
        await view(socket, room_id)
    await reader.say("received", positions={room_id: number})
    await hears(silent, room_id, bob, received=number)
    status, _ = await world.rest(alice, "PATCH", "me/privacy/", {"read_receipts": "nobody"})
    assert status == 200
    # The socket follows as soon as the hub has looked again; a second of theirs shows that it has.
    assert (await view(silent, room_id))["receipts"] == {}
    await _until_rechecked(world, silent, alice)
    before = len(silent.frames)
    await reader.say("read", room=room_id, number=number)
    await hears(ears, room_id, bob, read=number)
    await silent.in_step()
    assert [each for each in silent.frames[before:] if each["type"] == "receipt"] == []


async def _until_rechecked(world: World, socket: Socket, guest: Guest) -> None:
    """Wait until the hub has compared the guest's sockets with the database: a room gained shows it."""
    room = await world.room(guest)
    await socket.until(
        lambda: any(each["type"] == "room.added" and each["room"]["id"] == str(room.pk) for each in socket.frames),
        "a recheck",
    )


async def test_nobody_hears_of_who_keeps_receipts_to_themselves(world: World) -> None:
    alice, bob, carol, _, room_id, number = await three(world)
    await world.shell(privacy.change, bob.user, read_receipts="nobody")
    ears, silent, reader = await world.socket(alice), await world.socket(bob), await world.socket(carol)
    await view(ears, room_id)
    await silent.say("received", positions={room_id: number})
    await silent.say("read", room=room_id, number=number)
    await silent.expect("ack")
    await reader.say("read", room=room_id, number=number)
    await hears(ears, room_id, carol, read=number)
    told: set[str] = {user for each in ears.frames if each["type"] == "receipt" for user in each["receipts"]}
    assert told == {carol.id}
    assert not await world.shell(Receipt.objects.filter(user=bob.user).exists)


async def test_what_is_told_of_foreign_rooms_and_of_numbers_to_come_is_passed_over(world: World) -> None:
    alice, bob, _, _, room_id, number = await three(world)
    foreign, other = await world.room(alice), await world.room(alice, bob)
    ears, reader = await world.socket(alice), await world.socket(bob)
    await view(ears, room_id)
    await reader.say("received", positions={str(foreign.pk): 1, str(other.pk): 100, room_id: number})
    await hears(ears, room_id, bob, received=number)
    await reader.in_step()
    assert [each for each in reader.frames if each["type"] == "error"] == []
    assert not await world.shell(Receipt.objects.filter(room__in=[foreign, other]).exists)


async def test_a_server_that_ends_writes_what_it_has_gathered(world: World) -> None:
    """Of many advances within a second the first is written at once; the last is, too, when the server ends."""
    alice, bob, _, room, room_id, _ = await three(world)
    server = world.installation.start()
    try:
        reader = await world.socket(bob, server=server)
        numbers = [(await world.shell(say, room, alice.user)).number for _ in range(10)]
        for number in numbers:
            await reader.say("received", positions={room_id: number})
        await reader.in_step()
    finally:
        server.stop()
    assert await reader.closed() == 1012
    row = await world.shell(membership_of, room, bob.user)
    assert row.received_upto == numbers[-1]


async def test_the_unread_mark_goes_to_all_devices_and_takes_no_receipt_back(world: World) -> None:
    alice, bob, _, _, room_id, number = await three(world)
    ears, one, two = await world.socket(alice), await world.socket(bob), await world.socket(bob)
    await view(ears, room_id)
    await one.say("read", room=room_id, number=number)
    await hears(ears, room_id, bob, read=number)
    await one.say("read", room=room_id, unread_from=number)
    for device in (one, two):
        await device.expect("read", room=room_id, number=number - 1, unread=1)
    assert (await view(ears, room_id))["receipts"][bob.id]["read"] == number


async def test_who_opens_a_room_sees_who_is_typing_in_it(world: World) -> None:
    alice, bob, carol, _, room_id, _ = await three(world)
    mouth, ears, late = await world.socket(bob), await world.socket(alice), await world.socket(carol)
    await view(ears, room_id)
    await mouth.say("typing", room=room_id, on=True)
    await ears.expect("typing", room=room_id, on=True)
    assert await _typing(late, room_id, bob) == [bob.id]
    assert (await view(mouth, room_id))["typing"] == []  # they know themselves
    await mouth.say("typing", room=room_id, on=False)
    await ears.expect("typing", room=room_id, on=False)
    assert await _typing(late, room_id) == []


async def _typing(socket: Socket, room_id: str, *expected: Guest) -> list[str]:
    """Who types as the room is opened, once that has reached where all processes look."""
    while True:
        people: list[Any] = (await view(socket, room_id))["typing"]
        if len(people) == len(expected):
            return [each["id"] for each in people]


@pytest.mark.needs_postgres
async def test_receipts_and_typing_reach_who_looks_by_way_of_another_process(
    world: World, second: ServerProcess
) -> None:
    alice, bob, carol, _, room_id, number = await three(world)
    ears, reader = await world.socket(alice, server=second), await world.socket(bob)
    late = await world.socket(carol, server=second)
    await view(ears, room_id)
    await reader.say("read", room=room_id, number=number)
    await hears(ears, room_id, bob, read=number)
    await reader.say("typing", room=room_id, on=True)
    assert await _typing(late, room_id, bob) == [bob.id]
