"""Saved messages: whose they are, when they hide, what is left of those that were deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client as Browser

from messaging import saved, services
from messaging.models import NOTE_MAX_LENGTH, SavedMessage
from rooms import services as rooms
from tests.contract import ContractClient
from tests.factories import Cast, make_room, say
from tests.fixtures_server import World
from tests.test_rest import assert_problem

Client = Callable[..., ContractClient]
LIST = "/api/v1/saved/"


def saved_url(message_id: str | UUID) -> str:
    return f"/api/v1/messages/{message_id}/saved/"


def ids(page: dict[str, Any]) -> list[str]:
    return [entry["message"]["id"] for entry in page["results"]]


@pytest.mark.django_db
def test_what_one_saves_is_listed_last_saved_first_with_its_note(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    first, second = say(cast.team, cast.alice, "one"), say(cast.lobby, cast.alice, "two")
    answer = client.put(saved_url(second.id), {"note": "for Friday"})
    assert answer.json() == {
        "message": second.id, "room": str(cast.lobby.pk), "saved": True, "note": "for Friday"
    }  # fmt: skip
    client.put(saved_url(first.id))
    page = client.get(LIST).json()
    assert [(entry["message"]["content"], entry["note"]) for entry in page["results"]] == [
        ("one", ""),
        ("two", "for Friday"),
    ]
    assert api(cast.alice).get(LIST).json()["results"] == []


@pytest.mark.django_db
def test_saving_again_changes_the_note_and_keeps_the_place(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    first, second = say(cast.team, cast.alice), say(cast.team, cast.alice)
    for message in (first, second, first):
        client.put(saved_url(message.id), {"note": "again" if SavedMessage.objects.count() == 2 else ""})
    page = client.get(LIST).json()
    assert ids(page) == [second.id, first.id]
    assert page["results"][1]["note"] == "again"


@pytest.mark.django_db
def test_what_is_taken_off_the_list_is_gone_from_it_and_may_be_taken_off_twice(cast: Cast, api: Client) -> None:
    client, message = api(cast.bob), say(cast.team, cast.alice)
    client.put(saved_url(message.id))
    assert [client.delete(saved_url(message.id)).status_code for _ in range(2)] == [204, 204]
    assert client.get(LIST).json()["results"] == []


@pytest.mark.django_db
def test_a_room_that_one_leaves_takes_its_entries_along_and_brings_them_back(cast: Cast, api: Client) -> None:
    client, message = api(cast.bob), say(cast.lobby, cast.alice)
    client.put(saved_url(message.id), {"note": "mine"})
    rooms.leave(cast.bob, cast.lobby)
    assert client.get(LIST).json()["results"] == []
    assert_problem(client.put(saved_url(message.id), {"note": "still"}), 404, "not_found")
    rooms.join(cast.bob, cast.lobby)
    assert [entry["note"] for entry in client.get(LIST).json()["results"]] == ["mine"]


@pytest.mark.django_db
def test_an_entry_of_a_room_that_one_left_can_be_taken_off(cast: Cast, api: Client) -> None:
    client, message = api(cast.bob), say(cast.lobby, cast.alice)
    client.put(saved_url(message.id))
    rooms.leave(cast.bob, cast.lobby)
    assert client.delete(saved_url(message.id)).status_code == 204
    rooms.join(cast.bob, cast.lobby)
    assert client.get(LIST).json()["results"] == []


@pytest.mark.django_db
def test_a_deleted_message_stays_on_the_list_without_its_words(cast: Cast, api: Client) -> None:
    client, message = api(cast.bob), say(cast.team, cast.alice, "a secret")
    client.put(saved_url(message.id), {"note": "why"})
    services.delete(cast.alice, UUID(message.id))
    (entry,) = client.get(LIST).json()["results"]
    assert (entry["message"]["content"], entry["message"]["html"], entry["note"]) == ("", "", "why")
    assert entry["message"]["deleted_at"] is not None
    assert_problem(client.put(saved_url(message.id)), 410, "gone")


@pytest.mark.django_db
def test_the_list_says_what_one_has_reacted_with_oneself(cast: Cast, api: Client) -> None:
    message = say(cast.team, cast.alice)
    services.react(cast.bob, UUID(message.id), "👍")
    for person in (cast.bob, cast.carol):
        api(person).put(saved_url(message.id))
    mine = [api(person).get(LIST).json()["results"][0]["message"]["reactions"] for person in (cast.bob, cast.carol)]
    assert mine == [[{"emoji": "👍", "count": 1, "me": True}], [{"emoji": "👍", "count": 1, "me": False}]]


@pytest.mark.django_db
def test_what_one_may_not_read_and_what_does_not_exist_answer_alike(cast: Cast, api: Client) -> None:
    message = say(cast.team, cast.alice)
    for message_id in (message.id, str(uuid4())):
        assert_problem(api(cast.mallory).put(saved_url(message_id)), 404, "not_found")
        assert api(cast.mallory).delete(saved_url(message_id)).status_code == 204
    assert not SavedMessage.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("note", ["x" * (NOTE_MAX_LENGTH + 1), "a\0b", 7, None])
def test_a_note_that_cannot_be_kept_is_refused(cast: Cast, api: Client, note: Any) -> None:
    message = say(cast.team, cast.alice)
    assert_problem(api(cast.bob).put(saved_url(message.id), {"note": note}), 400, "invalid", "note")
    assert not SavedMessage.objects.exists()


@pytest.mark.django_db
def test_the_list_pages_by_cursor(cast: Cast, api: Client) -> None:
    client = api(cast.bob)
    messages = [say(cast.team, cast.alice, f"{index}") for index in range(5)]
    for message in messages:
        client.put(saved_url(message.id))
    found, ask = [], {"limit": "2"}
    while True:
        page = client.get(LIST, ask).json()
        assert len(page["results"]) <= 2
        found += ids(page)
        if page["next"] is None:
            break
        ask["cursor"] = page["next"]
    assert found == [message.id for message in reversed(messages)]
    assert_problem(client.get(LIST, {"cursor": "nonsense"}), 400, "invalid", "cursor")


@pytest.mark.django_db
def test_a_page_of_the_list_costs_the_same_however_long_it_is(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        message = say(cast.team, cast.alice, reply_to=UUID(say(cast.team, cast.alice).id))
        saved.save(cast.bob, UUID(message.id))
    with django_assert_max_num_queries(2):
        assert len(saved.page(cast.bob, before=None, limit=50)[0]) == 20


@pytest.mark.django_db
def test_the_page_shows_what_is_saved_and_where_it_was_said(cast: Cast) -> None:
    message = say(cast.team, cast.alice, "Bring <the> keys")
    saved.save(cast.bob, UUID(message.id), "before <noon>")
    browser = Browser()
    browser.force_login(cast.bob, backend="accounts.backends.AccountBackend")
    text = browser.get("/saved/").content.decode()
    assert "Bring &lt;the&gt; keys" in text
    assert "before &lt;noon&gt;" in text
    assert f"/r/{cast.team.slug}/{message.number}/" in text
    bare = browser.get("/saved/", headers={"X-Panel": "1"}).content.decode()
    assert "<html" not in bare
    assert "before &lt;noon&gt;" in bare


@pytest.mark.django_db
def test_the_page_pages_and_says_when_it_is_empty(cast: Cast) -> None:
    browser = Browser()
    browser.force_login(cast.bob, backend="accounts.backends.AccountBackend")
    assert "Nothing saved yet" in browser.get("/saved/").content.decode()
    for _ in range(31):
        saved.save(cast.bob, UUID(say(cast.team, cast.alice).id))
    first = browser.get("/saved/").content.decode()
    assert first.count('class="message"') == 30
    last = SavedMessage.objects.filter(user=cast.bob).order_by("pk")[1].pk
    assert f"?below={last}" in first
    assert browser.get(f"/saved/?below={last}").content.decode().count('class="message"') == 1


@pytest.mark.django_db
def test_rooms_of_others_do_not_show_on_the_page(cast: Cast) -> None:
    other = make_room(cast.alice, cast.bob, name="Elsewhere")
    saved.save(cast.bob, UUID(say(other, cast.alice, "hidden words").id))
    rooms.leave(cast.bob, other)
    browser = Browser()
    browser.force_login(cast.bob, backend="accounts.backends.AccountBackend")
    text = browser.get("/saved/").content.decode()
    assert "hidden words" not in text
    assert "Elsewhere" not in text


async def test_all_devices_hear_of_it_and_nobody_else(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    speaker = await world.socket(alice)
    message = await speaker.sent(str(room.pk))
    desk, phone = await world.socket(bob), await world.socket(bob)
    await world.rest(bob, "PUT", f"messages/{message['id']}/saved/", {"note": "look"})
    for device in (desk, phone):
        await device.expect("saved", message=message["id"], room=str(room.pk), saved=True, note="look")
    await world.rest(bob, "PUT", f"messages/{message['id']}/saved/", {"note": "look"})  # changes nothing
    await world.rest(bob, "DELETE", f"messages/{message['id']}/saved/")
    for device in (desk, phone):
        await device.expect("saved", message=message["id"], saved=False)
        assert device.count("saved") == 2
    await speaker.in_step()
    assert speaker.count("saved") == 0
