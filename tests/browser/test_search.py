"""Searching beside the room: type, narrow down, jump."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.scene import Scene

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDE = {"viewport": {"width": 1440, "height": 900}}


def panel(page: Page) -> Locator:
    return page.locator("#panel .panel-page[data-kind=search]")


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search messages")


def hits(page: Page) -> Locator:
    return page.locator(".search-hit")


def option(page: Page, text: str) -> Locator:
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option").filter(has_text=text)


def open_search(page: Page) -> None:
    page.keyboard.press("Control+Shift+F")
    expect(field(page)).to_be_focused()


def test_a_slash_opens_the_search_and_a_hit_opens_its_message(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["the needle is here", *(f"hay {n}" for n in range(120))])
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    ann.page.locator("#timeline").focus()
    ann.page.keyboard.press("/")
    expect(field(ann.page)).to_be_focused()
    ann.page.keyboard.type("needle")
    ann.page.keyboard.press("Enter")
    expect(hits(ann.page)).to_have_count(1)
    expect(hits(ann.page).locator("mark")).to_have_text("needle")
    hits(ann.page).click()
    target = ann.page.locator("#messages .message.is-target")
    expect(target).to_contain_text("the needle is here")
    expect(target).to_be_in_viewport()
    expect(hits(ann.page)).to_have_count(1)  # the results stay beside it


def test_filters_are_suggested_and_chosen_with_the_keyboard(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["word of ben"])
    scene.say(scene.team, scene.ann, ["word of ann"])
    scene.say(scene.garden, scene.ben, ["word in the garden"])
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    open_search(ann.page)
    ann.page.keyboard.type("word fr")
    expect(option(ann.page, "from:")).to_be_visible()
    ann.page.keyboard.press("ArrowDown")
    ann.page.keyboard.press("Enter")
    expect(field(ann.page)).to_have_value("word from:")
    ann.page.keyboard.type("be")
    ben = option(ann.page, scene.ben.username)
    expect(ben).to_be_visible()
    ann.page.keyboard.press("ArrowDown")
    expect(ben).to_have_attribute("aria-selected", "true")
    ann.page.keyboard.press("Tab")
    expect(field(ann.page)).to_have_value(f"word from:{scene.ben.username} ")
    ann.page.keyboard.press("Enter")
    expect(hits(ann.page)).to_have_count(2)
    panel(ann.page).get_by_label(f"Only in {scene.team.name}").check()
    expect(hits(ann.page)).to_have_count(1)
    expect(hits(ann.page)).to_contain_text("word of ben")


def test_a_hit_of_another_room_opens_there_and_the_results_stay(scene: Scene) -> None:
    scene.say(scene.garden, scene.ben, ["roses are red"])
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    open_search(ann.page)
    ann.page.keyboard.type("roses")
    ann.page.keyboard.press("Enter")
    hits(ann.page).click()
    ann.page.wait_for_url(f"**/r/{scene.garden.slug}/*/")
    expect(ann.page.locator("#messages .message.is-target")).to_contain_text("roses are red")
    expect(hits(ann.page)).to_contain_text("roses are red")


def test_what_was_found_is_offered_again_and_can_be_forgotten(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["roses are red"])
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    open_search(ann.page)
    ann.page.keyboard.type("roses")
    ann.page.keyboard.press("Enter")
    expect(hits(ann.page)).to_have_count(1)
    ann.goto(scene.url(scene.garden))
    open_search(ann.page)
    panel(ann.page).get_by_role("button", name="roses").click()
    expect(hits(ann.page)).to_have_count(1)
    ann.goto(scene.url(scene.team))
    open_search(ann.page)
    panel(ann.page).get_by_role("button", name="Forget these").click()
    expect(panel(ann.page).get_by_role("button", name="roses")).to_be_hidden()


def test_nothing_found_and_what_is_wrong_are_said(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["roses are red"])
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    open_search(ann.page)
    ann.page.keyboard.type("tulips")
    ann.page.keyboard.press("Enter")
    expect(panel(ann.page).get_by_text("Nothing found")).to_be_visible()
    expect(field(ann.page)).to_be_focused()
    ann.page.keyboard.type(" or")  # goes on where the question ended
    expect(field(ann.page)).to_have_value("tulips or")
    field(ann.page).fill("on:soon roses")
    ann.page.keyboard.press("Enter")
    expect(panel(ann.page).get_by_role("alert")).to_contain_text("is no date")
    expect(field(ann.page)).to_have_value("on:soon roses")


def test_what_is_typed_before_the_field_is_there_goes_into_it(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["roses are red"])
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    ann.composer.focus()
    ann.page.keyboard.press("Control+Shift+F")
    ann.page.keyboard.type("roses")
    ann.page.keyboard.press("Enter")
    expect(hits(ann.page)).to_have_count(1)
    expect(ann.composer).to_have_value("")
    assert scene.stored(scene.team) == ["roses are red"]


def test_escape_closes_the_suggestions_and_then_the_panel(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    open_search(ann.page)
    ann.page.keyboard.type("ha")
    expect(option(ann.page, "has:")).to_be_visible()
    ann.page.keyboard.press("Escape")
    expect(option(ann.page, "has:")).to_be_hidden()
    expect(panel(ann.page)).to_be_visible()
    ann.page.keyboard.press("Escape")
    expect(panel(ann.page)).to_have_count(0)


def test_on_a_phone_the_hit_takes_the_place_of_the_search(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["roses are red", *(f"hay {n}" for n in range(60))])
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    ann.page.locator(".bar-search").tap()
    field(ann.page).fill("roses")
    ann.page.keyboard.press("Enter")
    expect(hits(ann.page)).to_have_count(1)
    assert ann.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    hits(ann.page).tap()
    expect(ann.page.locator("#messages .message.is-target")).to_be_in_viewport()
    expect(panel(ann.page)).to_have_count(0)


def test_the_address_of_a_search_works_without_a_script(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [f"word {n}" for n in range(25)])
    page = scene.context(scene.ann, java_script_enabled=False).new_page()
    page.goto(f"{scene.server.url}/search/?q=word")
    expect(hits(page)).to_have_count(20)
    page.get_by_role("link", name="Show more").click()
    expect(hits(page)).to_have_count(5)
    hits(page).last.click()
    expect(page.locator("#messages")).to_contain_text("word 0")


def test_more_hits_come_below_those_that_are_shown(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [f"word {n}" for n in range(25)])
    ann = scene.enter(scene.ann, scene.team, **WIDE)
    open_search(ann.page)
    ann.page.keyboard.type("word")
    ann.page.keyboard.press("Enter")
    expect(hits(ann.page)).to_have_count(20)
    panel(ann.page).get_by_role("link", name="Show more").click()
    expect(hits(ann.page)).to_have_count(25)
    expect(panel(ann.page).get_by_role("link", name="Show more")).to_have_count(0)
