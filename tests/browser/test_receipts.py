"""What a sender sees of their messages: on its way, sent, delivered, read; who in a group has seen it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from accounts import privacy
from tests.browser.scene import Chat, Scene
from tests.factories import make_direct

MODEL = """async () => {
  const { Receipts } = await import("/static/js/models/receipts.js");
  window.receipts = new Receipts("ann");
  window.of = (number) => { const { received, read, of } = receipts.of(number); return [received, read, of]; };
}"""


def tick(chat: Chat, text: str) -> Locator:
    return chat.message(text).locator(".message-status")


def test_counts_those_of_whom_it_can_be_known(blank: Page) -> None:
    blank.evaluate(MODEL)
    blank.evaluate(
        "receipts.load({ bob: { received: 9, read: 7, since: 0 }, new: { received: 8, read: 8, since: 8 } })"
    )
    assert blank.evaluate("[7, 8, 9, 10].map(of)") == [[1, 1, 1], [1, 0, 1], [1, 0, 2], [0, 0, 2]]


def test_ones_own_reading_is_no_receipt(blank: Page) -> None:
    blank.evaluate(MODEL)
    blank.evaluate("receipts.merge({ ann: { received: 9, read: 9, since: 0 } })")
    assert blank.evaluate("of(5)") == [0, 0, 0]


def test_an_older_answer_takes_nothing_back_and_who_is_gone_is_gone(blank: Page) -> None:
    blank.evaluate(MODEL)
    blank.evaluate(
        "receipts.merge({ bob: { received: 9, read: 9, since: 0 }, eve: { received: 9, read: 9, since: 0 } })"
    )
    blank.evaluate("receipts.load({ bob: { received: 8, read: 5, since: 0 } })")
    assert blank.evaluate("of(9)") == [1, 1, 1]
    blank.evaluate("receipts.merge({ bob: { received: 12, read: 12, since: 12 } })")  # came back, or tells again
    assert blank.evaluate("[of(9), of(13)]") == [[0, 0, 0], [0, 0, 1]]


def test_in_a_direct_room_a_message_is_sent_then_delivered_then_read(scene: Scene) -> None:
    room = scene.do(make_direct, scene.ann, scene.ben)
    ann = scene.enter(scene.ann, room)
    ann.say("are you there?")
    expect(tick(ann, "are you there?")).to_have_attribute("data-state", "sent")
    ben = scene.enter(scene.ben, scene.team)  # somewhere else, but here
    expect(tick(ann, "are you there?")).to_have_attribute("data-state", "delivered")
    ben.link(room).click()
    expect(ben.message("are you there?")).to_be_visible()
    expect(tick(ann, "are you there?")).to_have_attribute("data-state", "read")
    expect(tick(ann, "are you there?")).to_have_text("Read")  # for those who see no ticks
    # And at once what is said while the other one looks on.
    ann.say("good")
    expect(tick(ann, "good")).to_have_attribute("data-state", "read")
    expect(ben.messages.locator(".message-status")).to_have_count(0)
    ann.page.reload()
    expect(tick(ann, "good")).to_have_attribute("data-state", "read")


def test_who_answers_from_further_up_is_seen_to_have_read_what_was_below(scene: Scene) -> None:
    room = scene.do(make_direct, scene.ann, scene.ben)
    scene.say(room, scene.ben, [f"old {number}" for number in range(60)])
    ann, ben = scene.enter(scene.ann, room), scene.enter(scene.ben, room)
    ben.scroll_to(0)
    ann.say("question")
    expect(ben.count(room)).to_have_text("1")
    expect(tick(ann, "question")).to_have_attribute("data-state", "delivered")
    ben.say("something else")
    expect(tick(ann, "question")).to_have_attribute("data-state", "read")


@pytest.mark.parametrize("silent", ["ann", "ben"], ids=["the sender", "the reader"])
def test_where_one_of_two_keeps_receipts_to_themselves_a_message_stays_sent(scene: Scene, silent: str) -> None:
    room = scene.do(make_direct, scene.ann, scene.ben)
    scene.do(privacy.change, getattr(scene, silent), read_receipts="nobody")
    ann, ben = scene.enter(scene.ann, room), scene.enter(scene.ben, room)
    ann.say("do you see this?")
    expect(ben.message("do you see this?")).to_be_visible()
    scene.until_read(room, scene.ben, ben.page)
    ben.say("yes")  # what it would have brought about has come before this
    expect(ann.message("yes")).to_be_visible()
    expect(tick(ann, "do you see this?")).to_have_attribute("data-state", "sent")


def test_in_a_group_a_line_under_the_newest_says_how_many_have_seen_it_and_leads_to_who(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ann.say("first")
    ann.say("second")
    line = ann.page.locator(".seen-by")
    expect(ann.message("second")).to_be_visible()
    expect(line).to_have_count(0)
    scene.enter(scene.ben, scene.team)
    expect(line).to_have_count(1)
    expect(ann.message("second").locator(".seen-by")).to_have_text("Seen by everybody")
    expect(ann.messages.locator(".message-status")).to_have_count(0)
    line.click()
    panel = ann.page.locator("#panel")
    expect(panel).to_contain_text("Read by 1 of 1")
    expect(panel.locator(".receipt-row")).to_contain_text("Ben")
    expect(panel.locator(".receipt-time")).not_to_contain_text("T")  # in the reader's own words


def test_the_page_follows_who_reads(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["news"])
    ann = scene.enter(scene.ann, scene.team)
    url = f"/m/{ann.message('news').get_attribute('data-id')}/receipts/"
    ann.page.evaluate("async (url) => (await import('/static/js/controllers/panel.js')).openPanel(url, 'Seen by')", url)
    panel = ann.page.locator("#panel")
    expect(panel.locator("[data-state=waiting]")).to_contain_text("Ben")
    scene.enter(scene.ben, scene.team)
    expect(panel.locator("[data-state=read]")).to_contain_text("Ben")


def test_who_joins_is_counted_from_then_on(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.garden), scene.enter(scene.ben, scene.garden)
    ann.say("just us")
    expect(ann.message("just us").locator(".seen-by")).to_have_text("Seen by everybody")
    cleo = scene.context(scene.cleo).new_page()
    cleo.goto(scene.url(scene.garden))
    cleo.get_by_role("button", name="Join").click()
    expect(cleo.locator("#composer")).to_be_visible()
    cleo.close()
    ann.say("welcome")
    expect(ann.message("welcome").locator(".seen-by")).to_have_text("Seen by 1 of 2")
    expect(ben.message("welcome")).to_be_visible()


def test_a_send_that_the_server_cannot_take_is_tried_four_times_and_then_its_writer_decides(scene: Scene) -> None:
    room = scene.do(make_direct, scene.ann, scene.ben)
    page = scene.context(scene.ann).new_page()
    attempts: list[int] = []
    refuses = True

    def between(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            said = json.loads(text)
            if said["type"] == "message.send":
                attempts.append(said.get("attempt", 1))
                if refuses:
                    refusal = {"type": "error", "ref": said["ref"], "code": "unavailable", "detail": "Not now."}
                    browser.send(json.dumps(refusal))
                    return
            server.send(text)

        browser.on_message(pass_on)

    page.route_web_socket("**/ws/", between)
    page.clock.install()
    page.goto(scene.url(room))
    chat = Chat(page)
    chat.say("is anybody there?")
    expect(tick(chat, "is anybody there?")).to_have_attribute("data-state", "pending")
    failed = page.locator(".message.is-failed")
    for missed, wait in enumerate((2_000, 4_000, 8_000), start=1):
        # Kept in the browser, so that a reload knows as well how often it was tried.
        page.wait_for_function(
            '(missed) => Object.values(localStorage).some((text) => text.includes(`"attempts":${missed}`))', arg=missed
        )
        page.clock.fast_forward(wait)
    expect(failed).to_contain_text("Not now.")
    assert attempts == [1, 2, 3, 4]
    assert scene.stored(room) == []
    refuses = False
    failed.get_by_role("button", name="Try again").click()
    expect(tick(chat, "is anybody there?")).to_have_attribute("data-state", "sent")
    assert (attempts, scene.stored(room)) == ([1, 2, 3, 4, 5], ["is anybody there?"])
