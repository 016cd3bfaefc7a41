"""The panel of a room's people, with two of them at it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, expect

from accounts.models import Audience
from accounts.privacy import change
from rooms import services
from tests.browser.scene import Chat, Scene
from tests.factories import membership_of

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def page_of(chat: Chat, kind: str) -> Locator:
    return chat.page.locator(f"#panel .panel-page[data-kind={kind}]")


def open_members(chat: Chat) -> Locator:
    chat.page.locator(".bar-members").click()
    members = page_of(chat, "members")
    expect(members).to_be_visible()
    return members


def person(members: Locator, name: str) -> Locator:
    return members.locator("a.person", has_text=name)


def test_what_one_does_the_other_sees(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    seen = open_members(ben)
    members = open_members(ann)
    expect(person(members, "Ann").locator(".role-mark")).to_have_text("Owner")
    person(members, "Ben").click()
    about = page_of(ann, "member")
    about.get_by_label("Role").select_option("moderator")
    about.get_by_role("button", name="Save").first.click()
    expect(about.locator(".notice")).to_contain_text("Ben is now a moderator")
    expect(person(seen, "Ben").locator(".role-mark")).to_have_text("Moderator")
    # What is said stays when what was done, or anything else, has the panel read anew.
    scene.do(services.change_role, scene.ann, scene.team, scene.ben, "admin")
    expect(about.get_by_label("Role")).to_have_value("admin")
    expect(about.locator(".notice")).to_contain_text("Ben is now a moderator")
    # Muted: the composer makes way for the reason, and the list tells until when.
    about.get_by_role("button", name="1 hour").click()
    expect(about.locator(".member-state")).to_contain_text("until")
    expect(person(seen, "Ben").locator(".person-muted")).to_be_visible()
    expect(ben.page.locator(".composer-bar")).to_be_visible()
    about.get_by_role("button", name="Let them write again").click()
    expect(ben.composer).to_be_visible()


def test_who_is_removed_loses_the_room_and_the_list_closes_up(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    person(open_members(ann), "Ben").click()
    about = page_of(ann, "member")
    about.locator("summary", has_text="Remove from the room").click()
    about.get_by_role("button", name="Remove Ben").click()
    members = page_of(ann, "members")
    expect(members.locator("a.person")).to_have_count(1)
    expect(ben.page.locator(".composer-bar")).to_be_visible()
    expect(ben.link(scene.team)).to_have_count(0)
    # What is shown has the list's address by now, and not that of a page that is gone.
    ann.page.reload()
    expect(page_of(ann, "members").locator("a.person")).to_have_count(1)


def test_the_count_and_the_list_follow_who_comes(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    members = open_members(ann)
    scene.do(services.add_members, scene.ann, scene.team, [scene.cleo])
    expect(person(members, "Cleo")).to_be_visible()
    expect(ann.page.locator(".bar-members [data-member-count]")).to_have_text("3")


def test_people_are_found_as_one_types_and_added(scene: Scene) -> None:
    scene.cleo  # noqa: B018 (she is there to be found)
    ann = scene.enter(scene.ann, scene.team)
    open_members(ann).get_by_role("link", name="Add").click()
    adding = page_of(ann, "room-add")
    field = adding.get_by_role("searchbox")
    field.fill(scene.cleo.username)
    expect(adding.locator(".person")).to_have_count(1)
    expect(field).to_be_focused()
    adding.get_by_role("checkbox").check()
    field.fill("nobody-at-all")
    expect(adding.get_by_role("checkbox")).to_be_checked()  # what is chosen stays
    adding.get_by_role("button", name="Add to the room").click()
    expect(person(page_of(ann, "members"), "Cleo")).to_be_visible()


def test_whoever_refuses_is_invited_and_joins_from_the_side_bar(scene: Scene) -> None:
    scene.do(change, scene.cleo, rooms=Audience.NOBODY)
    ann, cleo = scene.enter(scene.ann, scene.team), Chat(scene.context(scene.cleo).new_page())
    cleo.goto(f"{scene.server.url}/rooms/")
    open_members(ann).get_by_role("link", name="Add").click()
    adding = page_of(ann, "room-add")
    adding.get_by_role("searchbox").fill(scene.cleo.username)
    expect(adding.locator(".person")).to_have_count(1)
    adding.get_by_role("button", name="Invite").click()
    expect(adding.locator(".notice")).to_contain_text("can accept or decline")
    waiting = cleo.page.locator("#shortcuts a", has_text="Invitations")
    expect(waiting.locator(".unread-count")).to_have_text("1")
    waiting.click()
    page_of(cleo, "invitations").get_by_role("button", name="Join").click()
    cleo.page.wait_for_url(re.compile(rf"/r/{scene.team.slug}/"))
    expect(cleo.composer).to_be_visible()
    expect(waiting).to_be_hidden()
    assert scene.do(membership_of, scene.team, scene.cleo).is_current


def test_a_room_is_archived_renamed_and_deleted_before_everybodys_eyes(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.page.locator("[popovertarget=room-menu]").click()
    ann.page.locator("#room-menu a", has_text="Room settings").click()
    settings = page_of(ann, "room-settings")
    settings.get_by_label("Name").fill("Crew")
    settings.get_by_role("button", name="Save").click()
    expect(ben.page.locator(".bar-title h1")).to_have_text("Crew")
    expect(ben.link(scene.team)).to_contain_text("Crew")
    settings.get_by_role("button", name="Archive").click()
    expect(settings).to_contain_text("Archived")
    expect(ben.page.locator(".composer-bar")).to_be_visible()
    expect(ben.link(scene.team)).to_contain_class("is-archived")
    settings.get_by_role("button", name="Open it again").click()
    expect(ben.composer).to_be_visible()
    settings.get_by_role("link", name="Delete").click()
    deleting = page_of(ann, "room-delete")
    deleting.get_by_role("textbox").fill("Something else")
    deleting.get_by_role("button", name="Delete the room").click()
    expect(deleting.get_by_role("textbox")).to_be_focused()
    deleting.get_by_role("textbox").fill("crew")
    deleting.get_by_role("button", name="Delete the room").click()
    ann.page.wait_for_url("**/rooms/")
    expect(ann.page.locator(".notice")).to_contain_text("Crew is deleted")
    for chat in (ann, ben):
        expect(chat.link(scene.team)).to_have_count(0)


def test_a_ban_made_and_lifted_elsewhere_is_seen_in_an_open_panel(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    person(open_members(ann), "Ben").click()
    page_of(ann, "member").get_by_role("link", name="Profile").click()
    expect(page_of(ann, "profile").locator(".profile-name")).to_contain_text("Ben")
    ann.page.evaluate(
        "(url) => document.dispatchEvent(new CustomEvent('panel:open', { detail: { url, title: 'Bans' } }))",
        f"/r/{scene.team.slug}/bans/",
    )
    bans = page_of(ann, "room-bans")
    expect(bans).to_contain_text("Nobody is banned")
    scene.do(services.ban, scene.ann, scene.team, scene.cleo, reason="Noise")
    expect(bans.locator(".way")).to_contain_text("Noise")
    scene.do(services.unban, scene.ann, scene.team, scene.cleo)
    expect(bans).to_contain_text("Nobody is banned")


def test_on_a_phone_everything_is_within_reach_of_a_thumb(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    ann.page.locator(".bar-members").tap()
    person(page_of(ann, "members"), "Ben").tap()
    about = page_of(ann, "member")
    expect(about).to_be_visible()
    sizes = about.evaluate(
        """(root) => [...root.querySelectorAll("a, button, summary, select, input:not([type=hidden])")]
          .filter((each) => each.checkVisibility())
          .map((each) => [each.textContent.trim() || each.id, each.getBoundingClientRect().height])"""
    )
    assert [each for each in sizes if each[1] < 40] == []
    assert ann.page.evaluate("document.documentElement.scrollWidth") <= 390
    ann.page.go_back()
    expect(page_of(ann, "members")).to_be_visible()
