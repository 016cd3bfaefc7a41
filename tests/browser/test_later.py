"""What comes later, in the browser: scheduled messages on two devices, previews of links that come and go."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from playwright.sync_api import expect

from messaging import scheduled
from messaging.models import LinkPreview, ScheduledMessage
from messaging.previews.work import digest_of
from tests.browser.scene import Scene

NEW_YORK = {"timezone_id": "America/New_York"}
DAY = f"{timezone.now() + timedelta(days=30):%Y-%m-%d}"
PANEL = "#panel .scheduled-form"


def plan(scene: Scene, content: str) -> ScheduledMessage:
    at = timezone.now() + timedelta(days=2)
    made = scheduled.Plan(room_id=scene.team.pk, content=content, send_at=at)
    return scene.do(lambda: ScheduledMessage.objects.get(pk=scheduled.create(scene.ben, made).id))


def test_a_scheduled_message_is_changed_in_the_readers_time_and_other_devices_follow(scene: Scene) -> None:
    planned = plan(scene, "See you on Friday")
    desk, phone = scene.enter(scene.ben, scene.team, **NEW_YORK), scene.enter(scene.ben, scene.team)
    for chat in (desk, phone):
        chat.page.locator("#shortcuts a[href='/drafts/']").click()
        chat.page.locator("#panel a[href='/scheduled/']").click()
        expect(chat.page.locator(f"{PANEL} textarea")).to_have_value("See you on Friday")
    # Half past nine there, whatever the server takes the person's time zone for.
    desk.page.locator(f"{PANEL} textarea").fill("See you on Saturday")
    desk.page.locator(f"{PANEL} [name=send_at]").fill(f"{DAY}T09:30")
    desk.page.locator(PANEL).get_by_role("button", name="Save").click()
    expect(phone.page.locator(f"{PANEL} textarea")).to_have_value("See you on Saturday")
    expect(desk.page.locator(f"{PANEL} [name=send_at]")).to_have_value(f"{DAY}T09:30")
    kept = scene.do(ScheduledMessage.objects.get, pk=planned.pk)
    assert kept.send_at == datetime.fromisoformat(f"{DAY}T09:30").replace(tzinfo=ZoneInfo("America/New_York"))
    phone.page.locator(PANEL).get_by_role("button", name="Cancel sending").click()
    for chat in (desk, phone):
        expect(chat.page.locator("#panel")).to_contain_text("Nothing is scheduled")
    assert scene.do(ScheduledMessage.objects.get, pk=planned.pk).state == "cancelled"


def test_a_preview_comes_by_itself_and_goes_for_everybody_when_its_author_dismisses_it(scene: Scene) -> None:
    url = f"http://good.test/{scene.team.slug}"
    known = {"url": url, "title": "What there is to eat", "site": "good.test", "fetched_at": timezone.now()}
    scene.do(lambda: LinkPreview.objects.create(digest=digest_of(url), **known))
    ann, ben = scene.enter(scene.ann, scene.team), scene.enter(scene.ben, scene.team)
    ann.say(url)
    previews = [chat.page.locator("#messages .preview") for chat in (ann, ben)]
    for preview in previews:
        expect(preview).to_contain_text("What there is to eat")
    expect(ben.page.locator("#messages .preview-dismiss")).to_be_hidden()
    previews[0].hover()
    ann.page.locator("#messages .preview-dismiss").click()
    for preview in previews:
        expect(preview).to_have_count(0)
