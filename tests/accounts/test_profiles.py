"""What people say of themselves: the fields of the profile, the status and its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts import services, statuses, wording
from accounts.models import User
from accounts.statuses import After
from tests.accounts.browsers import actions, signed_in
from tests.contract import ContractClient
from tests.factories import make_user

Api = Callable[..., ContractClient]
ME = "/api/v1/me/"
STATUS = "/api/v1/me/status/"


# --- The fields ---


def test_a_profile_is_changed_field_by_field(alice: User, api: Api) -> None:
    client = api(alice)
    changes = {"display_name": "  Alice   Liddell ", "bio": "Curious.\r\nVery.", "phone": "+351 912-345-678"}
    body = client.patch(ME, changes | {"time_zone": "Europe/Lisbon", "locale": "en"}).json()
    assert (body["display_name"], body["bio"]) == ("Alice Liddell", "Curious.\nVery.")
    assert (body["phone"], body["time_zone"], body["locale"]) == ("+351912345678", "Europe/Lisbon", "en")
    body = client.patch(ME, {"display_name": "", "phone": None}).json()
    assert (body["display_name"], body["phone"], body["bio"]) == ("alice", None, "Curious.\nVery.")
    assert set(actions()) == {"user.account_changed", "user.profile_changed"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"is_staff": True},
        {"username": "boss"},
        {"email": "new@example.org"},
        {"avatar": "avatars/x.png"},
        {"rev": 0},
        {"display_name": "Alice", "nick": "Al"},
        {"display_name": 5},
        {"display_name": "x" * 101},
        {"display_name": "Al\u0000ice"},
        {"display_name": "Al\nice\u0007"},
        {"display_name": "Alice\u202egnp.exe"},
        {"display_name": "\u2066Alice"},
        {"display_name": "Ali\u200bce"},
        {"display_name": "Ali\u3164ce"},
        {"bio": "x" * 1001},
        {"bio": "down\u202eup"},
        {"bio": None},
        {"phone": "12345"},
        {"phone": "+0123456789"},
        {"phone": "+1234567890123456"},
        {"phone": "+３５１９１２３４５６７８"},
        {"phone": "call me"},
        {"phone": "+351912345678' OR 1=1"},
        {"locale": "tlh"},
        {"locale": "../en"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "/etc/localtime"},
        {"time_zone": "europe/lisbon"},
        {"time_zone": "Factory"},
    ],
)
def test_what_a_profile_may_not_hold_changes_nothing(alice: User, api: Api, changes: dict[str, Any]) -> None:
    before = User.objects.filter(pk=alice.pk).values().get()
    answer = api(alice).patch(ME, changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert User.objects.filter(pk=alice.pk).values().get() == before
    assert actions() == []


def test_half_a_character_is_refused(alice: User, api: Api) -> None:
    answer = api(alice).patch(ME, b'{"display_name": "\\ud800"}', content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_what_many_languages_need_is_no_fault(alice: User, api: Api) -> None:
    names = ["李 小龍", "נועה", "می‌خواهم", "👩‍👩‍👧 family", "Ægir Þór", "O’Neil-Smith", "ليلى حداد"]
    for name in names:
        assert api(alice).patch(ME, {"display_name": name}).json()["display_name"] == name
    both = "Hello \u200eשלום\u200f."
    assert api(alice).patch(ME, {"bio": both}).json()["bio"] == both


def test_part_of_a_change_that_is_refused_takes_the_rest_along(alice: User, api: Api) -> None:
    assert api(alice).patch(ME, {"phone": "+351912345678", "time_zone": "Nowhere"}).status_code == 400
    assert User.objects.get(pk=alice.pk).phone is None


def test_the_number_of_somebody_else_is_refused_in_the_words_for_any_other_and_few_are_tried(
    alice: User, api: Api
) -> None:
    services.update_account(make_user("bob"), phone="+351912345678")
    client = api(alice)
    answer = client.patch(ME, {"phone": "+351 912 345 678"})
    assert answer.status_code == 400
    assert answer.json()["errors"]["phone"] == [
        "This number cannot be used here. Check it, or ask the people who run this server."
    ]
    codes = {client.patch(ME, {"phone": f"+35191234567{digit}"}).status_code for digit in range(8)}
    assert 429 in codes


def test_nobody_changes_the_profile_of_another_over_rest(alice: User, api: Api) -> None:
    bob = make_user("bob")
    for method in ("patch", "put", "delete"):
        assert getattr(api(alice), method)(f"/api/v1/users/{bob.pk}/", {"bio": "x"}).status_code in (404, 405)


@pytest.mark.parametrize(("method", "path"), [("patch", ME), ("put", STATUS), ("delete", "/api/v1/me/avatar/")])
def test_nobody_without_credentials_has_a_profile(db: None, api: Api, method: str, path: str) -> None:
    assert getattr(api(), method)(path, {}).status_code == 401


# --- The status ---


def test_a_status_is_set_changed_and_ended(alice: User, api: Api) -> None:
    client = api(alice)
    until = (timezone.now() + timedelta(hours=1)).astimezone(UTC)
    body = client.put(STATUS, {"emoji": "🌴", "text": " Away  for now ", "until": until.isoformat()}).json()
    assert (body["status_emoji"], body["status_text"]) == ("🌴", "Away for now")
    assert datetime.fromisoformat(body["status"]["until"]) == until
    assert client.put(STATUS, {"text": "Back"}).json()["status"] == {"emoji": "", "text": "Back", "until": None}
    assert client.delete(STATUS).json()["status"] is None
    assert client.put(STATUS, {"until": until.isoformat()}).json()["status"] is None
    assert User.objects.get(pk=alice.pk).status_until is None


@pytest.mark.parametrize("emoji", ["🌴", "👩🏽‍💻", "🇵🇹", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣"])
def test_one_emoji_of_any_making_is_one(alice: User, api: Api, emoji: str) -> None:
    assert api(alice).put(STATUS, {"emoji": emoji}).json()["status"]["emoji"] == emoji


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("emoji", {"emoji": "x"}),
        ("emoji", {"emoji": "🌴🌴"}),
        ("emoji", {"emoji": "🌴 "}),
        ("emoji", {"emoji": ":palm_tree:"}),
        ("emoji", {"emoji": "<b>"}),
        ("emoji", {"emoji": None}),
        ("text", {"text": "x" * 101}),
        ("text", {"text": "a\u202eb"}),
        ("text", {"text": 5}),
        ("until", {"text": "x", "until": "2020-01-01T00:00:00Z"}),
        ("until", {"text": "x", "until": "2120-01-01T00:00:00Z"}),
        ("until", {"text": "x", "until": "2030-01-01T00:00:00"}),
        ("until", {"text": "x", "until": "tomorrow"}),
        ("for", {"text": "x", "for": "ever"}),
    ],
)
def test_what_no_status_is_changes_nothing(alice: User, api: Api, field: str, body: dict[str, Any]) -> None:
    services.set_status(alice, text="As it was")
    answer = api(alice).put(STATUS, body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert User.objects.get(pk=alice.pk).status_text == "As it was"


def pass_time(user: User) -> None:
    User.objects.filter(pk=user.pk).update(status_until=timezone.now() - timedelta(seconds=1))


def test_a_status_that_has_ended_is_shown_no_longer_and_then_cleared(alice: User, api: Api) -> None:
    bob = make_user("bob")
    for user in (alice, bob):
        services.set_status(user, emoji="🌴", text="Away", until=timezone.now() + timedelta(hours=1))
    pass_time(alice)
    held = User.objects.get(pk=alice.pk)
    assert (held.status, held.status_text) == (None, "Away")
    body = api(held).get(ME).json()
    assert (body["status"], body["status_text"], body["status_emoji"]) == (None, "", "")
    assert services.end_statuses() == 1
    assert services.end_statuses() == 0
    held.refresh_from_db()
    assert (held.status_text, held.status_emoji, held.status_until) == ("", "", None)
    assert User.objects.get(pk=bob.pk).status is not None


def test_a_status_set_just_before_the_old_one_is_cleared_stays(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    services.set_status(alice, text="Old", until=timezone.now() + timedelta(hours=1))
    pass_time(alice)
    late = timezone.now()
    services.set_status(alice, text="New", until=timezone.now() + timedelta(hours=1))
    monkeypatch.setattr(timezone, "now", lambda: late)
    assert services.end_statuses() == 0
    assert User.objects.get(pk=alice.pk).status_text == "New"


@pytest.mark.parametrize(
    ("after", "end"),
    [
        (After.HALF_HOUR, "2025-06-06T23:15:00+09:00"),
        (After.HOUR, "2025-06-06T23:45:00+09:00"),
        (After.TODAY, "2025-06-07T00:00:00+09:00"),
        (After.WEEK, "2025-06-09T00:00:00+09:00"),
        (After.NEVER, None),
    ],
)
def test_the_ends_to_choose_from_go_by_the_persons_clock(after: After, end: str | None) -> None:
    now = datetime(2025, 6, 6, 13, 45, tzinfo=UTC)  # a Friday, late in Tokyo
    made = statuses.end_of(after, ZoneInfo("Asia/Tokyo"), now)
    assert (made and made.isoformat()) == end


def test_a_day_of_a_changing_clock_ends_at_its_own_midnight() -> None:
    end = statuses.end_of(After.TODAY, ZoneInfo("Europe/Lisbon"), datetime(2025, 10, 26, 0, 30, tzinfo=UTC))
    assert end is not None
    assert end.astimezone(UTC) == datetime(2025, 10, 27, 0, 0, tzinfo=UTC)


def test_a_zone_that_this_machine_does_not_know_is_utc() -> None:
    assert wording.zone_of("Mars/Olympus").key == "UTC"


# --- The page ---


def test_the_page_saves_what_it_shows(alice: User) -> None:
    client = signed_in(alice)
    assert client.get("/settings/").headers["Location"] == "/settings/profile/"
    form = {"display_name": "Alice L.", "bio": "Hi", "phone": "", "time_zone": "Europe/Lisbon"}
    assert client.post("/settings/profile/", form).status_code == 302
    page = client.get("/settings/profile/").content.decode()
    assert 'value="Alice L."' in page
    assert "Your profile is saved." in page
    assert 'value="Europe/Lisbon" selected' in page


def test_the_page_says_at_the_field_what_is_wrong_and_keeps_what_was_typed(alice: User) -> None:
    client = signed_in(alice)
    form = {"display_name": "Al\u202eice", "bio": "Kept", "phone": "123", "time_zone": ""}
    answer = client.post("/settings/profile/", form)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Write the number with its country" in page or "turns the direction" in page
    assert "Kept" in page
    assert 'aria-invalid="true"' in page
    assert User.objects.get(pk=alice.pk).bio == ""


def test_the_page_sets_and_clears_a_status(alice: User) -> None:
    client = signed_in(alice)
    fields = {"emoji": "🌴", "text": "Away", "after": "1h", "zone": "Asia/Tokyo"}
    assert client.post("/settings/profile/status/", fields).status_code == 302
    held = User.objects.get(pk=alice.pk)
    assert held.status is not None
    assert held.status_until is not None
    # Changing the words alone keeps the end.
    client.post("/settings/profile/status/", {"emoji": "🌴", "text": "Still away", "after": "keep"})
    assert User.objects.get(pk=alice.pk).status_until == held.status_until
    answer = client.post("/settings/profile/status/", {"emoji": "no", "text": "x", "after": "never"})
    assert "one emoji" in answer.content.decode()
    client.post("/settings/profile/status/", {"clear": "1"})
    assert User.objects.get(pk=alice.pk).status is None
