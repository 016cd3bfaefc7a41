"""What happens to a message that is shown: parts that change, whose acts they are, and lines that fold."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

SETUP = """async () => {
  const { Timeline } = await import("/static/js/models/timeline.js");
  const { toggleFold } = await import("/static/js/models/folding.js");
  const { Own } = await import("/static/js/models/own.js");
  const { Store } = await import("/static/js/models/store.js");
  const { Threads } = await import("/static/js/models/threads.js");
  document.body.innerHTML = `<ol id='messages'></ol><template id="thread-chip-template"><button class="thread-chip">
    <span data-label="replies"></span></button></template>`;
  window.list = document.getElementById("messages");
  window.own = new Own();
  window.threads = new Threads("ann", { followed: ["id-1"], unread: {} }, new Store("ann"));
  window.timeline = new Timeline(list, "ann", { own, threads, folds: true });
  window.toggleFold = toggleFold;
  window.put = ({ number, seq = number, sender = "bob", name = sender, kind = "text", text = "", facts = {}, parts = "",
                  at = "2026-03-05T12:00:00Z" }) => {
    const made = document.createElement("li");
    made.className = "message";
    made.id = `m-${number}`;
    Object.assign(made.dataset, { id: `id-${number}`, number, kind, sender, at, ...facts });
    made.innerHTML = `<div class="message-body"><div class="message-head"><b class="message-author">${name}</b></div>
      <div class="content">${text}</div>${parts}</div>`;
    return timeline.put(made, seq);
  };
  window.at = (number) => timeline.numbered(number);
  window.event = (type, seq, data) => timeline.change({ type, seq, room: "r", data: { message: "id-1", ...data } });
  window.react = (seq, emoji, count, user, isAdded = true) =>
    event(isAdded ? "reaction.added" : "reaction.removed", seq, { emoji, count, user: { id: user } });
  window.chips = (number = 1) => [...at(number).querySelectorAll(".reaction")].map((chip) =>
    `${chip.dataset.emoji}${chip.textContent.slice(chip.dataset.emoji.length)}` +
    (chip.getAttribute("aria-pressed") === "true" ? "*" : ""));
  window.shape = () => [...list.children].map((item) => item.classList.contains("message")
    ? item.id + (item.classList.contains("is-folded") ? "-" : "")
    : item.classList.contains("fold") ? item.textContent : item.className);
}"""


@pytest.fixture
def page(blank: Page) -> Page:
    blank.evaluate(SETUP)
    return blank


def put(page: Page, *specs: dict[str, Any]) -> None:
    for spec in specs:
        page.evaluate("(spec) => put(spec)", spec)


def test_counts_of_reactions_are_absolute_and_older_ones_are_passed_over(page: Page) -> None:
    put(page, {"number": 1, "seq": 5})
    page.evaluate(
        "react(4, '👎', 1, 'bob'); react(6, '👍', 1, 'bob'); react(7, '🎉', 1, 'ann'); react(8, '👍', 2, 'ann')"
    )
    assert page.evaluate("chips()") == ["👍2*", "🎉1*"]
    page.evaluate("react(8, '👍', 2, 'ann'); react(9, '🎉', 0, 'ann', false)")
    assert page.evaluate("chips()") == ["👍2*"]
    page.evaluate("react(10, '👍', 0, 'bob', false)")
    assert page.evaluate("at(1).querySelector('.reactions')") is None


def test_a_reaction_of_ones_own_is_told_apart_wherever_it_was_made(page: Page) -> None:
    parts = """<div class="reactions"><button class="reaction" data-emoji="👍" data-count="3"></button></div>"""
    page.evaluate("own.load(['id-1'], { 'id-1': { reactions: ['👍'] } })")
    put(page, {"number": 1, "parts": parts})
    chip = page.locator(".reaction")
    assert chip.get_attribute("aria-pressed") == "true"
    page.evaluate("own.react('id-1', '👍', false)")
    assert chip.get_attribute("aria-pressed") == "false"
    assert "3" in (chip.get_attribute("aria-label") or "")


def test_what_is_not_changed_by_an_edit_stays_the_element_it_was(page: Page) -> None:
    text = "<details open><summary>x</summary>hidden</details>"
    put(page, {"number": 1, "text": "<details><summary>x</summary>hidden</details>"})
    page.evaluate("""() => {
      window.element = at(1);
      window.opened = at(1).querySelector("details");
      opened.open = true;
      const menu = document.createElement("i");
      menu.dataset.transient = "";
      at(1).append(menu);
      at(1).tabIndex = -1;
      at(1).focus();
    }""")
    put(
        page,
        {
            "number": 1,
            "seq": 2,
            "text": "<details><summary>x</summary>hidden</details>",
            "parts": "<div class='previews'>P</div>",
        },
    )
    assert page.evaluate(
        "[at(1) === element, opened.isConnected && opened.open, document.activeElement === element,"
        " at(1).querySelector('[data-transient]') !== null, at(1).querySelector('.previews').textContent]"
    ) == [True, True, True, True, "P"]
    put(page, {"number": 1, "seq": 3, "text": text.replace("hidden", "other"), "facts": {"edited": "3"}})
    assert page.evaluate("[at(1) === element, opened.isConnected, at(1).textContent.includes('other')]") == [
        True,
        False,
        True,
    ]


def test_answers_do_not_go_on_quoting_what_was_deleted(page: Page) -> None:
    put(page, {"number": 1, "text": "secret"})
    put(page, {"number": 2, "parts": "<a class='reply-to' href='/m/id-1/'><b>Bob</b> <span>secret</span></a>"})
    put(page, {"number": 1, "seq": 3, "text": "harmless", "facts": {"edited": "3"}})
    assert page.locator(".reply-to").inner_text() == "Bob harmless"
    put(page, {"number": 1, "seq": 4, "facts": {"deleted": ""}})
    assert page.locator(".reply-to").inner_text() == "The original message was deleted."


def test_a_pin_is_marked_once_and_taken_away(page: Page) -> None:
    put(page, {"number": 1})
    page.evaluate("event('message.pinned', 2, {}); event('message.pinned', 3, {})")
    assert page.locator(".message-mark.is-pinned").all_inner_texts() == ["Pinned"]
    page.evaluate("event('message.unpinned', 4, {})")
    assert page.evaluate("[at(1).hasAttribute('data-pinned'), at(1).querySelector('.is-pinned')]") == [False, None]


def test_a_threads_count_only_grows_and_a_dot_says_that_something_is_unread(page: Page) -> None:
    put(page, {"number": 1})
    page.evaluate("timeline.countReplies('id-1', 1)")
    chip = page.locator(".thread-chip")
    assert chip.inner_text().strip() == "1 reply"
    assert "has-unread" not in (chip.get_attribute("class") or "")
    page.evaluate("timeline.countReplies('id-1', 3); timeline.countReplies('id-1', 2)")
    assert chip.inner_text().strip() == "3 replies"
    page.evaluate("threads.count({ id: 'x', sender: { id: 'bob' }, thread: { root: 'id-1', count: 3, index: 3 } })")
    assert "has-unread" in (chip.get_attribute("class") or "")
    page.evaluate("threads.follow({ root: 'id-1', following: true, unread: 0 })")
    assert "has-unread" not in (chip.get_attribute("class") or "")


def passing(number: int, name: str, kind: str = "join", **more: Any) -> dict[str, Any]:
    return {"number": number, "sender": name.lower(), "name": name, "kind": kind, **more}


def test_comings_and_goings_in_a_row_are_one_line(page: Page) -> None:
    put(page, {"number": 1}, passing(2, "Ann"))
    assert page.evaluate("shape()") == ["day-divider", "m-1", "m-2"]
    put(page, passing(3, "Bob"), passing(4, "Cleo"), passing(5, "Dan"), passing(6, "Eve"), passing(7, "Bob", "leave"))
    put(page, passing(8, "Eve", "leave", facts={"by": "ann"}, parts='<i data-label="leave"></i>'))
    line = "Ann, Bob and 3 others joined · Bob left · Eve was removed"
    assert page.evaluate("shape()") == ["day-divider", "m-1", line, *(f"m-{number}-" for number in range(2, 9))]
    page.evaluate("toggleFold(document.querySelector('.fold'))")
    assert page.evaluate("shape().slice(2, 5)") == [line, "m-2", "m-3"]
    assert page.evaluate("at(8).querySelector('[data-label]').textContent") == "was removed"


def test_a_message_or_a_day_between_divides_the_line(page: Page) -> None:
    put(page, passing(1, "Ann"), passing(2, "Bob"), passing(4, "Cleo"), passing(5, "Dan"))
    put(page, passing(6, "Eve", at="2026-03-06T12:00:00Z"), passing(7, "Flo", at="2026-03-06T12:00:00Z"))
    put(page, {"number": 3})
    assert page.evaluate("shape()") == [
        "day-divider",
        *("Ann and Bob joined", "m-1-", "m-2-", "m-3"),
        *("Cleo and Dan joined", "m-4-", "m-5-"),
        "day-divider",
        *("Eve and Flo joined", "m-6-", "m-7-"),
    ]


def test_what_leaves_the_page_takes_its_line_along(page: Page) -> None:
    put(page, passing(1, "Ann"), passing(2, "Bob"), passing(3, "Cleo"), {"number": 4}, passing(5, "Dan"))
    page.evaluate("timeline.dropThrough(2)")
    assert page.evaluate("shape()") == ["day-divider", "m-3", "m-4", "m-5"]
    page.evaluate("timeline.dropThrough(9)")
    assert page.evaluate("shape()") == []
