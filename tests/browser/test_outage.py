"""Cuts, restarts, reloads and refusals: nothing is lost, nothing is sent twice, and it can be seen."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, WebSocketRoute, expect

from rooms.services import mute_member
from tests.browser.scene import Scene


class Network:
    """The connection of a page, which the test can take away."""

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        self._links: list[WebSocketRoute] = []
        page.route_web_socket("**/ws/", self._connect)

    def _connect(self, link: WebSocketRoute) -> None:
        if self.is_cut:
            link.close(code=1012)
            return
        link.connect_to_server()
        self._links.append(link)

    def cut(self) -> None:
        self.is_cut = True
        while self._links:
            self._links.pop().close(code=1012)

    def mend(self) -> None:
        self.is_cut = False


def test_a_server_that_is_killed_and_comes_back_costs_nothing(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.say("before the cut")
    expect(ben.message("before the cut")).to_be_visible()
    scene.server.kill()
    for chat in (ann, ben):
        expect(chat.banner).to_be_visible()
        expect(chat.banner.locator(".banner-words")).to_have_text(re.compile(r"Next try in \d+ s|Reconnecting"))
    for number in range(3):
        ann.say(f"ann {number}, offline")
        ben.say(f"ben {number}, offline")
    expect(ann.page.locator(".is-pending")).to_have_count(3)
    scene.server.start()
    for chat in (ann, ben):
        expect(chat.banner).to_be_hidden()
        expect(chat.message("offline")).to_have_count(6)
        expect(chat.page.locator(".is-pending")).to_have_count(0)
    assert ann.texts() == ben.texts()
    assert [text for text in ann.texts() if text.startswith("ann")] == [f"ann {n}, offline" for n in range(3)]
    assert scene.stored(scene.team) == ann.texts()


def test_try_now_does_not_wait_for_the_next_try(scene: Scene) -> None:
    chat = scene.enter(scene.ann, scene.team)
    network = Network(chat.page)
    chat.page.reload()
    network.cut()
    expect(chat.banner.get_by_role("button", name="Try now")).to_be_visible()
    network.mend()
    chat.banner.get_by_role("button", name="Try now").click()
    expect(chat.banner).to_be_hidden()


def test_what_was_missed_during_a_cut_is_there_after_it(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ben = scene.enter(scene.ben, scene.team)
    network = Network(ben.page)
    ben.page.reload()
    ann.say("heard")
    expect(ben.message("heard")).to_be_visible()
    network.cut()
    for number in range(4):
        ann.say(f"missed {number}")
    expect(ann.page.locator(".is-pending")).to_have_count(0)
    expect(ben.message("missed")).to_have_count(0)
    network.mend()
    expect(ben.message("missed")).to_have_count(4)
    assert ben.texts() == ann.texts()


@pytest.mark.parametrize("count", [420, 620], ids=["replayed", "read anew"])
def test_after_a_long_cut_the_end_is_in_view_again(scene: Scene, count: int) -> None:
    scene.say(scene.team, scene.ann, ["the beginning"])
    ben = scene.enter(scene.ben, scene.team)
    network = Network(ben.page)
    ben.page.reload()
    expect(ben.message("the beginning")).to_be_visible()
    network.cut()
    expect(ben.banner).to_be_visible()
    scene.say(scene.team, scene.ann, [f"message {number}" for number in range(count)])
    network.mend()
    expect(ben.message(f"message {count - 1}")).to_be_in_viewport()
    expect(ben.to_latest).to_be_hidden()
    numbers = ben.messages.evaluate_all("items => items.map((item) => Number(item.dataset.number))")
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_the_outbox_survives_a_reload_and_sends_once(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    network = Network(ann.page)
    ann.page.reload()
    network.cut()
    expect(ann.banner).to_be_visible()
    for text in ("one", "two", "three"):
        ann.say(text)
    ann.page.reload()
    expect(ann.page.locator(".is-pending")).to_have_count(3)
    assert ann.texts() == ["one", "two", "three"]
    network.mend()
    expect(ann.page.locator(".message[data-number]:not([data-kind=join])")).to_have_count(3)
    expect(ann.page.locator(".is-pending")).to_have_count(0)
    assert ann.texts() == ["one", "two", "three"]


def test_a_refused_message_says_why_and_can_be_tried_again(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.team)
    network = Network(ben.page)
    ben.page.reload()
    network.cut()
    expect(ben.banner).to_be_visible()
    ben.say("one")
    ben.say("two")
    scene.do(mute_member, scene.ann, scene.team, scene.ben, timezone.now() + timedelta(hours=1))
    network.mend()
    failed = ben.message("one")
    expect(failed).to_contain_class("is-failed")
    expect(failed.locator("[data-reason]")).to_have_text(re.compile("^Not sent. .+"))
    expect(ben.message("two")).to_contain_class("is-pending")
    expect(ben.page.locator(".composer-bar")).to_be_visible()
    scene.do(mute_member, scene.ann, scene.team, scene.ben, None)
    failed.get_by_role("button", name="Try again").click()
    expect(ben.composer).to_be_visible()  # the page has been loaded anew: he may write again
    expect(ben.page.locator(".is-pending, .is-failed")).to_have_count(0)
    assert ben.texts() == ["one", "two"]


def test_a_refused_message_can_be_discarded_and_the_next_one_goes(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.team)
    network = Network(ben.page)
    ben.page.reload()
    network.cut()
    expect(ben.banner).to_be_visible()
    ben.say("one")
    ben.say("two")
    scene.do(mute_member, scene.ann, scene.team, scene.ben, timezone.now() + timedelta(hours=1))
    network.mend()
    discard = ben.message("one").get_by_role("button", name="Discard")
    expect(discard).to_be_visible()
    expect(ben.page.locator(".composer-bar")).to_be_visible()
    scene.do(mute_member, scene.ann, scene.team, scene.ben, None)
    discard.click()
    expect(ben.composer).to_be_visible()
    expect(ben.page.locator(".is-pending, .is-failed")).to_have_count(0)
    assert ben.texts() == ["two"]
    ben.page.reload()
    assert ben.texts() == ["two"]


def test_signing_out_in_one_tab_leads_the_others_to_the_sign_in_page(scene: Scene) -> None:
    context = scene.context(scene.ann)
    chat, other = scene.open(context, scene.team), scene.open(context, scene.garden)
    chat.composer.fill("half a thought")
    other.page.goto(f"{scene.server.url}/accounts/logout/")
    other.page.get_by_role("button", name=re.compile("sign out", re.IGNORECASE)).last.click()
    chat.page.wait_for_url(re.compile(rf"/accounts/login/\?next=%2Fr%2F{scene.team.slug}%2F"))


def test_a_message_to_a_room_that_was_left_for_another_still_goes_out(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    network = Network(ann.page)
    ann.page.reload()
    network.cut()
    expect(ann.banner).to_be_visible()
    ann.say("to the team")
    ann.page.goto(scene.url(scene.garden))
    network.mend()
    ann.wait("Object.keys(localStorage).every((key) => !key.includes('outbox:'))")
    ann.page.goto(scene.url(scene.team))
    assert ann.texts() == ["to the team"]


def test_what_was_read_without_a_connection_is_told_after_it(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["one", "two"])
    ben = scene.enter(scene.ben, scene.garden)
    elsewhere = scene.enter(scene.ben, scene.garden)
    network = Network(ben.page)
    ben.page.reload()
    network.cut()
    ben.page.goto(scene.url(scene.team))
    expect(ben.count(scene.team)).to_be_hidden()
    expect(elsewhere.count(scene.team)).to_have_text("2")
    network.mend()
    expect(elsewhere.count(scene.team)).to_be_hidden()
