"""Coming back: cursors, floors, voids, epochs, and rooms gained and lost on the way."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from accounts import services as accounts
from accounts.models import User
from integrations.models import ApiToken
from integrations.services import revoke_token
from messaging.append import append
from messaging.drafts import Draft
from messaging.models import Message
from messaging.services import delete
from realtime.feed import REPLAY_MAX
from rooms import services as rooms
from rooms.models import LogEntry, LogEpoch, Room, RoomHead
from tests.factories import say
from tests.fixtures_server import World


def head_of(room: Room) -> int:
    return RoomHead.objects.get(room=room).last_seq


def say_many(room: Room, sender: User, count: int) -> int:
    """Write so many messages in one commit; return the head's seq after them."""
    append([Draft(room_id=room.pk, sender_id=sender.pk, content=f"{n}", client_id=uuid4()) for n in range(count)])
    return head_of(room)


# --- Cursors ------------------------------------------------------------------------------------


async def test_whoever_comes_back_gets_what_they_missed_and_goes_on_live(world: World) -> None:
    alice, bob = await world.people(2)
    quiet, busy = await world.room(alice, bob), await world.room(alice, bob)
    first = await world.socket(bob)
    cursors = {room["id"]: room["head_seq"] for room in first.frames[0]["rooms"]}
    await first.close()
    missed = await world.shell(say_many, busy, alice.user, 120)
    back = await world.socket(bob, cursors)
    assert await back.reach(str(busy.pk), missed) == list(range(cursors[str(busy.pk)] + 1, missed + 1))
    for room in (quiet, busy):
        await world.shell(say, room, alice.user, "live")
        assert (await back.expect("message.created", room=str(room.pk), seq=await world.shell(head_of, room)))["data"]
    assert back.seqs(str(quiet.pk)) == [cursors[str(quiet.pk)] + 1]


