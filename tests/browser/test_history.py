"""The history: pages that load around a reader who is not moved, links into the past, and the way back."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.browser.scene import Chat, Scene

# The first message in view: its id and where it stands.
FIRST_IN_VIEW = """() => {
  const edge = document.getElementById("timeline").getBoundingClientRect().top;
  const messages = [...document.querySelectorAll("#messages > .message")];
  const first = messages.find((item) => item.getBoundingClientRect().top >= edge);
  return [first.id, first.getBoundingClientRect().top];
}"""
TOP_OF = "(id) => document.getElementById(id).getBoundingClientRect().top"
NUMBERS = "items => items.map((item) => Number(item.dataset.number))"


def tall(count: int) -> list[str]:
    """Messages of several lines, so that a page of them is many screens."""
    return [f"message {number}\nsecond line\nthird line" for number in range(count)]


def is_at_bottom(chat: Chat) -> bool:
    return bool(
        chat.page.locator("#timeline").evaluate("box => box.scrollHeight - box.clientHeight - box.scrollTop <= 1")
    )


def test_older_pages_load_above_without_moving_what_is_read(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"message {number}\n" + "and more\n" * (number % 4) for number in range(160)])
    ann = scene.enter(scene.ann, scene.team)
    assert is_at_bottom(ann)
    for _ in range(2):
        shown = ann.messages.count()
        ann.scroll_to(400)
        anchor, top = ann.page.evaluate(FIRST_IN_VIEW)
        ann.wait("(shown) => document.querySelectorAll('#messages > .message').length > shown", shown)
        assert abs(ann.page.evaluate(TOP_OF, anchor) - top) < 1


def test_the_beginning_of_a_room_can_be_reached_and_left_again(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"message {number}" for number in range(620)])
    ann = scene.enter(scene.ann, scene.team)
    while ann.page.locator("#timeline").get_attribute("data-has-before") == "true":
        before = ann.messages.first.get_attribute("id")
        ann.scroll_to(0)
        ann.wait("(id) => document.querySelector('#messages > .message').id !== id", before)
        assert ann.messages.count() <= 400
    numbers = ann.messages.evaluate_all(NUMBERS)
    assert numbers == list(range(1, len(numbers) + 1))
    expect(ann.to_latest).to_be_visible()
    ann.to_latest.click()
    expect(ann.message("message 619")).to_be_visible()
    expect(ann.to_latest).to_be_hidden()
    assert is_at_bottom(ann)


def test_new_messages_do_not_move_a_reader_of_the_past(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, tall(80))
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.scroll_to(900)
    anchor, top = ann.page.evaluate(FIRST_IN_VIEW)
    for number in range(3):
        ben.say(f"news {number}")
    expect(ann.message("news 2")).to_have_count(1)
    assert abs(ann.page.evaluate(TOP_OF, anchor) - top) < 1
    expect(ann.to_latest.locator(".count")).to_have_text("3")
    ann.to_latest.click()
    expect(ann.message("news 2")).to_be_in_viewport()
    expect(ann.to_latest).to_be_hidden()


def test_new_messages_stay_in_view_for_who_is_at_the_end(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, tall(80))
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    for number in range(12):
        ben.say(f"news {number}\n" * 3)
    expect(ann.message("news 11")).to_be_in_viewport()
    assert is_at_bottom(ann)
    ann.composer.fill("line\n" * 6)
    ann.wait("() => document.querySelector('#composer').clientHeight > 120")
    assert is_at_bottom(ann)
    expect(ann.message("news 11")).to_be_in_viewport()


def test_a_link_into_the_past_shows_its_message_in_the_middle(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"message {number}" for number in range(300)])
    chat = scene.open(scene.context(scene.ben), scene.team, number=150)
    target = chat.page.locator(".message[data-number='150']")
    expect(target).to_contain_class("is-target")
    box, view = target.bounding_box(), chat.page.locator("#timeline").bounding_box()
    assert box
    assert view
    assert abs(box["y"] + box["height"] / 2 - view["y"] - view["height"] / 2) < 2
    # It is a window into the past: what is new does not appear in it, and nothing before it is read.
    scene.say(scene.team, scene.ann, ["something new"])
    expect(chat.count(scene.team)).to_have_text("99+")
    expect(chat.message("something new")).to_have_count(0)
    chat.to_latest.click()
    expect(chat.message("something new")).to_be_in_viewport()
    expect(chat.count(scene.team)).to_be_hidden()


def test_a_page_that_fails_says_so_and_loads_on_request(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, tall(120))
    ann = scene.enter(scene.ann, scene.team)
    failing = True

    def answer(route: Route) -> None:
        route.abort() if failing else route.continue_()

    ann.page.route(re.compile("/messages/"), answer)
    ann.scroll_to(0)
    again = ann.page.locator(".history-failed").get_by_role("button", name="Try again")
    expect(again).to_be_in_viewport()
    failing = False
    again.click()
    expect(ann.page.locator(".history-failed")).to_have_count(0)
    ann.wait("() => document.querySelectorAll('#messages > .message').length > 60")


def test_an_edit_above_and_an_image_below_move_nothing(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, tall(80))
    ann = scene.enter(scene.ann, scene.team)
    ann.scroll_to(900)
    anchor, top = ann.page.evaluate(FIRST_IN_VIEW)
    ann.page.evaluate("""async () => {
      const items = document.querySelectorAll("#messages > .message .content");
      items[3].textContent += "\\nlonger\\nand longer";
      items[items.length - 3].style.height = "400px";
      for (let frames = 2; frames > 0; frames -= 1) await new Promise(requestAnimationFrame);
    }""")
    assert abs(ann.page.evaluate(TOP_OF, anchor) - top) < 1
