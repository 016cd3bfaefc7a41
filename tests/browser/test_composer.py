"""The composer: keys, input methods, drafts, and the limit."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

SETUP = """async () => {
  const { runComposer } = await import("/static/js/controllers/composer.js");
  const { Drafts } = await import("/static/js/models/drafts.js");
  const { CommandError } = await import("/static/js/models/socket.js");
  const { Store } = await import("/static/js/models/store.js");
  document.body.innerHTML = `<form id="composer" data-room="r"><textarea name="content" maxlength="1000" required>
    </textarea><button>Send</button></form>`;
  document.querySelector("textarea").value = "";
  window.sent = [];
  window.said = [];
  window.field = document.querySelector("textarea");
  const offline = async () => { throw new CommandError("offline", "There is no connection."); };
  const drafts = new Drafts({ store: new Store("ann"), send: offline });
  window.composer = runComposer({
    form: document.getElementById("composer"), drafts,
    send: (content) => sent.push(content), typing: (isTyping) => said.push(isTyping),
  });
}"""


@pytest.fixture
def field(blank: Page) -> Locator:
    blank.evaluate(SETUP)
    return blank.locator("textarea")


def test_enter_sends_and_shift_enter_begins_a_line(blank: Page, field: Locator) -> None:
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    field.press("Enter")
    assert blank.evaluate("sent") == ["one\ntwo"]
    expect(field).to_have_value("")
    expect(field).to_be_focused()


def test_enter_that_ends_a_composition_sends_nothing(blank: Page, field: Locator) -> None:
    field.fill("にほん")
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True, "cancelable": True})
    assert blank.evaluate("sent") == []
    field.press("Enter")
    assert blank.evaluate("sent") == ["にほん"]


@pytest.mark.parametrize("text", ["", "   ", "\n\n"], ids=["empty", "spaces", "lines"])
def test_nothing_is_not_sent(blank: Page, field: Locator, text: str) -> None:
    field.fill(text)
    field.press("Enter")
    assert blank.evaluate("sent") == []


def test_a_long_paste_is_kept_counted_and_not_sent(blank: Page, field: Locator) -> None:
    field.fill("x" * 1_040)
    expect(field).to_have_value("x" * 1_040)
    expect(blank.locator(".composer-count")).to_have_text("40 over the limit")
    field.press("Enter")
    assert blank.evaluate("sent") == []
    field.fill("x" * 990)
    expect(blank.locator(".composer-count")).to_have_text("10 left")
    field.fill("short")
    expect(blank.locator(".composer-count")).to_be_hidden()


def test_characters_are_counted_as_the_server_counts_them(blank: Page, field: Locator) -> None:
    field.fill("🦉" * 1_000)
    expect(blank.locator(".composer-count")).to_have_text("0 left")
    field.press("Enter")
    assert blank.evaluate("[...sent[0]].length") == 1_000


def test_a_draft_survives_a_reload_and_ends_with_the_send(blank: Page, field: Locator) -> None:
    field.fill("half a thought")
    blank.reload()
    blank.evaluate(SETUP)
    expect(field).to_have_value("half a thought")
    field.press("Enter")
    blank.reload()
    blank.evaluate(SETUP)
    expect(field).to_have_value("")


def test_says_that_somebody_types_and_when_they_stop(blank: Page, field: Locator) -> None:
    field.fill("a")
    field.fill("")
    field.fill("b")
    field.press("Enter")
    assert blank.evaluate("said") == [True, False, True, False]
