"""Acting on messages with what one has at hand: keys, a finger, a strict policy, no connection."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws:"
FROM_NOW_ON = """(policy) => {
  const meta = document.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = policy;
  document.head.append(meta);
  window.refused = [];
  document.addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
}"""


def test_messages_are_walked_through_and_acted_on_by_keys(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["first", "second", "third"])
    ann = scene.enter(scene.ann, scene.team)
    press = ann.page.keyboard.press
    ann.page.locator("#timeline").focus()
    press("ArrowUp")
    expect(ann.message("third")).to_be_focused()
    press("ArrowUp")
    expect(ann.message("second")).to_be_focused()
    expect(ann.message("second").get_by_role("toolbar")).to_be_visible()
    press("e")
    field = ann.page.get_by_role("textbox", name="Edit the message")
    expect(field).to_have_value("second")
    press("Escape")
    expect(ann.message("second")).to_be_focused()
    press("Enter")
    expect(ann.page.get_by_role("menuitem", name="Reply", exact=True)).to_be_focused()
    press("ArrowUp")
    expect(ann.page.get_by_role("menuitem", name="Delete")).to_be_focused()
    press("Escape")
    expect(ann.page.get_by_role("menu")).to_be_hidden()
    press("Delete")
    ann.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(ann.message("second")).to_be_focused()
    press("r")
    expect(ann.composer).to_be_focused()
    expect(ann.page.locator(".composer-reply")).to_contain_text("second")
    ann.page.locator("#timeline").focus()
    press("ArrowUp")
    press("Escape")
    expect(ann.composer).to_be_focused()


def test_a_long_press_opens_a_sheet_that_the_lifted_finger_does_not_press(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [f"message {number}" for number in range(12)])
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    box = ann.message("message 7").bounding_box()
    assert box
    finger = ann.page.context.new_cdp_session(ann.page)
    point = {"x": box["x"] + 90, "y": box["y"] + box["height"] / 2}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    sheet = ann.page.get_by_role("menu", name="Message actions")
    expect(sheet).to_be_visible()
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    for item in sheet.get_by_role("menuitem").all():
        size = item.bounding_box()
        assert size
        assert size["height"] >= 44
    sheet.get_by_role("menuitem", name="React with 👍").tap()
    expect(sheet).to_be_hidden()
    expect(ann.message("message 7").locator(".reaction-count")).to_have_text("1")


def test_a_message_that_is_drawn_aside_far_enough_is_answered(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["Who has the key?"])
    ann = scene.enter(scene.ann, scene.team, **PHONE)
    box = ann.message("Who has the key?").bounding_box()
    assert box
    finger = ann.page.context.new_cdp_session(ann.page)
    quote = ann.page.locator(".composer-reply")
    for distance, is_answered in ((40, False), (90, True)):
        x, y = box["x"] + 250, box["y"] + box["height"] / 2
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for step in range(10, distance + 1, 10):
            point = {"x": x - step, "y": y}
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(ann.message("Who has the key?")).not_to_contain_class("is-drawn")
        expect(quote).to_be_visible(visible=is_answered)
    expect(quote).to_contain_text("Who has the key?")


def test_the_picker_works_under_a_strict_policy_and_remembers(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["Done!"])
    ann = scene.enter(scene.ann, scene.team)
    ann.page.evaluate(FROM_NOW_ON, POLICY)
    ann.message("Done!").hover()
    ann.page.get_by_role("button", name="Add a reaction").click()
    search = ann.page.locator("emoji-picker input[type=search]")
    expect(search).to_be_focused()
    search.fill("party popper")
    ann.page.locator("emoji-picker").get_by_role("option", name="party popper").click()
    expect(ann.message("Done!").locator(".reaction[data-emoji='🎉']")).to_have_attribute("aria-pressed", "true")
    assert ann.page.evaluate("refused") == []
    expect(ann.message("Done!")).to_be_focused()
    ann.composer.focus()
    ann.page.mouse.move(0, 0)
    ann.message("Done!").hover()
    expect(ann.page.get_by_role("toolbar").get_by_role("button").first).to_have_accessible_name("React with 🎉")


def test_the_toolbar_moves_nothing(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [f"message {number}" for number in range(12)])
    ann = scene.enter(scene.ann, scene.team)
    places = "items => items.map((item) => item.getBoundingClientRect().top)"
    before = ann.messages.evaluate_all(places)
    for text in ("message 2", "message 7"):
        ann.message(text).hover()
        expect(ann.message(text).get_by_role("toolbar")).to_be_visible()
        assert ann.messages.evaluate_all(places) == before


def test_what_cannot_be_done_without_a_connection_says_so_and_changes_nothing(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, ["Shall we?"])
    ann = scene.enter(scene.ann, scene.team)
    ann.page.context.set_offline(True)
    ann.page.evaluate("dispatchEvent(new Event('offline'))")
    scene.server.stop()
    ann.message("Shall we?").hover()
    ann.page.get_by_role("button", name="React with 👍").click()
    expect(ann.page.get_by_text("That did not work.")).to_be_visible()
    expect(ann.page.locator(".reaction")).to_have_count(0)


def test_the_line_of_a_day_leads_to_another_day(scene: Scene) -> None:
    scene.say(scene.team, scene.ann, [f"message {number}" for number in range(5)])
    ann = scene.enter(scene.ann, scene.team)
    ann.page.locator(".day-divider button").click()
    field = ann.page.locator("input.date-jump")
    with ann.page.expect_navigation():
        field.evaluate("(field) => { field.value = '2020-01-31'; field.dispatchEvent(new Event('change')); }")
    # The first message since that day: the room's first.
    expect(ann.page.locator(".message.is-target")).to_have_attribute("data-number", "1")
