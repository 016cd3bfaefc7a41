"""The side panel: opening, Back, focus, what fails, and what changes while it is open."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from playwright.sync_api import Route, expect

from messaging import services as messaging
from tests.browser.scene import Chat, Scene
from tests.factories import say

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def page_of(chat: Chat, kind: str) -> Any:
    return chat.page.locator(f"#panel .panel-page[data-kind={kind}]")


def open_pins(chat: Chat) -> Any:
    chat.page.locator("[popovertarget=room-menu]").click()
    chat.page.locator("#room-menu a", has_text="Pinned messages").click()
    pins = page_of(chat, "pins")
    expect(pins).to_be_visible()
    return pins


def test_back_leads_through_the_panels_and_closes_the_last(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    url = ann.page.url
    pins = open_pins(ann)
    expect(ann.page.locator("#panel-title")).to_be_focused()
    ann.page.locator("#shortcuts a", has_text="Mentions").click()
    expect(page_of(ann, "mentions")).to_be_visible()
    ann.page.go_back()
    expect(pins).to_be_visible()
    ann.page.go_back()
    expect(ann.page.locator("#panel")).to_be_empty()
    assert ann.page.url == url
    ann.page.go_forward()
    expect(pins).to_be_visible()
    # One press closes all that was opened on the way, and Back then leaves nothing to close again.
    ann.page.locator("#shortcuts a", has_text="Threads").click()
    expect(page_of(ann, "threads")).to_be_visible()
    ann.page.get_by_role("button", name="Close").click()
    expect(ann.page.locator("#panel")).to_be_empty()
    assert ann.page.evaluate("history.state?.panel ?? null") is None


def test_escape_closes_it_and_the_focus_returns(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    shortcut = ann.page.locator("#shortcuts a", has_text="Saved")
    shortcut.focus()
    shortcut.press("Enter")
    expect(page_of(ann, "saved")).to_be_visible()
    ann.page.keyboard.press("Escape")
    expect(ann.page.locator("#panel")).to_be_empty()
    expect(shortcut).to_be_focused()
    # In the composer of the room it belongs to what is written there.
    open_pins(ann)
    ann.composer.focus()
    ann.page.keyboard.press("Escape")
    expect(page_of(ann, "pins")).to_be_visible()


def test_it_is_open_again_after_a_reload(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    open_pins(ann)
    ann.page.reload()
    expect(page_of(ann, "pins")).to_be_visible()
    ann.page.go_back()
    expect(ann.page.locator("#panel")).to_be_empty()


def test_a_page_that_cannot_be_had_says_so_and_is_tried_again(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)

    def fail(route: Route) -> None:
        route.abort()

    ann.page.route("**/pins/", fail)
    ann.page.locator("[popovertarget=room-menu]").click()
    ann.page.locator("#room-menu a", has_text="Pinned messages").click()
    panel = ann.page.locator("#panel")
    expect(panel.get_by_role("alert")).to_contain_text("could not be loaded")
    ann.page.unroute("**/pins/", fail)
    panel.get_by_role("button", name="Try again").click()
    expect(page_of(ann, "pins")).to_be_visible()


def test_pins_come_and_go_while_they_are_shown(scene: Scene) -> None:
    message = scene.do(say, scene.team, scene.ben, "Keep this")
    ann = scene.enter(scene.ann, scene.team)
    pins = open_pins(ann)
    expect(pins).to_contain_text("Nothing is pinned yet")
    scene.do(messaging.pin, scene.ben, UUID(message.id))
    expect(pins.locator(".panel-item")).to_contain_text("Keep this")
    expect(pins.locator(".panel-item")).to_contain_text("Pinned by Ben")
    scene.do(messaging.unpin, scene.ben, UUID(message.id))
    expect(pins).to_contain_text("Nothing is pinned yet")


def test_a_listed_message_is_shown_in_the_room_in_place(scene: Scene) -> None:
    first = scene.do(say, scene.team, scene.ben, "Long ago")
    scene.do(lambda: [say(scene.team, scene.ben, f"Since then {n}") for n in range(120)])
    scene.do(messaging.pin, scene.ben, UUID(first.id))
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    ann.page.evaluate("window.isSamePage = true")
    ann.page.locator("[popovertarget=room-menu]").tap()
    ann.page.locator("#room-menu a", has_text="Pinned messages").tap()
    pins = page_of(ann, "pins")
    pins.get_by_role("link", name="Show in the room").tap()
    expect(pins).to_have_count(0)  # on a phone it makes way
    expect(ann.message("Long ago")).to_be_in_viewport()
    expect(ann.message("Long ago")).to_contain_class("is-target")
    assert ann.page.evaluate("window.isSamePage")


def test_on_a_phone_the_side_bar_makes_way_for_it(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    ann.page.locator(".to-sidebar").first.tap()
    ann.page.locator("#shortcuts a", has_text="Mentions").tap()
    expect(page_of(ann, "mentions")).to_be_visible()
    expect(ann.page.locator("#sidebar")).to_be_hidden()
    ann.page.go_back()
    expect(ann.composer).to_be_visible()
    expect(ann.page.locator("#panel")).to_be_empty()


def test_an_admin_decides_and_the_room_follows(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.page.locator("[popovertarget=room-menu]").click()
    ann.page.locator("#room-menu a", has_text="Room settings").click()
    panel = page_of(ann, "room-settings")
    panel.get_by_label("Name").fill("")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".errors").first).to_be_visible()
    panel.get_by_label("Name").fill("Crew")
    panel.get_by_label("Messages stay").select_option("604800")
    panel.get_by_label("Slow mode").select_option("30")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_text("Saved", exact=True)).to_be_visible()
    expect(ben.page.locator(".bar h1").first).to_have_text("Crew")
    expect(ben.page.locator(".bar-retention")).to_have_attribute("title", "Messages disappear after 7 days")
    expect(ben.page.locator("#composer")).to_have_attribute("data-pause", "30")
    ben.page.locator("[popovertarget=room-menu]").click()
    ben.page.locator("#room-menu a", has_text="About this room").click()
    expect(page_of(ben, "room-settings")).to_contain_text(re.compile("Slow mode.*30 seconds", re.DOTALL))


def test_a_panel_s_address_is_a_page_of_its_own(scene: Scene) -> None:
    root = scene.do(say, scene.team, scene.ann, "Root")
    ben = Chat(scene.context(scene.ben).new_page())
    ben.goto(f"{scene.server.url}/r/{scene.team.slug}/thread/{root.number}/")
    composer = ben.page.locator(".main .composer textarea")
    composer.fill("From the page")
    composer.press("Enter")
    reply = ben.page.locator(".thread-replies > .message", has_text="From the page")
    expect(reply).not_to_contain_class("is-pending")
    scene.do(say, scene.team, scene.ann, "And back", thread=UUID(root.id))
    expect(ben.page.locator(".thread-replies > .message", has_text="And back")).to_be_visible()
