"""Two people in two browsers."""

from __future__ import annotations

from playwright.sync_api import expect

from accounts.services import set_password
from tests.browser.scene import Chat, Scene

PASSWORD = "correct horse battery staple"  # long enough for every validator


def test_two_people_chat(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.say("Good morning, Ben")
    expect(ben.message("Good morning, Ben")).to_be_visible()
    ben.say("Morning!")
    expect(ann.message("Morning!")).to_be_visible()
    ann.say("Shall we?")
    expect(ben.message("Shall we?")).to_be_visible()
    assert ann.texts() == ben.texts() == ["Good morning, Ben", "Morning!", "Shall we?"]
    expect(ann.message("Shall we?")).to_contain_class("is-mine")
    expect(ben.message("Shall we?")).not_to_contain_class("is-mine")


def test_signs_in_and_writes_and_finds_it_after_a_reload(scene: Scene) -> None:
    scene.do(set_password, scene.ann, PASSWORD)
    chat = Chat(scene.context().new_page())
    chat.page.goto(scene.url(scene.team))
    chat.page.locator("input[name=login]").fill(scene.ann.username)
    chat.page.locator("input[name=password]").fill(PASSWORD)
    chat.page.locator("input[name=password]").press("Enter")
    chat.page.wait_for_url(scene.url(scene.team))
    chat.say("Here I am")
    expect(chat.message("Here I am")).not_to_contain_class("is-pending")
    chat.goto(scene.url(scene.team))
    assert chat.texts() == ["Here I am"]


# Asked within the page by the DOM id: the element that Playwright holds is replaced by the real one.
PLACE = (
    "(node) => { const { x, y, width, height } = document.getElementById(node.id).getBoundingClientRect();"
    " return [x, y, width, height]; }"
)


def test_a_message_is_shown_at_once_and_becomes_the_real_one(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ann.say("Before")
    expect(ann.message("Before")).to_have_attribute("data-number", "3")
    scene.server.pause()
    try:
        ann.say("While nothing answers")
        pending = ann.message("While nothing answers")
        expect(pending).to_contain_class("is-pending")
        dom_id = pending.get_attribute("id")
        place = pending.evaluate(PLACE)
    finally:
        scene.server.resume()
    expect(ann.message("While nothing answers")).to_have_attribute("data-number", "4")
    real = ann.message("While nothing answers")
    assert (real.get_attribute("id"), real.evaluate(PLACE)) == (dom_id, place)
    expect(real).not_to_contain_class("is-pending")


def test_what_people_write_is_text_and_nothing_else(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    attack = "<img src=x onerror=\"document.title='taken'\"><b>bold</b> & </li>"
    ann.say(attack)
    expect(ben.message("bold")).to_be_visible()
    for chat in (ann, ben):
        expect(chat.message("bold")).to_have_count(1)
        assert chat.texts() == [attack]
        assert "taken" not in chat.page.title()


def test_lines_links_and_long_texts_arrive_as_written(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.say("first line\n\n  third, indented")
    ann.say("see https://example.org/a?b=c&d=e for more")
    ann.say("🦉" * 9_990 + " the end")
    expect(ben.message("the end")).to_be_visible()
    assert ben.texts()[0] == "first line\n\n  third, indented"
    expect(ben.message("see").locator("a[href^=https]")).to_have_attribute("href", "https://example.org/a?b=c&d=e")
    assert len(ben.texts()[2]) == 9_990 + len(" the end")


def test_the_same_person_in_two_tabs_sees_each_message_once(scene: Scene) -> None:
    context = scene.context(scene.ann)
    one, two = scene.open(context, scene.team), scene.open(context, scene.team)
    for number in range(5):
        one.say(f"from the first tab {number}")
        two.say(f"from the second tab {number}")
    for tab in (one, two):
        expect(tab.messages.locator("visible=true").filter(has_text="tab 4")).to_have_count(2)
        expect(tab.page.locator(".is-pending")).to_have_count(0)
        assert len(tab.texts()) == len(set(tab.texts())) == 10
    assert one.texts() == two.texts()


def test_says_who_is_typing(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.composer.press_sequentially("Hm")
    expect(ben.page.locator("#typing")).to_have_text("Ann is typing…")
    ann.composer.press("Enter")
    expect(ben.page.locator("#typing")).to_have_text("")
    expect(ann.page.locator("#typing")).to_have_text("")


def test_new_messages_are_spoken_and_history_is_not(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"old {number}" for number in range(60)])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ben.scroll_to(0)
    expect(ben.message("old 0")).to_have_count(1)
    ann.say("something new")
    region = ben.page.locator("body > [aria-live=polite]")
    expect(region).to_have_text("Ann: something new")
    expect(ben.page.locator("#timeline")).to_have_attribute("aria-live", "off")
