"""The side bar as a person lays it out: favourites, sections, order, quiet rooms; in all tabs."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from rooms import services
from tests.browser.scene import Chat, Scene

MUTED = re.compile("is-quiet")


def part(chat: Chat, name: str) -> Locator:
    """A part of the side bar by its heading."""
    return chat.page.get_by_role("region", name=name, exact=True)


def names(chat: Chat, name: str) -> Locator:
    return part(chat, name).locator(".room-name")


def choose(chat: Chat, link: Locator, *entries: str) -> None:
    """Open a room's menu by a right click and go through its pages."""
    link.click(button="right")
    for entry in entries:
        chat.page.locator(".sidebar-menu").get_by_text(entry, exact=True).click()
    away(chat)
    away(chat)


def away(chat: Chat) -> None:
    """Take the pointer off the list."""
    chat.page.mouse.move(900, 300)


def test_two_tabs_agree_on_favourites_and_sections(scene: Scene) -> None:
    assert scene.garden
    context = scene.context(scene.ben)
    one, two = scene.open(context, scene.team), scene.open(context, scene.garden)
    choose(one, one.link(scene.garden), "Add to favourites")
    for chat in (one, two):
        expect(names(chat, "Favourites")).to_have_text([scene.garden.name])
    choose(one, one.link(scene.team), "Move to section", "New section …")
    one.page.get_by_label("Name", exact=True).fill("Clients")
    one.page.keyboard.press("Enter")
    for chat in (one, two):
        expect(names(chat, "Clients")).to_have_text([scene.team.name])
    one.composer.click()  # off the list, which holds still while the keyboard is on it
    choose(two, two.link(scene.garden), "Remove from favourites")
    for chat in (one, two):
        expect(part(chat, "Favourites")).to_be_hidden()
        expect(names(chat, "Rooms")).to_have_text([scene.garden.name])


def test_a_section_is_renamed_folded_and_deleted(scene: Scene) -> None:
    section = scene.do(services.create_section, scene.ben, "Clients")
    scene.do(services.set_preferences, scene.ben, scene.team, section=section.id)
    ben = scene.enter(scene.ben, scene.garden)
    ben.page.get_by_role("button", name="Section Clients").click()
    ben.page.get_by_role("menuitem", name="Rename").click()
    ben.page.get_by_label("Name", exact=True).fill("Customers")
    ben.page.keyboard.press("Enter")
    expect(part(ben, "Customers")).to_be_visible()
    part(ben, "Customers").get_by_role("button", name="Customers", exact=True).click()
    expect(ben.link(scene.team)).to_be_hidden()
    away(ben)
    ben.goto(scene.url(scene.garden))
    expect(ben.link(scene.team)).to_be_hidden()  # remembered on this device
    scene.say(scene.team, scene.ann, ["hello"])
    expect(ben.link(scene.team)).to_be_visible()  # what is unread shows all the same
    ben.page.get_by_role("button", name="Section Customers").click()
    ben.page.get_by_role("menuitem", name="Delete").click()
    ben.page.get_by_role("button", name="Delete", exact=True).click()
    expect(part(ben, "Customers")).to_have_count(0)
    expect(names(ben, "Rooms")).to_have_text([scene.garden.name, scene.team.name])


def test_a_room_is_dragged_to_its_place_and_does_not_open_by_that(scene: Scene) -> None:
    assert scene.team
    context = scene.context(scene.ben)
    one, two = scene.open(context, scene.garden), scene.open(context, scene.garden)
    expect(names(one, "Rooms")).to_have_text([scene.garden.name, scene.team.name])
    one.link(scene.team).hover()
    one.page.mouse.down()
    box = one.link(scene.garden).bounding_box()
    assert box
    one.page.mouse.move(box["x"] + 40, box["y"] + 12, steps=4)
    one.page.mouse.move(box["x"] + 40, box["y"] + 3, steps=2)
    expect(one.page.locator(".drop-line")).to_be_visible()
    one.page.mouse.up()
    for chat in (one, two):
        expect(names(chat, "Rooms")).to_have_text([scene.team.name, scene.garden.name])
    assert one.page.url == scene.url(scene.garden)
    # By keyboard, back down; into a page of the menu on the way, and out of it.
    keyboard, menu = one.page.keyboard, one.page.locator(".sidebar-menu")
    one.link(scene.team).focus()
    for key in ("Tab", "Enter"):
        keyboard.press(key)
    menu.get_by_role("menuitem", name="Mute", exact=True).press("ArrowRight")
    expect(menu.get_by_text("For 1 hour", exact=True)).to_be_visible()
    keyboard.press("ArrowLeft")
    expect(menu.get_by_role("menuitem", name="Mute", exact=True)).to_be_focused()
    menu.get_by_role("menuitem", name="Move down").press("Enter")
    away(one)
    one.composer.click()
    for chat in (one, two):
        expect(names(chat, "Rooms")).to_have_text([scene.garden.name, scene.team.name])


def test_a_muted_room_is_not_counted_in_the_title_but_a_mention_is(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.garden)
    choose(ben, ben.link(scene.team), "Mute", "For 1 hour")
    expect(ben.link(scene.team)).to_have_class(MUTED)
    away(ben)
    scene.say(scene.team, scene.ann, ["hello", "again"])
    expect(ben.count(scene.team)).to_have_text("2")
    assert not ben.page.title().startswith("(")
    scene.say(scene.team, scene.ann, [f"@{scene.ben.username} look"])
    expect(ben.page).to_have_title(re.compile(r"^\(1\) "))
    choose(ben, ben.link(scene.team), "Turn on again")
    expect(ben.link(scene.team)).not_to_have_class(MUTED)
    expect(ben.page).to_have_title(re.compile(r"^\(3\) "))
    choose(ben, ben.link(scene.team), "Mark as read")
    expect(ben.count(scene.team)).to_be_hidden()


def test_nothing_moves_under_the_pointer(scene: Scene) -> None:
    assert scene.garden
    ben = scene.enter(scene.ben, scene.garden)
    ben.link(scene.team).hover()
    other = scene.enter(scene.ben, scene.garden)  # in another window
    other.page.evaluate(
        "([path, body]) => import('/static/js/api.js').then(({ call }) => call('PATCH', path, body))",
        [f"rooms/{scene.team.pk}/me/", {"before": str(scene.garden.pk)}],
    )
    scene.say(scene.team, scene.ann, ["a sign that what came before has arrived"])
    expect(ben.count(scene.team)).to_have_text("1")
    expect(names(ben, "Rooms")).to_have_text([scene.garden.name, scene.team.name])
    away(ben)
    expect(names(ben, "Rooms")).to_have_text([scene.team.name, scene.garden.name])
