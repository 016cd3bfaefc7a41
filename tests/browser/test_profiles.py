"""People in the web client: their panel, the status editor, the profile page, and pages that follow a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import FilePayload, Page, expect

from accounts import services
from accounts.models import User
from tests.accounts.test_pictures import picture
from tests.browser.scene import Chat, Scene
from tests.factories import make_direct

PHOTO: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": picture()}


def card(chat: Chat) -> Any:
    return chat.page.locator("#panel .panel-page[data-kind=profile]")


def change_in_page(page: Page, method: str, path: str, body: dict[str, Any]) -> int:
    """Call the REST API out of a page, as a device of its user would."""
    status: int = page.evaluate(
        """async ([method, path, body]) => {
          const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
          const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
          return (await fetch(`/api/v1/${path}`, { method, headers, body: JSON.stringify(body) })).status;
        }""",
        [method, path, body],
    )
    return status


def test_a_name_a_picture_and_a_mention_lead_to_the_person(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["Hello"])
    scene.say(scene.team, scene.ann, [f"Hello @{scene.ben.username}"])
    scene.do(services.update_profile, scene.ben, bio="Grows beans.", time_zone="Asia/Tokyo")
    ann = scene.enter(scene.ann, scene.team)
    mine, theirs = f'.message[data-sender="{scene.ann.pk}"]', f'.message[data-sender="{scene.ben.pk}"]'
    for way in (f"{theirs} .message-author", f"{theirs} > .avatar", f"{mine} .mention"):
        ann.page.locator(f"#messages {way}").last.click()
        expect(card(ann)).to_contain_text("Grows beans.")
        expect(card(ann)).to_contain_text("Asia/Tokyo")
        expect(card(ann).locator(".profile-username")).to_have_text(f"@{scene.ben.username}")
        ann.page.locator("[data-panel-close]").click()
        expect(card(ann)).to_have_count(0)
    ann.page.locator(f"#messages {theirs} .message-author").last.click()
    card(ann).get_by_role("button", name="Message").click()
    expect(ann.page.locator(".bar h1")).to_have_text("Ben")


def test_a_page_follows_the_name_the_picture_and_the_status_of_others(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["Hello"])
    scene.do(make_direct, scene.ann, scene.ben)
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    author = ann.page.locator(f'#messages .message[data-sender="{scene.ben.pk}"] .message-author').last
    beside = ann.page.locator(f'.room-link[data-peer="{scene.ben.pk}"]')
    expect(author).to_have_text("Ben")
    author.click()
    expect(card(ann)).to_be_visible()
    assert change_in_page(ben.page, "PATCH", "me/", {"display_name": "Benedict"}) == 200
    expect(author).to_have_text("Benedict")
    expect(beside.locator(".room-name")).to_have_text("Benedict")
    expect(card(ann).locator(".profile-name")).to_contain_text("Benedict")
    assert change_in_page(ben.page, "PUT", "me/status/", {"emoji": "🌴", "text": "Away"}) == 200
    expect(beside.locator(".status-sign")).to_have_text("🌴")
    expect(card(ann).locator(".status-words")).to_have_text("Away")

    profile = ben.page.context.new_page()
    profile.goto(f"{scene.server.url}/settings/profile/")
    profile.locator("#id_avatar").set_input_files(PHOTO)
    expect(profile.get_by_alt_text("The new picture")).to_be_visible()
    profile.get_by_role("button", name="Upload").click()
    expect(profile.get_by_text("Your picture is changed.")).to_be_visible()
    face = ann.page.locator(f'#messages .message[data-sender="{scene.ben.pk}"] > img.avatar').last
    expect(face).to_be_visible()
    assert face.evaluate("face => face.decode().then(() => face.naturalWidth)") == 128
    expect(beside.locator("img.avatar")).to_be_visible()


def test_a_status_is_set_from_the_foot_of_the_side_bar_and_ends_before_ones_eyes(scene: Scene) -> None:
    ann = scene.enter(scene.ann, scene.team)
    page = ann.page
    page.locator(".me").click()
    page.locator("#account-menu [data-set-status]").click()
    dialog = page.get_by_role("dialog", name="Set a status")
    dialog.get_by_role("button", name="At lunch").click()
    expect(dialog.locator("#status-text")).to_have_value("At lunch")
    expect(dialog.locator("#status-after")).to_have_value("1h")
    dialog.get_by_role("button", name="Save").click()
    mark = page.locator(".me .status-mark")
    expect(mark).to_contain_text("At lunch")
    held = scene.do(User.objects.get, pk=scene.ann.pk)
    assert held.status_until is not None
    assert timedelta(minutes=58) < held.status_until - datetime.now(UTC) < timedelta(minutes=62)

    until = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    assert change_in_page(page, "PUT", "me/status/", {"text": "For a moment", "until": until}) == 200
    expect(mark).to_contain_text("For a moment")
    expect(mark).to_be_hidden()


def test_the_status_can_be_cleared_where_it_was_set(scene: Scene) -> None:
    scene.do(services.set_status, scene.ann, emoji="🌴", text="Away")
    ann = scene.enter(scene.ann, scene.team)
    ann.page.locator(".me").click()
    ann.page.locator("#account-menu [data-set-status]").click()
    dialog = ann.page.get_by_role("dialog", name="Set a status")
    expect(dialog.locator("#status-text")).to_have_value("Away")
    dialog.get_by_role("button", name="Clear the status").click()
    expect(ann.page.locator(".me .status-mark")).to_be_hidden()
    assert scene.do(User.objects.get, pk=scene.ann.pk).status is None


def test_a_picture_that_is_gone_leaves_initials(scene: Scene) -> None:
    scene.say(scene.team, scene.ben, ["Hello"])
    gone = f"avatars/{'0' * 40}-512.webp"
    scene.do(User.objects.filter(pk=scene.ben.pk).update, avatar=gone)
    ann = scene.enter(scene.ann, scene.team)
    face = ann.page.locator(f'#messages .message[data-sender="{scene.ben.pk}"] > .avatar').last
    expect(face).to_have_text("B")


def test_the_settings_belong_together(scene: Scene) -> None:
    page = scene.context(scene.ann).new_page()
    page.goto(f"{scene.server.url}/settings/profile/")
    for name in ("Email address", "Password", "Privacy", "Profile"):
        page.get_by_role("navigation", name="Settings").get_by_role("link", name=name).click()
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
    page.locator("#id_avatar").set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_text("This is no picture that can be read.")).to_be_visible()
    expect(page.get_by_role("button", name="Upload")).to_be_hidden()
