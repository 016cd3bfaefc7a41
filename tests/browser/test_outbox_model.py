"""The outbox: in order, once, through refusals, cuts and reloads, and across tabs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

# The page's own server: `answers` says what becomes of each send, the log is what it has stored.
SETUP = """async () => {
  const { Outbox } = await import("/static/js/models/outbox.js");
  const { Store } = await import("/static/js/models/store.js");
  const { CommandError } = await import("/static/js/models/socket.js");
  window.isOpen = true;
  window.answers = [];
  window.tried = [];
  window.numbers = [];
  window.retryAfter = undefined;
  window.held = [];
  window.outbox = new Outbox({
    store: new Store("ann"),
    isOpen: () => isOpen,
    send: async (entry) => {
      tried.push(entry.content);
      numbers.push(entry.tries);
      await window.store?.(entry.content);
      const answer = answers.shift();
      if (answer === "hold") await new Promise((resolve) => held.push(resolve));
      else if (answer === "cut") {
        isOpen = false;
        throw new CommandError("unknown", "The connection ended before the server answered.");
      } else if (answer) throw new CommandError(answer, "Refused: " + answer, retryAfter);
      return { client_id: entry.client_id };
    },
  });
  window.happened = [];
  for (const name of ["queued", "failed", "discarded"]) {
    outbox.on(name, (entry) => happened.push([name, entry.content]));
  }
  outbox.on("sent", ({ entry }) => happened.push(["sent", entry.content]));
  window.waiting = (room) => outbox.entries(room).map(({ content, state }) => [content, state]);
}"""


def test_sends_a_room_in_the_order_of_writing(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("answers = ['hold']; for (const text of ['one', 'two', 'three']) outbox.add('r', text)")
    blank.wait_for_function("held.length === 1")
    assert blank.evaluate("tried") == ["one"]
    blank.evaluate("held[0]()")
    blank.wait_for_function("waiting('r').length === 0")
    assert blank.evaluate("tried") == ["one", "two", "three"]


def test_a_refused_message_fails_and_later_ones_wait_behind_it(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("answers = ['read_only']; outbox.add('r', 'one'); outbox.add('r', 'two'); outbox.add('s', 'other')")
    blank.wait_for_function("happened.some(([name, text]) => name === 'sent' && text === 'other')")
    assert blank.evaluate("waiting('r')") == [["one", "failed"], ["two", "queued"]]
    assert blank.evaluate("outbox.entries('r')[0].reason") == "Refused: read_only"


def test_discarding_a_failed_message_lets_the_next_go(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("answers = ['invalid']; outbox.add('r', 'one'); outbox.add('r', 'two')")
    blank.wait_for_function("happened.some(([name]) => name === 'failed')")
    blank.evaluate("outbox.discard(outbox.entries('r')[0].client_id)")
    blank.wait_for_function("waiting('r').length === 0")
    assert blank.evaluate("tried") == ["one", "two"]


def test_retrying_a_failed_message_sends_it_under_the_same_name(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("answers = ['invalid']; window.entry = outbox.add('r', 'one')")
    blank.wait_for_function("happened.some(([name]) => name === 'failed')")
    blank.evaluate("outbox.on('sent', ({ message }) => { window.stored = message }); outbox.retry(entry.client_id)")
    blank.wait_for_function("window.stored")
    assert blank.evaluate("stored.client_id === entry.client_id")


def test_gives_up_after_three_retries_whose_outcome_is_unknown(blank: Page) -> None:
    blank.clock.install()
    blank.evaluate(SETUP)
    blank.evaluate("answers = ['unknown', 'unavailable', 'unknown', 'unavailable']; outbox.add('r', 'one')")
    blank.wait_for_function("tried.length === 1 && waiting('r')[0][1] === 'queued'")
    for tried, wait in enumerate((2_000, 4_000, 8_000), start=2):
        blank.clock.fast_forward(wait)
        blank.wait_for_function("(tried) => window.tried.length === tried", arg=tried)
    blank.wait_for_function("waiting('r')[0][1] === 'failed'")
    assert blank.evaluate("numbers") == [1, 2, 3, 4]


def test_a_retry_that_its_writer_asks_for_counts_on_and_has_three_retries_again(blank: Page) -> None:
    blank.clock.install()
    blank.evaluate(SETUP)
    blank.evaluate("answers = ['invalid', 'unknown']; outbox.add('r', 'one')")
    blank.wait_for_function("waiting('r')[0]?.[1] === 'failed'")
    blank.evaluate("outbox.retry(outbox.entries('r')[0].client_id)")
    blank.wait_for_function("tried.length === 2 && outbox.entries('r')[0].attempts === 1")
    blank.clock.fast_forward(2_000)
    blank.wait_for_function("waiting('r').length === 0")
    assert blank.evaluate("numbers") == [1, 2, 3]


def test_the_waits_between_retries_grow_and_are_not_the_same_for_all(blank: Page) -> None:
    """With half of each wait left to chance, a second try is due within 1–2 s and a third within 2–4 s."""
    blank.clock.install()  # which goes on meanwhile: each wait is bound from below by when it began at the earliest
    blank.evaluate(SETUP)
    began = blank.evaluate("Date.now()")
    blank.evaluate("answers = Array(40).fill('unavailable'); for (let r = 0; r < 20; r += 1) outbox.add(`r${r}`, 'x')")
    due = "Array.from({ length: 20 }, (_, r) => outbox.entries(`r${r}`)[0].notBefore)"
    blank.wait_for_function(f"tried.length === 20 && {due}.every((at) => at > 0)")
    first, now = blank.evaluate(due), blank.evaluate("Date.now()")
    assert len(set(first)) > 1
    assert all(began + 1_000 <= at <= now + 2_000 for at in first)
    blank.clock.fast_forward(2_000)
    blank.wait_for_function(f"tried.length === 40 && {due}.every((at) => at > Date.now())")
    second, now = blank.evaluate(due), blank.evaluate("Date.now()")
    assert all(before + 2_000 <= at <= now + 4_000 for before, at in zip(first, second, strict=True))


@pytest.mark.parametrize("code", ["rate_limited", "slow_mode"])
def test_a_room_that_takes_no_more_for_now_is_waited_for_and_uses_up_no_try(blank: Page, code: str) -> None:
    blank.clock.install()
    blank.evaluate(SETUP)
    blank.evaluate("(code) => { answers = Array(6).fill(code); retryAfter = 30; outbox.add('r', 'one'); }", code)
    for tried in range(1, 7):
        blank.wait_for_function(
            "(tried) => window.tried.length === tried && outbox.entries('r')[0].tries === tried", arg=tried
        )
        assert blank.evaluate("[outbox.entries('r')[0].attempts, outbox.entries('r')[0].state]") == [0, "queued"]
        blank.clock.fast_forward(29_000)
        assert blank.evaluate("tried.length") == tried
        blank.clock.fast_forward(1_000)
    blank.wait_for_function("waiting('r').length === 0")


def test_an_answer_that_a_cut_took_along_uses_up_no_try(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("answers = Array(8).fill('cut'); outbox.add('r', 'one')")
    for tried in range(1, 9):
        blank.wait_for_function("(tried) => outbox.entries('r')[0].tries === tried", arg=tried)
        assert blank.evaluate("[tried.length, outbox.entries('r')[0].attempts, isOpen]") == [tried, 0, False]
        blank.evaluate("isOpen = true; outbox.flush()")
    blank.wait_for_function("waiting('r').length === 0")
    assert blank.evaluate("numbers") == list(range(1, 10))


@pytest.mark.parametrize(
    "code", ["unauthenticated", "forbidden", "not_found", "invalid", "conflict", "too_large", "read_only", "gone"]
)
def test_what_is_refused_for_good_fails_at_once(blank: Page, code: str) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("(code) => { answers = [code]; outbox.add('r', 'one'); }", code)
    blank.wait_for_function("waiting('r')[0]?.[1] === 'failed'")
    assert blank.evaluate("tried.length") == 1


def test_waits_without_a_connection_and_uses_up_no_try(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("isOpen = false; outbox.add('r', 'one')")
    assert blank.evaluate("[tried.length, waiting('r')]") == [0, [["one", "queued"]]]
    blank.evaluate("isOpen = true; outbox.flush()")
    blank.wait_for_function("waiting('r').length === 0")


def test_a_reload_loses_nothing_and_keeps_the_order(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("isOpen = false; for (const text of ['one', 'two']) outbox.add('r', text)")
    blank.reload()
    blank.evaluate(SETUP)
    blank.evaluate("outbox.flush()")
    blank.wait_for_function("waiting('r').length === 0")
    assert blank.evaluate("tried") == ["one", "two"]


def test_an_event_that_comes_instead_of_the_answer_settles_the_send(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("answers = ['hold']; window.entry = outbox.add('r', 'one')")
    blank.wait_for_function("held.length === 1")
    blank.evaluate("outbox.settle({ client_id: entry.client_id })")
    assert blank.evaluate("[waiting('r'), happened.at(-1)]") == [[], ["sent", "one"]]


def test_two_tabs_send_in_order_what_one_of_them_wrote(blank: Page, blank_url: str) -> None:
    stored: dict[str, None] = {}  # in order, and each once, as a server stores them
    blank.context.expose_function("store", lambda text: stored.setdefault(text))
    other = blank.context.new_page()
    other.goto(blank_url)
    for tab in (blank, other):
        tab.evaluate(SETUP)
        tab.evaluate("isOpen = false")
    texts = [f"message {number}" for number in range(20)]
    blank.evaluate("(texts) => texts.forEach((text) => outbox.add('r', text))", texts)
    other.wait_for_function("happened.length === 20")
    for tab in (blank, other):
        tab.evaluate("isOpen = true; outbox.flush()")
    for tab in (blank, other):
        tab.wait_for_function("waiting('r').length === 0")
    assert list(stored) == texts


def test_a_tab_sends_what_a_closed_one_left_behind(blank: Page, blank_url: str) -> None:
    blank.clock.install()
    other = blank.context.new_page()
    other.goto(blank_url)
    for tab in (blank, other):
        tab.evaluate(SETUP)
    other.evaluate("answers = ['hold']; outbox.add('r', 'one')")
    other.wait_for_function("held.length === 1")
    blank.wait_for_function("happened.length === 1")
    other.close()
    blank.clock.fast_forward(5_000)
    blank.wait_for_function("happened.at(-1)[0] === 'sent'")


def test_other_tabs_hear_of_a_discarded_message(blank: Page, blank_url: str) -> None:
    other = blank.context.new_page()
    other.goto(blank_url)
    for tab in (blank, other):
        tab.evaluate(SETUP)
    blank.evaluate("answers = ['invalid']; outbox.add('r', 'one')")
    other.wait_for_function("happened.some(([name]) => name === 'failed')")
    blank.evaluate("outbox.discard(outbox.entries('r')[0].client_id)")
    other.wait_for_function("happened.at(-1)[0] === 'discarded'")


def test_what_the_browser_has_no_place_for_lives_as_long_as_the_page(blank: Page) -> None:
    blank.evaluate(SETUP)
    blank.evaluate("""() => {
      isOpen = false;
      const full = "x".repeat(1024);
      try { for (let key = 0; ; key += 1) localStorage.setItem(`other:${key}`, full); } catch { /* full now */ }
      outbox.add("r", "y".repeat(2048));
    }""")
    assert blank.evaluate("waiting('r').length") == 1
    blank.evaluate("isOpen = true; outbox.flush()")
    blank.wait_for_function("waiting('r').length === 0")
