"""The composer against a real server: answering, calling people, drafts on two devices, other ways to send."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from messaging.models import ComposerDraft, Message, ScheduledMessage
from rooms.services import add_members, update_room
from tests.browser.scene import Chat, Scene
from tests.factories import make_user


def newest(scene: Scene) -> Message:
    return scene.do(lambda: Message.objects.in_room(scene.team).latest("number"))


def test_answers_a_message_with_a_quote_that_can_be_taken_back(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["Tea or coffee?"])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    bar = ben.page.locator("#composer .composer-reply")
    ben.message("Tea or coffee?").hover()
    ben.message("Tea or coffee?").locator("[data-act=reply]").click()
    expect(bar).to_contain_text("Replying to Ann")
    expect(bar).to_contain_text("Tea or coffee?")
    expect(ben.composer).to_be_focused()
    ben.composer.press("Escape")
    expect(bar).to_be_hidden()
    ben.message("Tea or coffee?").locator("[data-act=reply]").click()
    ben.say("Coffee")
    expect(bar).to_be_hidden()
    expect(ann.message("Coffee").locator(".reply-to")).to_contain_text("Tea or coffee?")
    answer = newest(scene)
    answered = scene.do(lambda: Message.objects.get(pk=answer.reply_to_id))
    assert answered.content == "Tea or coffee?"


def test_an_at_sign_offers_who_wrote_last_and_enter_chooses(scene: Scene) -> None:
    scene.do(add_members, scene.ann, scene.team, [scene.cleo])
    scene.say(scene.team, scene.ben, ["first"])
    scene.say(scene.team, scene.cleo, ["then"])
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.garden)
    ann.composer.press_sequentially("Hi @")
    options = ann.page.locator("#composer [role=option]")
    expect(options).to_have_text([re.compile("Cleo"), re.compile("Ben"), re.compile("room"), re.compile("here")])
    expect(options.first).to_have_attribute("aria-selected", "true")
    active = ann.composer.get_attribute("aria-activedescendant")
    assert active == options.first.get_attribute("id")
    ann.composer.press_sequentially("be")
    expect(options).to_have_count(1)
    ann.composer.press("Enter")
    expect(ann.composer).to_have_value(f"Hi @{scene.ben.username} ")
    expect(options).to_have_count(0)
    ann.composer.press("Enter")
    expect(ben.page.locator("#shortcuts [data-count-of=mentions]")).to_have_text("1")
    assert newest(scene).mentions == [str(scene.ben.pk)]
    # Escape closes the list and nothing else; what was typed stays as it is.
    ann.composer.press_sequentially("@b")
    expect(options).to_have_count(1)
    ann.composer.press("Escape")
    expect(options).to_be_hidden()
    expect(ann.composer).to_have_value("@b")


def test_emoji_are_found_by_their_names(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ann.composer.press_sequentially("Well done :tada")
    expect(ann.page.locator("#composer [role=option]").first).to_contain_text("🎉")
    ann.composer.press("Tab")
    expect(ann.composer).to_have_value("Well done 🎉 ")
    ann.composer.press_sequentially("at 10:30 or https://x")
    expect(ann.page.locator("#composer .suggestions")).to_be_hidden()


def test_calling_a_large_room_is_asked_about_first(scene: Scene) -> None:
    people = scene.do(lambda: [make_user() for _ in range(30)])
    scene.do(add_members, scene.ann, scene.team, people)
    ann = scene.enter(scene.ann, scene.team)
    asked = ann.page.locator("#composer .composer-ask")
    ann.say("`@room` is code and calls nobody")
    expect(ann.message("is code")).to_be_visible()
    ann.say("@room the door is open")
    expect(asked).to_contain_text("all 32 members")
    expect(ann.composer).to_have_value("@room the door is open")
    asked.get_by_role("button", name="Not yet").click()
    expect(asked).to_be_hidden()
    expect(ann.composer).to_be_focused()
    ann.composer.press("Enter")
    asked.get_by_role("button", name="Send").click()
    expect(ann.message("the door is open")).to_be_visible()
    expect(ann.composer).to_have_value("")
    ann.wait("() => !document.querySelector('.is-pending')")
    assert newest(scene).mentions == ["room"]


def test_marks_are_put_around_the_selection_and_taken_away(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    ann.composer.fill("so good")
    ann.composer.evaluate("(field) => field.setSelectionRange(3, 7)")
    ann.composer.press("Control+b")
    expect(ann.composer).to_have_value("so **good**")
    ann.composer.press("Control+i")
    expect(ann.composer).to_have_value("so ***good***")
    ann.composer.press("Control+i")
    ann.composer.press("Control+b")
    expect(ann.composer).to_have_value("so good")
    ann.composer.press("Control+e")
    expect(ann.composer).to_have_value("so `good`")
    ann.composer.press("Control+z")
    expect(ann.composer).to_have_value("so good")


def test_a_draft_follows_its_writer_and_is_not_taken_from_who_types(scene: Scene) -> None:
    desk, phone = scene.enter(scene.ann, scene.team), scene.enter(scene.ann, scene.team)
    elsewhere = scene.enter(scene.ann, scene.garden)
    desk.composer.fill("Begun at the desk")
    expect(phone.composer).to_have_value("Begun at the desk")
    expect(elsewhere.link(scene.team).locator(".draft-mark")).to_be_visible()
    # The other device gets what is written, and takes over where nobody is typing.
    phone.composer.fill("Gone on from the phone")
    expect(phone.composer).to_have_value("Gone on from the phone")
    desk.composer.press_sequentially("!")  # still writing here: the last one wins, and nothing is mixed
    expect(phone.composer).to_have_value("Begun at the desk!")
    phone.composer.fill("Gone on from the phone")
    expect(desk.composer).to_have_value("Gone on from the phone")
    expect(phone.composer).to_have_value("Gone on from the phone")
    phone.composer.press("Enter")
    expect(desk.message("Gone on from the phone")).to_be_visible()
    expect(desk.composer).to_have_value("")
    expect(elsewhere.link(scene.team).locator(".draft-mark")).to_be_hidden()
    elsewhere.page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.includes('draft:'))")
    assert not scene.do(lambda: ComposerDraft.objects.filter(user=scene.ann).exists())


def test_the_list_of_drafts_follows_them(scene: Scene) -> None:
    ann, elsewhere = scene.enter(scene.ann, scene.team), scene.enter(scene.ann, scene.garden)
    ann.composer.fill("Begun")
    expect(elsewhere.link(scene.team).locator(".draft-mark")).to_be_visible()
    for chat in (ann, elsewhere):
        chat.page.locator("#shortcuts a[href='/drafts/']").click()
        expect(chat.page.locator("#panel .draft-text")).to_have_text("Begun")
    ann.composer.press("Enter")
    for chat in (ann, elsewhere):
        expect(chat.page.locator("#panel")).to_contain_text("No drafts")


def test_a_draft_with_its_quote_is_there_after_a_reload(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["Question"])
    ben = scene.enter(scene.ben, scene.team)
    ben.message("Question").hover()
    ben.message("Question").locator("[data-act=reply]").click()
    ben.composer.fill("Half an answer")
    ben.goto(scene.url(scene.team))
    expect(ben.composer).to_have_value("Half an answer")
    expect(ben.page.locator("#composer .composer-reply")).to_contain_text("Question")


def test_slow_mode_counts_down_and_keeps_what_is_written(scene: Scene) -> None:
    scene.do(update_room, scene.ann, scene.team, settings={"slow_mode_s": 300})
    ben = scene.enter(scene.ben, scene.team)
    ben.say("One")
    wait = ben.page.locator("#composer .composer-wait")
    expect(wait).to_have_text(re.compile(r"\d+"))
    ben.say("Two")
    expect(ben.page.locator("#composer .composer-note")).to_contain_text("slow mode")
    expect(ben.composer).to_have_value("Two")
    ben.goto(scene.url(scene.team))
    expect(wait).to_have_text(re.compile(r"\d+"))
    scene.do(update_room, scene.ann, scene.team, settings={})
    expect(wait).to_be_hidden()
    ben.composer.press("Enter")
    expect(ben.message("Two")).not_to_contain_class("is-pending")
    assert scene.stored(scene.team) == ["One", "Two"]


def test_sends_silently_later_and_as_a_poll(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.garden)
    options = ann.page.locator("#composer .composer-options")
    ann.composer.fill("Quietly")
    options.click()
    ann.page.get_by_role("button", name="Send silently").click()
    expect(ann.message("Quietly")).not_to_contain_class("is-pending")
    assert newest(scene).silent
    expect(ben.count(scene.team)).to_be_hidden()

    ann.composer.fill("Tomorrow then")
    options.click()
    ann.page.locator("[data-when=tomorrow]").click()
    expect(ann.composer).to_have_value("")
    expect(ann.page.locator(".toast")).to_contain_text("It will be sent")
    assert scene.do(lambda: ScheduledMessage.objects.get(sender=scene.ann).content) == "Tomorrow then"

    ann.composer.fill("Where to?")
    ann.page.locator("#composer .composer-more").click()
    ann.page.locator("[data-act=poll]").click()
    dialog = ann.page.locator("dialog[open]")
    dialog.get_by_role("button", name="Send the poll").click()
    expect(dialog).to_contain_text("at least two options")
    dialog.get_by_role("textbox", name="Option 1").fill("Sea")
    dialog.get_by_role("textbox", name="Option 1").press("Enter")
    dialog.get_by_role("textbox", name="Option 2").fill("Hills")
    dialog.get_by_role("textbox", name="Option 2").press("Enter")  # one more field, not the poll as it is
    expect(dialog.get_by_role("textbox", name="Option 3")).to_be_focused()
    dialog.get_by_role("button", name="Send the poll").click()
    expect(ann.message("Where to?").locator(".poll-option")).to_have_count(2)
    poll = newest(scene).poll
    assert [option["text"] for option in poll["options"]] == ["Sea", "Hills"]


def test_forwards_a_message_to_a_room_found_by_name(scene: Scene) -> None:
    ben = scene.enter(scene.ben, scene.garden)
    ann = scene.enter(scene.ann, scene.team)
    ann.say("Worth passing on")
    message = ann.message("Worth passing on")
    expect(message).not_to_contain_class("is-pending")
    message.hover()
    message.locator("[data-act=more]").click()
    ann.page.locator("#message-menu [data-act=forward]").click()
    dialog = ann.page.locator("dialog[open]")
    expect(dialog.get_by_role("button", name="Forward")).to_be_disabled()
    dialog.get_by_label("To").fill("gard")
    dialog.get_by_label("To").press("Enter")
    dialog.get_by_role("button", name="Forward").click()
    expect(dialog).to_have_count(0)
    expect(ben.message("Worth passing on").locator(".forwarded")).to_contain_text("Ann")


def test_a_composer_that_goes_and_comes_back_works(scene: Scene) -> None:
    """What one may do here follows the room's settings without a reload."""
    scene.do(add_members, scene.ann, scene.team, [scene.cleo])
    ben = Chat(scene.context(scene.ben).new_page())
    ben.goto(scene.url(scene.team))
    ben.composer.press_sequentially("@")
    expect(ben.page.locator("#composer [role=option]", has_text="room")).to_have_count(1)
    ben.composer.press("Escape")
    ben.composer.fill("")
    scene.do(update_room, scene.ann, scene.team, settings={"permissions": {"mention_room": "admin"}})
    ben.wait("() => document.getElementById('composer').dataset.mayCall === undefined")
    ben.composer.press_sequentially("@")
    expect(ben.page.locator("#composer [role=option]")).to_have_text([re.compile("Ann"), re.compile("Cleo")])


def test_on_a_sunday_the_next_morning_is_offered_once(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    monday = ann.page.locator("#composer [data-when=monday]")
    for day, is_offered in ((29, False), (30, True)):  # a Sunday and a Monday
        ann.page.clock.set_fixed_time(datetime(2026, 11, day, 12, tzinfo=UTC))
        ann.page.locator("#composer .composer-options").click()
        expect(ann.page.locator("#composer [data-when=tomorrow]")).to_be_visible()
        expect(monday).to_be_visible(visible=is_offered)
        ann.page.keyboard.press("Escape")
