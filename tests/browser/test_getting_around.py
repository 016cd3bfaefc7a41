"""From room to room: by link, by keyboard, on a phone, and back."""

from __future__ import annotations

from uuid import UUID

from playwright.sync_api import Page, expect

from tests.browser.scene import Scene
from tests.factories import say

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_the_switcher_finds_a_room_by_a_few_letters(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    scene.say(scene.garden, scene.ben, ["news"])
    expect(ann.link(scene.garden)).to_have_count(1)
    ann.page.keyboard.press("Control+k")
    dialog = ann.page.get_by_role("dialog", name="Go to a room")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("option").first).to_contain_text(scene.garden.name)  # unread first
    ann.page.keyboard.type("tea")
    expect(dialog.get_by_role("option")).to_have_count(1)
    ann.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(ann.composer).to_be_focused()
    ann.page.keyboard.press("Control+k")
    ann.page.keyboard.type("gard")
    ann.page.keyboard.press("Enter")
    ann.page.wait_for_url(scene.url(scene.garden))


def test_a_draft_waits_in_its_room(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ann.composer.fill("half a thought")
    ann.goto(scene.url(scene.garden))
    expect(ann.composer).to_have_value("")
    ann.goto(scene.url(scene.team))
    expect(ann.composer).to_have_value("half a thought")


def test_going_back_finds_a_room_that_is_up_to_date(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["old"])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.goto(scene.url(scene.garden))
    ben.say("written in between")
    expect(ann.count(scene.team)).to_have_text("1")
    ann.page.go_back()
    expect(ann.message("written in between")).to_be_visible()
    ben.say("and after")
    expect(ann.message("and after")).to_be_visible()
    assert ann.texts() == ["old", "written in between", "and after"]


def test_a_phone_shows_the_rooms_or_the_room(scene: Scene) -> None:
    scene.say(scene.garden, scene.ben, ["hello"])
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    sidebar, timeline = ann.page.locator("#sidebar"), ann.page.locator("#timeline")
    expect(sidebar).to_be_hidden()
    ann.say("from my phone")
    expect(ann.message("from my phone")).to_be_in_viewport()
    assert overflow(ann.page) == 0

    opener = ann.page.get_by_role("button", name="Show rooms")
    opener.tap()
    expect(sidebar).to_be_visible()
    expect(timeline).to_be_hidden()
    expect(ann.link(scene.team)).to_be_focused()
    assert overflow(ann.page) == 0
    ann.page.go_back()  # as the back gesture does
    expect(sidebar).to_be_hidden()
    expect(timeline).to_be_visible()
    expect(opener).to_be_focused()
    expect(ann.message("from my phone")).to_be_in_viewport()

    opener.tap()
    expect(ann.count(scene.garden)).to_have_text("1")
    ann.link(scene.garden).tap()
    ann.page.wait_for_url(scene.url(scene.garden))
    expect(ann.message("hello")).to_be_visible()
    expect(sidebar).to_be_hidden()
    ann.page.go_back()
    ann.page.wait_for_url(scene.url(scene.team))
    expect(timeline).to_be_visible()


def test_the_open_room_in_the_list_leads_back_to_it_without_loading(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    ann.page.evaluate("window.isTheSamePage = true")
    ann.page.get_by_role("button", name="Show rooms").tap()
    ann.link(scene.team).tap()
    expect(ann.page.locator("#timeline")).to_be_visible()
    assert ann.page.evaluate("window.isTheSamePage") is True


def test_a_page_that_the_browser_kept_connects_anew(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    # The automated browser keeps no pages, so the test tells the page what a browser that does would.
    ann.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    ben.say("written in between")
    expect(ben.page.locator(".is-pending")).to_have_count(0)
    expect(ann.message("written in between")).to_have_count(0)
    ann.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(ann.message("written in between")).to_be_visible()
    expect(ann.banner).to_be_hidden()


def test_a_link_to_a_message_on_the_page_leads_there_in_place(scene: Scene) -> None:
    first = scene.do(say, scene.team, scene.ann, "the question")
    scene.say(scene.team, scene.ann, [f"talk {number}\n\n" for number in range(60)])
    scene.do(say, scene.team, scene.ben, "the answer", reply_to=UUID(first.id))
    ann = scene.enter(scene.ann, scene.team)
    ann.page.evaluate("window.isTheSamePage = true")
    expect(ann.message("the question").first).not_to_be_in_viewport()
    ann.message("the answer").locator(".reply-to").click()
    question = ann.page.locator(f".message[data-id='{first.id}']")
    expect(question).to_be_in_viewport()
    expect(question).to_contain_class("is-target")
    assert ann.page.evaluate("window.isTheSamePage") is True


def test_a_room_that_was_fetched_ahead_opens_up_to_date(scene: Scene) -> None:
    scene.say(scene.garden, scene.ben, ["early"])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.garden)
    with ann.page.expect_response(scene.url(scene.garden)) as fetched:
        ann.link(scene.garden).hover()
    assert fetched.value.request.headers["sec-purpose"] == "prefetch"
    ben.say("written since")
    expect(ann.count(scene.garden)).to_have_text("2")
    with ann.page.expect_response(lambda response: response.request.method == "HEAD"):
        ann.link(scene.garden).click()
    expect(ann.message("written since")).to_be_visible()
    assert ann.texts() == ["early", "written since"]
    ann.page.goto(scene.server.url)
    assert ann.page.url == scene.url(scene.garden)
