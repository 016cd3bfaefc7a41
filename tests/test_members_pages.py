"""The pages about a room's people: who is listed, what is offered to whom, and what comes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Audience, Block, User
from accounts.privacy import change
from rooms import services
from rooms.models import Membership, Role, Room
from rooms.roster import listing
from tests.factories import Cast, make_direct, make_room, make_user, membership_of, set_role

pytestmark = pytest.mark.django_db

PANEL = {"X-Panel": "1"}


def of(user: User) -> Client:
    client = Client(headers=PANEL)
    client.force_login(user)
    return client


def text(response: HttpResponse, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode()


def page(room: Room, user: User | None = None, **query: str) -> str:
    user = user or membership_of_owner(room)
    return text(of(user).get(f"/r/{room.slug}/members/", query))


def membership_of_owner(room: Room) -> User:
    assert room.owner is not None
    return room.owner


def act(room: Room, actor: User, on: User, **fields: str) -> HttpResponse:
    return of(actor).post(f"/r/{room.slug}/members/{on.pk}/", fields)


def about(room: Room, viewer: User, on: User) -> str:
    return text(of(viewer).get(f"/r/{room.slug}/members/{on.pk}/"))


def more(shown: str) -> str:
    return shown.split("data-more href=")[1].split('"')[1]


def test_the_page_of_a_member_leads_to_their_profile(cast: Cast) -> None:
    shown = about(cast.team, cast.bob, cast.carol)
    assert f'href="/people/{cast.carol.pk}/" data-panel' in shown
    assert "Carol" in text(of(cast.bob).get(f"/people/{cast.carol.pk}/"))


def test_that_a_room_is_deleted_is_said_by_the_page_that_is_looked_at(cast: Cast) -> None:
    """A client whose side bar hears of it reads a page in the background, before it follows the form's answer."""
    owner = of(cast.alice)
    answer = owner.post(f"/r/{cast.team.slug}/delete/", {"name": "team"})
    assert answer.headers["X-Panel-Away"] == "/rooms/"
    for headers in ({"X-Part": "1"}, {"Sec-Purpose": "prefetch"}):
        assert "is deleted" not in text(owner.get("/rooms/", headers=headers))
    assert "Team is deleted." in text(owner.get("/rooms/"))
    assert "is deleted" not in text(owner.get("/rooms/"))


def test_the_list_begins_with_the_owner_and_tells_roles_and_mutes(cast: Cast) -> None:
    services.mute_member(cast.alice, cast.team, cast.carol, timezone.now() + timedelta(hours=1))
    shown = page(cast.team)
    order = [shown.index(f"@{user.username}<") for user in (cast.alice, cast.erin, cast.bob, cast.carol)]
    assert order == sorted(order)
    assert shown.count("person-muted") == 1
    assert shown.count("role-mark") == 2
    assert f'data-presence-of="{cast.bob.pk}"' in shown


@pytest.mark.parametrize("by_name_max", [listing.BY_NAME_MAX, 1])
def test_pages_hold_every_member_once_in_rooms_of_any_size(monkeypatch: pytest.MonkeyPatch, by_name_max: int) -> None:
    monkeypatch.setattr(listing, "BY_NAME_MAX", by_name_max)
    people = [make_user(f"person-{n:03}", display_name="Same Name" if n % 3 else "") for n in range(30)]
    room = make_room(people[0], *people[1:])
    for user in people[5:9]:
        set_role(room, user, Role.MODERATOR)
    room = Room.objects.select_related("head").get(pk=room.pk)
    seen: list[Membership] = []
    after = None
    while True:
        found = listing.page_of(room, after, limit=4)
        assert len(found.rows) <= 4
        seen += found.rows
        if (after := found.next) is None:
            break
    assert [row.user_id for row in seen[:5]] == [people[0].pk, *(row.user_id for row in seen[1:5])]
    assert {row.role for row in seen[1:5]} == {Role.MODERATOR}
    assert len(seen) == 30
    assert {row.user_id for row in seen} == {user.pk for user in people}
    if by_name_max > 1:
        names = [(row.user.name.lower(), row.pk) for row in seen[5:]]
        assert names == sorted(names)
    else:
        assert [row.pk for row in seen[5:]] == sorted(row.pk for row in seen[5:])


