"""Drafts of the composer: kept on the server, alike on all devices, gone when they should be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from messaging import composing
from messaging.models import ComposerDraft
from rooms import services as rooms
from rooms.models import Room
from tests.concurrency import at_once, raised
from tests.contract import ContractClient
from tests.factories import Cast, make_room, say
from tests.fixtures_server import World
from tests.test_rest import assert_problem, room_url

Client = Callable[..., ContractClient]
LIST = "/api/v1/drafts/"


def put(client: ContractClient, room: Room, content: str, **fields: Any) -> Any:
    return client.put(room_url(room, "draft"), {"content": content, **fields})


def listed(client: ContractClient) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = client.get(LIST).json()["results"]
    return results


# --- Keeping -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_one_writes_is_kept_and_nobody_else_sees_it(cast: Cast, api: Client) -> None:
    answer = put(api(cast.bob), cast.team, "  Shall we")
    kept = answer.json()
    assert kept | {"room": str(cast.team.pk), "thread": None, "content": "  Shall we", "reply_to": None} == kept
    assert listed(api(cast.bob)) == [kept]
    assert listed(api(cast.alice)) == []


@pytest.mark.django_db
def test_a_room_has_one_draft_and_each_of_its_threads_another(cast: Cast, api: Client) -> None:
    client, root = api(cast.bob), say(cast.team, cast.alice, "root")
    put(client, cast.team, "in the room")
    put(client, cast.team, "in the thread", thread=root.id)
    put(client, cast.lobby, "elsewhere")
    put(client, cast.team, "in the room, again")
    assert [(each["room"], each["thread"], each["content"]) for each in listed(client)] == [
        (str(cast.team.pk), None, "in the room, again"),
        (str(cast.team.pk), root.id, "in the thread"),
        (str(cast.lobby.pk), None, "elsewhere"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("blank", ["", " \n\t "])
def test_an_emptied_draft_is_gone(cast: Cast, api: Client, blank: str) -> None:
    client = api(cast.bob)
    put(client, cast.team, "x")
    assert put(client, cast.team, blank).json()["content"] == ""
    assert listed(client) == []
    assert put(client, cast.team, blank).status_code == 200


@pytest.mark.django_db
def test_a_reply_that_says_nothing_yet_is_a_draft(cast: Cast, api: Client) -> None:
    client, original = api(cast.bob), say(cast.team, cast.alice)
    put(client, cast.team, "", reply_to=original.id)
    assert [(each["content"], each["reply_to"]) for each in listed(client)] == [("", original.id)]
    put(client, cast.team, "")
    assert listed(client) == []


@pytest.mark.django_db
def test_deleting_ends_one_draft_and_leaves_the_others(cast: Cast, api: Client) -> None:
    client, root = api(cast.bob), say(cast.team, cast.alice)
    put(client, cast.team, "room")
    put(client, cast.team, "thread", thread=root.id)
    assert client.delete(f"{room_url(cast.team, 'draft')}?thread={root.id}").status_code == 204
    assert [each["content"] for each in listed(client)] == ["room"]
    assert [client.delete(room_url(cast.team, "draft")).status_code for _ in range(2)] == [204, 204]
    assert listed(client) == []


@pytest.mark.django_db
def test_each_change_is_later_than_the_one_before_whatever_the_clock_does(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    put(client, cast.team, "one")
    ahead = datetime.fromisoformat(listed(client)[0]["updated_at"]) + timedelta(hours=1)
    ComposerDraft.objects.update(updated_at=ahead)
    after = [put(client, cast.team, content).json()["updated_at"] for content in ("two", "three", "")]
    assert sorted(set(after)) == after
    assert datetime.fromisoformat(after[0]) == ahead + timedelta(microseconds=1)


@pytest.mark.django_db
def test_the_same_again_changes_nothing(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    assert put(client, cast.team, "same").json() == put(client, cast.team, "same").json()


@pytest.mark.django_db
def test_the_list_pages_by_cursor(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    for index in range(5):
        put(client, make_room(cast.alice, cast.bob), f"{index}")
    found, ask = [], {"limit": "2"}
    while True:
        page = client.get(LIST, ask).json()
        found += [each["content"] for each in page["results"]]
        if page["next"] is None:
            break
        ask["cursor"] = page["next"]
    assert found == ["0", "1", "2", "3", "4"]


# --- Limits ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_no_message_may_be_no_draft_is(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    assert put(client, cast.team, "x" * settings.MESSAGE_MAX_LENGTH).status_code == 200
    assert_problem(put(client, cast.team, "x" * (settings.MESSAGE_MAX_LENGTH + 1)), 413, "too_large", "content")
    assert_problem(put(client, cast.team, "a\0b"), 400, "invalid", "content")
    assert_problem(client.put(room_url(cast.team, "draft"), {"content": 7}), 400, "invalid", "content")
    assert_problem(client.put(room_url(cast.team, "draft"), {}), 400, "invalid", "content")


@pytest.mark.django_db
def test_a_room_that_one_is_not_in_keeps_no_draft(cast: Cast, api: Client) -> None:
    assert_problem(put(api(cast.mallory), cast.team, "x"), 404, "not_found")
    assert_problem(put(api(cast.mallory), cast.lobby, "x"), 404, "not_found")
    assert_problem(api(cast.mallory).delete(room_url(cast.team, "draft")), 404, "not_found")
    assert not ComposerDraft.objects.exists()


@pytest.mark.django_db
def test_a_thread_and_an_original_are_of_the_room(cast: Cast, api: Client) -> None:
    client, elsewhere = api(cast.bob), say(cast.lobby, cast.alice)
    root = say(cast.team, cast.alice)
    reply = say(cast.team, cast.alice, thread=UUID(root.id))
    for fields in ({"thread": elsewhere.id}, {"reply_to": elsewhere.id}, {"thread": str(uuid4())}):
        assert_problem(put(client, cast.team, "x", **fields), 404, "not_found")
    assert_problem(put(client, cast.team, "x", thread=reply.id), 400, "invalid")
    assert put(client, cast.team, "x", thread=root.id, reply_to=reply.id).status_code == 200


# --- Leaving -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_draft_goes_with_the_room_that_one_leaves(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    put(client, cast.lobby, "left behind")
    put(client, cast.team, "kept")
    put(api(cast.alice), cast.lobby, "somebody else's")
    rooms.leave(cast.bob, cast.lobby)
    rooms.join(cast.bob, cast.lobby)
    assert [each["content"] for each in listed(client)] == ["kept"]
    assert [each["content"] for each in listed(api(cast.alice))] == ["somebody else's"]


@pytest.mark.django_db
def test_a_draft_goes_with_the_room_that_one_is_removed_from(cast: Cast, api: Client) -> None:
    put(api(cast.bob), cast.team, "x")
    rooms.remove_member(cast.alice, cast.team, cast.bob)
    assert not ComposerDraft.objects.exists()


@pytest.mark.django_db
def test_drafts_of_a_deleted_room_are_hidden(cast: Cast, api: Client) -> None:
    put(api(cast.bob), cast.team, "x")
    rooms.delete_room(cast.alice, cast.team)
    assert listed(api(cast.bob)) == []


@pytest.mark.django_db(transaction=True)
def test_no_draft_outlasts_a_leaving_that_comes_between(cast: Cast) -> None:
    """Whoever is first: a draft that was stored goes with the leaving, one that comes after is refused."""
    for _ in range(5):
        room = make_room(cast.alice, cast.bob)
        results = at_once(
            [partial(composing.set_draft, cast.bob.pk, room.pk, "x"), partial(rooms.leave, cast.bob, room)]
        )
        assert [str(error) for error in raised(results)] in ([], ["There is no such room."])
        assert not ComposerDraft.objects.filter(room=room).exists()


@pytest.mark.django_db(transaction=True)
def test_devices_that_write_at_once_leave_one_draft(cast: Cast) -> None:
    room = make_room(cast.alice, cast.bob)
    written = at_once([partial(composing.set_draft, cast.bob.pk, room.pk, f"{index}") for index in range(4)])
    assert raised(written) == []
    draft = ComposerDraft.objects.get(room=room)
    newest = max(written, key=lambda each: each.updated_at)
    assert draft.content == newest.content
    assert len({each.updated_at for each in written}) == 4


# --- Live --------------------------------------------------------------------------------------


async def test_a_draft_is_on_all_devices_at_once_and_names_where_it_came_from(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    desk = await world.connect(bob)
    ready = await desk.hello()
    phone, other = await world.socket(bob), await world.socket(alice)
    await desk.say("draft.set", ref="d1", room=str(room.pk), content="Shall we", reply_to=None)
    kept = (await desk.expect("ack", ref="d1"))["data"]
    for device in (desk, phone):
        frame = await device.expect("draft", room=str(room.pk), content="Shall we")
        assert frame == {"type": "draft", "connection": ready["connection"], **kept}
    await world.rest(bob, "PUT", f"rooms/{room.pk}/draft/", {"content": "Shall we meet"})
    assert (await phone.expect("draft", content="Shall we meet"))["connection"] is None
    await desk.say("draft.set", ref="d2", room=str(room.pk), content="")
    assert (await phone.expect("draft", content=""))["updated_at"] > kept["updated_at"]
    await other.in_step()
    assert other.count("draft") == 0


async def test_what_a_draft_may_not_be_is_told_on_the_socket(world: World) -> None:
    alice, mallory = await world.people(2)
    room = await world.room(alice)
    socket, stranger = await world.socket(alice), await world.socket(mallory)
    await stranger.say("draft.set", ref="x", room=str(room.pk), content="x")
    assert (await stranger.expect("error", ref="x"))["code"] == "not_found"
    await socket.say("draft.set", ref="y", room=str(room.pk), content="x" * (settings.MESSAGE_MAX_LENGTH + 1))
    assert (await socket.expect("error", ref="y"))["code"] == "too_large"


async def test_who_changes_a_draft_with_every_key_is_asked_to_wait(world: World) -> None:
    alice = await world.person()
    room = await world.room(alice)
    socket = await world.socket(alice)
    for index in range(60):
        await socket.say("draft.set", ref=f"k{index}", room=str(room.pk), content=f"{index}")
    await socket.until(lambda: socket.count("ack") + socket.count("error") == 60)
    refused = [frame for frame in socket.frames if frame["type"] == "error"]
    assert refused
    assert all(frame["code"] == "rate_limited" and frame["retry_after"] > 0 for frame in refused)
