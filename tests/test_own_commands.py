"""Threads, saved messages, forwards and messages for later over the socket: as over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.fixtures_server import World
from tests.test_changes_live import acked, refused


async def test_a_thread_is_followed_read_and_left_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann, ben)).pk)
    one, two = await world.socket(ann), await world.socket(ben)
    root = (await one.sent(room, "What about it?"))["id"]
    for text in ("This", "and that"):
        await one.sent(room, text, thread=root)
    standing = await acked(two, "thread.follow", message=root)
    assert standing == {"following": True, "read_index": 2}
    await two.expect("thread.read", root=root, following=True, unread=0)
    await one.sent(room, "and more", thread=root)
    assert await acked(two, "thread.read", message=root, index=3) == {"following": True, "read_index": 3}
    _, page = await world.rest(ben, "GET", f"messages/{root}/thread/")
    assert (page["thread"]["following"], page["thread"]["read_index"]) == (True, 3)
    assert await refused(two, "thread.read", message=root, index=4) == "invalid"
    assert await acked(two, "thread.unfollow", message=root) == {"following": False, "read_index": 3}
    assert (await world.rest(ben, "GET", "threads/"))[1]["results"] == []


async def test_a_message_is_saved_and_let_go_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann)).pk)
    one = await world.socket(ann)
    said = (await one.sent(room, "Keep this"))["id"]
    state = {"message": said, "room": room, "saved": True, "note": "for Friday"}
    assert await acked(one, "message.save", message=said, note="for Friday") == state
    assert (await world.rest(ann, "PUT", f"messages/{said}/saved/", {"note": "for Friday"}))[1] == state
    assert [entry["note"] for entry in (await world.rest(ann, "GET", "saved/"))[1]["results"]] == ["for Friday"]
    assert await acked(one, "message.unsave", message=said) is None
    assert await acked(one, "message.unsave", message=said) is None
    assert (await world.rest(ann, "GET", "saved/"))[1]["results"] == []
    stranger = await world.socket(ben)
    assert await refused(stranger, "message.save", message=said) == "not_found"


async def test_a_forward_that_is_repeated_by_the_other_way_sends_nothing_twice(world: World) -> None:
    ann, ben = await world.people(2)
    here, there = str((await world.room(ann)).pk), str((await world.room(ann)).pk)
    foreign = str((await world.room(ben)).pk)
    one = await world.socket(ann)
    said = (await one.sent(here, "Look"))["id"]
    ref = str(uuid4())
    await one.say("message.forward", ref=ref, message=said, rooms=[there, foreign], comment="see")
    first, second = (await one.expect("ack", ref=ref))["data"]["results"]
    assert (first["message"]["content"], first["comment"]["content"], first["error"]) == ("Look", "see", None)
    assert (second["message"], second["error"]["code"]) == (None, "not_found")
    again = {"rooms": [there, foreign], "comment": "see", "client_id": ref}
    _, answer = await world.rest(ann, "POST", f"messages/{said}/forward/", again)
    assert answer["results"][0]["message"]["id"] == first["message"]["id"]
    _, page = await world.rest(ann, "GET", f"rooms/{there}/messages/")
    assert [each["content"] for each in page["results"] if each["kind"] == "text"] == ["Look", "see"]
    await one.raw(f'{{"type": "message.forward", "ref": "c1", "message": "{said}", "rooms": ["{there}"]}}')
    await one.expect("error", ref="c1", code="invalid")


async def test_a_message_for_later_is_kept_once_changed_and_cancelled_over_either_way(world: World) -> None:
    ann, ben = await world.people(2)
    room = str((await world.room(ann)).pk)
    one = await world.socket(ann)
    plan = {"room": room, "content": "Good morning", "send_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    ref = str(uuid4())
    await one.say("scheduled.create", ref=ref, **plan)
    kept = (await one.expect("ack", ref=ref))["data"]
    assert (kept["state"], kept["content"]) == ("waiting", "Good morning")
    status, again = await world.rest(ann, "POST", "scheduled/", {**plan, "client_id": ref})
    assert (status, again) == (201, kept)
    changed = await acked(one, "scheduled.change", scheduled=kept["id"], content="Good morning all", silent=True)
    assert (changed["content"], changed["silent"], changed["send_at"]) == ("Good morning all", True, kept["send_at"])
    _, listed = await world.rest(ann, "GET", "scheduled/")
    assert listed["results"] == [changed]
    stranger = await world.socket(ben)
    assert await refused(stranger, "scheduled.cancel", scheduled=kept["id"]) == "not_found"
    assert await acked(one, "scheduled.cancel", scheduled=kept["id"]) is None
    assert (await world.rest(ann, "GET", "scheduled/"))[1]["results"] == []


async def test_two_people_may_name_their_plans_alike(world: World) -> None:
    ann, ben = await world.people(2)
    room, other = await world.room(ann, ben), await world.room(ann)
    send_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    plan = {"room": str(room.pk), "content": "Mine", "send_at": send_at, "client_id": str(uuid4())}
    _, first = await world.rest(ann, "POST", "scheduled/", plan)
    status, second = await world.rest(ben, "POST", "scheduled/", {**plan, "content": "Mine too"})
    assert (status, second["content"]) == (201, "Mine too")
    assert first["id"] != second["id"]
    assert (await world.rest(ann, "POST", "scheduled/", {**plan, "room": str(other.pk)}))[0] == 409