async def test_a_room_without_a_cursor_is_live_from_its_head(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    head = await world.shell(say_many, room, alice.user, 5)
    socket = await world.socket(bob)
    assert socket.frames[0]["rooms"][0]["head_seq"] == head
    await world.shell(say, room, alice.user)
    assert await socket.reach(str(room.pk), head + 1) == [head + 1]


async def test_what_was_deleted_since_is_never_replayed_in_its_old_form(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    before = await world.shell(head_of, room)
    for audience in ("data", "web"):
        message = await world.shell(say, room, alice.user, "regretted")
        await world.shell(delete, alice.user, UUID(message.id))
        socket = await world.socket(bob, {str(room.pk): before}, audience=audience)
        await socket.reach(str(room.pk), await world.shell(head_of, room))
        shown = [frame for frame in socket.events(str(room.pk)) if frame["data"].get("id") == message.id]
        assert [frame["type"] for frame in shown] == ["message.created", "message.deleted"]
        assert all("regretted" not in str(frame) and frame["data"]["deleted_at"] for frame in shown)
        assert all(("fragment" in frame) == (audience == "web") for frame in shown)


async def test_a_cursor_too_far_back_is_reset_and_one_just_near_enough_is_not(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    head = await world.shell(say_many, room, alice.user, REPLAY_MAX + 1)
    near = await world.socket(bob, {str(room.pk): head - REPLAY_MAX})
    assert await near.reach(str(room.pk), head) == list(range(head - REPLAY_MAX + 1, head + 1))
    far = await world.socket(bob, {str(room.pk): head - REPLAY_MAX - 1})
    assert (await far.expect("room.reset", room=str(room.pk)))["head_seq"] == head
    await world.shell(say, room, alice.user)
    assert await far.reach(str(room.pk), head + 1) == [head + 1]


async def test_a_cursor_in_the_future_is_reset(world: World) -> None:
    alice = await world.person()
    room = await world.room(alice)
    head = await world.shell(head_of, room)
    socket = await world.socket(alice, {str(room.pk): head + 1})
    assert (await socket.expect("room.reset", room=str(room.pk)))["head_seq"] == head
    status, problem = await world.rest(alice, "GET", f"rooms/{room.pk}/log/?after={head + 1}")
    assert (status, problem["code"]) == (410, "gone")
    await world.shell(say, room, alice.user)
    assert await socket.reach(str(room.pk), head + 1) == [head + 1]


async def test_a_cursor_below_the_floor_is_reset_and_one_at_it_is_not(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    head = await world.shell(say_many, room, alice.user, 20)
    floor = head - 10

    def purge() -> None:
        """As retention does: the rows go, and the floor says so."""
        RoomHead.objects.filter(room=room).update(floor_seq=floor, floor_number=floor)
        Message.objects.in_room(room).filter(seq__lte=floor).delete()

    await world.shell(purge)
    below, at = await world.socket(bob, {str(room.pk): floor - 1}), await world.socket(bob, {str(room.pk): floor})
    await below.expect("room.reset", room=str(room.pk))
    assert below.seqs(str(room.pk)) == []
    assert await at.reach(str(room.pk), head) == list(range(floor + 1, head + 1))
    status, problem = await world.rest(bob, "GET", f"rooms/{room.pk}/log/?after={floor - 1}")
    assert (status, problem["code"]) == (410, "gone")
    _, log = await world.rest(bob, "GET", f"rooms/{room.pk}/log/?after={floor}")
    assert [entry["seq"] for entry in log["results"]] == list(range(floor + 1, head + 1))
    _, page = await world.rest(bob, "GET", f"rooms/{room.pk}/messages/?around=1&limit=500")
    assert [message["seq"] for message in page["results"]] == list(range(floor + 1, head + 1))
    assert not page["has_before"]


async def test_void_seqs_are_skipped(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    before = await world.shell(head_of, room)
    head = await world.shell(say_many, room, alice.user, 10)
    void = {before + 1, before + 4, before + 5, head}
    await world.shell(lambda: Message.objects.in_room(room).filter(seq__in=void).delete())
    socket = await world.socket(bob, {str(room.pk): before})
    await world.shell(say, room, alice.user)
    expected = [seq for seq in range(before + 1, head + 2) if seq not in void]
    assert await socket.reach(str(room.pk), head + 1) == expected


async def test_more_cursors_follow_and_only_then_are_the_other_rooms_live(world: World) -> None:
    alice, bob = await world.people(2)
    places = [await world.room(alice, bob) for _ in range(4)]
    names = [str(room.pk) for room in places]
    heads = [await world.shell(say_many, room, alice.user, 3) for room in places]
    socket = await world.connect(bob)
    await socket.hello({names[0]: heads[0] - 2}, more=True)
    await socket.reach(names[0], heads[0])
    for room in places:
        await world.shell(say, room, alice.user)
    assert await socket.reach(names[0], heads[0] + 1) == list(range(heads[0] - 1, heads[0] + 2))
    assert all(socket.seqs(name) == [] for name in names[1:])
    await socket.say("resume", cursors={names[1]: heads[1] - 1}, more=True)
    assert await socket.reach(names[1], heads[1] + 1) == [heads[1], heads[1] + 1]
    await socket.say("resume", cursors={names[2]: heads[2]})
    assert await socket.reach(names[2], heads[2] + 1) == [heads[2] + 1]
    # The last had no cursor: live from the head that `ready` told.
    assert await socket.reach(names[3], heads[3] + 1) == [heads[3] + 1]


async def test_a_cursor_that_comes_after_the_room_is_live_brings_what_lies_before(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    name = str(room.pk)
    head = await world.shell(say_many, room, alice.user, 5)
    socket = await world.socket(bob)
    socket.judges_order = False
    for cursor in (head - 2, head - 4, head - 4, head):
        await socket.say("resume", cursors={name: cursor})
    await socket.in_step()
    assert socket.seqs(name) == [head - 1, head, head - 3, head - 2]


# --- Epochs -------------------------------------------------------------------------------------


async def test_another_epoch_sends_everybody_back_to_the_start(world: World) -> None:
    alice = await world.person()
    room = await world.room(alice)
    socket = await world.connect(alice)
    before = (await socket.hello())["epoch"]
    await world.shell(lambda: LogEpoch.objects.create(reason="restored from a backup"))
    assert await socket.closed() == 1012
    back = await world.connect(alice)
    ready = await back.hello({str(room.pk): 1}, epoch=before)
    assert ready["epoch"] != before
    reset = await back.expect("room.reset", room=str(room.pk))
    assert (reset["epoch"], reset["head_seq"]) == (ready["epoch"], await world.shell(head_of, room))
    status, _ = await world.rest(alice, "GET", f"rooms/{room.pk}/log/?after=0&epoch={before}")
    assert status == 410
    await back.sent(str(room.pk))


# --- What commands do, seen by sockets ----------------------------------------------------------


async def test_a_deletion_from_the_shell_reaches_connected_clients(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    message = await world.shell(say, room, alice.user, "regretted")
    socket = await world.socket(bob)
    await world.shell(delete, alice.user, UUID(message.id))
    told = await socket.expect("message.deleted", room=str(room.pk))
    assert (told["data"]["id"], told["data"]["content"]) == (message.id, "")


async def test_a_member_removed_from_the_shell_hears_nothing_more(world: World) -> None:
    alice, bob, carol = await world.people(3)
    room = await world.room(alice, bob, carol)
    name = str(room.pk)
    gone, stays = await world.socket(bob), await world.socket(carol)
    await world.shell(rooms.remove_member, alice.user, room, bob.user)
    last = await world.shell(say_many, room, alice.user, 3)
    await stays.reach(name, last)
    await gone.expect("room.removed", room=name)
    await gone.in_step()
    assert gone.seqs(name) in ([], [last - 3])  # nothing after the leaving itself
    ref = await gone.send(name, "am I still here?")
    assert (await gone.expect("error", ref=ref))["code"] == "not_found"


async def test_a_member_added_from_the_shell_gets_the_room_without_reconnecting(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice)
    socket = await world.socket(bob)
    await world.shell(rooms.add_members, alice.user, room, [bob.user])
    added = (await socket.expect("room.added"))["room"]
    assert added["id"] == str(room.pk)
    await world.shell(say, room, alice.user, "welcome")
    assert await socket.reach(str(room.pk), added["head_seq"] + 1) == [added["head_seq"] + 1]
    await socket.sent(str(room.pk), "thank you")


async def test_whoever_leaves_and_comes_back_is_in_the_room_again(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob, kind="public")
    socket = await world.socket(bob)

    def leave_and_join() -> None:
        rooms.leave(bob.user, room)
        rooms.join(bob.user, room)

    for _ in range(3):
        await world.shell(leave_and_join)
    seq = (await world.shell(say, room, alice.user, "still there?")).seq

    def is_back() -> bool:
        """It was heard live, or the room came back with it."""
        told = [frame["room"]["head_seq"] for frame in socket.frames if frame["type"] == "room.added"]
        return max([0, *told, *socket.seqs(str(room.pk))]) >= seq

    await socket.until(is_back)
    answer = await socket.sent(str(room.pk), "yes")
    await socket.reach(str(room.pk), answer["seq"])


async def test_a_deleted_room_goes_and_a_restored_one_comes_back(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    socket = await world.socket(bob)
    await world.shell(rooms.delete_room, alice.user, room)
    await socket.expect("room.removed", room=str(room.pk))
    await world.shell(rooms.restore_room, rooms.Staff(), room)
    await socket.expect("room.added")
    await world.shell(say, room, alice.user, "back")
    await socket.expect("message.created", room=str(room.pk))


@pytest.mark.parametrize("how", ["revoked", "suspended", "deactivated"])
async def test_whoever_may_not_be_here_any_more_is_told_by_4401(world: World, how: str) -> None:
    guest = await world.person()
    socket = await world.socket(guest)
    end = {
        "revoked": lambda: revoke_token(ApiToken.objects.get(user=guest.user)),
        "suspended": lambda: accounts.suspend(guest.user, reason="spam"),
        "deactivated": lambda: accounts.deactivate(guest.user),
    }
    await world.shell(end[how])
    assert await socket.closed() == 4401


async def test_a_removal_is_heard_even_in_the_middle_of_more(world: World) -> None:
    """A client that never ends its `more` keeps no room."""
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    name = str(room.pk)
    socket = await world.connect(bob)
    await socket.hello({name: 0}, more=True)

    def end_unheard() -> None:
        """Without an entry in the log, as no service does it and an operator might."""
        room.memberships.filter(user=bob.user).delete()
        User.objects.filter(pk=bob.user.pk).touch_rev()

    await world.shell(end_unheard)
    await socket.expect("room.removed", room=name)
    last = await world.shell(say_many, room, alice.user, 3)
    ears = await world.socket(alice, {name: last - 3})
    await ears.reach(name, last)
    await socket.in_step()
    assert last not in socket.seqs(name)


@pytest.mark.parametrize("is_followed", [True, False])
async def test_a_removal_that_was_purged_meanwhile_lets_nobody_in(world: World, is_followed: bool) -> None:
    """Who holds a room with `more` until their removal lies below the floor does not get it."""
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    name = str(room.pk)
    ears = await world.socket(alice) if is_followed else None
    socket = await world.connect(bob)
    await socket.hello(more=True)
    cursor = await world.shell(head_of, room)
    await world.shell(rooms.remove_member, alice.user, room, bob.user)
    head = await world.shell(say_many, room, alice.user, 80)  # more than a process keeps at hand
    if ears:
        await ears.reach(name, head)

    def purge() -> None:
        RoomHead.objects.filter(room=room).update(floor_seq=head - 1, floor_number=head - 1)
        Message.objects.in_room(room).filter(seq__lt=head).delete()

    await world.shell(purge)
    await socket.say("resume", cursors={name: cursor}, more=True)
    await socket.expect("room.removed", room=name)
    secret = await world.shell(say, room, alice.user, "the secret")
    ears = ears or await world.socket(alice, {name: head})
    await ears.reach(name, secret.seq)
    await socket.in_step()
    assert not socket.seqs(name)


# --- All of it at once --------------------------------------------------------------------------


async def test_stale_clients_of_a_busy_room_end_up_with_what_is_there(world: World) -> None:
    """Whatever happens, whenever a client was cut and came back: its state is that of a fresh read."""
    chance = random.Random(7)
    people = await world.people(3, unthrottled=True)
    alice, bob, carol = people
    room = await world.room(alice, bob, carol, kind="public")
    name = str(room.pk)
    seen: dict[int, dict[str, object]] = {}
    cursor = 0
    mouth = await world.socket(alice)
    socket = await world.socket(bob, {name: cursor})

    async def act() -> None:
        what = chance.choice(["say", "say", "say", "delete", "leave and join", "several"])
        if what == "say":
            await mouth.send(name, f"{chance.random()}")
        elif what == "several":
            await world.shell(say_many, room, alice.user, chance.randrange(1, 70))
        elif what == "leave and join":
            await world.shell(rooms.leave, carol.user, room)
            await world.shell(rooms.join, carol.user, room)
        else:
            own = await world.shell(lambda: list(Message.objects.in_room(room).filter(sender=alice.user, kind="text")))
            if own:
                await world.shell(delete, alice.user, chance.choice(own).pk)

    def apply(frames: list[dict[str, object]]) -> None:
        for frame in frames:
            data = frame["data"]
            if isinstance(data, dict) and "number" in data:
                seen[data["number"]] = data

    for turn in range(40):
        await act()
        if turn % 8 == 7:
            socket.abort()
            apply(socket.events(name))
            cursor = max([cursor, *socket.seqs(name)])
            await asyncio.gather(act(), act())
            socket = await world.socket(bob, {name: cursor})
    await mouth.in_step()
    last = (await mouth.sent(name, "the end"))["seq"]
    await socket.reach(name, last)
    apply(socket.events(name))
    fresh: list[dict[str, object]] = []
    while True:
        after = fresh[-1]["number"] if fresh else 0
        _, page = await world.rest(bob, "GET", f"rooms/{name}/messages/?after={after}&limit=500")
        fresh += page["results"]
        if not page["has_after"]:
            break
    assert [seen[number] for number in sorted(seen)] == fresh
    assert await world.shell(LogEntry.objects.filter(room=room).count) > 0
