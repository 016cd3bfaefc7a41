"""Edits, reactions, pins, threads and mentions on the socket, and with another process beside."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from messaging.models import Mention
from tests.fixtures_server import World
from tests.servers import ServerProcess
from tests.socket_client import Socket

Frame = dict[str, Any]


async def acked(socket: Socket, kind: str, /, **fields: Any) -> Frame:
    """Send a command and return what its ack says."""
    ref = uuid4().hex
    await socket.say(kind, ref=ref, **fields)
    data: Frame = (await socket.expect("ack", ref=ref))["data"]
    return data


async def refused(socket: Socket, kind: str, /, **fields: Any) -> str:
    """Send a command and return the code with which it is refused."""
    ref = uuid4().hex
    await socket.say(kind, ref=ref, **fields)
    code: str = (await socket.expect("error", ref=ref))["code"]
    return code


async def refused_whatever(socket: Socket, kind: str, /, **fields: Any) -> str:
    """The same for a command that the description does not allow: no client of ours would send it."""
    ref = uuid4().hex
    await socket.raw(json.dumps({"type": kind, "ref": ref, **fields}))
    code: str = (await socket.expect("error", ref=ref))["code"]
    return code


async def test_every_change_reaches_all_in_order_and_is_replayed_as_it_is_now(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    one, two = await world.socket(ann), await world.socket(ben, audience="web")
    said = await one.sent(room, "first")
    message = said["id"]
    edited = await acked(one, "message.edit", message=message, content="second", base_seq=said["seq"])
    reacted = await acked(two, "reaction.add", message=message, emoji="👍")
    assert reacted["reactions"] == [{"emoji": "👍", "count": 1}]
    await acked(two, "reaction.remove", message=message, emoji="👍")
    await acked(two, "message.pin", message=message)
    await acked(one, "message.unpin", message=message)
    last = await acked(one, "message.delete", message=message)
    await two.until(lambda: two.count("message.deleted") == 1, "the deletion")
    kinds = [frame["type"] for frame in two.events(room)]
    assert kinds == [
        *("message.created", "message.edited", "reaction.added", "reaction.removed"),
        *("message.pinned", "message.unpinned", "message.deleted"),
    ]
    by_kind = {frame["type"]: frame for frame in two.events(room)}
    assert by_kind["message.edited"]["data"] == edited
    assert "second" in by_kind["message.edited"]["fragment"]
    assert by_kind["reaction.added"]["data"]["count"] == 1
    assert by_kind["reaction.removed"]["data"]["count"] == 0
    later = await world.socket(ben, {room: said["seq"] - 1})
    await later.until(lambda: later.count("message.deleted") == 1, "the replay")
    assert [frame["type"] for frame in later.events(room)] == kinds
    assert later.events(room)[0]["data"] == last, "a replayed event shows the message as it is now"


async def test_a_stale_edit_a_strangers_and_nonsense_are_refused(world: World) -> None:
    ann, ben, eve = await world.people(3)
    room = str((await world.room(ann, ben)).pk)
    one, two, three = await world.socket(ann), await world.socket(ben), await world.socket(eve)
    said = await one.sent(room, "first")
    message = said["id"]
    await acked(one, "message.edit", message=message, content="second")
    assert await refused(one, "message.edit", message=message, content="x", base_seq=said["seq"]) == "conflict"
    assert await refused(two, "message.edit", message=message, content="x") == "forbidden"
    assert await refused(three, "message.edit", message=message, content="x") == "not_found"
    assert await refused(three, "reaction.add", message=message, emoji="👍") == "not_found"
    assert await refused(two, "reaction.add", message=message, emoji="word") == "invalid"
    assert await refused(three, "message.pin", message=message) == "not_found"


async def test_what_changes_nothing_is_acked_and_told_to_nobody(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    one, two = await world.socket(ann), await world.socket(ben)
    said = await one.sent(room, "as it is")
    for _ in range(2):
        await acked(one, "reaction.add", message=said["id"], emoji="🎉")
    await acked(one, "message.edit", message=said["id"], content="as it is")
    await one.sent(room, "last")
    await two.until(lambda: two.count("message.created") == 2, "the last message")
    assert [frame["type"] for frame in two.events(room)] == ["message.created", "reaction.added", "message.created"]


async def test_a_reply_in_a_thread_tells_how_many_there_are(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    one, two = await world.socket(ann), await world.socket(ben)
    root = await one.sent(room, "root")
    for index in (1, 2):
        reply = await two.sent(room, "reply", thread=root["id"])
        assert reply["thread"] == {"root": root["id"], "count": index, "index": index}
    told = await one.expect("thread.read", root=root["id"])
    assert (told["following"], told["unread"]) == (True, 1), "its author follows it from the first reply on"
    assert await refused_send(two, room, thread=reply["id"]) == "invalid"
    _, body = await world.rest(ann, "GET", f"messages/{root['id']}/")
    assert body["thread"] == {"root": root["id"], "count": 2, "index": None}


async def refused_send(socket: Socket, room: str, **fields: Any) -> str:
    ref = await socket.send(room, "x", **fields)
    code: str = (await socket.expect("error", ref=ref))["code"]
    return code


async def test_here_calls_those_who_are_at_their_keyboards(world: World) -> None:
    ann, ben, eve, away = await world.people(4)
    room = str((await world.room(ann, ben, eve, away)).pk)
    one, _, idle = await world.socket(ann), await world.socket(ben), await world.socket(away)
    await idle.say("presence", status="idle")
    await idle.in_step()
    said = await one.sent(room, "@here now?")
    assert said["mentions"] == ["here"]
    called = await world.shell(
        lambda: set(Mention.objects.filter(message_id=said["id"]).values_list("user_id", flat=True))
    )
    assert called == {ben.user.pk}


@pytest.mark.needs_postgres
async def test_here_calls_those_of_other_processes_too(world: World, second: ServerProcess) -> None:
    ann, ben, eve = await world.people(3)
    room = str((await world.room(ann, ben, eve)).pk)
    one, two = await world.socket(ann), await world.socket(ben, server=second)
    await one.say("view", room=room)
    # Told to the others once the other process has written it.
    await two.say("view", room=room)
    await one.until(
        lambda: any(ben.id in {**f.get("presence", {}), **f.get("statuses", {})} for f in one.frames),
        "that Ben is there",
    )
    said = await one.sent(room, "@here now?")
    called = await world.shell(
        lambda: list(Mention.objects.filter(message_id=said["id"]).values_list("user_id", flat=True))
    )
    assert called == [ben.user.pk]


@pytest.mark.needs_postgres
async def test_edits_in_two_processes_at_once_leave_one_winner(world: World, second: ServerProcess) -> None:
    ann = await world.person()
    room = str((await world.room(ann)).pk)
    here, there = await world.socket(ann), await world.socket(ann, server=second)
    said = await here.sent(room, "first")
    refs = {socket: uuid4().hex for socket in (here, there)}
    for socket, ref in refs.items():
        await socket.say("message.edit", ref=ref, message=said["id"], content=ref, base_seq=said["seq"])
    for socket, ref in refs.items():
        await socket.until(
            lambda socket=socket, ref=ref: socket.count("ack", ref=ref) + socket.count("error", ref=ref) == 1,
            "an answer",
        )
    answers = [socket.count("ack", ref=ref) for socket, ref in refs.items()]
    assert sorted(answers) == [0, 1]
    await here.until(lambda: here.count("message.edited") == 1, "the edit")
    await there.until(lambda: there.count("message.edited") == 1, "the edit")
