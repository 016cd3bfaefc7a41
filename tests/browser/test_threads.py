"""Threads beside the room: replies as they come, counts, following, and what waits unread."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, expect

from messaging.models import Message, ThreadFollow
from rooms.services import update_room
from tests.browser.scene import Chat, Scene
from tests.factories import say

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


class Thread:
    """An open thread, in the words of who looks at it."""

    def __init__(self, page: Page) -> None:
        self.panel = page.locator("#panel .panel-page[data-kind=thread]")
        self.composer = self.panel.locator(".composer textarea")
        self.replies = self.panel.locator(".thread-replies > .message")
        self.count = self.panel.locator(".thread-count")
        self.people = self.panel.locator(".thread-people .visually-hidden")
        self.follow = self.panel.locator("[data-act=follow]")

    def say(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def reply(self, text: str) -> Any:
        return self.replies.filter(has_text=text)


def open_thread(chat: Chat, text: str) -> Thread:
    """Open the thread of a message by the tools over it."""
    message = chat.message(text)
    message.hover()
    message.locator("[data-act=thread]").click()
    thread = Thread(chat.page)
    expect(thread.panel).to_be_visible()
    return thread


def test_two_people_talk_in_a_thread(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.say("Where do we eat?")
    his = open_thread(ben, "Where do we eat?")
    expect(his.count).to_have_text("No replies yet")
    expect(his.composer).to_be_focused()
    his.say("At the harbour")
    expect(ann.message("Where do we eat?").locator(".thread-chip")).to_have_text("1 reply")
    expect(his.follow).to_have_attribute("aria-pressed", "true")  # who replies follows
    hers = open_thread(ann, "Where do we eat?")
    expect(hers.reply("At the harbour")).to_be_visible()
    hers.say("Good")
    expect(his.reply("Good")).to_be_visible()
    expect(his.count).to_have_text("2 replies")
    for thread in (hers, his):
        expect(thread.people.filter(has_text="Ann")).to_have_count(1)
        expect(thread.people.filter(has_text="Ben")).to_have_count(1)
    expect(his.reply("Good")).not_to_contain_class("is-mine")
    expect(hers.reply("Good")).to_contain_class("is-mine")


def test_what_is_unread_in_threads_waits_in_the_side_bar(scene: Scene) -> None:
    root = scene.do(say, scene.team, scene.ann, "Root")
    scene.do(update_room, scene.ann, scene.team, settings={"threads": "only"})
    ann = scene.enter(scene.ann, scene.garden)
    waiting = ann.page.locator("#shortcuts [data-count-of=threads]")
    expect(waiting).to_be_hidden()
    # Ann, who wrote the root, follows from the first reply on; in a room of hers that is not open.
    for text in ("One", "Two"):
        scene.do(say, scene.team, scene.ben, text, thread=UUID(root.id))
    ann.goto(scene.url(scene.garden))
    expect(waiting).to_have_text("1")
    ann.page.locator("#shortcuts a", has_text="Threads").click()
    item = ann.page.locator("#panel .thread-item")
    expect(item.locator(".thread-link")).to_have_text(re.compile("2 replies"))
    expect(item.locator(".unread-count")).to_have_text("2")
    item.locator(".thread-link").click()
    thread = Thread(ann.page)
    expect(thread.replies).to_have_count(2)
    expect(thread.panel.locator(".unread-divider")).to_be_visible()
    expect(waiting).to_be_hidden()
    assert scene.do(lambda: ThreadFollow.objects.get(root_id=root.id, user=scene.ann).read_index) == 2
    # Replies that stand in the thread only are not in the room, and counted for nobody there.
    ann.page.go_back()
    expect(item).to_be_visible()
    ann.goto(scene.url(scene.team))
    assert "One" not in ann.texts()
    expect(ann.message("Root").locator(".thread-chip")).to_have_text("2 replies")


def test_who_began_a_thread_learns_of_its_first_reply_in_another_room(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ann.say("Any news?")
    expect(ann.message("Any news?")).not_to_contain_class("is-pending")
    root = scene.do(lambda: Message.objects.get(content="Any news?", room=scene.team))
    ann.goto(scene.url(scene.garden))
    scene.do(say, scene.team, scene.ben, "None", thread=root.pk)
    expect(ann.page.locator("#shortcuts [data-count-of=threads]")).to_have_text("1")


def test_following_can_be_stopped(scene: Scene) -> None:
    root = scene.do(say, scene.team, scene.ann, "Root")
    scene.do(say, scene.team, scene.ben, "Reply", thread=UUID(root.id))
    ben = scene.enter(scene.ben, scene.team)
    thread = open_thread(ben, "Root")
    expect(thread.follow).to_have_attribute("aria-pressed", "true")
    thread.follow.click()
    expect(thread.follow).to_have_attribute("aria-pressed", "false")
    scene.do(say, scene.team, scene.ann, "Another", thread=UUID(root.id))
    expect(thread.reply("Another")).to_be_visible()
    expect(ben.page.locator("#shortcuts [data-count-of=threads]")).to_be_hidden()
    thread.say("Still here")  # the server remembers that they stopped
    expect(thread.reply("Still here")).not_to_contain_class("is-pending")
    expect(thread.follow).to_have_attribute("aria-pressed", "false")


def test_a_long_thread_loads_as_it_is_scrolled(scene: Scene) -> None:
    root = scene.do(say, scene.team, scene.ann, "Root")
    scene.do(lambda: [say(scene.team, scene.ben, f"Reply {n}", thread=UUID(root.id)) for n in range(1, 121)])
    scene.do(lambda: ThreadFollow.objects.filter(root_id=root.id).update(read_index=120))
    ann = scene.enter(scene.ann, scene.team)
    ann.page.evaluate(
        "([url]) => document.dispatchEvent(new CustomEvent('panel:open', { detail: { url, title: 'Thread' } }))",
        [f"/r/{scene.team.slug}/thread/{root.number}/"],
    )
    thread = Thread(ann.page)
    expect(thread.reply("Reply 120")).to_be_in_viewport()
    while (before := thread.replies.count()) < 120:
        thread.panel.locator(".panel-body").evaluate("(box) => { box.scrollTop = 0; }")
        expect(thread.replies).not_to_have_count(before)
    texts = thread.replies.locator(".content").all_inner_texts()
    assert texts == [f"Reply {n}" for n in range(1, 121)]


def test_on_a_phone_the_thread_takes_the_room_s_place_and_back_closes_it(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["Root"])
    ben = scene.enter(scene.ben, scene.team, **PHONE)
    number = ben.message("Root").get_attribute("data-number")
    ben.page.evaluate(
        "([url]) => document.dispatchEvent(new CustomEvent('panel:open', { detail: { url, title: 'Thread' } }))",
        [f"/r/{scene.team.slug}/thread/{number}/"],
    )
    thread = Thread(ben.page)
    expect(thread.panel).to_be_visible()
    assert thread.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    thread.composer.fill("From the bus")
    thread.panel.locator("button[type=submit]").click()
    expect(thread.reply("From the bus")).not_to_contain_class("is-pending")
    ben.page.go_back()
    expect(thread.panel).to_have_count(0)
    expect(ben.composer).to_be_visible()
    expect(ben.message("From the bus")).to_be_visible()  # this room shows replies in its flow too