def test_the_panel_turns_pages_and_refuses_a_key_that_is_none(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    monkeypatch.setattr(listing.page_of, "__kwdefaults__", {"limit": 2})
    shown = page(cast.team)
    assert shown.count("<li data-key=") == 2
    rest = text(of(cast.alice).get(more(shown)))
    assert rest.count("<li data-key=") == 2
    assert "data-more" not in rest
    assert of(cast.alice).get(f"/r/{cast.team.slug}/members/?after=nonsense").status_code == 400


def test_search_finds_members_only_by_beginnings_of_names(cast: Cast) -> None:
    cast.dave  # noqa: B018 (a user, and no member)
    make_user("bo-else")
    assert f"@{cast.bob.username}<" in page(cast.team, q="@bo")
    assert page(cast.team, q="bo").count("<li data-key=") == 1
    assert "Nobody found" in page(cast.team, q="dave")
    assert "Nobody found" in page(cast.team, q="\0%_")


def test_a_list_of_a_large_room_costs_no_more_queries(cast: Cast, django_assert_max_num_queries: object) -> None:
    client = of(cast.alice)
    client.get(f"/r/{cast.team.slug}/members/")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        client.get(f"/r/{cast.team.slug}/members/")


def test_only_what_the_viewer_may_do_is_offered(cast: Cast) -> None:
    offered = about(cast.team, cast.alice, cast.bob)
    for value in ("role", "mute", "remove", "transfer", "message"):
        assert f'value="{value}"' in offered, value
    moderating = about(cast.team, cast.erin, cast.bob)
    assert 'value="mute"' in moderating
    assert 'value="remove"' in moderating
    assert 'value="role"' not in moderating
    assert 'value="transfer"' not in moderating
    plain = about(cast.team, cast.bob, cast.carol)
    assert 'value="message"' in plain
    assert 'value="mute"' not in plain
    assert 'value="remove"' not in plain
    own = about(cast.team, cast.bob, cast.bob)
    assert 'value="message"' not in own
    assert f"/r/{cast.team.slug}/leave/" in own
    above = about(cast.team, cast.erin, cast.alice)
    assert 'value="mute"' not in above


def test_acts_do_what_they_say_and_the_page_is_read_anew(cast: Cast) -> None:
    answer = act(cast.team, cast.alice, cast.bob, act="role", role="admin")
    assert answer.headers["Location"] == f"/r/{cast.team.slug}/members/{cast.bob.pk}/"
    assert membership_of(cast.team, cast.bob).role == Role.ADMIN
    act(cast.team, cast.alice, cast.bob, act="mute", **{"for": "1h"})
    until = membership_of(cast.team, cast.bob).muted_until
    assert until is not None
    assert timedelta(minutes=59) < until - timezone.now() <= timedelta(hours=1)
    shown = about(cast.team, cast.alice, cast.bob)
    assert "Let them write again" in shown
    act(cast.team, cast.alice, cast.bob, act="unmute")
    assert membership_of(cast.team, cast.bob).muted_until is None
    act(cast.team, cast.alice, cast.bob, act="mute", until="2099-07-01T12:00", zone="Europe/Berlin")
    until = membership_of(cast.team, cast.bob).muted_until
    assert until is not None
    assert until.isoformat() == "2099-07-01T10:00:00+00:00"
    answer = act(cast.team, cast.alice, cast.bob, act="remove")
    assert answer.headers["Location"] == f"/r/{cast.team.slug}/members/"
    assert not membership_of(cast.team, cast.bob).is_current
    assert of(cast.alice).get(f"/r/{cast.team.slug}/members/{cast.bob.pk}/").status_code == 404


def test_a_refusal_stands_where_it_was_tried(cast: Cast) -> None:
    shown = text(act(cast.team, cast.alice, cast.bob, act="mute", until="2001-01-01T12:00"), 400)
    assert "Choose a later time." in shown
    shown = text(act(cast.team, cast.alice, cast.bob, act="mute", until="soon"), 400)
    assert "Choose a day and a time." in shown
    assert act(cast.team, cast.alice, cast.bob, act="promote").status_code == 400


@pytest.mark.parametrize(
    "fields", [{"act": "role", "role": "member"}, {"act": "mute", "for": "1h"}, {"act": "remove"}, {"act": "transfer"}]
)
def test_an_admin_does_nothing_to_the_owner(cast: Cast, fields: dict[str, str]) -> None:
    set_role(cast.team, cast.bob, Role.ADMIN)
    assert act(cast.team, cast.bob, cast.alice, **fields).status_code == 403
    assert membership_of(cast.team, cast.alice).role == Role.OWNER
    # … and does not raise themselves.
    assert act(cast.team, cast.bob, cast.bob, act="role", role="admin").status_code == 403


def test_a_message_leads_to_the_conversation(cast: Cast) -> None:
    answer = act(cast.team, cast.alice, cast.bob, act="message")
    direct = make_direct(cast.alice, cast.bob)
    assert answer.headers["X-Panel-Away"] == f"/r/{direct.slug}/"


def test_a_room_is_handed_over(cast: Cast) -> None:
    act(cast.team, cast.alice, cast.bob, act="transfer")
    assert membership_of(cast.team, cast.bob).role == Role.OWNER
    assert membership_of(cast.team, cast.alice).role == Role.ADMIN


def test_people_are_added_and_who_does_not_allow_it_is_named(cast: Cast) -> None:
    change(cast.mallory, rooms=Audience.NOBODY)
    url = f"/r/{cast.team.slug}/members/add/"
    shown = text(of(cast.alice).get(url))
    assert f'value="{cast.dave.pk}"' in text(of(cast.alice).get(url))
    assert f'value="{cast.bob.pk}"' not in shown
    assert f'name="people" value="{cast.mallory.pk}"' not in shown
    assert "does not let you add them" in shown
    assert "Choose at least one person." in text(of(cast.alice).post(url), 422)
    alice = of(cast.alice)
    answer = alice.post(url, {"people": [str(cast.dave.pk), "nobody"]})
    assert answer.headers["Location"] == f"/r/{cast.team.slug}/members/"
    assert membership_of(cast.team, cast.dave).is_current
    assert f"Added {cast.dave.name}." in text(alice.get(f"/r/{cast.team.slug}/members/"))


def test_whom_there_is_no_use_in_adding_is_told_apart_and_not_offered(cast: Cast) -> None:
    services.ban(cast.alice, cast.team, cast.mallory)
    Block.objects.create(blocker=cast.alice, blocked=cast.dave)
    shown = text(of(cast.alice).get(f"/r/{cast.team.slug}/members/add/"))
    for person, words in ((cast.mallory, "banned from here"), (cast.dave, "blocked by you")):
        assert f'value="{person.pk}"' not in shown
        assert words in shown
    assert "does not let you add them" not in shown


def test_what_is_chosen_stays_chosen_while_one_looks_further(cast: Cast) -> None:
    shown = text(of(cast.alice).get(f"/r/{cast.team.slug}/members/add/", {"q": "zzz", "people": str(cast.dave.pk)}))
    assert f'value="{cast.dave.pk}" checked' in shown


def test_nobody_is_added_to_a_channel_by_a_reader_nor_to_an_archived_room(cast: Cast) -> None:
    assert of(cast.bob).get(f"/r/{cast.news.slug}/members/add/").status_code == 403
    services.archive(cast.alice, cast.team)
    assert of(cast.alice).get(f"/r/{cast.team.slug}/members/add/").status_code == 403


def test_a_room_is_archived_and_opened_again_from_its_settings(cast: Cast) -> None:
    client, url = of(cast.alice), f"/r/{cast.team.slug}/archive/"
    answer = client.post(url, {"archived": "1"})
    assert answer.headers["Location"] == f"/r/{cast.team.slug}/settings/"
    assert "Open it again" in text(client.get(f"/r/{cast.team.slug}/settings/"))
    client.post(url, {"archived": "0"})
    assert Room.objects.get(pk=cast.team.pk).archived_at is None
    of(cast.bob).post(url, {"archived": "1"})
    assert Room.objects.get(pk=cast.team.pk).archived_at is None


def test_a_room_is_deleted_when_its_name_is_typed(cast: Cast) -> None:
    client, url = of(cast.alice), f"/r/{cast.team.slug}/delete/"
    assert "This is not the room" in text(client.post(url, {"name": "Lobby"}), 422)
    assert Room.objects.get(pk=cast.team.pk).deleted_at is None
    assert of(cast.erin).post(url, {"name": "Team"}).status_code == 403
    assert client.post(url, {"name": " team "}).headers["X-Panel-Away"] == "/rooms/"
    assert Room.objects.get(pk=cast.team.pk).deleted_at is not None


def test_an_owner_who_leaves_is_told_who_inherits(cast: Cast) -> None:
    url = f"/r/{cast.team.slug}/leave/"
    assert cast.erin.name in text(of(cast.alice).get(url))
    assert cast.erin.name not in text(of(cast.bob).get(url))
    of(cast.alice).post(url)
    assert membership_of(cast.team, cast.erin).role == Role.OWNER
    alone = make_room(cast.alice)
    assert "no owner" in text(of(cast.alice).get(f"/r/{alone.slug}/leave/"))


def test_a_direct_room_of_several_shows_its_people_and_offers_nothing_else(cast: Cast) -> None:
    direct = make_direct(cast.alice, cast.bob, cast.carol)
    shown = text(of(cast.alice).get(f"/r/{direct.slug}/members/"))
    assert shown.count("<li data-key=") == 3
    assert "/members/add/" not in shown
    one = about(direct, cast.alice, cast.bob)
    assert 'value="message"' in one
    assert 'value="mute"' not in one
    assert 'value="remove"' not in one
