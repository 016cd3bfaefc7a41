"""What people mark up, as others see it and work with it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene

CODE = "```python\ndef wide():\n    return '" + "x" * 300 + "'\n```"


def test_mark_up_arrives_marked_up_and_looks_so(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.say(f"**bold** `code` :tada: @{scene.ben.username} https://example.org/")
    message = ben.message("bold")
    expect(message.locator("strong")).to_have_text("bold")
    expect(message.locator(".mention.is-me")).to_have_text(f"@{scene.ben.username}")
    expect(message.locator(".content")).to_contain_text("🎉")
    link = message.locator(".content a")
    assert (link.get_attribute("href"), link.get_attribute("target")) == ("https://example.org/", "_blank")
    assert message.locator("code").evaluate("(code) => getComputedStyle(code).fontFamily").find("monospace") > 0


def test_blocks_stand_as_close_as_their_lines(scene: Scene) -> None:
    """White space between blocks would show as empty lines, since spaces are kept."""
    ann = scene.enter(scene.ann, scene.team)
    ann.composer.fill("- one\n- two\n\nafter")
    ann.composer.press("Enter")
    content = ann.message("after").locator(".content")
    expect(content.locator("li")).to_have_count(2)
    heights = content.evaluate(
        "(content) => [content.scrollHeight, ...[...content.querySelectorAll('li, p')].map((it) => it.offsetHeight)]"
    )
    assert heights[0] < sum(heights[1:]) * 1.5


def test_code_is_copied_by_its_button_also_without_a_mouse(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [CODE])
    context = scene.context(scene.ann, permissions=["clipboard-read", "clipboard-write"])
    chat = scene.open(context, scene.team)
    block = chat.message("def wide").locator("pre")
    expect(block.locator(".k").first).to_have_text("def ")
    code = block.locator("code")
    expect(code).to_have_attribute("tabindex", "0")  # wider than the page: arrow keys scroll it
    code.focus()
    chat.page.keyboard.press("Tab")
    expect(block.locator(".code-copy")).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_text("Code copied")).to_be_visible()
    copied = chat.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == CODE.removeprefix("```python\n").removesuffix("\n```")


def test_live_messages_get_their_copy_button_too(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.composer.fill("```\nlive\n```")
    ann.composer.press("Enter")
    for chat in (ann, ben):
        expect(chat.message("live").locator("pre .code-copy")).to_have_count(1)


def test_a_spoiler_hides_its_text_until_it_is_opened_by_click_or_key(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["It was ||the butler||", "And ||the *cook*||"])
    chat = scene.enter(scene.ann, scene.team)
    first, second = chat.page.locator(".spoiler").all()
    for spoiler in (first, second):
        expect(spoiler).to_have_role("button")
        expect(spoiler).to_have_accessible_name("Hidden text. Show it")
        expect(spoiler.locator("> span")).to_be_hidden()
    first.click()
    expect(first.get_by_text("the butler")).to_be_visible()
    expect(second.locator("> span")).to_be_hidden()
    second.press("Enter")
    expect(second.get_by_text("cook")).to_be_visible()
    expect(second).not_to_have_attribute("role", "button")


def test_what_is_spoken_is_what_is_shown_and_not_what_is_hidden(scene: Scene) -> None:
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ben.say("**Listen**: ||the butler|| :tada:")
    spoken = ann.page.locator("body > .visually-hidden[aria-live=polite]")
    expect(spoken).to_have_text("Ben: Listen: hidden text 🎉")


def test_a_link_to_this_server_opens_in_this_window(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, [f"Look: {scene.url(scene.garden)}"])
    chat = scene.enter(scene.ann, scene.team)
    chat.page.locator(".content a").click()
    chat.page.wait_for_url(scene.url(scene.garden))
    assert len(chat.page.context.pages) == 1
