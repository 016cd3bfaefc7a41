"""Previews on messages: they come by themselves, follow edits, and can be taken away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from jobs.models import Job
from jobs.worker import run_due
from messaging import services
from messaging.append import append
from messaging.drafts import Draft
from messaging.models import LinkPreview, Message
from messaging.previews import work
from messaging.previews.links import PREVIEWS_MAX, links_in
from messaging.rendering import render
from realtime.errors import Forbidden, NotFound
from rooms import services as room_services
from rooms.models import LogEntry, Room
from tests.contract import ContractClient
from tests.factories import Cast, say
from tests.previews.hostile import Hostile, page

pytestmark = pytest.mark.django_db

Api = Callable[..., ContractClient]


def serve(web: Hostile, path: str = "/", title: str = "A page") -> str:
    """Have a page of that title there; return its address."""
    web.answers[path] = page(f"<title>{title}</title><meta name=description content='About it'>".encode())
    return web.url(path)


def previews_of(message_id: str | UUID) -> list[dict[str, Any]]:
    return Message.objects.get(pk=message_id).previews


def titles(message_id: str | UUID) -> list[str]:
    return [each["title"] for each in previews_of(message_id)]


def events(room: Room) -> list[str]:
    return list(LogEntry.objects.filter(room=room, kind="message.previewed").values_list("kind", flat=True))


# --- They come by themselves ----------------------------------------------------------------------


def test_a_link_gets_a_preview_and_the_room_is_told(web: Hostile, cast: Cast, api: Api) -> None:
    url = serve(web)
    message = say(cast.team, cast.bob, f"Look: {url}")
    assert message.previews == []
    run_due()
    expected = {"url": url, "title": "A page", "description": "About it", "site": "good.test"}
    assert previews_of(message.id) == [expected]
    entry = LogEntry.objects.get(room=cast.team, kind="message.previewed")
    assert entry.payload["message"] == message.id
    assert entry.actor is None
    (event,) = api(cast.alice).get(f"/api/v1/rooms/{cast.team.pk}/log/?after={entry.seq - 1}").json()["results"]
    assert (event["type"], event["data"]["previews"]) == ("message.previewed", [expected])
    assert not Job.objects.filter(key__startswith="preview:").exists()


def test_a_message_without_links_asks_for_nothing(web: Hostile, cast: Cast) -> None:
    say(cast.team, cast.bob, f"No link: `{web.url('/')}` and mail@good.test")
    assert not Job.objects.exists()


def test_every_message_of_a_batch_gets_its_own(web: Hostile, cast: Cast) -> None:
    urls = [serve(web, f"/{number}", f"Page {number}") for number in range(4)]
    drafts = [Draft(room_id=cast.team.pk, sender_id=cast.bob.pk, content=url, client_id=uuid4()) for url in urls]
    outcomes = append(drafts)
    run_due()
    assert [titles(each.message.id) for each in outcomes if each.message] == [[f"Page {number}"] for number in range(4)]


def test_the_first_links_get_previews_and_each_address_once(web: Hostile, cast: Cast) -> None:
    urls = [serve(web, f"/{number}", f"Page {number}") for number in range(PREVIEWS_MAX + 2)]
    message = say(cast.team, cast.bob, " ".join([urls[0], *urls]))
    run_due()
    assert titles(message.id) == [f"Page {number}" for number in range(PREVIEWS_MAX)]
    assert web.visits == PREVIEWS_MAX


def test_an_address_is_fetched_once_for_all_and_again_when_it_is_old(web: Hostile, cast: Cast) -> None:
    url = serve(web)
    for sender in (cast.bob, cast.carol):
        say(cast.team, sender, url)
        run_due()
    say(cast.team, cast.bob, f"{url}#part")
    run_due()
    assert web.visits == 1
    serve(web, title="A newer page")
    LinkPreview.objects.update(fetched_at=timezone.now() - work.FRESH - timedelta(seconds=1))
    message = say(cast.team, cast.bob, url)
    run_due()
    assert (web.visits, titles(message.id)) == (2, ["A newer page"])


@pytest.mark.parametrize("answer", [page(b"no title"), page(b"x", status="404 Gone"), b"nonsense"])
def test_what_has_no_preview_is_not_asked_again_and_again(web: Hostile, cast: Cast, answer: bytes) -> None:
    web.answers["/"] = answer
    for _ in range(2):
        message = say(cast.team, cast.bob, web.url("/"))
        run_due()
        assert previews_of(message.id) == []
    assert (web.visits, events(cast.team)) == (1, [])
    assert LinkPreview.objects.get().problem


def test_a_private_address_is_not_touched(web: Hostile, cast: Cast, trap: Hostile) -> None:
    message = say(cast.team, cast.bob, f"http://127.0.0.1:{trap.port}/ http://private.test:{trap.port}/")
    run_due()  # `trap` says if anybody came
    assert previews_of(message.id) == []


def test_links_into_the_chat_itself_are_left_alone(web: Hostile, cast: Cast, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["good.test"]
    say(cast.team, cast.bob, serve(web))
    run_due()
    assert web.visits == 0


def test_the_installation_or_a_room_may_have_none(web: Hostile, cast: Cast, settings: Settings) -> None:
    url = serve(web)
    room_services.update_room(cast.alice, cast.team, settings={"previews": False})
    say(cast.team, cast.bob, url)
    settings.LINK_PREVIEWS = False
    say(cast.lobby, cast.bob, url)
    run_due()
    assert web.visits == 0


def test_what_was_turned_off_or_deleted_meanwhile_gets_none(web: Hostile, cast: Cast) -> None:
    url = serve(web)
    say(cast.lobby, cast.bob, url)
    room_services.archive(cast.alice, cast.lobby)
    message = say(cast.team, cast.bob, url)
    services.delete(cast.bob, UUID(message.id))
    run_due()
    assert (web.visits, previews_of(message.id)) == (0, [])


def test_a_message_deleted_while_its_page_is_fetched_stays_empty(web: Hostile, cast: Cast) -> None:
    url = serve(web)
    message = say(cast.team, cast.bob, url)
    whole = web.answers["/"]
    assert isinstance(whole, bytes)
    job = Job.objects.get()
    fetched = work.fetcher.fetch(url)
    assert fetched.body
    work._look_at(url)  # what the job does before it locks the room
    services.delete(cast.bob, UUID(message.id))
    work.preview.func(job.arguments["args"][0])
    assert (previews_of(message.id), events(cast.team)) == ([], [])


# --- They follow edits ----------------------------------------------------------------------------


def test_an_edit_that_removes_a_link_removes_its_preview_and_a_new_link_gets_one(web: Hostile, cast: Cast) -> None:
    first, second = serve(web, "/1", "One"), serve(web, "/2", "Two")
    message = say(cast.team, cast.bob, f"{first} {second}")
    run_due()
    edited = services.edit(cast.bob, UUID(message.id), f"Only {second}")
    assert [each.title for each in edited.previews] == ["Two"]
    third = serve(web, "/3", "Three")
    edited = services.edit(cast.bob, UUID(message.id), f"{third} and {second}")
    assert [each.title for each in edited.previews] == ["Two"]  # at once; the other follows
    run_due()
    assert titles(message.id) == ["Three", "Two"]
    assert services.edit(cast.bob, UUID(message.id), "No links").previews == []
    assert len(events(cast.team)) == 2


def test_a_job_that_runs_again_tells_nobody_twice(web: Hostile, cast: Cast) -> None:
    message = say(cast.team, cast.bob, serve(web))
    run_due()
    work.preview.func(message.id)
    assert len(events(cast.team)) == 1


# --- They can be taken away -----------------------------------------------------------------------


def previewed(web: Hostile, room: Room, sender: User, count: int = 1) -> str:
    urls = [serve(web, f"/{number}", f"Page {number}") for number in range(count)]
    message = say(room, sender, " ".join(urls))
    run_due()
    return message.id


def test_a_dismissed_preview_is_gone_for_everybody_and_stays_so(web: Hostile, cast: Cast, api: Api) -> None:
    message = previewed(web, cast.team, cast.bob, 2)
    answer = api(cast.bob).delete(f"/api/v1/messages/{message}/previews/0/")
    assert (answer.status_code, [each["title"] for each in answer.json()["previews"]]) == (200, ["Page 1"])
    assert len(events(cast.team)) == 2
    services.edit(cast.bob, UUID(message), Message.objects.get(pk=message).content + " more")
    run_due()
    assert titles(message) == ["Page 1"]
    assert api(cast.bob).delete(f"/api/v1/messages/{message}/previews/1/").status_code == 404
    url = web.url("/1")
    for _ in range(2):  # by its address; taken off twice it is off
        assert api(cast.bob).delete(f"/api/v1/messages/{message}/previews/?url={url}").json()["previews"] == []
    assert len(events(cast.team)) == 3


def test_what_was_dismissed_makes_no_message_grow_without_end(web: Hostile, cast: Cast) -> None:
    message = previewed(web, cast.team, cast.bob)
    many = [web.url(f"/gone/{number}") for number in range(100)]
    Message.objects.filter(pk=message).update(metadata={work.DISMISSED: many})
    work.dismiss(cast.bob, UUID(message), index=0)
    assert Message.objects.get(pk=message).metadata == {work.DISMISSED: [*many[-19:], web.url("/0")]}


def test_who_may_delete_a_message_may_dismiss_its_previews(web: Hostile, cast: Cast, api: Api) -> None:
    message = previewed(web, cast.team, cast.bob)
    with pytest.raises(Forbidden):
        work.dismiss(cast.carol, UUID(message), index=0)
    with pytest.raises(NotFound):
        work.dismiss(cast.mallory, UUID(message), index=0)
    assert api(cast.mallory).delete(f"/api/v1/messages/{message}/previews/0/").status_code == 404
    assert titles(message) == ["Page 0"]
    assert work.dismiss(cast.erin, UUID(message), index=0).previews == []


def test_a_deleted_message_keeps_no_word_of_its_links(web: Hostile, cast: Cast) -> None:
    message = previewed(web, cast.team, cast.bob, 2)
    work.dismiss(cast.bob, UUID(message), index=0)
    services.delete(cast.bob, UUID(message))
    kept = Message.objects.get(pk=message)
    assert (kept.previews, kept.metadata) == ([], {})


# --- Links and upkeep -----------------------------------------------------------------------------


def test_links_are_what_people_see_as_links() -> None:
    html = render("[named](https://good.test/a?b=1&c=2) https://other.test `https://code.test` mailto:a@b.test", {})
    assert links_in(html) == ["https://good.test/a?b=1&c=2", "https://other.test"]
    assert links_in("<p>none</p>") == []


def test_what_is_old_is_forgotten() -> None:
    for age, url in ((timedelta(days=1), "http://new.test/"), (work.KEPT + timedelta(hours=1), "http://old.test/")):
        LinkPreview.objects.create(url=url, digest=work.digest_of(url), title="x", fetched_at=timezone.now() - age)
    work.forget_old.func()
    assert [each.url for each in LinkPreview.objects.all()] == ["http://new.test/"]


def test_the_admin_shows_what_was_found(web: Hostile, cast: Cast, client: Any) -> None:
    previewed(web, cast.team, cast.bob)
    client.force_login(cast.staff)
    found = client.get(f"/admin/messaging/linkpreview/?q={web.url('/0')}").content.decode()
    assert "Page 0" in found
