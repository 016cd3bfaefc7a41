"""The demo community: what the first start fills in."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Count, Q

from accounts.models import User
from audit.models import AuditEntry
from integrations.demo.cast import LOGINS, PLACES
from integrations.demo.fill import fill
from messaging.models import Message
from messaging.pages import page
from rooms import services
from rooms.models import LISTED_KINDS, Kind, Role, Room
from rooms.summaries import summaries
from tests.factories import make_user, say

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    """Hashing is slow on purpose; what is tested here does not depend on it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def data_dir(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def filled() -> None:
    fill()


def demo(**options: Any) -> str:
    out = io.StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def printed_logins(text: str) -> dict[str, str]:
    words = [line.split() for line in text.splitlines() if line.startswith("  ")]
    return {line[0]: line[1] for line in words}


def test_the_printed_logins_open_the_door(data_dir: Path) -> None:
    logins = printed_logins(demo())
    assert tuple(logins) == LOGINS
    for username, password in logins.items():
        assert authenticate(username=username, password=password) == User.objects.get(username=username)
    admin, *others = (User.objects.get(username=username) for username in logins)
    assert admin.is_superuser
    assert not any(user.is_staff for user in others)


def test_nobody_else_can_sign_in(filled: None) -> None:
    able = {user.username for user in User.objects.all() if user.has_usable_password()}
    assert able == set(LOGINS)


def test_passwords_are_made_up_for_each_installation() -> None:
    first = fill()
    Room.objects.all().delete()
    User.objects.all().delete()
    second = fill()
    passwords = [login.password for login in first + second]
    assert len(set(passwords)) == 6
    assert min(map(len, passwords)) >= 14


def test_the_logins_stay_in_a_file_that_only_its_owner_reads(data_dir: Path) -> None:
    logins = printed_logins(demo())
    path = data_dir / "demo-logins.txt"
    assert printed_logins(path.read_text()) == logins
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_password_can_be_given_for_all(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("one for all of them\n"))
    assert "one for all of them" in demo(password_stdin=True).replace("  ", " ")
    assert authenticate(username="maya", password="one for all of them") is not None


def test_an_empty_password_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="no password"):
        demo(password_stdin=True)
    assert not User.objects.exists()


def test_running_it_again_changes_nothing(data_dir: Path) -> None:
    demo()
    before = list(Message.objects.order_by("pk").values()), list(User.objects.order_by("pk").values())
    written = (data_dir / "demo-logins.txt").read_text()
    assert "there already" in demo()
    assert (list(Message.objects.order_by("pk").values()), list(User.objects.order_by("pk").values())) == before
    assert (data_dir / "demo-logins.txt").read_text() == written


def test_it_adds_no_administrator_to_an_installation_that_is_in_use(data_dir: Path) -> None:
    make_user("somebody")
    with pytest.raises(CommandError, match="has accounts of its own"):
        demo()
    assert User.objects.count() == 1


def test_logins_that_cannot_be_written_down_leave_nothing_behind(data_dir: Path) -> None:
    (data_dir / "demo-logins.txt").mkdir()
    with pytest.raises(CommandError, match="Cannot write"):
        demo()
    assert not User.objects.exists()


def test_every_kind_of_room_is_there(filled: None) -> None:
    live = Room.objects.filter(archived_at=None)
    assert live.filter(kind=Kind.PUBLIC).count() >= 3
    assert live.filter(kind=Kind.CHANNEL).exists()
    assert live.filter(kind=Kind.PRIVATE).exists()
    assert set(live.filter(kind=Kind.DIRECT).values_list("head__member_count", flat=True)) == {2, 3}
    assert Room.objects.exclude(archived_at=None).exists()
    maya = User.objects.get(username="maya")
    assert Room.objects.visible_to(maya).filter(kind__in=LISTED_KINDS).exclude(memberships__user=maya).exists()


def test_a_room_is_long_enough_to_page_back_in(filled: None) -> None:
    newest = page(Room.objects.get(slug="stand-up"))
    assert newest.has_before
    assert newest.results[-1].number > 400


