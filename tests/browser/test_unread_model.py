"""What is unread, and what has really been seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

SETUP = """async () => {
  const { Unread } = await import("/static/js/models/unread.js");
  const { Reading } = await import("/static/js/models/reading.js");
  const { Emitter } = await import("/static/js/events.js");
  const { CommandError } = await import("/static/js/models/socket.js");
  window.unread = new Unread("ann");
  window.room = (changes) => ({
    id: "r", slug: "r", kind: "public", name: "R", role: "member",
    head_seq: 10, last_number: 10, last_read_number: 6, unread: 4, mentions: 0, ...changes,
  });
  window.message = (number, changes = {}) => ({
    type: "message.created", room: "r", seq: number,
    data: { number, kind: "text", sender: { id: "bob" }, mentions: [], ...changes },
  });
  window.counts = () => { const { unread: n, mentions, lastRead } = unread.get("r"); return [n, mentions, lastRead]; };
  unread.load([room(), room({ id: "s", unread: 2 })]);

  // A page of which `inView` is the last message whose end can be seen.
  window.inView = null;
  window.topOfView = 1;
  window.shown = { first: 1, messages: () => [], counts: () => true };
  window.numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => ({ dataset: { number: from + i } }));
  window.attention = Object.assign(new Emitter(), { isHere: true });
  window.scroller = Object.assign(new Emitter(), {
    firstSeen: () => ({ dataset: { number: topOfView } }),
    lastSeen: () => inView && { dataset: { number: inView } },
  });
  window.pages = { hasBefore: true };
  window.sent = [];
  window.asked = [];
  window.isCut = false;
  window.reading = new Reading({
    room: "r", timeline: shown, history: pages, scroller, attention, unread,
    send: async (number) => {
      if (isCut) throw new CommandError("offline", "There is no connection.");
      sent.push(number);
    },
    sendBack: async (number) => {
      asked.push(number);
      if (isCut) throw new CommandError("offline", "There is no connection.");
      return { number: number - 1, unread: 11 - number, mentions: 0 };
    },
  });
  window.show = (from, to, last) => {
    Object.assign(shown, { first: from, messages: () => numbers(from, to) });
    inView = last;
    scroller.emit("moved");
  };
}"""


@pytest.fixture
def page(blank: Page) -> Page:
    blank.clock.install()
    blank.evaluate(SETUP)
    return blank


def test_counts_messages_of_others_once(page: Page) -> None:
    page.evaluate("for (const number of [11, 12, 12, 11]) unread.count(message(number))")
    assert page.evaluate("[counts(), unread.total]") == [[6, 0, 6], 8]


def test_does_not_count_twice_what_the_server_has_counted(page: Page) -> None:
    page.evaluate("unread.load([room({ head_seq: 12, last_number: 12, unread: 6 })]); unread.count(message(12))")
    assert page.evaluate("[counts(), unread.total]") == [[6, 0, 6], 6]


@pytest.mark.parametrize("kind", ["join", "leave", "system"])
def test_notices_are_not_unread(page: Page, kind: str) -> None:
    page.evaluate("(kind) => unread.count(message(11, { kind }))", kind)
    assert page.evaluate("counts()") == [4, 0, 6]


def test_mentions_are_counted_apart(page: Page) -> None:
    page.evaluate("unread.count(message(11, { mentions: ['ann'] }))")
    assert page.evaluate("counts()") == [5, 1, 6]


def test_who_writes_has_read_what_is_above(page: Page) -> None:
    page.evaluate("unread.count(message(11, { sender: { id: 'ann' } }))")
    assert page.evaluate("counts()") == [0, 0, 11]


def test_reading_elsewhere_is_followed(page: Page) -> None:
    page.evaluate("unread.follow({ room: 'r', number: 8, unread: 2, mentions: 0 })")
    assert page.evaluate("counts()") == [2, 0, 8]


def test_what_is_seen_is_read_and_told_once_a_second(page: Page) -> None:
    page.evaluate("show(1, 10, 7); show(1, 10, 8)")
    assert page.evaluate("[counts(), sent]") == [[2, 0, 8], []]
    page.clock.fast_forward(1_000)
    page.wait_for_function("sent.length === 1")
    page.evaluate("show(1, 10, 10)")
    page.clock.fast_forward(1_000)
    page.wait_for_function("sent.length === 2")
    assert page.evaluate("[counts(), sent]") == [[0, 0, 10], [8, 10]]


def test_nothing_is_read_in_a_tab_that_nobody_looks_at(page: Page) -> None:
    page.evaluate("attention.isHere = false; show(1, 10, 10)")
    assert page.evaluate("counts()") == [4, 0, 6]
    page.evaluate("attention.isHere = true; attention.emit('change')")
    assert page.evaluate("counts()") == [0, 0, 10]


@pytest.mark.parametrize(("first", "top"), [(9, 9), (1, 9)], ids=["not loaded", "loaded"])
def test_a_view_behind_unread_messages_reads_nothing_until_the_reader_goes_there(
    page: Page, first: int, top: int
) -> None:
    page.evaluate("([first, top]) => { topOfView = top; show(first, 10, 10); }", [first, top])
    assert page.evaluate("counts()") == [4, 0, 6]
    page.evaluate("topOfView = 5; show(1, 10, 8)")
    assert page.evaluate("counts()") == [2, 0, 8]


def test_who_goes_to_the_end_has_passed_over_what_is_before_it(page: Page) -> None:
    page.evaluate("topOfView = 9; show(9, 10, 10); scroller.emit('arrived')")
    assert page.evaluate("counts()") == [0, 0, 10]


def test_what_could_not_be_told_is_told_after_the_cut(page: Page) -> None:
    page.evaluate("isCut = true; show(1, 10, 9)")
    page.clock.fast_forward(1_000)
    page.evaluate("isCut = false; inView = null; unread.load([room()]); reading.resume()")
    assert page.evaluate("counts()") == [1, 0, 9]
    page.clock.fast_forward(1_000)
    page.wait_for_function("sent.length === 1")
    assert page.evaluate("sent") == [9]


def test_an_older_position_from_elsewhere_is_known_as_such(page: Page) -> None:
    page.evaluate("show(1, 10, 9)")
    assert page.evaluate("[reading.isAhead('r', 7), reading.isAhead('r', 9), reading.isAhead('s', 7)]") == [
        True,
        False,
        False,
    ]


def test_what_stands_in_a_thread_only_counts_for_whom_it_names(page: Page) -> None:
    page.evaluate("unread.count(message(11, { in_flow: false }))")
    page.evaluate("unread.count(message(12, { silent: true }))")
    assert page.evaluate("counts()") == [4, 0, 6]
    page.evaluate("unread.count(message(13, { in_flow: false, mentions: ['room'] }))")
    assert page.evaluate("counts()") == [4, 1, 6]
