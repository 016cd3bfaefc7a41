"""The pages about rooms: what each person sees, what they can do there, and what stays hidden."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.search import PEOPLE_LIMIT
from messaging.models import Message
from rooms import services
from rooms.models import Kind, Membership, Room
from tests.factories import Cast, make_direct, make_room, make_user, say

pytestmark = pytest.mark.django_db


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def attribute(page: str, name: str) -> str:
    """The value of the first attribute of that name."""
    found = re.search(rf'{name}="([^"]*)"', page)
    assert found, f"no {name} in the page"
    return found[1]


def boot_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page)
    assert found, "the page boots no client"
    return json.loads(found[1])


# --- The way in ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/rooms/", "/rooms/new/", "/direct/new/", "/r/lobby/", "/r/lobby/messages/"])
def test_a_stranger_is_asked_to_sign_in_and_comes_back(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"


def test_home_is_the_room_that_was_open_last(cast: Cast) -> None:
    alice = as_user(cast.alice)
    say(cast.team, cast.bob, "The liveliest room")
    alice.get(f"/r/{cast.lobby.slug}/")
    assert alice.get("/").headers["Location"] == f"/r/{cast.lobby.slug}/"


def test_home_is_the_liveliest_room_when_none_was_open(cast: Cast) -> None:
    assert cast.team.pk
    say(cast.lobby, cast.bob)
    say(cast.team, cast.bob)
    assert as_user(cast.alice).get("/").headers["Location"] == f"/r/{cast.team.slug}/"


def test_home_never_leads_into_a_room_that_was_left(cast: Cast) -> None:
    bob = as_user(cast.bob)
    bob.get(f"/r/{cast.lobby.slug}/")
    services.leave(cast.bob, cast.lobby)
    assert bob.get("/").headers["Location"] == "/rooms/"


def test_pointing_at_a_link_does_not_count_as_opening_its_room(cast: Cast) -> None:
    alice = as_user(cast.alice)
    alice.get(f"/r/{cast.lobby.slug}/", headers={"Sec-Purpose": "prefetch"})
    assert "last_room" not in alice.cookies


# --- A room's page ---------------------------------------------------------------------------


def test_a_member_reads_the_room_and_can_write(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "The first words")
    page = text_of(as_user(cast.alice).get(f"/r/{cast.team.slug}/"))
    assert "The first words" in page
    assert f'<form id="composer" class="composer" method="post" action="/r/{cast.team.slug}/messages/"' in page
    assert attribute(page, "data-as-of-seq") == attribute(page, "data-head-seq") == str(sent.seq)
    assert attribute(page, "data-last-number") == str(sent.number)
    assert attribute(page, "data-has-before") == attribute(page, "data-has-after") == "false"


def test_the_page_boots_the_client_with_the_rooms_of_the_viewer(cast: Cast) -> None:
    say(cast.team, cast.bob)
    assert cast.news.pk
    boot = boot_of(text_of(as_user(cast.alice).get(f"/r/{cast.team.slug}/")))
    assert boot["user"]["id"] == str(cast.alice.pk)
    assert {room["slug"] for room in boot["rooms"]} == {cast.team.slug, cast.news.slug}
    assert (boot["room"]["id"], boot["room"]["unread"]) == (str(cast.team.pk), 1)


def test_the_side_bar_marks_the_open_room_and_what_is_unread(cast: Cast) -> None:
    say(cast.lobby, cast.bob)
    page = text_of(as_user(cast.alice).get(f"/r/{cast.team.slug}/"))
    here, there = (re.search(rf'<a class="([^"]*)" href="/r/{room.slug}/"', page) for room in (cast.team, cast.lobby))
    assert here is not None
    assert there is not None
    assert (here[1], there[1]) == ("room-link is-current", "room-link has-unread")


@pytest.mark.parametrize("path", ["", "messages/", "1/"])
@pytest.mark.parametrize("how", ["private", "left", "deleted", "missing"])
def test_a_room_that_one_may_not_see_does_not_exist(cast: Cast, how: str, path: str) -> None:
    room = cast.team
    if how == "left":
        services.leave(cast.bob, room)
    if how == "deleted":
        services.delete_room(cast.alice, room)
    client = as_user(cast.mallory if how == "private" else cast.bob)
    slug = "no-such-room" if how == "missing" else room.slug
    assert client.get(f"/r/{slug}/{path}").status_code == 404


@pytest.mark.parametrize("verb", ["join", "leave", "messages"])
def test_nothing_can_be_done_to_a_room_that_one_may_not_see(cast: Cast, verb: str) -> None:
    assert as_user(cast.mallory).post(f"/r/{cast.team.slug}/{verb}/").status_code == 404


def test_a_guest_finds_no_public_room(cast: Cast) -> None:
    guest = as_user(make_user("guest", is_guest=True))
    assert guest.get(f"/r/{cast.lobby.slug}/").status_code == 404
    assert cast.lobby.name not in text_of(guest.get("/rooms/"))


def test_the_door_of_a_public_room_tells_nothing_of_what_was_said(cast: Cast) -> None:
    say(cast.lobby, cast.alice, "Among ourselves")
    mallory = as_user(cast.mallory)
    page = text_of(mallory.get(f"/r/{cast.lobby.slug}/"))
    assert "Join Lobby" in page
    assert "2 members" in page
    assert "Among ourselves" not in page
    assert mallory.get(f"/r/{cast.lobby.slug}/messages/").status_code == 404
    assert mallory.post(f"/r/{cast.lobby.slug}/messages/", {"content": "Hi"}).status_code == 404


@pytest.mark.parametrize(
    ("who", "room", "words"),
    [("bob", "news", "You follow this channel."), ("alice", "news", None), ("bob", "team", None)],
)
def test_who_may_not_write_is_told_why_in_place_of_the_composer(
    cast: Cast, who: str, room: str, words: str | None
) -> None:
    page = text_of(as_user(getattr(cast, who)).get(f"/r/{getattr(cast, room).slug}/"))
    assert ('id="composer"' in page) is (words is None)
    assert words is None or words in page


def test_an_archived_room_can_be_read_and_not_written_in(cast: Cast) -> None:
    say(cast.team, cast.bob, "Still here")
    services.archive(cast.alice, cast.team)
    page = text_of(as_user(cast.bob).get(f"/r/{cast.team.slug}/"))
    assert "Still here" in page
    assert "This room is archived." in page
    assert 'id="composer"' not in page


def test_a_muted_member_is_told_so(cast: Cast) -> None:
    services.mute_member(cast.alice, cast.team, cast.bob, timezone.now() + timedelta(hours=1))
    assert "paused your writing" in text_of(as_user(cast.bob).get(f"/r/{cast.team.slug}/"))


def test_names_are_text_wherever_they_stand(cast: Cast) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    make_room(cast.alice, kind=Kind.PUBLIC, name=evil, topic=evil, slug="evil")
    User.objects.filter(pk=cast.alice.pk).update(display_name=evil)
    for path in ("/r/evil/", "/rooms/", "/direct/new/"):
        assert "<img src=x" not in text_of(as_user(cast.alice).get(path)), path
    assert "<img src=x" not in text_of(as_user(cast.bob).get("/r/evil/"))


def test_the_queries_of_a_room_page_do_not_grow(cast: Cast, django_assert_max_num_queries: Any) -> None:
    alice = as_user(cast.alice)
    for number in range(8):
        make_room(cast.alice, cast.bob, name=f"Further room {number}")
        make_direct(cast.alice, make_user())
    for number in range(60):
        say(cast.team, (cast.bob, cast.carol)[number % 2], f"Message {number}")
    # Session, user, room, membership, page 5, side bar 7 (with mentions, threads, relations,
    # sections and invitations), epoch, overlay.
    with django_assert_max_num_queries(18):
        alice.get(f"/r/{cast.team.slug}/")


# --- History ---------------------------------------------------------------------------------


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-number="(\d+)"', page)]


def test_pages_of_history_are_fragments_in_order(cast: Cast) -> None:
    for number in range(10):
        say(cast.team, cast.bob, f"Message {number}")
    last = Message.objects.in_room(cast.team).count()
    alice = as_user(cast.alice)
    page = text_of(alice.get(f"/r/{cast.team.slug}/messages/?before={last}&limit=3"))
    assert numbers(page) == [last - 3, last - 2, last - 1]
    assert (attribute(page, "data-has-before"), attribute(page, "data-has-after")) == ("true", "true")
    page = text_of(alice.get(f"/r/{cast.team.slug}/messages/?after={last - 2}"))
    assert numbers(page) == [last - 1, last]
    assert attribute(page, "data-has-after") == "false"


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=1&after=2", "limit=0", "limit=501", "around=1" * 9])
def test_a_page_that_cannot_be_is_refused_in_words(cast: Cast, query: str) -> None:
    response = as_user(cast.alice).get(f"/r/{cast.team.slug}/messages/?{query}")
    assert response.status_code == 400
    assert text_of(response).endswith(".")


def test_a_permalink_leads_to_the_message_in_its_place(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "Look here")
    alice = as_user(cast.alice)
    place = alice.get(f"/m/{sent.id}/").headers["Location"]
    assert place == f"/r/{cast.team.slug}/{sent.number}/"
    assert attribute(text_of(alice.get(place)), "data-target") == str(sent.number)
    assert as_user(cast.mallory).get(f"/m/{sent.id}/").status_code == 404


# --- Sending without a script ----------------------------------------------------------------


def test_a_form_that_is_sent_twice_is_one_message(cast: Cast) -> None:
    bob = as_user(cast.bob)
    client_id = attribute(text_of(bob.get(f"/r/{cast.team.slug}/")), 'name="client_id" value')
    for _ in range(2):
        response = bob.post(f"/r/{cast.team.slug}/messages/", {"content": "One\r\nTwo", "client_id": client_id})
        assert response.headers["Location"] == f"/r/{cast.team.slug}/#m-{client_id}"
    assert [message.content for message in Message.objects.filter(client_id=client_id)] == ["One\nTwo"]


@pytest.mark.parametrize("content", ["x" * 10_001, "   "])
def test_what_could_not_be_sent_stays_in_the_composer(cast: Cast, content: str) -> None:
    response = as_user(cast.bob).post(f"/r/{cast.team.slug}/messages/", {"content": content, "client_id": str(uuid4())})
    assert response.status_code in (400, 413)
    assert f">{content}</textarea>" in text_of(response)
    assert 'class="notice is-error"' in text_of(response)


# --- The directory ---------------------------------------------------------------------------


def test_the_directory_lists_what_can_be_joined_and_nothing_else(cast: Cast) -> None:
    page = text_of(as_user(cast.mallory).get("/rooms/")) if all((cast.team.pk, cast.lobby.pk, cast.news.pk)) else ""
    assert re.findall(r'class="entry-name" href="([^"]+)"', page) == [f"/r/{cast.lobby.slug}/", f"/r/{cast.news.slug}/"]
    assert "Team" not in page


def test_the_directory_finds_by_name_and_topic(cast: Cast) -> None:
    make_room(cast.alice, kind=Kind.PUBLIC, name="Kitchen", topic="Coffee and cake")
    mallory = as_user(cast.mallory)
    for query in ("kit", "CAKE"):
        assert "Kitchen" in text_of(mallory.get("/rooms/", {"q": query}))
    empty = text_of(mallory.get("/rooms/", {"q": "<zebra>"}))
    assert "No room matches “&lt;zebra&gt;”" in empty


def test_the_directory_goes_on_from_where_it_was(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rooms.views.DIRECTORY_PAGE", 2)
    for name in ("alpha", "Bravo", "Charlie"):
        make_room(cast.alice, kind=Kind.PUBLIC, name=name)
    bob = as_user(cast.bob)
    first = text_of(bob.get("/rooms/", {"sort": "members"}))
    assert first.count('class="entry"') == 2
    more = re.search(r'rel="next" href="([^"]+)"', first)
    assert more is not None
    assert text_of(bob.get("/rooms/" + more[1].replace("&amp;", "&"))).count('class="entry"') == 1
    assert bob.get("/rooms/", {"after": "nonsense"}).headers["Location"] == "/rooms/?q=&sort=name"


def test_joining_opens_the_room(cast: Cast) -> None:
    mallory = as_user(cast.mallory)
    assert mallory.post(f"/r/{cast.lobby.slug}/join/").headers["Location"] == f"/r/{cast.lobby.slug}/"
    assert Membership.objects.current().filter(room=cast.lobby, user=cast.mallory).exists()


def test_an_archived_room_takes_nobody_and_says_so(cast: Cast) -> None:
    services.archive(cast.alice, cast.lobby)
    response = as_user(cast.mallory).post(f"/r/{cast.lobby.slug}/join/", follow=True)
    assert 'class="notice is-error"' in text_of(response)
    assert not Membership.objects.filter(room=cast.lobby, user=cast.mallory).exists()


def test_what_is_looked_for_may_hold_what_no_database_keeps(cast: Cast) -> None:
    for path in ("/rooms/", "/direct/new/"):
        assert as_user(cast.alice).get(path, {"q": "lob\0"}).status_code == 200


def test_leaving_leads_to_the_directory(cast: Cast) -> None:
    response = as_user(cast.bob).post(f"/r/{cast.lobby.slug}/leave/", follow=True)
    assert "You left Lobby." in text_of(response)
    assert not Membership.objects.current().filter(room=cast.lobby, user=cast.bob).exists()


def test_a_conversation_cannot_be_left_and_does_not_offer_it(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    alice = as_user(cast.alice)
    assert "Leave" not in text_of(alice.get(f"/r/{room.slug}/"))
    assert 'class="notice is-error"' in text_of(alice.post(f"/r/{room.slug}/leave/", follow=True))
    assert Membership.objects.current().filter(room=room, user=cast.alice).exists()


# --- Making rooms ----------------------------------------------------------------------------


def test_a_room_is_made_with_its_people(cast: Cast) -> None:
    assert cast.bob.pk
    response = as_user(cast.alice).post(
        "/rooms/new/", {"name": "Launch", "kind": "private", "topic": "In May", "people": "@Bob, ,alice"}
    )
    room = Room.objects.get(name="Launch")
    assert response.headers["Location"] == f"/r/{room.slug}/"
    assert (room.kind, room.topic, room.owner) == ("private", "In May", cast.alice)
    assert set(room.memberships.values_list("user__username", flat=True)) == {"alice", "bob"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "Give the room a name."),
        ({"kind": "direct"}, "direct is not one of the available choices"),
        ({"people": "bob nobody-here"}, "Nobody here is called “nobody-here”."),
        ({"name": "x" * 101}, "at most 100 characters"),
    ],
)
def test_a_room_that_cannot_be_made_keeps_what_was_typed(cast: Cast, wrong: dict[str, str], words: str) -> None:
    assert cast.bob.pk
    response = as_user(cast.alice).post(
        "/rooms/new/", {"name": "Launch", "kind": "private", "topic": "A topic that took a while", "people": ""} | wrong
    )
    page = text_of(response)
    assert response.status_code == 200
    assert words in page
    assert ">\nA topic that took a while</textarea>" in page
    assert not Room.objects.exists()


# --- Writing to people -----------------------------------------------------------------------


def found(page: str) -> list[str]:
    return re.findall(r"<bdi>@([^<]+)</bdi></span></span></label>", page)


def test_people_are_found_by_username_and_by_words_of_their_name(cast: Cast) -> None:
    for username, name in [("grace", "Grace Hopper"), ("hop", "Someone"), ("eve", "Evelyn Hope"), ("zed", "Chop")]:
        make_user(username, display_name=name)
    alice = as_user(cast.alice)
    assert found(text_of(alice.get("/direct/new/", {"q": "hop"}))) == ["eve", "grace", "hop"]
    assert found(text_of(alice.get("/direct/new/", {"q": "@HOP"}))) == ["eve", "grace", "hop"]


def test_nobody_finds_themselves_the_closed_or_the_suspended(cast: Cast) -> None:
    make_user("same-closed", is_active=False)
    make_user("same-suspended", suspended_at=timezone.now())
    same = make_user("same-me")
    assert found(text_of(as_user(same).get("/direct/new/", {"q": "same"}))) == []


def test_a_search_shows_so_many_people_and_no_more(cast: Cast) -> None:
    for number in range(PEOPLE_LIMIT + 2):
        make_user(f"many-{number:02}")
    assert len(found(text_of(as_user(cast.alice).get("/direct/new/", {"q": "many"})))) == PEOPLE_LIMIT


def test_those_chosen_stay_chosen_while_one_searches_for_more(cast: Cast) -> None:
    page = text_of(as_user(cast.alice).get("/direct/new/", {"q": "carol", "people": [str(cast.bob.pk)]}))
    assert f'value="{cast.bob.pk}" checked' in page
    assert "csrfmiddlewaretoken" not in page.split('class="page-foot"')[0].split('class="people-picker"')[1]


def test_the_same_people_are_one_conversation(cast: Cast) -> None:
    alice, bob = as_user(cast.alice), as_user(cast.bob)
    first = alice.post("/direct/new/", {"people": [str(cast.bob.pk)]}).headers["Location"]
    again = bob.post("/direct/new/", {"people": [str(cast.alice.pk)]}).headers["Location"]
    assert first == again
    assert Room.objects.filter(kind=Kind.DIRECT).count() == 1


@pytest.mark.parametrize("people", [[], ["not-an-id"], [str(uuid4())]])
def test_a_conversation_needs_somebody(cast: Cast, people: list[str]) -> None:
    response = as_user(cast.alice).post("/direct/new/", {"people": people, "q": "bo"})
    assert "Choose at least one person." in text_of(response)
    assert 'name="q" value="bo"' in text_of(response)
    assert not Room.objects.exists()
