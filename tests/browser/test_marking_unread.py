"""“Mark unread from here”: nothing reads it again by itself, and all tabs and devices agree."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from rooms.summaries import summaries
from tests.browser.scene import Chat, Scene
from tests.browser.test_unread_model import SETUP


@pytest.fixture
def model(blank: Page) -> Page:
    blank.clock.install()
    blank.evaluate(SETUP)
    blank.evaluate("pages.hasBefore = false; show(1, 10, 10)")
    assert blank.evaluate("counts()") == [0, 0, 10]
    blank.clock.fast_forward(1_000)
    blank.evaluate("sent.length = 0")
    return blank


def test_what_is_in_view_stays_unread_after_it_was_marked(model: Page) -> None:
    model.evaluate("reading.markUnreadFrom(8)")
    assert model.evaluate("[asked, counts()]") == [[8], [3, 0, 7]]
    model.evaluate("scroller.emit('moved'); attention.emit('change')")
    model.clock.fast_forward(5_000)
    assert model.evaluate("[counts(), sent]") == [[3, 0, 7], []]


def test_reading_that_was_not_told_yet_does_not_undo_it(model: Page) -> None:
    model.evaluate("unread.count(message(11)); show(1, 11, 11)")
    assert model.evaluate("reading.isAhead('r', 10)")
    model.evaluate("reading.markUnreadFrom(8)")
    model.clock.fast_forward(5_000)
    assert model.evaluate("[reading.isAhead('r', 7), sent]") == [False, []]


@pytest.mark.parametrize(
    "turn",
    [
        "scroller.emit('scrolled'); scroller.emit('moved')",
        "attention.isHere = false; attention.emit('change'); attention.isHere = true; attention.emit('change')",
        "reading.skip()",
    ],
    ids=["by scrolling", "by coming back", "by going to the end"],
)
def test_who_turns_to_it_again_reads_it(model: Page, turn: str) -> None:
    model.evaluate("reading.markUnreadFrom(8)")
    model.evaluate(f"() => {{ {turn} }}")
    assert model.evaluate("counts()") == [0, 0, 10]
    model.clock.fast_forward(1_000)
    model.wait_for_function("sent.length === 1")
    assert model.evaluate("sent") == [10]


def test_marked_on_another_device_it_stays_unread_here(model: Page) -> None:
    model.evaluate("unread.follow({ room: 'r', number: 5, unread: 5, mentions: 1 }); scroller.emit('moved')")
    assert model.evaluate("counts()") == [5, 1, 5]


def test_what_the_server_did_not_take_changes_nothing(model: Page) -> None:
    model.evaluate("isCut = true")
    code = model.evaluate("reading.markUnreadFrom(8).catch((error) => error.code)")
    assert (code, model.evaluate("counts()")) == ("offline", [0, 0, 10])


# --- The whole --------------------------------------------------------------------------------------


def mark_unread(chat: Chat, text: str) -> None:
    """As the menu of the message does it."""
    chat.message(text).evaluate(
        """(message) => message.dispatchEvent(new CustomEvent("message:unread", {
          bubbles: true, detail: { message, number: Number(message.dataset.number) },
        }))"""
    )


def test_marked_unread_it_is_so_in_all_tabs_and_for_the_server_and_the_line_moves(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["one", "two", "three"])
    context = scene.context(scene.ben)
    tab, other = scene.open(context, scene.team), scene.open(context, scene.garden)
    expect(tab.count(scene.team)).to_be_hidden()
    scene.until_read(scene.team, scene.ben, tab.page)
    tab.page.bring_to_front()
    mark_unread(tab, "two")
    for page in (tab, other):
        expect(page.count(scene.team)).to_have_text("2")
    assert tab.page.locator(".unread-divider + .message .content").inner_text() == "two"
    # A message that comes does not bring the reading back.
    scene.say(scene.team, scene.ann, ["four"])
    for page in (tab, other):
        expect(page.count(scene.team)).to_have_text("3")
    assert scene.do(lambda: next(each.unread for each in summaries(scene.ben.pk) if each.id == str(scene.team.pk))) == 3


def test_on_a_second_device_the_line_goes_to_the_same_place(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["one", "two", "three"])
    one = scene.enter(scene.ben, scene.team)
    scene.until_read(scene.team, scene.ben, one.page)
    two = scene.enter(scene.ben, scene.team)
    expect(two.page.locator(".unread-divider")).to_have_count(0)
    mark_unread(one, "two")
    expect(two.page.locator(".unread-divider + .message .content")).to_have_text("two")
    expect(two.count(scene.team)).to_have_text("2")
