"""Pages of history and live events in one window, whichever comes first."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

# A room of `last` messages whose page is built when it is asked for, and held back until released.
SETUP = """async ([from, to, last]) => {
  const { Timeline } = await import("/static/js/models/timeline.js");
  const { History } = await import("/static/js/models/history.js");
  document.body.innerHTML = "<ol id='messages'></ol>";
  window.last = last;
  window.seq = last;
  window.edits = {};
  window.fragment = (number) => `<li class="message" id="m-${number}" data-id="id-${number}" data-number="${number}"
    data-kind="text" data-sender="bob" data-at="2026-03-05T12:00:00Z">
    <p class="content">${edits[number] ?? number}</p></li>`;
  const page = (query) => {
    const limit = Number(query.get("limit"));
    let low = last - limit + 1, high = last;
    if (query.has("before")) { high = Number(query.get("before")) - 1; low = high - limit + 1; }
    if (query.has("after")) { low = Number(query.get("after")) + 1; high = low + limit - 1; }
    if (query.has("around")) { low = Number(query.get("around")) - limit / 2; high = low + limit - 1; }
    low = Math.max(1, low); high = Math.min(last, high);
    let items = "";
    for (let number = low; number <= high; number += 1) items += fragment(number);
    const facts = `data-has-before="${low > 1}" data-has-after="${high < last}" data-as-of-seq="${seq}"`;
    return `<ol data-page ${facts}>${items}</ol>`;
  };
  window.requests = [];
  window.answer = (status = 200) => requests.shift().resolve(status);
  window.fetchPage = (url) => {
    const made = page(new URL(url, location).searchParams);
    return new Promise((resolve) => {
      const respond = (status) => resolve(new Response(status === 200 ? made : "", { status }));
      requests.push({ url, resolve: respond });
    });
  };
  const list = document.getElementById("messages");
  list.innerHTML = Array.from({ length: to - from + 1 }, (_, index) => fragment(from + index)).join("");
  window.timeline = new Timeline(list, "ann");
  timeline.adopt(seq);
  window.nearEnd = false;
  window.kept = 0;
  window.pages = new History({
    timeline, url: "/r/team/messages/", hasBefore: from > 1, hasAfter: to < last, fetch: fetchPage,
    keep: (change) => { kept += 1; change(); }, nearEnd: () => nearEnd,
  });
  window.drawn = () => new Promise((resolve) => pages.addEventListener("drawn", resolve, { once: true }));
  window.create = () => {
    last += 1; seq += 1;
    return { type: "message.created", room: "r", seq, data: {}, fragment: fragment(last) };
  };
  window.edit = (number, text) => {
    seq += 1;
    edits[number] = text;
    return { type: "message.edited", room: "r", seq, data: {}, fragment: fragment(number) };
  };
  window.span = () => [timeline.first, timeline.last, pages.hasBefore, pages.hasAfter];
  window.text = (number) => timeline.numbered(number).querySelector(".content").textContent;
}"""


def open_at(page: Page, first: int, last: int, newest: int) -> Page:
    page.evaluate(SETUP, [first, last, newest])
    return page


def load(page: Page, call: str) -> Any:
    """Ask for a page, have it answered, and return what the call resolves with."""
    return page.evaluate(f"async () => {{ const done = pages.{call}; answer(); return done; }}")


def test_loads_older_pages_until_there_are_none(blank: Page) -> None:
    open_at(blank, 71, 120, 120)
    load(blank, "loadBefore()")
    assert blank.evaluate("span()") == [21, 120, True, False]
    load(blank, "loadBefore()")
    assert blank.evaluate("span()") == [1, 120, False, False]
    blank.evaluate("pages.loadBefore()")
    assert blank.evaluate("requests.length") == 0


def test_asks_for_one_page_at_a_time(blank: Page) -> None:
    open_at(blank, 71, 120, 120)
    blank.evaluate("pages.loadBefore(); pages.loadBefore(); pages.loadBefore()")
    assert blank.evaluate("requests.map(({ url }) => url)") == ["/r/team/messages/?limit=50&before=71"]


def test_a_live_message_joins_the_end_once(blank: Page) -> None:
    open_at(blank, 71, 120, 120)
    blank.evaluate("async () => { const frame = create(); pages.apply(frame); pages.apply(frame); await drawn(); }")
    assert blank.evaluate("[span(), timeline.size]") == [[71, 121, True, False], 51]


def test_a_live_message_stays_out_of_a_window_into_the_past(blank: Page) -> None:
    open_at(blank, 1, 50, 120)
    blank.evaluate("async () => { pages.apply(create()); await drawn(); }")
    assert blank.evaluate("span()") == [1, 50, False, True]
    load(blank, "loadAfter()")
    load(blank, "loadAfter()")
    assert blank.evaluate("span()") == [1, 121, False, False]


def test_a_message_that_comes_while_the_last_page_is_under_way_is_not_missed(blank: Page) -> None:
    open_at(blank, 1, 100, 120)
    blank.evaluate("""async () => {
      const done = pages.loadAfter();
      pages.apply(create());
      await drawn();
      answer();
      await done;
    }""")
    assert blank.evaluate("[span(), timeline.size]") == [[1, 121, False, False], 121]


def test_an_edit_that_comes_while_its_page_is_under_way_is_not_missed(blank: Page) -> None:
    open_at(blank, 71, 120, 120)
    blank.evaluate("""async () => {
      const done = pages.loadBefore();
      pages.apply(edit(40, "edited"));
      await drawn();
      answer();
      await done;
    }""")
    assert blank.evaluate("text(40)") == "edited"


def test_a_page_does_not_bring_back_what_an_event_has_replaced(blank: Page) -> None:
    open_at(blank, 71, 120, 120)
    blank.evaluate("""async () => {
      const done = pages.loadAround(100);
      pages.apply(edit(100, "edited"));
      await drawn();
      answer();
      await done;
    }""")
    assert blank.evaluate("text(100)") == "edited"


def test_moving_elsewhere_replaces_what_was_shown(blank: Page) -> None:
    open_at(blank, 351, 400, 400)
    assert load(blank, "loadAround(100)") is True
    assert blank.evaluate("span()") == [75, 124, True, True]
    assert load(blank, "loadLatest()") is True
    assert blank.evaluate("span()") == [351, 400, True, False]


def test_the_later_of_two_moves_wins(blank: Page) -> None:
    open_at(blank, 351, 400, 400)
    outcomes = blank.evaluate("""async () => {
      const moves = [pages.loadAround(100), pages.loadAround(200)];
      answer();
      answer();
      return Promise.all(moves);
    }""")
    assert outcomes == [False, True]
    assert blank.evaluate("span()") == [175, 224, True, True]


def test_the_window_stays_small_and_gives_up_its_far_end(blank: Page) -> None:
    open_at(blank, 601, 950, 1000)
    load(blank, "loadBefore()")
    load(blank, "loadBefore()")
    assert blank.evaluate("span()") == [501, 800, True, True]
    blank.evaluate("nearEnd = true")
    for _ in range(3):
        load(blank, "loadAfter()")
    assert blank.evaluate("span()") == [651, 950, True, True]


def test_a_page_that_fails_is_told_and_can_be_tried_again(blank: Page) -> None:
    open_at(blank, 71, 120, 120)
    failure = blank.evaluate("""async () => {
      const told = new Promise((resolve) => pages.on("failed", ({ direction }) => resolve(direction)));
      pages.loadBefore();
      answer(503);
      return told;
    }""")
    assert failure == "before"
    load(blank, "again('before')")
    assert blank.evaluate("span()") == [21, 120, True, False]


def test_many_events_are_one_change_of_the_layout(blank: Page) -> None:
    open_at(blank, 71, 120, 120)
    blank.evaluate("async () => { for (let n = 0; n < 40; n += 1) pages.apply(create()); await drawn(); }")
    assert blank.evaluate("[timeline.last, kept]") == [160, 1]


@pytest.mark.parametrize("number", [5, 70], ids=["far away", "next to what is shown"])
def test_events_of_messages_that_are_not_shown_change_nothing(blank: Page, number: int) -> None:
    open_at(blank, 71, 120, 120)
    blank.evaluate("async (number) => { pages.apply(edit(number, 'edited')); await drawn(); }", number)
    assert blank.evaluate("[span(), timeline.size]") == [[71, 120, True, False], 50]
