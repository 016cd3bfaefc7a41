"""What happens to messages, in two browsers side by side: reactions, edits, deletions, pins, polls, threads."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from playwright.sync_api import Locator, expect

from messaging import services
from messaging.drafts import NewPoll
from messaging.models import Message
from rooms.services import join, leave, remove_member, update_room
from tests.browser.scene import Chat, Scene
from tests.factories import say

FIRST_IN_VIEW = """() => {
  const edge = document.getElementById("timeline").getBoundingClientRect().top;
  const messages = [...document.querySelectorAll("#messages > .message")];
  const first = messages.find((message) => message.getBoundingClientRect().top >= edge);
  return [first.id, first.getBoundingClientRect().top];
}"""
TOP_OF = "(id) => document.getElementById(id).getBoundingClientRect().top"


def act(chat: Chat, text: str, verb: str) -> None:
    """Choose something in the menu of a message."""
    message = chat.message(text)
    message.hover()
    message.get_by_role("button", name="More", exact=True).click()
    chat.page.get_by_role("menuitem", name=verb, exact=True).click()


def stored(scene: Scene, content: str) -> Message:
    return scene.do(scene.team.messages.get, content=content)


def chip(chat: Chat, text: str, emoji: str) -> Locator:
    return chat.message(text).locator(f".reaction[data-emoji='{emoji}']")


def test_reactions_are_counted_in_both_browsers_and_each_knows_its_own(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["Shall we?"])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.message("Shall we?").hover()
    ann.page.get_by_role("button", name="React with 👍").click()
    expect(chip(ben, "Shall we?", "👍").locator(".reaction-count")).to_have_text("1")
    expect(chip(ben, "Shall we?", "👍")).to_have_attribute("aria-pressed", "false")
    chip(ben, "Shall we?", "👍").click()
    for chat in (ann, ben):
        expect(chip(chat, "Shall we?", "👍").locator(".reaction-count")).to_have_text("2")
        expect(chip(chat, "Shall we?", "👍")).to_have_attribute("aria-pressed", "true")
    chip(ben, "Shall we?", "👍").hover()
    expect(ben.page.get_by_role("tooltip")).to_have_text("You and Ann reacted with 👍")
    chip(ben, "Shall we?", "👍").click()
    expect(chip(ann, "Shall we?", "👍").locator(".reaction-count")).to_have_text("1")
    expect(chip(ann, "Shall we?", "👍")).to_have_attribute("aria-pressed", "true")
    ann.goto(scene.url(scene.team))
    expect(chip(ann, "Shall we?", "👍")).to_have_attribute("aria-pressed", "true")
    chip(ann, "Shall we?", "👍").click()
    for chat in (ann, ben):
        expect(chip(chat, "Shall we?", "👍")).to_have_count(0)


def test_a_reaction_that_is_refused_is_taken_back_and_says_why(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["Shall we?"])
    scene.do(update_room, scene.ann, scene.team, settings={"reactions_max": 1})
    ben = scene.enter(scene.ben, scene.team)
    for emoji in ("👍", "❤️"):
        ben.message("Shall we?").hover()
        ben.page.get_by_role("button", name=f"React with {emoji}").click()
    expect(ben.page.get_by_text("as many different reactions as the room allows")).to_be_visible()
    expect(chip(ben, "Shall we?", "❤️")).to_have_count(0)
    expect(chip(ben, "Shall we?", "👍")).to_have_attribute("aria-pressed", "true")


def test_the_last_message_is_edited_from_the_empty_composer(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.say("Good *mornin*")
    expect(ann.message("mornin")).not_to_contain_class("is-pending")
    ann.composer.press("ArrowUp")
    field = ann.page.get_by_role("textbox", name="Edit the message")
    expect(field).to_have_value("Good *mornin*")
    field.fill("Good *morning*")
    field.press("Escape")
    expect(field).to_have_count(0)
    assert ann.texts() == ["Good mornin"]
    ann.composer.focus()
    ann.composer.press("ArrowUp")
    field.fill("Good *morning*")
    field.press("Enter")
    for chat in (ann, ben):
        expect(chat.message("Good morning").locator(".message-edited")).to_be_visible()
        assert chat.texts() == ["Good morning"]
    assert scene.stored(scene.team) == ["Good *morning*"]


def test_an_edit_does_not_overwrite_one_that_was_made_meanwhile(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["first"])
    ann = scene.enter(scene.ann, scene.team)
    act(ann, "first", "Edit")
    field = ann.page.get_by_role("textbox", name="Edit the message")
    expect(field).to_have_value("first")
    message = stored(scene, "first")
    scene.do(services.edit, scene.ann, message.pk, "second, from the phone")
    field.fill("third")
    field.press("Enter")
    expect(ann.page.get_by_role("alert")).to_contain_text("was edited meanwhile")
    expect(field).to_have_value("third")
    assert scene.stored(scene.team) == ["second, from the phone"]
    field.press("Enter")
    expect(field).to_have_count(0)
    expect(ann.message("third")).to_be_visible()
    assert scene.stored(scene.team) == ["third"]


def test_a_deleted_message_leaves_a_tombstone_and_no_quote(scene: Scene) -> None:
    first = scene.do(say, scene.team, scene.ann, "Regrettable")
    scene.do(say, scene.team, scene.ben, "Well", reply_to=UUID(first.id))
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    act(ann, "Regrettable", "Delete")
    ann.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(ann.message("Regrettable")).to_have_count(1)
    act(ann, "Regrettable", "Delete")
    ann.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for chat in (ann, ben):
        expect(chat.message("This message was deleted.")).to_have_count(1)
        expect(chat.page.locator(".reply-to")).to_have_text("The original message was deleted.")
        expect(chat.page.get_by_text("Regrettable")).to_have_count(0)


def test_only_what_one_may_do_is_offered(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["from Ann"])
    scene.say(scene.team, scene.ben, ["from Ben"])
    ben = scene.enter(scene.ben, scene.team)
    offered = {}
    for text in ("from Ann", "from Ben"):
        ben.message(text).hover()
        ben.message(text).get_by_role("button", name="More", exact=True).click()
        offered[text] = set(ben.page.get_by_role("menuitem").all_inner_texts())
        ben.page.keyboard.press("Escape")
    assert offered["from Ben"] - offered["from Ann"] == {"Edit", "Delete"}
    assert {"Reply", "Reply in thread", "Copy link", "Save for later", "Forward"} <= offered["from Ann"]


def test_pins_and_saved_messages(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["The code is 1234"])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    act(ann, "The code", "Pin to the room")
    for chat in (ann, ben):
        expect(chat.message("The code").locator(".is-pinned")).to_have_text("Pinned")
    act(ben, "The code", "Save for later")
    ben.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(ben.page.get_by_role("dialog")).to_have_count(0)
    expect(ben.message("The code")).not_to_contain_class("is-saved")
    act(ben, "The code", "Save for later")
    ben.page.get_by_label("Note").fill("for Friday")
    ben.page.get_by_label("Note").press("Enter")  # as its button does, not as the way out
    expect(ben.message("The code")).to_contain_class("is-saved")
    ben.goto(scene.url(scene.team))
    act(ben, "The code", "Remove from saved")
    expect(ben.message("The code")).not_to_contain_class("is-saved")
    act(ann, "The code", "Unpin")
    for chat in (ann, ben):
        expect(chat.message("The code").locator(".is-pinned")).to_have_count(0)


def test_votes_of_a_poll_are_counted_changed_and_taken_back(scene: Scene) -> None:
    poll = NewPoll(options=["Tea", "Coffee"], closes_at=timezone.now() + timedelta(hours=5))
    scene.do(say, scene.team, scene.ann, "What to drink?", poll=poll)
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    counts = ".poll-count"
    ann.page.locator(".poll-option", has_text="Tea").click()
    expect(ben.page.locator(counts)).to_have_text(["1", "0"])
    ben.page.locator(".poll-option", has_text="Tea").click()
    expect(ann.page.locator(counts)).to_have_text(["2", "0"])
    ben.page.get_by_role("button", name="Coffee").click()
    expect(ann.page.locator(counts)).to_have_text(["1", "1"])
    expect(ben.page.get_by_role("button", name="Coffee")).to_have_attribute("aria-pressed", "true")
    ben.page.get_by_role("button", name="Coffee").click()
    expect(ann.page.locator(counts)).to_have_text(["1", "0"])
    expect(ann.page.locator(".poll-facts")).to_contain_text("1 vote")
    act(ann, "What to drink?", "Close the poll")
    for chat in (ann, ben):
        expect(chat.page.locator(".poll-facts")).to_contain_text("Closed")
        expect(chat.page.locator(".poll-option", has_text="Tea")).to_be_disabled()


def test_a_threads_replies_are_counted_under_its_root(scene: Scene) -> None:
    root = scene.do(say, scene.team, scene.ann, "How do we split it?")
    ann = scene.enter(scene.ann, scene.team)
    scene.do(say, scene.team, scene.ben, "In halves", thread=UUID(root.id))
    chip = ann.message("How do we split it?").locator(".thread-chip")
    expect(chip).to_have_text("1 reply")
    ann.goto(scene.url(scene.team))
    expect(chip).to_have_text("1 reply")
    expect(chip).to_contain_class("has-unread")
    expect(ann.message("In halves").get_by_role("link", name="In a thread")).to_be_visible()
    chip.click()
    expect(ann.page.locator("#panel")).to_contain_text("In halves")
    expect(chip).not_to_contain_class("has-unread")


def test_what_happens_above_does_not_move_who_reads(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"message {number}\nsecond line\nthird line" for number in range(80)])
    ben = scene.enter(scene.ben, scene.team)
    ben.scroll_to(900)
    anchor, top = ben.page.evaluate(FIRST_IN_VIEW)
    for number in range(32, 36):
        message = stored(scene, f"message {number}\nsecond line\nthird line")
        scene.do(services.react, scene.ben, message.pk, "🎉")
    scene.do(services.edit, scene.ann, message.pk, "longer\n" * 9)
    message = stored(scene, "message 33\nsecond line\nthird line")
    scene.do(services.delete, scene.ann, message.pk)
    expect(ben.message("longer")).to_have_count(1)
    expect(ben.page.locator(".message[data-deleted]")).to_have_count(1)
    assert abs(ben.page.evaluate(TOP_OF, anchor) - top) < 1


def test_a_quote_leads_to_its_original_even_when_that_is_far_above(scene: Scene) -> None:
    first = scene.do(say, scene.team, scene.ann, "the **first** words")
    scene.say(scene.team, scene.ann, [f"message {number}" for number in range(200)])
    scene.do(say, scene.team, scene.ben, "as Ann said", reply_to=UUID(first.id))
    ben = scene.enter(scene.ben, scene.team)
    expect(ben.page.locator(".reply-to")).to_have_text("Ann the first words")
    address = ben.page.url
    ben.page.locator(".reply-to").click()
    target = ben.message("the first words")
    expect(target).to_contain_class("is-target")
    expect(target).to_be_in_viewport()
    assert ben.page.url == address


def test_replies_that_stand_in_their_thread_only_are_counted_and_not_shown(scene: Scene) -> None:
    root = scene.do(say, scene.team, scene.ann, "How do we split it?")
    scene.do(update_room, scene.ann, scene.team, settings={"threads": "only"})
    ann = scene.enter(scene.ann, scene.team)
    scene.do(say, scene.team, scene.ben, "In halves", thread=UUID(root.id))
    expect(ann.message("How do we split it?").locator(".thread-chip")).to_have_text("1 reply")
    scene.do(say, scene.team, scene.ben, "in the room")
    expect(ann.message("in the room")).to_be_visible()
    assert ann.texts() == ["How do we split it?", "in the room"]
    ann.goto(scene.url(scene.team))
    assert ann.texts() == ["How do we split it?", "in the room"]


def test_a_room_tells_of_itself_in_the_readers_words(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.garden)
    scene.do(join, scene.cleo, scene.garden)
    expect(ann.page.locator(".fold")).to_have_text("Ann, Ben and Cleo joined")
    scene.do(update_room, scene.ann, scene.garden, topic="Beans and peas")
    notice = ann.page.locator(".message[data-kind=system]")
    expect(notice).to_contain_text("Ann set the topic: Beans and peas")
    scene.do(leave, scene.cleo, scene.garden)
    expect(ann.page.locator(".message[data-kind=leave]")).to_contain_text("Cleo left")
    scene.do(remove_member, scene.ann, scene.garden, scene.ben)
    expect(ann.page.locator(".fold").last).to_have_text("Cleo left · Ben was removed")
    for fold in ann.page.locator(".fold button").all():
        fold.click()
    expect(ann.page.locator(".message[data-kind=join]").last).to_contain_text("Cleo joined")
    expect(ann.page.locator(".message[data-kind=leave]").last).to_contain_text("Ben was removed")


def test_the_author_takes_a_preview_away_for_everybody(scene: Scene) -> None:
    sent = scene.do(say, scene.team, scene.ann, "See this")
    preview = {"url": "https://example.org/a", "title": "A <b>title</b>", "description": "", "site": "example.org"}
    scene.do(Message.objects.filter(pk=sent.id).update, previews=[preview])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    expect(ben.page.locator(".preview")).to_contain_text("A <b>title</b>")
    expect(ben.page.get_by_role("button", name="Remove this preview")).to_have_count(0)
    ann.page.get_by_role("button", name="Remove this preview").click()
    for chat in (ann, ben):
        expect(chat.page.locator(".preview")).to_have_count(0)
