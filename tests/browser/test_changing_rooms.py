"""Rooms that change while they are open: members, names, addresses, and who may write."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from rooms.services import add_members, archive, remove_member, unarchive, update_room
from tests.browser.scene import Chat, Scene


def test_rooms_come_and_go_while_the_page_is_open(scene: Scene) -> None:
    cleo = Chat(scene.context(scene.cleo).new_page())
    with cleo.page.expect_websocket():
        cleo.page.goto(f"{scene.server.url}/rooms/")
    expect(cleo.link(scene.team)).to_have_count(0)
    scene.do(add_members, scene.ann, scene.team, [scene.cleo])
    expect(cleo.link(scene.team)).to_be_visible()
    scene.say(scene.team, scene.ann, ["hello, Cleo"])
    expect(cleo.count(scene.team)).to_have_text("1")
    scene.do(remove_member, scene.ann, scene.team, scene.cleo)
    expect(cleo.link(scene.team)).to_have_count(0)


def test_who_is_removed_from_the_open_room_is_told(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.team)
    scene.do(remove_member, scene.ann, scene.team, scene.ben)
    expect(ben.page.locator(".composer-bar")).to_have_text(re.compile("no longer a member"))
    expect(ben.link(scene.team)).to_have_count(0)


def test_the_composer_goes_and_comes_back_with_the_right_to_write(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.team)
    ben.composer.fill("half a thought")
    scene.do(archive, scene.ann, scene.team)
    expect(ben.page.locator(".composer-bar")).to_have_text(re.compile("archived"))
    expect(ben.composer).to_have_count(0)
    scene.do(unarchive, scene.ann, scene.team)
    expect(ben.composer).to_have_value("half a thought")


def test_a_room_that_is_renamed_has_its_new_name_everywhere(scene: Scene) -> None:
    ben, ann = scene.enter(scene.ben, scene.team), scene.enter(scene.ann, scene.garden)
    scene.do(update_room, scene.ann, scene.team, name="Crew")
    expect(ben.page.locator(".bar h1")).to_have_text("Crew")
    for chat in (ben, ann):
        expect(chat.link(scene.team).locator(".room-name")).to_have_text("Crew")


def test_a_room_that_moves_to_another_address_takes_its_readers_along(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.team)
    ben.composer.fill("half a thought")
    moved = scene.do(update_room, scene.ann, scene.team, slug=f"{scene.team.slug}-moved")
    ben.page.wait_for_url(scene.url(moved))
    expect(ben.composer).to_have_value("half a thought")
