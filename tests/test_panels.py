"""Pages of the side panel: who gets them, in which of two forms, and what they list."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from messaging import services as messaging
from messaging.composing import set_draft
from rooms import services
from rooms.models import Kind, Role, Room
from tests.factories import Cast, make_direct, make_room, make_user, say, set_role

pytestmark = pytest.mark.django_db

PANEL = {"X-Panel": "1"}


def of(user: object) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers={**PANEL, **headers})
    assert response.status_code == 200, path
    return response.content.decode()


def room_paths(room: Room, number: int) -> list[str]:
    return [f"/r/{room.slug}/{page}/" for page in ("pins", f"thread/{number}", f"thread/{number}/messages", "settings")]


def test_the_panel_gets_the_content_and_everybody_else_a_page(cast: Cast) -> None:
    root = say(cast.team, cast.bob, "Root")
    alice = of(cast.alice)
    for path in [*room_paths(cast.team, root.number), "/threads/", "/mentions/", "/drafts/"]:
        if path.endswith("messages/"):
            continue
        whole = alice.get(path)
        bare = alice.get(path, headers=PANEL)
        assert whole.status_code == bare.status_code == 200, path
        assert b"<html" in whole.content, path
        assert b"<html" not in bare.content, path
        assert whole.content.count(b'class="panel-page') == bare.content.count(b'class="panel-page') == 1, path
        assert bare.headers["X-Panel"] == "1", path
        assert "X-Panel" not in whole.headers, path
        # One address has two forms: a cache must not give the one for the other.
        assert "X-Panel" in whole.headers["Vary"], path


def test_what_belongs_to_a_room_is_missing_for_all_others(cast: Cast) -> None:
    root = say(cast.team, cast.bob, "Root")
    messaging.pin(cast.alice, UUID(root.id))
    stranger = of(cast.mallory)
    for path in room_paths(cast.team, root.number):
        assert stranger.get(path, headers=PANEL).status_code == 404, path
    services.leave(cast.bob, cast.team)
    for path in room_paths(cast.team, root.number):
        assert of(cast.bob).get(path, headers=PANEL).status_code == 404, path


def test_who_is_not_signed_in_is_led_to_the_entrance(cast: Cast, client: Client) -> None:
    for path in [*room_paths(cast.team, 1), "/threads/", "/mentions/", "/drafts/"]:
        response = client.get(path, headers=PANEL)
        assert response.status_code == 302, path
        assert "X-Panel" not in response.headers, path


def test_pins_are_listed_with_who_pinned_them_and_go_on_below(cast: Cast) -> None:
    sent = [say(cast.team, cast.bob, f"Pinned {n}") for n in range(1, 32)]
    for message in sent:
        messaging.pin(cast.alice, UUID(message.id))
    alice = of(cast.alice)
    first = text(alice, f"/r/{cast.team.slug}/pins/")
    assert first.count("data-key=") == 30
    assert f"Pinned by <bdi>{cast.alice.name}</bdi>" in first
    assert "Pinned 31" in first
    assert ">Pinned 1<" not in first
    address = first.split("data-more href=")[1].split('"')[1]
    rest = text(alice, address)
    assert ">Pinned 1<" in rest
    assert "data-more" not in rest


def test_a_thread_has_its_root_its_replies_and_where_its_reader_stands(cast: Cast) -> None:
    root = say(cast.team, cast.alice, "Where to?")
    for words in ("Sea", "Hills"):
        say(cast.team, cast.bob, words, thread=UUID(root.id))
    page = text(of(cast.alice), f"/r/{cast.team.slug}/thread/{root.number}/")
    assert "2 replies" in page
    assert page.index("Where to?") < page.index("Sea") < page.index("Hills")
    assert 'data-read-number="0"' in page  # its author follows it, and has read nothing
    assert 'aria-pressed="true"' in page
    reply = of(cast.alice).get(f"/r/{cast.team.slug}/thread/{root.number + 1}/")
    assert reply.headers["Location"] == f"/r/{cast.team.slug}/thread/{root.number}/"
    notice = of(cast.alice).get(f"/r/{cast.team.slug}/thread/1/", headers=PANEL)
    assert notice.status_code == 404


def test_pages_of_a_thread_are_bounded_by_the_numbers_of_its_replies(cast: Cast) -> None:
    root = say(cast.team, cast.alice, "Root")
    replies = [say(cast.team, cast.bob, f"Reply {n}", thread=UUID(root.id)) for n in range(1, 61)]
    between = say(cast.team, cast.bob, "Not in the thread")
    alice, path = of(cast.alice), f"/r/{cast.team.slug}/thread/{root.number}/messages/"
    last = alice.get(path).content.decode()
    assert "Reply 60<" in last
    assert "Reply 10<" not in last
    assert "Not in the thread" not in last
    older = alice.get(path, {"before": replies[10].number}).content.decode()
    assert "Reply 10<" in older
    assert "Reply 11<" not in older
    assert 'data-has-before="false"' in older
    assert 'data-has-after="true"' in older
    for bad in ({"before": between.number}, {"before": "x"}, {"before": "5", "after": "5"}):
        assert alice.get(path, bad).status_code == 400, bad


def test_a_form_without_a_script_replies_in_the_thread(cast: Cast) -> None:
    root = say(cast.team, cast.alice, "Root")
    fields = {"content": "By form", "client_id": "0b1d5a40-0000-4000-8000-000000000001", "thread": root.id}
    answer = of(cast.bob).post(f"/r/{cast.team.slug}/messages/", fields)
    assert answer.headers["Location"].startswith(f"/r/{cast.team.slug}/thread/{root.number}/")
    assert "By form" in text(of(cast.alice), f"/r/{cast.team.slug}/thread/{root.number}/")


def test_lists_know_what_their_reader_has_done_with_the_messages(cast: Cast) -> None:
    root = say(cast.team, cast.bob, f"@{cast.alice.username} look")
    say(cast.team, cast.alice, "Looking", thread=UUID(root.id))
    messaging.react(cast.alice, UUID(root.id), "👍")
    for path in ("/mentions/", "/threads/"):
        own = text(of(cast.alice), path).split('data-own="')[1].split('"')[0]
        assert root.id in own, path
        assert "👍" in own, path


def test_mentions_and_threads_name_the_room_as_its_reader_knows_it(cast: Cast) -> None:
    direct = make_direct(cast.alice, cast.bob)
    root = say(direct, cast.alice, "Between us")
    say(direct, cast.bob, f"@{cast.alice.username} look", thread=UUID(root.id))
    alice = of(cast.alice)
    for path in ("/mentions/", "/threads/"):
        page = text(alice, path)
        assert f"<bdi>{cast.bob.name}</bdi>" in page, path
    assert "look" in text(alice, "/mentions/")
    assert "1 reply" in text(alice, "/threads/")
    assert "look" not in text(of(cast.bob), "/mentions/")


def test_drafts_lead_to_where_they_were_begun(cast: Cast) -> None:
    root = say(cast.team, cast.bob, "Root")
    set_draft(cast.alice.pk, cast.team.pk, "For the room")
    set_draft(cast.alice.pk, cast.team.pk, "For the thread", thread=UUID(root.id))
    page = text(of(cast.alice), "/drafts/")
    assert "For the room" in page
    assert "For the thread" in page
    assert f'href="/r/{cast.team.slug}/thread/{root.number}/"' in page
    assert "For the room" not in text(of(cast.bob), "/drafts/")


# --- Settings --------------------------------------------------------------------------------


def fields_of(room: Room, **changes: object) -> dict[str, object]:
    held: dict[str, object] = {
        "name": room.name, "topic": "", "slow_mode_s": "0", "threads": "flow", "edit_window_s": "",
        "reactions_max": "20", "retention_s": "", "fold_joins": "on", "previews": "on",
        "may_post": "member", "may_poll": "member", "may_react": "member", "may_pin": "member",
        "may_mention_room": "member", "may_invite": "member", "may_edit_room": "admin",
    }  # fmt: skip
    return {**held, **changes}


def test_admins_decide_and_what_the_form_does_not_offer_stays(cast: Cast) -> None:
    services.update_room(cast.alice, cast.team, settings={"permissions": {"reply": "moderator"}, "slow_mode_s": 45})
    path = f"/r/{cast.team.slug}/settings/"
    shown = text(of(cast.alice), path)
    assert '<option value="45" selected>45 seconds</option>' in shown
    fields = fields_of(cast.team, slow_mode_s="45", retention_s="604800", may_pin="moderator", threads="only")
    answer = of(cast.alice).post(path, fields, headers=PANEL)
    assert answer.status_code == 200
    assert "Saved" in answer.content.decode()
    cast.team.refresh_from_db()
    assert cast.team.settings == {
        "permissions": {"reply": "moderator", "pin": "moderator"},
        "slow_mode_s": 45,
        "retention_s": 604800,
        "threads": "only",
    }
    assert "Messages disappear after 7 days" in of(cast.bob).get(f"/r/{cast.team.slug}/").content.decode()


def test_a_form_that_changes_nothing_leaves_no_entry(cast: Cast) -> None:
    before = Room.objects.get(pk=cast.team.pk).head.last_seq
    of(cast.alice).post(f"/r/{cast.team.slug}/settings/", fields_of(cast.team), headers=PANEL)
    assert Room.objects.get(pk=cast.team.pk).head.last_seq == before


def test_a_refused_form_says_why_and_keeps_what_was_typed(cast: Cast) -> None:
    set_role(cast.team, cast.bob, Role.ADMIN)
    path = f"/r/{cast.team.slug}/settings/"
    answer = of(cast.bob).post(path, fields_of(cast.team, name="New", may_pin="owner"), headers=PANEL)
    assert answer.status_code == 422
    assert "up to your own role" in answer.content.decode()
    assert 'value="New"' in answer.content.decode()
    answer = of(cast.alice).post(path, fields_of(cast.team, slow_mode_s="7", name=""), headers=PANEL)
    assert answer.status_code == 422
    cast.team.refresh_from_db()
    assert cast.team.settings == {}


def test_members_see_what_is_decided_and_cannot_change_it(cast: Cast) -> None:
    services.update_room(cast.alice, cast.team, settings={"slow_mode_s": 30})
    path = f"/r/{cast.team.slug}/settings/"
    page = text(of(cast.bob), path)
    assert "30 seconds" in page
    assert "<form" not in page
    of(cast.bob).post(path, fields_of(cast.team, slow_mode_s="0"), headers=PANEL)
    cast.team.refresh_from_db()
    assert cast.team.settings == {"slow_mode_s": 30}


def test_a_direct_room_has_nothing_to_decide(cast: Cast) -> None:
    direct = make_direct(cast.alice, cast.bob)
    assert of(cast.alice).get(f"/r/{direct.slug}/settings/").status_code == 404
    assert (
        b"/settings/"
        not in of(cast.alice).get(f"/r/{direct.slug}/").content.split(b'id="timeline"')[0].split(b'id="room-menu"')[1]
    )


@pytest.mark.parametrize("kind", [Kind.PUBLIC, Kind.PRIVATE, Kind.CHANNEL])
def test_every_kind_of_room_takes_its_own_form_back_unchanged(cast: Cast, kind: str) -> None:
    room = make_room(cast.alice, cast.bob, kind=kind)
    page = text(of(cast.alice), f"/r/{room.slug}/settings/")
    least = "moderator" if kind == Kind.CHANNEL else "member"
    assert f'<option value="{least}" selected>' in page
    names = ("may_post", "may_poll", "may_pin", "may_mention_room", "may_invite")
    fields = fields_of(room, **dict.fromkeys(names, least))
    assert of(cast.alice).post(f"/r/{room.slug}/settings/", fields, headers=PANEL).status_code == 200
    room.refresh_from_db()
    assert room.settings == {}


# --- Whom `@` finds --------------------------------------------------------------------------


def test_members_are_found_by_the_beginning_of_a_name(cast: Cast) -> None:
    for username, name in (("okafor", "Maya Okafor"), ("maya2", "Zed"), ("other", "Ma-Ya Outside")):
        user = make_user(username, display_name=name)
        if username != "other":
            services.add_members(cast.alice, cast.team, [user])
    alice = of(cast.alice)

    def found(query: str) -> list[str]:
        answer = alice.get(f"/api/v1/rooms/{cast.team.pk}/members/", {"q": query})
        assert answer.status_code == 200
        return [row["user"]["username"] for row in answer.json()["results"]]

    assert found("maya") == ["okafor", "maya2"]
    assert found("OKA") == ["okafor"]
    assert found("fo") == []
    assert found("%") == []
    assert of(cast.mallory).get(f"/api/v1/rooms/{cast.team.pk}/members/", {"q": "maya"}).status_code == 404
