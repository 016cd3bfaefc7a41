"""Pictures and statuses in the admin: through the services, as everywhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import User
from jobs.worker import run_due
from tests.accounts.browsers import actions as all_actions
from tests.accounts.browsers import signed_in
from tests.accounts.test_admin import change_form
from tests.accounts.test_pictures import picture, upload


def actions() -> list[str]:
    """What was done, apart from signing in."""
    return [action for action in all_actions() if action != "session.started"]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def post(boss: User, user: User, **changes: Any) -> Any:
    client = signed_in(boss)
    form = change_form(client, user) | changes
    return client.post(reverse("admin:accounts_user_change", args=[user.pk]), form, follow=True)


def test_a_picture_that_staff_uploads_is_made_anew_too_and_can_be_taken_away(
    media: Path, boss: User, alice: User
) -> None:
    post(boss, alice, avatar=upload(picture("JPEG"), "photo.jpg", "image/jpeg"))
    alice.refresh_from_db()
    assert len(list(media.rglob("*.webp"))) == 3
    page = signed_in(boss).get(reverse("admin:accounts_user_change", args=[alice.pk])).content.decode()
    assert alice.avatar.name.replace("-512.", "-128.") in page
    post(boss, alice, **{"avatar-clear": "on"})
    alice.refresh_from_db()
    assert (alice.avatar.name, run_due(), list(media.rglob("*.webp"))) == ("", 1, [])
    assert actions() == ["user.profile_changed"] * 2


def test_what_is_no_picture_is_refused_in_the_admin(media: Path, boss: User, alice: User) -> None:
    answer = post(boss, alice, avatar=upload(picture("BMP"), "photo.png"))
    assert "no picture that can be read" in answer.content.decode()
    alice.refresh_from_db()
    assert (alice.avatar.name, list(media.rglob("*.*"))) == ("", [])


def test_staff_sees_a_status_with_its_end_and_changes_it(boss: User, alice: User) -> None:
    services.set_status(alice, emoji="🌴", text="Away", until=timezone.now() + timedelta(hours=1))
    page = signed_in(boss).get(reverse("admin:accounts_user_change", args=[alice.pk])).content.decode()
    assert "🌴 Away, until " in page
    post(boss, alice, status_text="Back soon")
    alice.refresh_from_db()
    assert (alice.status_text, actions()[-1]) == ("Back soon", "user.profile_changed")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("status_emoji", "xx", "one emoji"),
        ("display_name", "Al\u202eice", "turns the direction"),
        ("phone", "12", "with its country"),
        ("time_zone", "Mars/Olympus", "Choose a time zone"),
        ("locale", "tlh", "Choose one of"),
    ],
)
def test_what_a_profile_may_not_hold_is_said_at_the_field(
    boss: User, alice: User, field: str, value: str, said: str
) -> None:
    assert said in post(boss, alice, **{field: value}).content.decode()
    assert actions() == []
