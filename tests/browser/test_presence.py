"""How people are, as the page shows it; saying whether one may be disturbed; who else has the room open."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests.browser.scene import Chat, Scene
from tests.factories import make_direct

MODEL = """async () => {
  const { Presence } = await import("/static/js/models/presence.js");
  window.presence = new Presence({ availability: "automatic", until: null });
  window.changed = [];
  presence.on("change", ({ ids }) => changed.push([...ids].sort()));
}"""


def dot(place: Locator, user: User) -> Locator:
    return place.locator(f"[data-presence-of='{user.pk}']")


def choose(chat: Chat, value: str) -> None:
    chat.page.locator(".me").click()
    chat.page.locator(f"#availability [value='{value}']").click()


def test_the_watched_and_the_rooms_people_are_told_apart(blank: Page) -> None:
    blank.evaluate(MODEL)
    blank.evaluate("presence.loadRoom({ ann: 'online', ben: 'away' })")
    blank.evaluate("presence.loadWatched({ eve: 'dnd' }, ['eve', 'dan'])")
    assert blank.evaluate("['ann', 'ben', 'eve', 'dan', 'zoe'].map((id) => presence.of(id))") == [
        "online", "away", "dnd", "offline", "offline",
    ]  # fmt: skip
    blank.evaluate("presence.merge(true, { ann: 'offline' })")
    blank.evaluate("presence.merge(false, { dan: 'online' })")
    assert blank.evaluate("[presence.of('ann'), presence.of('dan')]") == ["offline", "online"]
    blank.evaluate("presence.loadWatched({}, [])")  # nobody is watched any more
    assert blank.evaluate("[presence.of('eve'), presence.of('ben')]") == ["offline", "away"]
    assert blank.evaluate("changed") == [["ann", "ben"], ["dan", "eve"], ["ann"], ["dan"], ["dan", "eve"]]


def test_a_direct_room_shows_how_the_other_is_in_the_side_bar_and_above(scene: Scene) -> None:
    room = scene.do(make_direct, scene.ann, scene.ben)
    ann = scene.enter(scene.ann, scene.team)
    there = dot(ann.link(room), scene.ben)
    expect(there).to_have_attribute("data-presence", "offline")
    ben = scene.enter(scene.ben, scene.team)
    expect(there).to_have_attribute("data-presence", "online")
    expect(there).to_have_text(", Online")  # for those who see no dots
    choose(ben, "dnd:30")
    expect(there).to_have_attribute("data-presence", "dnd")
    ann.link(room).click()
    expect(dot(ann.page.locator(".bar"), scene.ben)).to_have_attribute("data-presence", "dnd")
    choose(ben, "invisible")
    expect(there).to_have_attribute("data-presence", "offline")
    expect(dot(ben.page.locator(".me"), scene.ben)).to_have_attribute("data-presence", "invisible")
    ben.page.context.close()


def test_what_one_says_is_the_same_in_all_tabs_and_after_loading_again(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    other = scene.open(ann.page.context, scene.team)
    choose(ann, "dnd:60")
    for tab in (ann, other):
        expect(dot(tab.page.locator(".me"), scene.ann)).to_have_attribute("data-presence", "dnd")
        expect(tab.page.locator("#availability [value=dnd]")).to_have_attribute("aria-pressed", "true")
        expect(tab.page.locator(".availability-until")).to_contain_text("until")
    other.page.reload()
    expect(other.page.locator("#availability [value=dnd]")).to_have_attribute("aria-pressed", "true")
    choose(other, "automatic")
    expect(ann.page.locator("#availability [value=automatic]")).to_have_attribute("aria-pressed", "true")
    expect(dot(ann.page.locator(".me"), scene.ann)).to_have_attribute("data-presence", "online")


def test_whose_dot_comes_later_is_asked_for(scene: Scene) -> None:
    _cleo = scene.enter(scene.cleo, scene.do(make_direct, scene.cleo, scene.ann))
    ann = scene.enter(scene.ann, scene.team)
    ann.page.evaluate(
        """(id) => {
          const dot = `<span class="presence" data-presence-words data-presence-of="${id}"></span>`;
          document.getElementById("main").insertAdjacentHTML("beforeend", `<p id="late">${dot}</p>`);
        }""",
        str(scene.cleo.pk),
    )
    expect(ann.page.locator("#late")).to_have_text("Online")


def test_the_bar_says_who_else_has_the_room_open(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    stack = ann.page.locator("#here-now")
    expect(stack).to_be_hidden()
    ben = scene.enter(scene.ben, scene.team)
    expect(stack).to_have_text("B1 here")  # a face, and how many
    expect(stack).to_have_attribute("title", "Ben has this room open")
    ben.page.goto(scene.url(scene.garden))
    expect(stack).to_be_hidden()


def test_the_menu_works_without_a_script(scene: Scene) -> None:
    page = scene.context(scene.ann, java_script_enabled=False).new_page()
    page.goto(scene.url(scene.team))
    page.locator(".me").click()
    page.locator("#availability [value=invisible]").click()
    page.wait_for_url(scene.url(scene.team))
    assert scene.do(lambda: User.objects.get(pk=scene.ann.pk).availability) == "invisible"
