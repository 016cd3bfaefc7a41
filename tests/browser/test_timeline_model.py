"""The timeline: order, turns, days, the unread line, and messages that take another's place."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

SETUP = """async () => {
  const { Timeline } = await import("/static/js/models/timeline.js");
  document.body.innerHTML = "<ol id='messages'></ol>";
  window.list = document.getElementById("messages");
  window.timeline = new Timeline(list, "ann");
  window.message = ({ number, sender = "bob", at = "2026-03-05T12:00:00Z", key, kind = "text", text = "" }) => {
    const made = document.createElement("li");
    made.className = "message";
    made.id = `m-${key ?? number}`;
    Object.assign(made.dataset, { id: `id-${number}`, number, kind, sender, at });
    made.innerHTML = `<time datetime="${at}"></time><span data-label="${kind}"></span><div class="content"></div>`;
    made.querySelector(".content").textContent = text;
    return made;
  };
  window.pending = (key) => {
    const made = message({ number: 0, sender: "ann", key });
    delete made.dataset.id;
    delete made.dataset.number;
    return made;
  };
  window.put = (spec, seq = spec.number) => timeline.put(message(spec), seq);
  window.shape = () => [...list.children].map((item) => {
    if (!item.classList.contains("message")) return item.className;
    return item.id + (item.classList.contains("is-grouped") ? "+" : "");
  });
}"""


@pytest.fixture
def page(blank: Page) -> Page:
    blank.evaluate(SETUP)
    return blank


def put(page: Page, *specs: dict[str, Any]) -> None:
    for spec in specs:
        page.evaluate("(spec) => put(spec)", spec)


def test_messages_stand_in_the_order_of_their_numbers(page: Page) -> None:
    put(page, *({"number": number, "sender": str(number)} for number in (5, 3, 9, 4, 1)))
    assert page.evaluate("shape()") == ["day-divider", "m-1", "m-3", "m-4", "m-5", "m-9"]
    assert page.evaluate("[timeline.first, timeline.last, timeline.size]") == [1, 9, 5]


def test_a_turn_of_one_person_is_grouped_until_it_pauses(page: Page) -> None:
    put(
        page,
        {"number": 1, "at": "2026-03-05T12:00:00Z"},
        {"number": 2, "at": "2026-03-05T12:04:00Z"},
        {"number": 3, "at": "2026-03-05T12:09:01Z"},
        {"number": 4, "at": "2026-03-05T12:09:02Z", "sender": "ann"},
        {"number": 5, "at": "2026-03-05T12:09:03Z", "kind": "join", "sender": "ann"},
    )
    assert page.evaluate("shape()") == ["day-divider", "m-1", "m-2+", "m-3", "m-4", "m-5"]


def test_a_message_between_two_of_a_turn_divides_it(page: Page) -> None:
    put(page, {"number": 1}, {"number": 3}, {"number": 2, "sender": "ann"})
    assert page.evaluate("shape()") == ["day-divider", "m-1", "m-2", "m-3"]


def test_days_are_divided_and_the_line_moves_as_older_messages_arrive(page: Page) -> None:
    put(page, {"number": 5, "at": "2026-03-06T12:00:00Z"}, {"number": 6, "at": "2026-03-07T12:00:00Z"})
    assert page.evaluate("shape()") == ["day-divider", "m-5", "day-divider", "m-6"]
    put(page, {"number": 4, "at": "2026-03-06T11:59:00Z"}, {"number": 3, "at": "2026-03-05T12:00:00Z"})
    assert page.evaluate("shape()") == ["day-divider", "m-3", "day-divider", "m-4", "m-5+", "day-divider", "m-6"]


def test_the_unread_line_stands_before_the_first_unread_message_of_others(page: Page) -> None:
    put(page, {"number": 1}, {"number": 2, "sender": "ann"}, {"number": 3, "kind": "join"}, {"number": 4})
    page.evaluate("timeline.divide(1)")
    assert page.evaluate("shape()") == ["day-divider", "m-1", "m-2", "m-3", "unread-divider", "m-4"]
    page.evaluate("timeline.divide(null)")
    assert "unread-divider" not in page.evaluate("shape()")


def test_the_unread_line_finds_its_place_as_older_messages_arrive(page: Page) -> None:
    put(page, {"number": 8})
    page.evaluate("timeline.divide(4)")
    put(page, {"number": 7}, {"number": 6}, {"number": 5}, {"number": 4})
    assert page.evaluate("shape()") == ["day-divider", "m-4", "unread-divider", "m-5", "m-6+", "m-7+", "m-8+"]
    put(page, {"number": 9})
    assert page.evaluate("shape().filter((name) => name === 'unread-divider').length") == 1


def test_a_real_message_takes_the_place_of_the_optimistic_one(page: Page) -> None:
    put(page, {"number": 1})
    page.evaluate("timeline.putPending(pending('c1')); timeline.putPending(pending('c2'))")
    put(page, {"number": 2, "sender": "ann", "key": "c1"})
    assert page.evaluate("shape()") == ["day-divider", "m-1", "m-c1", "m-c2+"]
    assert page.evaluate("document.getElementById('m-c1').classList.contains('is-pending')") is False


def test_others_messages_go_before_what_is_still_on_its_way(page: Page) -> None:
    page.evaluate("timeline.putPending(pending('c1'))")
    put(page, {"number": 1}, {"number": 2})
    assert page.evaluate("shape().filter((name) => name.startsWith('m-'))") == ["m-1", "m-2+", "m-c1"]


def test_nobody_takes_the_place_of_anothers_message_by_naming_its_client_id(page: Page) -> None:
    put(page, {"number": 1, "sender": "bob", "key": "stolen", "text": "Bob's words"})
    page.evaluate("timeline.putPending(pending('mine'))")
    put(page, {"number": 2, "sender": "mallory", "key": "stolen"}, {"number": 3, "sender": "mallory", "key": "mine"})
    assert page.evaluate('timeline.numbered(1).textContent.includes("Bob\'s words")')
    assert page.evaluate("timeline.pending('mine') !== null")


def test_a_newer_form_replaces_an_older_one_and_never_the_other_way_round(page: Page) -> None:
    page.evaluate("put({ number: 1, text: 'first' }, 1); put({ number: 1, text: 'third' }, 9)")
    assert page.evaluate("put({ number: 1, text: 'second' }, 5)") is False
    assert page.evaluate("timeline.numbered(1).querySelector('.content').textContent") == "third"
    assert page.evaluate("timeline.size") == 1


def test_a_stored_message_is_confirmed_before_its_event_has_come(page: Page) -> None:
    page.evaluate("timeline.putPending(pending('c1'))")
    stored = {"client_id": "c1", "id": "id-2", "number": 2, "seq": 2, "created_at": "2026-03-05T12:00:00Z"}
    page.evaluate("(stored) => timeline.confirm(stored)", stored)
    put(page, {"number": 1}, {"number": 2, "sender": "ann", "key": "c1", "text": "real"})
    assert page.evaluate("shape()") == ["day-divider", "m-1", "m-c1"]
    assert page.evaluate("timeline.numbered(2).querySelector('.content').textContent") == "real"


def test_trimming_keeps_the_lines_right(page: Page) -> None:
    put(page, *({"number": number, "at": f"2026-03-{5 + number // 10:02d}T12:00:00Z"} for number in range(40)))
    page.evaluate("timeline.putPending(pending('c1')); timeline.trim('start', 15)")
    assert page.evaluate("[shape()[0], timeline.first, timeline.last]") == ["day-divider", 26, 39]
    page.evaluate("timeline.trim('end', 5)")
    assert page.evaluate("shape()") == ["day-divider", "m-26", "m-27+", "m-28+", "m-29+", "day-divider", "m-30"]


def test_words_and_times_are_the_readers_own(blank: Page) -> None:
    context = blank.context.browser.new_context(locale="de-DE", timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(blank.url)
    page.evaluate(SETUP)
    page.evaluate("put({ number: 1, at: '2026-03-05T23:30:00Z', kind: 'join' })")
    assert page.evaluate("list.querySelector('time').textContent") == "8:30"
    assert page.evaluate("list.querySelector('[data-label]').textContent") == "joined"
    assert page.evaluate("list.querySelector('.day-divider').textContent").startswith("Freitag, 6. März")
    context.close()