def test_rooms_stand_as_the_product_would_have_left_them(filled: None) -> None:
    rooms = Room.objects.annotate(
        members=Count("memberships", filter=Q(memberships__left_at=None), distinct=True),
        owners=Count("memberships", filter=Q(memberships__role=Role.OWNER), distinct=True),
        said=Count("messages", distinct=True),
        changes=Count("log_entries", distinct=True),
    ).select_related("head")
    for room in rooms:
        assert room.owners == (room.kind != Kind.DIRECT)
        assert room.head.member_count == room.members
        assert room.head.last_number == room.said
        assert room.head.last_seq == room.said + room.changes
    maya, tomas = (User.objects.get(username=name) for name in ("maya", "tomas"))
    assert services.direct_room(maya, [tomas])[1] is False


@pytest.mark.parametrize("hour", [0, 6, 12, 19, 23])
def test_what_is_said_is_in_order_and_in_the_past_at_any_time_of_the_day(hour: int) -> None:
    now = datetime.now(UTC).replace(hour=hour, minute=1) - timedelta(days=1)
    fill(now=now)
    for room in Room.objects.all():
        times = list(Message.objects.in_room(room).order_by("number").values_list("created_at", flat=True))
        assert times == sorted(times)
        assert times[-1] <= now
        assert room.created_at < times[0]


def test_the_logins_have_unread_messages_and_nobody_else(filled: None) -> None:
    expected = {(place.name, name, count) for place in PLACES if place.name for name, count in place.unread.items()}
    found = {
        (room.name, user.username, room.unread)
        for user in User.objects.all()
        for room in summaries(user.pk)
        if room.unread and room.kind != Kind.DIRECT
    }
    assert found == expected
    direct = [room for room in summaries(User.objects.get(username="maya").pk) if room.kind == Kind.DIRECT]
    assert sorted(room.unread for room in direct) == [0, 1, 2]


def test_what_is_unread_was_said_by_others(filled: None) -> None:
    for username in LOGINS:
        user = User.objects.get(username=username)
        for room in summaries(user.pk):
            unread = Message.objects.in_room(Room.objects.get(pk=room.id)).after(room.last_read_number)
            assert unread.count() == room.unread
            assert not unread.filter(sender=user).exists()


def test_the_conversation_goes_on_from_there(filled: None) -> None:
    room, tomas = Room.objects.get(slug="commons"), User.objects.get(username="tomas")
    before = {user: _unread(user, room) for user in ("maya", "sam")}
    sent = say(room, tomas, "Is the door open?")
    assert sent.number == room.messages.count()
    assert {user: _unread(user, room) - count for user, count in before.items()} == {"maya": 1, "sam": 1}
    assert _unread("tomas", room) == 0


def _unread(username: str, room: Room) -> int:
    return next(s.unread for s in summaries(User.objects.get(username=username).pk) if s.id == str(room.pk))


def test_it_shows_what_messages_can_be(filled: None) -> None:
    texts = list(Message.objects.values_list("content", flat=True))
    assert any("```" in text and "\n" in text for text in texts)
    assert any("https://" in text for text in texts)
    assert any("\u0600" <= letter <= "\u06ff" for text in texts for letter in text)
    assert any("\u3040" <= letter <= "\u30ff" for text in texts for letter in text)
    assert Message.objects.exclude(reply_to=None).exists()
    assert Message.objects.exclude(edited_at=None).exists()
    assert Message.objects.exclude(deleted_at=None).exists()
    assert Message.objects.filter(kind="join").exists()


def test_it_takes_few_queries(django_assert_max_num_queries: Callable[[int], Any]) -> None:
    with django_assert_max_num_queries(800):  # for some 560 messages of 12 rooms
        fill()


def test_it_is_on_the_audit_record(filled: None) -> None:
    entry = AuditEntry.objects.get(action="demo.filled")
    assert entry.details["logins"] == list(LOGINS)
