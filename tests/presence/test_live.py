"""Who is here, as sockets are told it: of the room in view, of the people they watch, of themselves."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts import privacy
from accounts.models import Block, Contact, User
from messaging.models import Mention
from presence.states import OFFLINE
from realtime import bus
from rooms import services as rooms
from tests.fixtures_server import Guest, World
from tests.servers import ServerProcess
from tests.socket_client import PATIENCE_S, Socket

Frame = dict[str, Any]


def told(socket: Socket, user: Guest, room: str | None) -> list[str]:
    """The statuses of the user that the socket was told, in order, none twice in a row: in that room, or watched."""
    statuses: list[str] = []
    for frame in socket.frames:
        if frame["type"] == "viewing" and room is not None and frame["room"] == room:
            statuses.append(frame["presence"].get(user.id, OFFLINE))
        elif frame["type"] == "watching" and room is None:
            statuses.append(frame["statuses"].get(user.id, OFFLINE))
        elif frame["type"] == "presence" and frame["room"] == room and user.id in frame["statuses"]:
            statuses.append(frame["statuses"][user.id])
    return [each for place, each in enumerate(statuses) if place == 0 or statuses[place - 1] != each]


async def until_told(socket: Socket, user: Guest, room: str | None, status: str) -> None:
    await socket.until(lambda: told(socket, user, room)[-1:] == [status], f"that {user.user.username} is {status}")


def here(socket: Socket, room: str) -> tuple[int, set[str]]:
    """How many have the room open by the last that the socket was told, and who by name."""
    frames = [frame for frame in socket.frames if "participants" in frame and frame["room"] == room]
    last = frames[-1]["participants"] if frames else {"count": 0, "people": []}
    return last["count"], {each["id"] for each in last["people"]}


async def until_here(socket: Socket, room: str, *people: Guest) -> None:
    wanted = (len(people), {each.id for each in people})
    await socket.until(lambda: here(socket, room) == wanted, f"that {len(people)} have it open")


async def looking(world: World, guest: Guest, room: str, server: ServerProcess | None = None, **fields: Any) -> Socket:
    socket = await world.socket(guest, server=server)
    await socket.say("view", ref="look", room=room, **fields)
    await socket.expect("viewing", ref="look")
    return socket


async def watching(world: World, guest: Guest, *people: Guest, server: ServerProcess | None = None) -> Socket:
    socket = await world.socket(guest, server=server)
    await socket.say("watch", ref="watch", people=[each.id for each in people])
    await socket.expect("watching", ref="watch")
    return socket


async def say_of_oneself(socket: Socket, availability: str, until: datetime | None = None) -> None:
    ref = uuid4().hex
    fields = {"until": until.isoformat()} if until else {}
    await socket.say("availability.set", ref=ref, availability=availability, **fields)
    await socket.expect("ack", ref=ref)


def touch(*users: User) -> None:
    """Say that these stand otherwise, as the services do that change what they are to each other."""
    User.objects.filter(pk__in=[user.pk for user in users]).touch_rev()
    bus.recheck([user.pk for user in users])


def block(blocker: User, blocked: User) -> None:
    Block.objects.create(blocker=blocker, blocked=blocked)
    touch(blocker, blocked)


def unblock(blocker: User, blocked: User) -> None:
    Block.objects.filter(blocker=blocker, blocked=blocked).delete()
    touch(blocker, blocked)


def befriend(one: User, other: User) -> None:
    Contact.objects.bulk_create([Contact(user=one, other=other), Contact(user=other, other=one)])
    touch(one, other)


# --- The sum of a user's sockets ---------------------------------------------------------------


async def test_one_is_away_when_all_sockets_are_idle_and_offline_after_the_last(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    eyes = await looking(world, ann, room)
    desk, phone = await world.socket(ben), await world.socket(ben)
    await until_told(eyes, ben, room, "online")
    await desk.say("presence", status="idle")
    await desk.in_step()
    await phone.say("presence", status="idle")
    await until_told(eyes, ben, room, "away")
    await phone.say("presence", status="active")
    await until_told(eyes, ben, room, "online")
    await phone.close()
    await until_told(eyes, ben, room, "away")
    await desk.close()
    await until_told(eyes, ben, room, "offline")
    assert told(eyes, ben, room) == ["offline", "online", "away", "online", "away", "offline"]


async def test_a_page_that_is_loaded_again_is_not_told_of(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    eyes = await looking(world, ann, room)
    page = await world.socket(ben)
    await until_told(eyes, ben, room, "online")
    await page.close()
    again = await world.socket(ben)
    await again.say("presence", status="idle")
    await until_told(eyes, ben, room, "away")
    assert "offline" not in told(eyes, ben, room)[1:]


@pytest.mark.needs_postgres
async def test_a_user_who_has_a_socket_elsewhere_stays(world: World, second: ServerProcess) -> None:
    ann, ben, eve = await world.people(3)
    room = str((await world.room(ann, ben, eve)).pk)
    eyes = [await looking(world, ann, room), await looking(world, eve, room, second)]
    here_too, there = await world.socket(ben), await world.socket(ben, server=second)
    for each in eyes:
        await until_told(each, ben, room, "online")
    # The first process loses its socket; what it then says is the sum, which the idle one elsewhere is.
    await here_too.close()
    await there.say("presence", status="idle")
    for each in eyes:
        await until_told(each, ben, room, "away")
    await there.close()
    for each in eyes:
        await until_told(each, ben, room, "offline")
        assert told(each, ben, room)[-3:] == ["online", "away", "offline"]


@pytest.mark.needs_postgres
async def test_the_users_of_a_killed_process_are_gone_and_those_who_look_are_told(world: World) -> None:
    short = "from presence import store\nstore.TTL_S, store.REFRESH_S = 2, 0.5"
    looks, dies = world.installation.start(patch=short), world.installation.start(patch=short)
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    eyes, watch = await looking(world, ann, room, looks), await watching(world, ann, ben, server=looks)
    there = await world.socket(ben, server=dies)
    await there.say("view", room=room)
    await until_told(eyes, ben, room, "online")
    await until_told(watch, ben, None, "online")
    await until_here(eyes, room, ann, ben)
    await asyncio.to_thread(dies.kill)
    await until_told(eyes, ben, room, "offline")
    await until_told(watch, ben, None, "offline")
    await until_here(eyes, room, ann)


# --- Do not disturb, invisible -----------------------------------------------------------------


async def test_what_one_says_goes_to_ones_own_sockets_and_to_those_who_look(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    eyes = await looking(world, ann, room)
    desk, phone = await looking(world, ben, room), await world.socket(ben)
    await until_told(eyes, ben, room, "online")
    await say_of_oneself(desk, "dnd")
    await phone.expect("availability", data={"availability": "dnd", "until": None})
    await until_told(eyes, ben, room, "dnd")
    await say_of_oneself(phone, "invisible")
    await desk.expect("availability", data={"availability": "invisible", "until": None})
    await until_told(eyes, ben, room, "offline")
    await until_told(desk, ben, room, "invisible")
    await say_of_oneself(phone, "automatic")
    await until_told(eyes, ben, room, "online")
    await until_told(desk, ben, room, "online")


async def test_it_ends_by_itself_and_everybody_hears(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    eyes, mouth = await looking(world, ann, room), await world.socket(ben)
    await until_told(eyes, ben, room, "online")
    await say_of_oneself(mouth, "dnd", datetime.now(UTC) + timedelta(seconds=3))
    await until_told(eyes, ben, room, "dnd")
    await mouth.expect("availability", data={"availability": "automatic", "until": None})
    await until_told(eyes, ben, room, "online")


async def test_the_invisible_are_nowhere(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    await world.rest(ben, "PUT", "me/availability/", {"availability": "invisible"})
    eyes = await looking(world, ann, room)
    hidden = await looking(world, ben, room)
    await until_told(hidden, ben, room, "invisible")
    await hidden.say("typing", room=room, on=True)
    await hidden.in_step()
    late = await watching(world, ann, ben)
    await late.say("view", ref="late", room=room)
    answer = await late.expect("viewing", ref="late")
    assert (answer["presence"].get(ben.id), answer["typing"]) == (None, [])
    said = await eyes.sent(room, "@here anybody?")
    called = await world.shell(lambda: Mention.objects.filter(message_id=said["id"], user=ben.user).exists())
    assert not called
    assert (await world.rest(ann, "GET", f"users/{ben.id}/presence/"))[1] == {"status": "offline", "last_seen_at": None}
    assert (await world.rest(ben, "GET", f"users/{ben.id}/presence/"))[1]["status"] == "invisible"
    await eyes.in_step()
    assert told(eyes, ben, room) == ["offline"]
    assert told(late, ben, None) == ["offline"]
    assert ben.id not in str([frame for frame in eyes.frames if frame["type"] in ("presence", "typing")])


async def test_here_calls_who_is_not_to_be_disturbed_and_nobody_who_is_blocked(world: World) -> None:
    ann, busy, foe = await world.people(3)
    room = str((await world.room(ann, busy, foe)).pk)
    mouth, _, _ = await world.socket(ann), await world.socket(busy), await world.socket(foe)
    await world.rest(busy, "PUT", "me/availability/", {"availability": "dnd"})
    await world.shell(block, foe.user, ann.user)
    said = await mouth.sent(room, "@here anybody?")
    called = await world.shell(
        lambda: list(Mention.objects.filter(message_id=said["id"]).values_list("user_id", flat=True))
    )
    assert called == [busy.user.pk]


@pytest.mark.parametrize(
    "fields",
    [
        {"availability": "dnd", "until": "2020-01-01T00:00:00Z"},
        {"availability": "dnd", "until": "2999-01-01T00:00:00Z"},
    ],
)
async def test_an_end_that_makes_no_sense_is_refused(world: World, fields: dict[str, str]) -> None:
    ann = await world.person()
    socket = await world.socket(ann)
    await socket.say("availability.set", ref="set", **fields)
    await socket.expect("error", ref="set", code="invalid")
    status, problem = await world.rest(ann, "PUT", "me/availability/", fields)
    assert (status, list(problem["errors"])) == (400, ["until"])
    assert (await world.rest(ann, "GET", "me/availability/"))[1] == {"availability": "automatic", "until": None}


# --- Privacy, blocks ---------------------------------------------------------------------------


async def test_nobody_is_told_of_whom_they_may_not_see(world: World) -> None:
    ann, ben, eve = await world.people(3)
    room = str((await world.room(ann, ben, eve)).pk)
    await world.shell(privacy.change, ben.user, presence="nobody")
    eyes, watch = await looking(world, ann, room), await watching(world, ann, ben)
    secret = await looking(world, ben, room)
    await secret.say("typing", room=room, on=True)
    await secret.say("presence", status="idle")
    await secret.in_step()
    # What comes after all that: when this is told, that would have been.
    _other = await looking(world, eve, room)
    await until_told(eyes, eve, room, "online")
    await until_here(eyes, room, ann, eve)
    for socket in (eyes, watch):
        tells = [frame for frame in socket.frames if frame["type"] in ("presence", "viewing", "watching", "typing")]
        assert ben.id not in str([{**frame, "receipts": {}} for frame in tells])
    assert (await world.rest(ann, "GET", f"users/{ben.id}/presence/"))[1]["status"] == "offline"


async def test_a_change_of_the_setting_and_a_new_contact_count_at_once(world: World) -> None:
    ann, ben, eve = await world.people(3)
    room = str((await world.room(ann, ben, eve)).pk)
    eyes, watch = await looking(world, ann, room), await watching(world, ann, ben)
    _shown = await world.socket(ben)
    for socket, place in ((eyes, room), (watch, None)):
        await until_told(socket, ben, place, "online")
    await world.shell(privacy.change, ben.user, presence="contacts")
    for socket, place in ((eyes, room), (watch, None)):
        await until_told(socket, ben, place, "offline")
    await world.shell(befriend, ann.user, ben.user)
    for socket, place in ((eyes, room), (watch, None)):
        await until_told(socket, ben, place, "online")
    await world.shell(privacy.change, ben.user, presence="nobody")
    for socket, place in ((eyes, room), (watch, None)):
        await until_told(socket, ben, place, "offline")


@pytest.mark.parametrize("who", ["blocker", "blocked"])
async def test_a_block_hides_both_from_each_other_at_once_and_its_end_shows_them(world: World, who: str) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    pair = (ann.user, ben.user) if who == "blocker" else (ben.user, ann.user)
    eyes, watch = await looking(world, ann, room), await watching(world, ann, ben)
    other = await looking(world, ben, room)
    for socket, place in ((eyes, room), (watch, None)):
        await until_told(socket, ben, place, "online")
    await until_here(eyes, room, ann, ben)
    await world.shell(block, *pair)
    for socket, place in ((eyes, room), (watch, None)):
        await until_told(socket, ben, place, "offline")
    await until_here(eyes, room, ann)
    await until_told(other, ann, room, "offline")
    await other.say("presence", status="idle")
    await other.say("typing", room=room, on=True)
    await other.in_step()
    again = await looking(world, ann, room)
    assert told(again, ben, room) == ["offline"]
    await world.shell(unblock, *pair)
    for socket, place in ((eyes, room), (watch, None)):
        await until_told(socket, ben, place, "away")
    assert told(watch, ben, None)[-2:] == ["offline", "away"]
    assert eyes.count("typing") == 0


async def test_a_contact_sees_who_types_and_a_stranger_does_not(world: World) -> None:
    ann, ben, eve = await world.people(3)
    room = str((await world.room(ann, ben, eve)).pk)
    await world.shell(befriend, ann.user, ben.user)
    await world.shell(privacy.change, ben.user, presence="contacts")
    contact, stranger = await looking(world, ann, room), await looking(world, eve, room)
    mouth = await world.socket(ben)
    await mouth.say("typing", room=room, on=True)
    await contact.expect("typing", room=room)
    late = await looking(world, eve, room)
    await asyncio.gather(stranger.in_step(), late.in_step())
    assert stranger.count("typing") == 0
    assert [frame["typing"] for frame in late.frames if frame["type"] == "viewing"] == [[]]


# --- Watching ----------------------------------------------------------------------------------


async def test_watching_is_absolute_and_goes_on_beside_the_room(world: World) -> None:
    ann, ben, eve = await world.people(3)
    other = str((await world.room(ann)).pk)
    eyes = await watching(world, ann, ben)
    await eyes.say("view", room=other)
    first = await world.socket(ben)
    await until_told(eyes, ben, None, "online")
    await eyes.say("watch", ref="again", people=[eve.id, str(uuid4())])
    assert (await eyes.expect("watching", ref="again"))["statuses"] == {}
    seen_so_far = len(eyes.frames)
    await first.say("presence", status="idle")
    await first.in_step()
    _second = await world.socket(eve)
    await until_told(eyes, eve, None, "online")
    assert ben.id not in str(eyes.frames[seen_so_far:])
    await eyes.say("watch", ref="nobody", people=[])
    assert (await eyes.expect("watching", ref="nobody"))["own"] == {"availability": "automatic", "until": None}


async def test_a_guest_watches_only_whom_they_share_a_room_with(world: World) -> None:
    ann, ben = await world.people(2)
    guest = await world.person(is_guest=True)
    await world.room(ann, guest)
    _one, _two = await world.socket(ann), await world.socket(ben)
    eyes = await watching(world, guest, ann, ben)
    await until_told(eyes, ann, None, "online")
    assert told(eyes, ben, None) == ["offline"]
    assert (await world.rest(guest, "GET", f"users/{ben.id}/presence/"))[0] == 404
    assert (await world.rest(guest, "GET", f"users/{ann.id}/presence/"))[1]["status"] == "online"


async def test_too_many_and_nonsense_are_refused(world: World) -> None:
    ann = await world.person()
    socket = await world.socket(ann)
    room = str((await world.room(ann)).pk)
    for frame in (
        {"type": "watch", "people": [str(uuid4()) for _ in range(501)]},
        {"type": "watch", "people": ["ann"]},
        {"type": "view", "room": room, "people": [str(uuid4()) for _ in range(201)]},
        {"type": "availability.set", "availability": "gone"},
        {"type": "availability.set", "availability": "dnd", "until": "2030-01-01T00:00:00"},
    ):
        ref = uuid4().hex
        socket._exchange.sent({"type": frame["type"], "ref": ref, **_valid(frame["type"], room)})
        await socket.raw(json.dumps({**frame, "ref": ref}))
        await socket.expect("error", ref=ref, code="invalid")


def _valid(kind: str, room: str) -> Frame:
    return {"watch": {"people": []}, "view": {"room": room}, "availability.set": {"availability": "dnd"}}[kind]


# --- Rooms -------------------------------------------------------------------------------------


async def test_who_has_the_room_open_and_is_at_the_keyboard(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    eyes, other = await looking(world, ann, room), await looking(world, ben, room)
    await until_here(eyes, room, ann, ben)
    await other.say("presence", status="idle")
    await until_here(eyes, room, ann)
    await other.say("presence", status="active")
    await until_here(eyes, room, ann, ben)
    await other.say("view", room=None)
    await until_here(eyes, room, ann)
    again = await looking(world, ben, room)
    await until_here(eyes, room, ann, ben)
    await again.close()
    await until_here(eyes, room, ann)


@pytest.mark.needs_postgres
async def test_a_room_is_open_to_people_of_several_processes(world: World, second: ServerProcess) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    eyes, other = await looking(world, ann, room), await looking(world, ben, room, second)
    await until_here(eyes, room, ann, ben)
    await until_here(other, room, ann, ben)
    await other.close()
    await until_here(eyes, room, ann)


async def test_who_joins_is_shown_and_who_leaves_is_not_any_more(world: World) -> None:
    ann, ben, eve = await world.people(3)
    made = await world.room(ann, ben)
    room = str(made.pk)
    eyes = await looking(world, ann, room)
    comes, goes = await world.socket(eve), await world.socket(ben)
    await until_told(eyes, ben, room, "online")
    await world.shell(rooms.add_members, ann.user, made, [eve.user])
    await until_told(eyes, eve, room, "online")
    await world.shell(rooms.leave, ben.user, made)
    await eyes.expect("member.left", room=room)
    await comes.say("presence", status="idle")
    await until_told(eyes, eve, room, "away")
    heard = len(eyes.frames)
    await goes.say("presence", status="idle")
    await goes.in_step()
    await comes.say("presence", status="active")
    await until_told(eyes, eve, room, "online")
    assert ben.id not in str([frame for frame in eyes.frames[heard:] if frame["type"] == "presence"])


async def test_of_a_crowd_a_socket_is_told_of_those_it_shows_and_how_many_look(world: World) -> None:
    small = "from presence import looking\nlooking.ROOM_MAX = 2\nlooking.is_crowd.__defaults__ = (2,)"
    server = world.installation.start(patch=small)
    ann, ben, eve = await world.people(3)
    outsider = await world.person()
    room = str((await world.room(ann, ben, eve)).pk)
    eyes = await looking(world, ann, room, server, people=[ben.id, outsider.id])
    _three = [await looking(world, guest, room, server) for guest in (ben, eve)]
    _outside = await world.socket(outsider, server=server)
    await until_told(eyes, ben, room, "online")
    await eyes.until(lambda: here(eyes, room) == (3, set()), "that three look")
    assert told(eyes, eve, room) == ["offline"]
    assert told(eyes, outsider, room) == ["offline"]
    await eyes.say("view", ref="another", room=room, people=[eve.id])
    assert (await eyes.expect("viewing", ref="another"))["presence"] == {eve.id: "online"}
    await asyncio.to_thread(server.stop)


async def test_nobody_is_told_who_types_in_a_room_above_the_setting(world: World) -> None:
    server = world.installation.start(env={"TYPING_MAX_MEMBERS": "2"})
    ann, ben, eve = await world.people(3)
    large, small = str((await world.room(ann, ben, eve)).pk), str((await world.room(ann, ben)).pk)
    mouth = await world.socket(ben, server=server)
    eyes = await looking(world, ann, large, server)
    await mouth.say("typing", room=large, on=True)
    await mouth.in_step()
    await eyes.say("view", room=small)
    await mouth.say("typing", room=small, on=True)
    await eyes.expect("typing", room=small)
    assert eyes.count("typing", room=large) == 0
    await asyncio.to_thread(server.stop)


async def test_a_crowd_that_comes_together_costs_a_socket_a_frame_a_second(world: World) -> None:
    ann, *others = await world.people(13)
    room = str((await world.room(ann, *others)).pk)
    eyes = await looking(world, ann, room)
    began = asyncio.get_running_loop().time()
    sockets = [await world.socket(each) for each in others]
    for _ in range(6):
        for socket in sockets:
            await socket.say("presence", status="idle")
            await socket.say("presence", status="active")
    for socket in sockets:
        await socket.say("presence", status="idle")
    for each in others:
        await until_told(eyes, each, room, "away")
    took = asyncio.get_running_loop().time() - began
    assert eyes.count("presence") <= took + 1


# --- Last seen ---------------------------------------------------------------------------------


async def test_who_was_here_was_last_seen_then_and_who_is_invisible_was_not(world: World) -> None:
    ann, ben = await world.people(2)
    await world.rest(ben, "PUT", "me/availability/", {"availability": "invisible"})
    _one, _two = await world.socket(ben), await world.socket(ann)

    async def at(guest: Guest) -> Any:
        return (await world.rest(ben, "GET", f"users/{guest.id}/presence/"))[1]["last_seen_at"]

    async with asyncio.timeout(PATIENCE_S):
        while not await at(ann):  # noqa: ASYNC110 (the server's own time: there is no event)
            await asyncio.sleep(0.05)
    assert await at(ben) is None
    await world.shell(privacy.change, ann.user, last_seen="nobody")
    assert await at(ann) is None
    assert (await world.rest(ann, "GET", f"users/{ann.id}/presence/"))[1]["last_seen_at"] is not None
