"""Drafts as the browser keeps them: at once here, in time on the server, and never mixed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

SETUP = """async () => {
  const { Drafts } = await import("/static/js/models/drafts.js");
  const { CommandError } = await import("/static/js/models/socket.js");
  const { Store } = await import("/static/js/models/store.js");
  window.told = [];
  window.isCut = false;
  window.clockAt = 0;
  window.drafts = new Drafts({
    store: new Store("ann"),
    send: async (fields) => {
      if (isCut) throw new CommandError("offline", "There is no connection.");
      told.push(fields.content);
      clockAt += 1;
      return { updated_at: `2026-01-01T00:00:0${clockAt}Z` };
    },
  });
  window.changes = [];
  drafts.on("changed", ({ draft, isOther }) => changes.push([draft?.content ?? null, isOther]));
  window.kept = (room = "r") => drafts.get(room, null)?.content ?? null;
  window.frame = (content, updated_at, changes = {}) => (
    { room: "r", thread: null, content, reply_to: null, updated_at, ...changes }
  );
}"""


@pytest.fixture
def page(blank: Page) -> Page:
    blank.clock.install()
    blank.evaluate(SETUP)
    return blank


def test_the_server_is_told_once_of_a_run_of_changes(page: Page) -> None:
    for text in ("O", "On", "One"):
        page.evaluate("(text) => drafts.set('r', null, text, null)", text)
    assert page.evaluate("kept()") == "One"
    page.clock.run_for(2_000)
    assert page.evaluate("told") == ["One"]
    page.evaluate("drafts.set('r', null, 'One', null)")
    page.clock.run_for(2_000)
    assert page.evaluate("told") == ["One"]


def test_what_was_written_without_a_connection_is_told_after_it(page: Page) -> None:
    page.evaluate("isCut = true")
    page.evaluate("drafts.set('r', null, 'In the tunnel', null)")
    page.clock.run_for(60_000)
    page.reload()
    page.evaluate(SETUP)
    assert page.evaluate("kept()") == "In the tunnel"
    page.evaluate("drafts.reconcile([frame('Older', '2025-12-31T00:00:00Z')])")
    page.clock.run_for(2_000)
    assert page.evaluate("told") == ["In the tunnel"]
    assert page.evaluate("kept()") == "In the tunnel"


def test_what_comes_from_elsewhere_does_not_replace_what_is_on_its_way(page: Page) -> None:
    page.evaluate("drafts.set('r', null, 'Mine', null)")
    page.evaluate("drafts.follow(frame('Theirs', '2026-02-01T00:00:00Z'))")
    assert page.evaluate("kept()") == "Mine"
    page.clock.run_for(2_000)
    page.evaluate("drafts.follow(frame('Theirs, later', '2026-02-02T00:00:00Z'))")
    assert page.evaluate("kept()") == "Theirs, later"
    page.evaluate("drafts.follow(frame('Stale', '2026-02-01T12:00:00Z'))")
    assert page.evaluate("kept()") == "Theirs, later"
    assert page.evaluate("changes.at(-1)") == ["Theirs, later", True]


def test_what_was_sent_elsewhere_is_gone_here_too(page: Page) -> None:
    page.evaluate("drafts.follow(frame('Begun elsewhere', '2026-02-01T00:00:00Z'))")
    page.evaluate("drafts.follow(frame('In a thread', '2026-02-01T00:00:00Z', { thread: 't' }))")
    assert page.evaluate("drafts.all().length") == 2
    page.evaluate("drafts.reconcile([frame('In a thread', '2026-02-01T00:00:00Z', { thread: 't' })])")
    assert page.evaluate("kept()") is None
    assert page.evaluate("drafts.all().map((each) => each.content)") == ["In a thread"]
    page.evaluate("drafts.forget('r')")
    assert page.evaluate("drafts.all()") == []
