"""Contacts and blocks in the web client: the page of them, and what is folded, at once and wherever it stands."""

from __future__ import annotations

from uuid import UUID

from playwright.sync_api import Locator, Page, expect

from accounts.services import blocks, contacts
from messaging.services import pin
from rooms.services import direct_room
from tests.browser.scene import Scene
from tests.browser.test_threads import open_thread
from tests.factories import make_room, say

FOLDED = "Message from someone you blocked"


def open_contacts(page: Page) -> Locator:
    page.locator("#shortcuts").get_by_role("link", name="Contacts").click()
    panel = page.locator("#panel .panel-page[data-kind=contacts]")
    expect(panel).to_be_visible()
    return panel


def find(page: Page, username: str) -> Locator:
    """The card of somebody, found by username."""
    panel = open_contacts(page)
    panel.get_by_label("Find someone by their username").fill(username)
    panel.get_by_role("button", name="Find").click()
    return panel.locator(".contact-card")


def test_two_become_contacts_each_in_their_own_browser(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    card = find(ann.page, scene.ben.username.upper())
    card.get_by_label("Note").fill("Do you still have my ladder?")
    card.get_by_role("button", name="Ask to be a contact").click()
    expect(card).to_contain_text("You have asked")
    badge = ben.page.locator("[data-count-of=contacts]")
    expect(badge).to_have_text("1")
    panel = open_contacts(ben.page)
    expect(panel).to_contain_text("Do you still have my ladder?")
    panel.get_by_role("button", name="Accept").click()
    expect(panel.locator("#contacts-all + ul")).to_contain_text("Ann")
    expect(badge).to_be_hidden()
    expect(card).to_contain_text("One of your contacts")
    card.get_by_role("button", name="Remove from contacts").click()
    expect(panel).to_contain_text("Nobody yet")


def test_a_request_is_declined_and_another_taken_back(scene: Scene) -> None:
    scene.do(contacts.request, scene.ben, scene.ann)
    scene.do(contacts.request, scene.ann, scene.cleo)
    ann = scene.enter(scene.ann, scene.team)
    expect(ann.page.locator("[data-count-of=contacts]")).to_have_text("1")
    panel = open_contacts(ann.page)
    panel.get_by_role("button", name="Decline").click()
    expect(panel.get_by_text("Waiting for you")).to_have_count(0)
    panel.get_by_role("button", name="Cancel").click()
    expect(panel.get_by_text("You have asked")).to_have_count(0)


def test_a_name_that_nobody_has_finds_nobody(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    find(ann.page, scene.ben.username[:-1] + "x")
    expect(ann.page.locator("#panel .state")).to_contain_text("Nobody is called")


def test_the_page_works_without_a_script(scene: Scene) -> None:
    page = scene.context(scene.ann, java_script_enabled=False).new_page()
    page.goto(f"{scene.server.url}/contacts/?username={scene.ben.username}")
    page.get_by_role("button", name="Ask to be a contact").click()
    expect(page.locator(".contact-card")).to_contain_text("You have asked")
    page.get_by_text("Block …").click()
    page.get_by_label("Reason").fill("Changed my mind")
    page.get_by_role("button", name="Block Ben").click()
    expect(page.locator(".contact-card")).to_contain_text("You have blocked this person")
    page.get_by_role("link", name="All contacts").click()
    expect(page.locator(".main")).to_contain_text("Changed my mind")
    page.get_by_role("button", name="Unblock").click()
    expect(page.get_by_text("Changed my mind")).to_have_count(0)


def folded(message: Locator) -> None:
    expect(message.locator(".blocked-line")).to_be_visible()
    expect(message.locator(".content")).to_be_hidden()


def test_what_a_blocked_person_wrote_and_writes_is_folded_at_once_and_can_be_opened(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["Buy this", "And that"])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    message = ann.message("Buy this")
    message.hover()
    message.locator("[data-act=more]").click()
    ann.page.get_by_role("menuitem", name="Block this person").click()
    dialog = ann.page.get_by_role("dialog", name="Block Ben?")
    dialog.get_by_label("Why").fill("spam")
    dialog.get_by_role("button", name="Block").click()
    folded(message)
    folded(ann.message("And that"))
    ben.say("And all of these")
    folded(ann.message("And all of these"))
    expect(ben.message("And all of these").locator(".content")).to_be_visible()
    message.get_by_role("button", name="Show").click()
    expect(message.locator(".content")).to_be_visible()
    message.get_by_role("button", name="Hide").click()
    folded(message)
    scene.do(blocks.unblock, scene.ann, scene.ben)
    ann.page.reload()
    expect(ann.message("Buy this").locator(".content")).to_be_visible()


def test_a_block_is_folded_from_the_first_sight_in_room_thread_quote_and_pins(scene: Scene) -> None:
    room, ann_herself, ben = scene.team, scene.ann, scene.ben

    def prepare() -> None:
        spam = say(room, ben, "Cheap watches")
        say(room, ann_herself, "No, thank you", reply_to=UUID(spam.id))
        root = say(room, ann_herself, "Who comes along?")
        say(room, ben, "Watches, in the thread", thread=UUID(root.id))
        pin(ben, UUID(spam.id))
        blocks.block(ann_herself, ben)

    scene.do(prepare)
    ann = scene.enter(scene.ann, scene.team)
    folded(ann.message("Cheap watches"))
    quote = ann.message("No, thank you").locator(".reply-to")
    expect(quote).to_contain_text(FOLDED)
    expect(quote.get_by_text("Cheap watches")).to_be_hidden()
    thread = open_thread(ann, "Who comes along?")
    folded(thread.reply("Watches, in the thread"))
    ann.page.goto(f"{scene.url(scene.team)}pins/")
    folded(ann.page.locator(".panel-item .message"))
    expect(ann.page.locator(".panel-item .message")).to_contain_text(FOLDED)


def test_a_call_of_a_blocked_person_is_not_counted_here_either(scene: Scene) -> None:
    other = scene.do(make_room, scene.cleo, scene.ann, scene.ben, name="Elsewhere")
    assert scene.team
    scene.do(blocks.block, scene.ann, scene.ben)
    ann = scene.enter(scene.ann, scene.team)
    scene.say(other, scene.ben, [f"@{scene.ann.username}, buy this"])
    expect(ann.count(other)).to_have_text("1")
    expect(ann.page.locator("[data-count-of=mentions]")).to_be_hidden()
    scene.say(other, scene.cleo, [f"@{scene.ann.username}, hello"])
    expect(ann.page.locator("[data-count-of=mentions]")).to_have_text("1")


def test_a_conversation_closes_and_opens_with_the_block(scene: Scene) -> None:
    room = scene.do(direct_room, scene.ann, [scene.ben])[0]
    ann = scene.enter(scene.ann, room)
    expect(ann.composer).to_be_visible()
    card = find(ann.page, scene.ben.username)
    card.get_by_text("Block …").click()
    card.get_by_role("button", name="Block Ben").click()
    expect(ann.page.locator(".composer-bar")).to_contain_text("You have blocked this person")
    with ann.page.expect_navigation():
        ann.page.locator(".contact-card").get_by_role("button", name="Unblock").click()
    expect(ann.composer).to_be_visible()
    ben = scene.enter(scene.ben, room)
    ben.say("Friends again?")
    expect(ann.message("Friends again?").locator(".content")).to_be_visible()
    # A thread of it closes and opens in the same way.
    thread = open_thread(ann, "Friends again?")
    expect(thread.composer).to_be_visible()
    message = ann.message("Friends again?")
    message.hover()
    message.locator("[data-act=more]").click()
    ann.page.get_by_role("menuitem", name="Block this person").click()
    ann.page.get_by_role("dialog", name="Block Ben?").get_by_role("button", name="Block").click()
    expect(thread.panel.locator(".composer-bar")).to_contain_text("You have blocked this person")
    expect(ann.page.locator("#main .composer-bar")).to_contain_text("You have blocked this person")
    message.get_by_role("button", name="Show").click()
    message.hover()
    message.locator("[data-act=more]").click()
    ann.page.get_by_role("menuitem", name="Unblock").click()
    expect(thread.composer).to_be_visible()
    expect(ann.composer).to_be_visible()


def test_the_page_fits_a_phone(scene: Scene) -> None:
    scene.do(contacts.request, scene.ben, scene.ann, "A note of some length, so that it takes more than one line here.")
    page = scene.context(scene.ann, viewport={"width": 390, "height": 844}, has_touch=True).new_page()
    page.goto(f"{scene.server.url}/contacts/")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
