"""What is unread: by what was really seen, and the same in all tabs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from rooms.services import add_members
from tests.browser.scene import Chat, Scene
from tests.factories import make_direct, make_room

# Playwright tells every page that it has the focus; here the test says who has it.
FOCUS = """
window.hasTheFocus = false;
document.hasFocus = () => window.hasTheFocus;
window.look = (isHere) => { window.hasTheFocus = isHere; dispatchEvent(new Event(isHere ? "focus" : "blur")); };
"""


def unfocused(context: BrowserContext) -> BrowserContext:
    context.add_init_script(FOCUS)
    return context


def line_before(chat: Chat) -> str:
    """The text of the message that the unread line stands before."""
    return chat.page.locator(".unread-divider + .message .content").inner_text()


def test_counts_and_the_unread_line_agree_in_two_tabs(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    context = scene.context(scene.ben)
    one, two = scene.open(context, scene.garden), scene.open(context, scene.garden)
    expect(one.count(scene.team)).to_be_hidden()
    for number in range(3):
        ann.say(f"news {number}")
    for tab in (one, two):
        expect(tab.count(scene.team)).to_have_text("3")
        expect(tab.link(scene.team)).to_contain_class("has-unread")
        expect(tab.page).to_have_title(re.compile(r"^\(3\) Garden"))
    one.link(scene.team).click()
    expect(one.message("news 2")).to_be_visible()
    assert line_before(one) == "news 0"
    for tab in (one, two):
        expect(tab.count(scene.team)).to_be_hidden()
        expect(tab.page).to_have_title(re.compile(r"^(Team|Garden)"))
    scene.until_read(scene.team, scene.ben, one.page)
    one.page.reload()
    expect(one.message("news 2")).to_be_visible()
    expect(one.page.locator(".unread-divider")).to_have_count(0)


def test_reading_on_another_device_is_followed(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["one", "two"])
    away = scene.enter(scene.ben, scene.garden)
    expect(away.count(scene.team)).to_have_text("2")
    scene.enter(scene.ben, scene.team)
    expect(away.count(scene.team)).to_be_hidden()


def test_a_tab_that_nobody_looks_at_reads_nothing(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ben = scene.open(unfocused(scene.context(scene.ben)), scene.team)
    ann.say("are you there?")
    ann.say("hello?")
    expect(ben.message("hello?")).to_be_visible()
    expect(ben.count(scene.team)).to_have_text("2")
    assert line_before(ben) == "are you there?"
    ben.page.evaluate("look(true)")
    expect(ben.count(scene.team)).to_be_hidden()
    # The line stays while it is being read, and moves on when something new arrives unseen.
    expect(ben.page.locator(".unread-divider")).to_have_count(1)
    ben.page.evaluate("look(false)")
    ann.say("one more")
    expect(ben.count(scene.team)).to_have_text("1")
    assert line_before(ben) == "one more"


def test_what_lies_below_the_view_stays_unread(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"long message {number}\n" + "line\n" * 8 for number in range(20)])
    ben = scene.enter(scene.ben, scene.team)
    expect(ben.page.locator(".unread-divider")).to_be_in_viewport()
    assert line_before(ben).startswith("long message 0")
    expect(ben.to_latest).to_be_visible()
    left = int(ben.count(scene.team).inner_text())
    assert 10 < left < 20
    expect(ben.to_latest.locator(".count")).to_have_text(str(left))
    ben.to_latest.click()
    expect(ben.count(scene.team)).to_be_hidden()
    expect(ben.to_unread).to_be_hidden()
    ben.goto(scene.url(scene.garden))
    expect(ben.count(scene.team)).to_be_hidden()


def test_the_first_unread_message_is_one_press_away(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"message {number}" for number in range(90)])
    ben = scene.open(scene.context(scene.ben), scene.team, number=80)
    expect(ben.to_unread).to_be_visible()
    ben.to_unread.click()
    expect(ben.message("message 0")).to_be_in_viewport()
    expect(ben.page.locator(".unread-divider")).to_be_in_viewport()
    assert line_before(ben) == "message 0"


def test_what_arrives_unseen_does_not_push_its_beginning_out_of_view(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [f"old {number}" for number in range(40)])
    ben = scene.open(unfocused(scene.context(scene.ben)), scene.team)
    scene.say(scene.team, scene.ann, [f"news {number}" for number in range(60)])
    expect(ben.message("news 59")).to_have_count(1)
    expect(ben.page.locator(".unread-divider")).to_be_in_viewport()
    expect(ben.message("news 0")).to_be_in_viewport()
    ben.page.evaluate("look(true)")
    expect(ben.to_latest.locator(".count")).not_to_have_text("60")
    expect(ben.to_latest.locator(".count")).to_have_text(re.compile(r"\d\d"))


def test_writing_reads_what_is_above_and_takes_the_line_away(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["question"])
    ben = scene.open(unfocused(scene.context(scene.ben)), scene.team)
    expect(ben.page.locator(".unread-divider")).to_have_count(1)
    ben.say("answer")
    expect(ben.page.locator(".unread-divider")).to_have_count(0)
    expect(ben.count(scene.team)).to_be_hidden()


def test_leaving_at_once_still_tells_what_was_read(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["short"])
    ben = scene.enter(scene.ben, scene.team)
    expect(ben.count(scene.team)).to_be_hidden()
    ben.goto(scene.url(scene.garden))
    expect(ben.count(scene.team)).to_be_hidden()


def test_joins_are_shown_and_not_counted(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.garden)
    scene.do(add_members, scene.ann, scene.team, [scene.cleo])
    scene.say(scene.team, scene.ann, ["welcome, Cleo"])
    expect(ben.count(scene.team)).to_have_text("1")


@pytest.mark.parametrize("pointed", [False, True], ids=["nobody points at it", "someone points at it"])
def test_direct_rooms_rise_with_activity_but_not_under_the_pointer(scene: Scene, pointed: bool) -> None:
    with_ann = scene.do(make_direct, scene.ben, scene.ann)
    with_cleo = scene.do(make_direct, scene.ben, scene.cleo)
    scene.say(with_ann, scene.ann, ["older"])
    scene.say(with_cleo, scene.cleo, ["newer"])
    ben = scene.enter(scene.ben, scene.team)
    first = ben.page.locator("[data-section=direct] .room-link").first
    expect(first).to_have_attribute("data-room", str(with_cleo.pk))
    if pointed:
        ben.link(with_cleo).hover()
    scene.say(with_ann, scene.ann, ["newest"])
    expect(ben.count(with_ann)).to_have_text("2")
    if pointed:
        expect(first).to_have_attribute("data-room", str(with_cleo.pk))
        ben.composer.hover()
    expect(first).to_have_attribute("data-room", str(with_ann.pk))


def test_a_room_opens_at_the_first_of_many_unread_messages(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [f"old {number}" for number in range(60)])
    scene.say(scene.team, scene.ann, [f"news {number}" for number in range(130)])
    ben = scene.enter(scene.ben, scene.team)
    expect(ben.page.locator(".unread-divider")).to_be_in_viewport()
    assert line_before(ben) == "news 0"
    expect(ben.message("old 59")).to_be_in_viewport()
    expect(ben.to_latest.locator(".count")).to_have_text("99+")


def test_unread_rooms_beyond_the_edge_of_the_list_are_pointed_at(scene: Scene) -> None:
    rooms = [scene.do(make_room, scene.ann, scene.ben, name=f"Room {number:02d}") for number in range(40)]
    ben = scene.enter(scene.ben, scene.team)
    below = ben.page.get_by_role("button", name="New messages below")
    expect(below).to_be_hidden()
    scene.say(rooms[35], scene.ann, ["hello"])
    expect(below).to_be_visible()
    below.click()
    expect(ben.link(rooms[35])).to_be_in_viewport()
    expect(below).to_be_hidden()
    scene.say(rooms[0], scene.ann, ["hello"])
    above = ben.page.get_by_role("button", name="New messages above")
    above.click()
    expect(ben.link(rooms[0])).to_be_in_viewport()
