"""A browser shows the whole corpus of attempts: nothing runs, nothing is asked of anybody."""

from __future__ import annotations

from playwright.sync_api import Page

from messaging.rendering import render
from tests.test_xss import CORPUS, MENTIONS

SENTINEL = "<img src='/sentinel.png' onerror='top.taken=1'>"


def _watched(page: Page) -> list[str]:
    """What the page does that it should not, noted as it happens."""
    deeds: list[str] = []
    page.on("dialog", lambda dialog: (deeds.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: deeds.append(f"request {request.url}"))
    page.on("popup", lambda popup: deeds.append(f"window {popup.url}"))
    page.on("framenavigated", lambda frame: deeds.append(f"navigation {frame.url}"))
    return deeds


_SHOW = """async (parts) => {
  document.body.replaceChildren();
  for (const html of parts) {
    const content = document.createElement("div");
    content.innerHTML = html;
    document.body.append(content);
  }
  for (const element of document.body.querySelectorAll("*")) {
    for (const name of ["pointerover", "mouseover", "focus", "animationstart", "toggle", "error", "load"]) {
      element.dispatchEvent(new Event(name));
    }
    element.focus?.();
  }
  for (let frames = 3; frames > 0; frames -= 1) await new Promise(requestAnimationFrame);
  return window.taken ?? null;
}"""


def test_nothing_of_the_corpus_runs_or_loads(blank: Page) -> None:
    """The page has no content policy: what protects here is the HTML alone."""
    deeds = _watched(blank)
    for kind, attempts in CORPUS.items():
        taken = blank.evaluate(_SHOW, [render(written, MENTIONS) for written in attempts])
        assert (kind, taken, deeds) == (kind, None, [])
    # Parsed as a page, not as a fragment, the same HTML is read by other rules.
    every = "".join(render(written, MENTIONS) for attempts in CORPUS.values() for written in attempts)
    blank.evaluate("(html) => { document.open(); document.write(html); document.close(); }", every)
    assert blank.evaluate(_SHOW, []) is None
    assert deeds == []


def test_the_watch_would_notice(blank: Page) -> None:
    """The test above fails where something does run: here is something that does."""
    deeds = _watched(blank)
    with blank.expect_event("requestfinished"):
        blank.evaluate(_SHOW, [SENTINEL])
    blank.wait_for_function("window.taken === 1")
    assert deeds == [f"request {blank.url}sentinel.png"]
