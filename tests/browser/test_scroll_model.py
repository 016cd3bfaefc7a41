"""Where the reader is: nothing that changes around them moves it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

# 100 messages of 50 px in a box of 400 px.
SETUP = """async () => {
  const { Scroller } = await import("/static/js/models/scroll.js");
  document.body.innerHTML = "<div id='box'><ol id='messages'></ol></div><textarea></textarea>";
  Object.assign(document.body.style, { margin: 0, height: "400px", display: "flex", flexDirection: "column" });
  window.box = document.getElementById("box");
  window.list = document.getElementById("messages");
  Object.assign(box.style, { overflowY: "auto", flex: "1", minHeight: 0 });
  Object.assign(document.querySelector("textarea").style, { flex: "none", height: "0", padding: 0, border: 0 });
  Object.assign(list.style, { margin: 0, padding: 0, listStyle: "none", display: "flow-root" });
  window.make = (number, height = 50) => {
    const item = document.createElement("li");
    item.className = "message";
    item.id = `m-${number}`;
    item.dataset.number = number;
    item.style.height = `${height}px`;
    return item;
  };
  for (let number = 101; number <= 200; number += 1) list.append(make(number));
  window.scroller = new Scroller(box, list);
  window.topOf = (number) => document.getElementById(`m-${number}`).getBoundingClientRect().top;
  window.gap = () => Math.round(box.scrollHeight - box.clientHeight - box.scrollTop);
  window.seen = () => scroller.lastSeen()?.dataset.number ?? null;
  window.frames = async (count = 3) => { while (count--) await new Promise(requestAnimationFrame); };
}"""


@pytest.fixture
def page(blank: Page) -> Page:
    blank.evaluate(SETUP)
    return blank


def scroll_to(page: Page, top: int) -> None:
    page.evaluate("async (top) => { box.scrollTop = top; await frames(); }", top)


def test_older_messages_above_do_not_move_what_is_read(page: Page) -> None:
    scroll_to(page, 1_010)
    before = page.evaluate("topOf(121)")
    page.evaluate("scroller.keep(() => { for (let n = 100; n > 50; n -= 1) list.prepend(make(n, 37)); })")
    assert page.evaluate("topOf(121)") == before


def test_older_messages_above_do_not_move_a_reader_at_the_very_top(page: Page) -> None:
    scroll_to(page, 0)
    page.evaluate("scroller.keep(() => { for (let n = 100; n > 50; n -= 1) list.prepend(make(n)); })")
    assert page.evaluate("topOf(101)") == 0


@pytest.mark.parametrize("number", [105, 121], ids=["above", "at the edge"])
def test_an_image_that_arrives_does_not_move_what_begins_in_view(page: Page, number: int) -> None:
    scroll_to(page, 1_010)  # message 121 is cut by the edge, 122 begins in view
    before = page.evaluate("topOf(122)")
    page.evaluate("async (n) => { document.getElementById(`m-${n}`).style.height = '300px'; await frames(); }", number)
    assert page.evaluate("topOf(122)") == before


def test_an_image_that_has_just_arrived_is_made_up_for_by_the_next_change(page: Page) -> None:
    scroll_to(page, 1_010)
    before = page.evaluate("topOf(122)")
    page.evaluate("""() => {
      document.getElementById("m-105").style.height = "300px";
      scroller.keep(() => list.prepend(make(100)));
    }""")
    assert page.evaluate("topOf(122)") == before


def test_an_image_that_arrives_while_the_reader_scrolls_moves_nothing_else(page: Page) -> None:
    scroll_to(page, 1_010)
    before = page.evaluate("topOf(122)")
    page.evaluate("document.getElementById('m-105').style.height = '300px'")
    page.evaluate("async () => { box.scrollTop += 70; await frames(); }")
    assert page.evaluate("topOf(122)") == before - 70


def test_who_is_at_the_bottom_stays_there(page: Page) -> None:
    page.evaluate("scroller.toBottom()")
    page.evaluate("scroller.keep(() => list.append(make(201)))")
    assert page.evaluate("gap()") == 0
    page.evaluate("async () => { list.lastElementChild.style.height = '240px'; await frames(); }")
    assert page.evaluate("gap()") == 0


def test_who_is_at_the_bottom_is_near_the_end_however_much_arrives(page: Page) -> None:
    page.evaluate("scroller.toBottom()")
    nearness = page.evaluate("""() => {
      let isNear;
      scroller.keep(() => {
        for (let number = 201; number <= 600; number += 1) list.append(make(number));
        isNear = scroller.isNearEnd;
      });
      return [isNear, gap()];
    }""")
    assert nearness == [True, 0]


def test_the_composer_growing_keeps_the_bottom(page: Page) -> None:
    page.evaluate("scroller.toBottom()")
    page.evaluate("async () => { document.querySelector('textarea').style.height = '150px'; await frames(); }")
    assert page.evaluate("[box.clientHeight, gap()]") == [250, 0]
    page.evaluate("async () => { document.querySelector('textarea').style.height = '0'; await frames(); }")
    assert page.evaluate("[box.clientHeight, gap()]") == [400, 0]


def test_new_messages_do_not_pull_down_who_has_scrolled_up(page: Page) -> None:
    page.evaluate("scroller.toBottom()")
    scroll_to(page, 4_000)
    before = page.evaluate("topOf(185)")
    page.evaluate("scroller.keep(() => list.append(make(201), make(202)))")
    assert page.evaluate("[topOf(185), scroller.isAtBottom]") == [before, False]


def test_an_edit_that_replaces_the_message_at_the_edge_moves_nothing(page: Page) -> None:
    scroll_to(page, 1_000)
    before = page.evaluate("topOf(123)")
    page.evaluate("scroller.keep(() => document.getElementById('m-121').replaceWith(make(121)))")
    page.evaluate("scroller.keep(() => document.getElementById('m-110').replaceWith(make(110, 90)))")
    assert page.evaluate("topOf(123)") == before


def test_dropping_messages_far_above_moves_nothing(page: Page) -> None:
    scroll_to(page, 3_000)
    before = page.evaluate("topOf(165)")
    page.evaluate("""scroller.keep(() => {
      while (list.firstElementChild.dataset.number < 131) list.firstElementChild.remove();
    })""")
    assert page.evaluate("topOf(165)") == before


def test_a_box_that_was_hidden_comes_back_where_it_was(page: Page) -> None:
    scroll_to(page, 1_010)
    before = page.evaluate("topOf(123)")
    page.evaluate("async () => { box.style.display = 'none'; await frames(); }")
    assert page.evaluate("seen()") is None
    page.evaluate("async () => { list.prepend(make(100)); box.style.display = ''; await frames(); }")
    assert page.evaluate("topOf(123)") == before


def test_knows_the_last_message_whose_end_is_in_view(page: Page) -> None:
    scroll_to(page, 1_010)
    assert page.evaluate("seen()") == "128"
    page.evaluate("scroller.toBottom()")
    assert page.evaluate("seen()") == "200"
    page.evaluate("async () => { document.getElementById('m-150').style.height = '900px'; await frames(); }")
    page.evaluate("scroller.showFrom(document.getElementById('m-150')); box.scrollTop += 200;")
    assert page.evaluate("async () => { await frames(); return seen(); }") is None


def test_centres_a_message_and_shows_a_line_with_context_above(page: Page) -> None:
    page.evaluate("scroller.center(document.getElementById('m-150'))")
    assert page.evaluate("topOf(150)") == 175
    page.evaluate("scroller.showFrom(document.getElementById('m-160'))")
    assert page.evaluate("topOf(160)") == 80
