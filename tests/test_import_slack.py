"""Importing a Slack workspace, from archives that are made here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from audit.models import AuditEntry
from integrations.slack import export, importer
from integrations.slack.compose import split
from integrations.slack.emoji import emojify
from integrations.slack.markup import plain
from messaging.append import Outcome, append
from messaging.drafts import Draft
from messaging.events import event_of
from messaging.journal import read_range
from messaging.models import Message
from messaging.wire import messages_out
from realtime.errors import Unavailable
from rooms import services
from rooms.models import Kind, Membership, Role, Room
from rooms.summaries import summary
from tests.factories import make_direct, say

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

# The small workspace that most tests import: Ana made it, Bo is in it, Cy has left it.
ANA = {"id": "U1", "name": "ana", "tz": "Europe/Lisbon", "profile": {"display_name": "Ana", "email": "ana@example.org"}}
BO = {"id": "U2", "name": "bo.diddley", "profile": {"real_name": "Bo Diddley"}, "deleted": None}
CY = {"id": "U3", "name": "cy", "deleted": True, "profile": {"display_name": ""}, "real_name": "Cy Young"}
ROBOT = {"id": "U4", "name": "robot", "is_bot": True, "profile": {"real_name": "Robot", "bot_id": "B4"}}
GENERAL = {
    "id": "C1", "name": "general", "created": "1452837318", "creator": "U1", "members": ["U2", "U1"],
    "topic": {"value": "Anything"}, "purpose": {"value": "For all"},
}  # fmt: skip


def said(ts: str, text: str = "Hello", user: str = "U1", **more: Any) -> Json:
    return {"type": "message", "ts": ts, "text": text, "user": user, **more}


DAY_ONE = [
    said("1452837318.000002", "<@U1> has joined the channel", subtype="channel_join"),
    said("1452837320.000001", "<@U2>: see <https://example.org/a|the plan> &amp; <#C1|general> :tada:"),
    said("1452837330.000001", "Seen.", "U2"),
]
DAY_TWO = [
    said("1452930000.5", "Next day"),
    said("1452930001.25", "<@U3> has left the channel", "U3", subtype="channel_leave"),
]


class Archive:
    """An export that is put together file by file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, bytes] = {}

    def put(self, name: str, data: Any) -> Archive:
        self.files[name] = data if isinstance(data, bytes) else json.dumps(data).encode()
        return self

    def write(self) -> Path:
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self.files.items():
                archive.writestr(name, data)
        return self.path


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """The small workspace."""
    made = Archive(tmp_path / "export.zip")
    made.put("users.json", [ANA, BO, CY, ROBOT]).put("channels.json", [GENERAL])
    return made.put("general/2016-01-15.json", DAY_ONE).put("general/2016-01-16.json", DAY_TWO)


def run(archive: Archive) -> str:
    """Import the archive; return what the command printed."""
    out = io.StringIO()
    call_command("import_slack", str(archive.write()), stdout=out, stderr=out)
    return out.getvalue()


def messages(room: str = "general") -> list[Message]:
    return list(Message.objects.filter(room__slug=room).select_related("sender").order_by("number"))


def everything() -> Json:
    """All that an import writes, but for what the clock decides."""
    return {
        "users": list(User.objects.order_by("pk").values("pk", "username", "email", "display_name", "is_active")),
        "rooms": list(Room.objects.order_by("pk").values("pk", "slug", "kind", "name", "topic", "head__last_seq")),
        "memberships": list(Membership.objects.order_by("room", "user").values("room", "user", "role", "read_number")),
        "messages": list(
            Message.objects.order_by("room", "number").values(
                "room", "seq", "number", "unread_index", "kind", "sender", "content", "client_id", "metadata",
                "reply_to__number", "thread_root__number", "created_at", "edited_at",
            )
        ),
    }  # fmt: skip


# --- What arrives -------------------------------------------------------------------------------


def test_messages_keep_their_order_their_times_and_their_authors(archive: Archive) -> None:
    run(archive)
    assert [(m.number, m.seq, m.sender and m.sender.name, m.kind, m.content) for m in messages()] == [
        (1, 1, "Ana", "join", "has joined the channel"),
        (2, 2, "Ana", "text", "@bo_diddley: see [the plan](https://example.org/a) & #general 🎉"),
        (3, 3, "Bo Diddley", "text", "Seen."),
        (4, 4, "Ana", "text", "Next day"),
        (5, 5, "Cy Young", "leave", "has left the channel"),
    ]
    assert messages()[0].created_at == datetime(2016, 1, 15, 5, 55, 18, 2, tzinfo=UTC)
    assert messages()[3].created_at == datetime(2016, 1, 16, 7, 40, 0, 500_000, tzinfo=UTC)
    ids = [message.id for message in messages()]
    assert ids == sorted(ids)


def test_people_become_accounts_without_a_password(archive: Archive) -> None:
    run(archive)
    ana, bo, cy, robot = (User.objects.get(display_name=name) for name in ("Ana", "Bo Diddley", "Cy Young", "Robot"))
    assert (ana.username, ana.email, ana.time_zone, ana.is_active) == ("ana", "ana@example.org", "Europe/Lisbon", True)
    assert bo.username == "bo_diddley"
    assert cy.username == "slack-cy"  # two letters are too few here
    assert not cy.is_active
    assert robot.is_bot
    assert not any(user.has_usable_password() or user.is_staff for user in User.objects.all())


def test_a_channel_becomes_a_public_room_that_its_creator_owns(archive: Archive) -> None:
    run(archive)
    room = Room.objects.get(slug="general")
    assert (room.kind, room.name, room.topic) == (Kind.PUBLIC, "general", "Anything — For all")
    assert {(m.user.username, m.role) for m in room.memberships.select_related("user")} == {
        ("ana", Role.OWNER), ("bo_diddley", Role.MEMBER),
    }  # fmt: skip
    assert (room.head.member_count, room.head.last_seq, room.head.last_number) == (2, 5, 5)


def test_a_creator_who_is_no_member_owns_nothing(archive: Archive) -> None:
    archive.put("channels.json", [{**GENERAL, "creator": "U3", "members": ["U3", "U4", "U2"]}])
    run(archive)
    assert Room.objects.get().owner == User.objects.get(username="bo_diddley")


def test_private_channels_and_conversations_keep_their_kind(archive: Archive) -> None:
    archive.put("groups.json", [{"id": "G1", "name": "secret", "members": ["U1"], "is_archived": True}])
    archive.put("mpims.json", [{"id": "G2", "name": "mpdm-ana--bo--cy-1", "members": ["U1", "U2", "U3"]}])
    archive.put(
        "dms.json", [{"id": "D1", "created": 1452837318, "members": ["U1", "U2"]}, {"id": "D2", "members": ["U1"]}]
    )
    archive.put("secret/2016-01-20.json", [said("1453248000.1", "hush")])
    archive.put("mpdm-ana--bo--cy-1/2016-01-20.json", [said("1453248000.1", "we three")])
    archive.put("D1/2016-01-20.json", [said("1453248000.1", "we two")])
    run(archive)
    secret = Room.objects.get(slug="secret")
    assert secret.kind == Kind.PRIVATE
    assert secret.archived_at
    said_in = {m.content: m.room for m in Message.objects.select_related("room").filter(room__kind=Kind.DIRECT)}
    assert said_in.keys() == {"we three", "we two"}
    ana, bo = User.objects.get(username="ana"), User.objects.get(username="bo_diddley")
    assert services.direct_room(ana, [bo]) == (said_in["we two"], False)
    assert services.direct_room(ana, [])[1] is False


def test_more_people_than_a_direct_room_holds_meet_in_a_private_one(archive: Archive) -> None:
    crowd = [{"id": f"U1{n}", "name": f"member{n}"} for n in range(10)]
    archive.put("users.json", [ANA, BO, CY, ROBOT, *crowd])
    archive.put("mpims.json", [{"id": "G2", "name": "mpdm-many-1", "members": [each["id"] for each in crowd]}])
    run(archive)
    room = Room.objects.get(kind=Kind.PRIVATE)
    assert room.name.startswith("member0, member1")
    assert room.head.member_count == 10


def test_what_has_no_column_is_kept_in_the_metadata(archive: Archive) -> None:
    reactions = [{"name": "+1", "users": ["U2"], "count": 1}]
    archive.put(
        "general/2016-01-16.json",
        [said("1452930000.5", "Fix", edited={"user": "U1", "ts": "1452930060.0"}, reactions=reactions)],
    )
    run(archive)
    last = messages()[-1]
    assert last.edited_at == datetime(2016, 1, 16, 7, 41, tzinfo=UTC)
    assert last.metadata["imported"] == "slack"
    assert last.metadata["slack"]["reactions"] == reactions
    assert last.metadata["slack"]["ts"] == "1452930000.5"


def test_replies_of_a_thread_point_at_what_they_answer(archive: Archive) -> None:
    thread = {"thread_ts": "1452930000.5"}
    archive.put(
        "general/2016-01-16.json",
        [
            said("1452930000.5", "Lunch?", **thread), said("1452930001.0", "elsewhere"),
            said("1452930002.0", "Yes", "U2", **thread), said("1452930003.0", "At one", **thread),
            said("1452930004.0", "To a message that nobody exported", thread_ts="1452000000.1"),
        ],
    )  # fmt: skip
    run(archive)
    by_text = {m.content: m for m in messages()}
    assert by_text["Yes"].thread_root_id == by_text["At one"].thread_root_id == by_text["Lunch?"].id
    assert by_text["Lunch?"].thread_root_id is by_text["elsewhere"].thread_root_id is None
    assert by_text["To a message that nobody exported"].thread_root_id is None
    assert by_text["Yes"].metadata["slack"]["thread_ts"] == "1452930000.5"


def test_files_leave_their_name_and_address_but_not_their_key(archive: Archive) -> None:
    file = {
        "id": "F1",
        "name": "plan.pdf",
        "size": 10,
        "url_private": "https://files.example.org/plan.pdf?t=xoxe-secret",
    }
    archive.put("general/2016-01-16.json", [said("1452930000.5", "", files=[file, {"id": "F2", "mode": "tombstone"}])])
    run(archive)
    last = messages()[-1]
    assert last.content == "File: plan.pdf\nFile: no longer available"
    assert last.metadata["slack"]["files"][0]["url"] == "https://files.example.org/plan.pdf"
    assert "xoxe" not in json.dumps(last.metadata)


def test_apps_speak_through_their_attachments_and_blocks(archive: Archive) -> None:
    commit = {
        "pretext": "1 new commit by bo:",
        "text": "<https://example.org/c/1|ed1acbe>: Fix",
        "fallback": "not this",
    }
    preview = {"from_url": "https://example.org", "title": "A title that nobody wrote"}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "Build *green* :white_check_mark:"}}
    archive.put(
        "general/2016-01-16.json",
        [
            said(
                "1452930000.1", "added an app: <https://x.example/services/B9|github>", subtype="bot_add", bot_id="B9"
            ),
            {"ts": "1452930000.2", "subtype": "bot_message", "bot_id": "B9", "text": "", "attachments": [commit]},
            {"ts": "1452930000.3", "subtype": "bot_message", "bot_id": "B4", "text": "", "blocks": [section]},
            said("1452930000.4", "<https://example.org>", attachments=[preview]),
            {"ts": "1452930000.5", "subtype": "bot_message", "username": "GitHub", "text": "Bye"},
            {"ts": "1452930000.6", "text": ""},
        ],
    )
    run(archive)
    assert [(m.sender and m.sender.name, m.content) for m in messages()[-6:]] == [
        ("Ana", "added an app: [github](https://x.example/services/B9)"),
        ("github", "1 new commit by bo:\n[ed1acbe](https://example.org/c/1): Fix"),
        ("Robot", "Build **green** ✅"),
        ("Ana", "https://example.org"),
        ("github", "Bye"),
        ("Slack", "(no text)"),
    ]
    assert all(m.sender.is_bot for m in messages() if m.sender and m.sender.name in ("github", "Slack"))


def test_authors_whom_nobody_lists_get_an_account_that_cannot_sign_in(archive: Archive) -> None:
    guest = said("1452930000.5", "from afar", "W9", user_profile={"name": "zoe", "real_name": "Zoë Other"})
    archive.put("general/2016-01-16.json", [guest, said("1452930001.5", "unknown", "W10")])
    run(archive)
    assert [m.sender and (m.sender.username, m.sender.name, m.sender.is_active) for m in messages()[-2:]] == [
        ("zoe", "Zoë Other", False), ("slack-W10", "W10", False),
    ]  # fmt: skip


def test_a_text_beyond_the_limit_becomes_several_messages(archive: Archive, settings: Any) -> None:
    settings.MESSAGE_MAX_LENGTH = 100
    text = "\n".join(f"line {number}" for number in range(100))
    archive.put("general/2016-01-16.json", [said("1452930000.5", text), said("1452930000.6", "after")])
    run(archive)
    *parts, after = [m.content for m in messages()[3:]]
    assert "\n".join(parts) == text
    assert after == "after"
    run(archive)
    assert [m.content for m in messages()[3:]] == [*parts, after]


def test_characters_that_no_database_stores_do_not_lose_the_message(archive: Archive) -> None:
    day = b'[{"ts": "1452930000.5", "user": "U1", "text": "a\\u0000b \\ud83d \\ud83d\\ude00", "username": "\\u0000"}]'
    archive.put("general/2016-01-16.json", day)
    run(archive)
    assert messages()[-1].content == "a\ufffdb \ufffd 😀"


def test_different_messages_under_one_ts_are_all_kept_and_doubles_are_not(archive: Archive) -> None:
    archive.put("general/2016-01-16.json", [said("1452930000.5", text) for text in ("one", "one", "two")])
    run(archive)
    run(archive)
    assert [m.content for m in messages()[3:]] == ["one", "two"]


def test_on_postgresql_each_month_has_its_partition(archive: Archive) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one table")
    run(archive)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM messaging_message")
        assert cursor.fetchall() == [("messaging_message_2016_01",)]


# --- Again, later, interrupted --------------------------------------------------------------------


def test_running_it_again_adds_nothing(archive: Archive) -> None:
    assert "5 messages added" in run(archive)
    before = everything()
    assert "0 messages added, 5 already here" in run(archive)
    assert everything() == before


def test_a_newer_export_adds_only_what_is_new(archive: Archive) -> None:
    run(archive)
    before = messages()
    archive.put("users.json", [ANA, BO, CY, ROBOT, {"id": "U5", "name": "dee"}])
    archive.put("channels.json", [{**GENERAL, "name": "general", "members": ["U1", "U2", "U5"]}])
    archive.put("general/2016-01-17.json", [said("1453016400.1", "Hi all", "U5"), said("1453016400.2", "Hi", "U2")])
    run(archive)
    assert messages()[:5] == before
    assert [(m.number, m.content) for m in messages()[5:]] == [(6, "Hi all"), (7, "Hi")]
    assert Room.objects.get().head.member_count == 3


def test_an_import_that_was_interrupted_is_completed_by_the_next(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [said(f"14530164{second:02}.1", f"{second}", thread_ts="1453016400.1") for second in range(60)]
    archive.put("general/2016-01-17.json", many)
    monkeypatch.setattr(importer, "BATCH", 7)
    calls = 0

    def failing(drafts: list[Draft]) -> list[Any]:
        nonlocal calls
        calls += 1
        if calls == 5:
            return [Outcome("refused", error=Unavailable("The database is down.")) for _ in drafts]
        return append(drafts)

    with monkeypatch.context() as patched:
        patched.setattr(importer, "append", failing)
        with pytest.raises(CommandError, match="run the command again"):
            run(archive)
    stored = len(messages())
    assert 5 < stored < 65
    assert f"{65 - stored} messages added, {stored} already here" in run(archive)
    assert [m.content for m in messages()[5:]] == [f"{second}" for second in range(60)]
    assert {m.thread_root_id for m in messages()[6:]} == {messages()[5].id}


def test_what_was_purged_here_does_not_come_back(archive: Archive) -> None:
    run(archive)
    Message.objects.filter(number=3).delete()
    assert "0 messages added, 4 already here, 1 removed here since" in run(archive)


def test_who_left_the_room_here_stays_out_of_it(archive: Archive) -> None:
    run(archive)
    room, bo = Room.objects.get(), User.objects.get(username="bo_diddley")
    services.leave(bo, room)
    run(archive)
    assert not room.memberships.current().filter(user=bo).exists()
    assert room.head.member_count == 1


def test_a_room_that_was_deleted_here_is_left_out(archive: Archive) -> None:
    run(archive)
    services.delete_room(services.Staff(), Room.objects.get())
    archive.put("general/2016-01-17.json", [said("1453016400.1", "new")])
    assert "Left out: #general: the room was deleted here" in run(archive)
    assert len(messages()) == 5


# --- Beside what is here already -------------------------------------------------------------------


def test_a_person_is_recognised_by_the_address_and_keeps_the_account(archive: Archive) -> None:
    known = User.objects.create_user("anabela", "Ana@Example.org", "a password of hers", display_name="Anabela")
    assert "Recognised by e-mail address: anabela" in run(archive)
    held = User.objects.get(pk=known.pk)
    assert (held.username, held.display_name, held.password) == ("anabela", "Anabela", known.password)
    assert messages()[1].sender == known
    assert held.rev > known.rev  # gained a room


def test_names_and_addresses_that_are_taken_are_not_taken_over(archive: Archive) -> None:
    other = User.objects.create_user("ANA", "other@example.org")
    owner = User.objects.create_user("owner", "owner@example.org")
    room = services.create_room(owner, kind=Kind.PUBLIC, name="General")
    twin = {"id": "U6", "name": "Ana", "profile": {"email": "ANA@example.org"}, "deleted": True}
    archive.put("users.json", [twin, ANA, BO, CY, ROBOT])
    run(archive)
    assert {u.username for u in User.objects.filter(username__istartswith="ana")} == {"ANA", "ana-2", "Ana-3"}
    assert User.objects.get(email__iexact="ana@example.org").username == "ana-2"
    assert User.objects.get(pk=other.pk).display_name == ""
    assert not Message.objects.filter(room=room, kind="text").exists()
    assert Room.objects.filter(slug="general-2").exists()


def test_a_conversation_goes_into_the_one_that_its_people_have_here(archive: Archive) -> None:
    ana = User.objects.create_user("anabela", "ana@example.org")
    run(archive.put("dms.json", []))
    bo = User.objects.get(username="bo_diddley")
    direct = make_direct(ana, bo)
    newest = say(direct, ana, "written here")
    archive.put("dms.json", [{"id": "D1", "members": ["U2", "U1"]}])
    archive.put("D1/2016-01-20.json", [said("1453248000.1", "first", "U2"), said("1453248000.2", "second")])
    run(archive)
    rows = messages(direct.slug)
    assert [m.content for m in rows] == ["written here", "first", "second"]  # the log only grows at its end
    assert rows[1].created_at == datetime(2016, 1, 20, 0, 0, 0, 100_000, tzinfo=UTC)
    assert str(rows[0].id) == newest.id
    assert rows[0].id < rows[1].id < rows[2].id
    held = summary(bo.pk, direct)
    assert held is not None
    assert held.unread == 1  # Ana's of today, and none of those that came with the import


def test_nothing_imported_is_anybodys_unread(archive: Archive) -> None:
    run(archive)
    room = Room.objects.get()
    for membership in room.memberships.all():
        held = summary(membership.user_id, room)
        assert held is not None
        assert (held.unread, held.last_read_number) == (0, 5)


def test_joins_and_leaves_of_the_past_change_nobodys_membership(archive: Archive) -> None:
    run(archive)
    out_of_the_log = read_range(Room.objects.get().pk, 0, 100)
    assert out_of_the_log is not None
    assert {(event.kind, event.subject) for event in out_of_the_log.events} == {("message.created", None)}
    written = messages_out(messages())
    assert {event_of(message).subject for message in written} == {None}
    assert {message.kind for message in written} == {"join", "text", "leave"}


def test_it_is_on_the_audit_record(archive: Archive) -> None:
    run(archive)
    entries = AuditEntry.objects.filter(action__startswith="import.").order_by("pk")
    assert [entry.action for entry in entries] == ["import.started", "import.finished"]
    assert entries[1].details["stored"] == 5


# --- What is wrong with a file ---------------------------------------------------------------------


def refuse(path: Path) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("import_slack", str(path))
    return str(caught.value)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("not an archive")
    assert "notes.zip is not a zip archive" in refuse(tmp_path / "notes.zip")
    assert "No such file" in refuse(tmp_path / "missing.zip")
    assert "Is a directory" in refuse(tmp_path)


@pytest.mark.parametrize("missing", ["users.json", "channels.json"])
def test_an_archive_of_something_else_is_refused(archive: Archive, missing: str) -> None:
    del archive.files[missing]
    assert f"has no {missing}" in refuse(archive.write())
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'[{"ts": "1', "is not valid JSON"),
        (b"\xff\xfe[]", "is not valid JSON"),
        (b"[" * 100_000, "is not valid JSON"),
        (b'{"ts": "1"}', "Expected `array`, got `object`"),
        (b'[{"text": "no time"}]', "missing required field `ts`"),
        (b'[{"ts": "1.0", "text": ["a"]}]', "at `$[0].text`"),
        (b'[{"ts": "yesterday"}]', "“yesterday” is not a time"),
        (b'[{"ts": "9999999999.0"}]', "is in the future"),
    ],
)
def test_a_broken_part_is_named(archive: Archive, data: bytes, says: str) -> None:
    archive.put("general/2016-01-16.json", data)
    message = refuse(archive.write())
    assert message.startswith("general/2016-01-16.json")
    assert says in message


def test_what_would_fill_the_memory_is_not_read(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MEMBER_MAX", 1000)
    archive.put("users.json", b" " * 1001 + b"[]")
    assert "users.json is larger than" in refuse(archive.write())
    monkeypatch.setattr(export, "ARCHIVE_MAX", 1000)
    assert "would unpack to more than" in refuse(archive.write())


def test_an_archive_that_lies_about_sizes_is_refused(archive: Archive) -> None:
    path = archive.put("users.json", b"[]" + b" " * 5_000_000).write()
    with zipfile.ZipFile(path) as zipped:
        true_size = zipped.getinfo("users.json").file_size.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true_size, (2).to_bytes(4, "little")))
    assert "users.json cannot be read from the archive" in refuse(path)


def test_an_encrypted_part_is_refused(archive: Archive) -> None:
    path = archive.write()
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory's first entry: users.json
    path.write_bytes(bytes(raw))
    assert "users.json cannot be read from the archive" in refuse(path)


def test_paths_that_lead_out_of_the_archive_are_never_followed(archive: Archive, tmp_path: Path) -> None:
    archive.put("../general/2016-01-20.json", [said("1453248000.1", "from outside")])
    archive.put("/2016-01-20.json", [said("1453248000.1", "from the root")])
    archive.put("stray/2016-01-20.json", [said("1453248000.1", "nobody's")])
    before = sorted(tmp_path.parent.rglob("*"))
    archive.write()
    assert "Left out: folder “stray”" in run(archive)
    assert len(messages()) == 5
    assert [path for path in sorted(tmp_path.parent.rglob("*")) if path not in before] == [archive.path]


def test_an_export_that_was_zipped_again_in_its_folder_is_read(archive: Archive) -> None:
    archive.files = {f"our export/{name}": data for name, data in archive.files.items()}
    archive.put("__MACOSX/our export/._users.json", b"\0")
    run(archive)
    assert len(messages()) == 5


# --- Texts --------------------------------------------------------------------------------------------


class Names:
    def user(self, slack_id: str) -> str | None:
        return {"U1": "ana"}.get(slack_id)

    def channel(self, slack_id: str) -> str | None:
        return {"C1": "general"}.get(slack_id)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("<@U1> and <@U9|zoe> and <@U8>", "@ana and @zoe and @U8"),
        ("<#C1|old-name> <#C2|other> <#C3>", "#general #other #C3"),
        (
            "<!here> <!channel|@channel> <!subteam^S1|@devs> <!date^1392734382^{date}|Feb 18>",
            "@here @channel @devs Feb 18",
        ),
        ("<https://example.org> <https://example.org/|example.org>", "https://example.org https://example.org/"),
        ("<https://example.org/a|our plan>", "[our plan](https://example.org/a)"),
        ("<mailto:a@example.org|a@example.org> <tel:123|123>", "a@example.org 123"),
        ("1 &lt; 2 &amp;&amp; &amp;lt; &quot;", "1 < 2 && &lt; &quot;"),
        (
            "so: ```if a &lt; b:\n    <https://example.org> :tada:``` ok",
            "so: \n```\nif a < b:\n    https://example.org :tada:\n```\n ok",
        ),
        ("```\nx\n```\ny ```z``` `:+1:`", "```\nx\n```\ny ```z``` `:+1:`"),
        ("a <b> c", "a <b> c"),
        ("*bold* _slanted_ ~gone~ `x = 1`", "**bold** _slanted_ ~~gone~~ `x = 1`"),
        ("*<https://example.org/(a)|the [plan]> `a*b`*", r"**[the \[plan\]](https://example.org/%28a%29) `a*b`**"),
        ("2 * 3 * 4, a*b*c, *two\nlines*", "2 * 3 * 4, a*b*c, *two\nlines*"),
    ],
)
def test_slack_markup_reads_well(text: str, reads: str) -> None:
    assert plain(text, Names()) == reads


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        (":+1: :wave::skin-tone-3:", "👍 👋🏼"),
        (":rocket:", "🚀"),
        (":our-logo: 10:30:45 std::map::at", ":our-logo: 10:30:45 std::map::at"),
    ],
)
def test_shortcodes_become_emoji(text: str, shows: str) -> None:
    assert emojify(text) == shows


@given(st.text(st.sampled_from("a \n`"), max_size=300), st.integers(20, 60))
def test_splitting_loses_nothing_but_white_space(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(0 < len(part) <= limit and not part.isspace() for part in parts)

    def letters(texts: Iterable[str]) -> str:
        return "".join(c for text in texts for c in text if c == "a")

    assert letters(parts) == letters([text])


def test_a_code_block_that_is_cut_goes_on_in_the_next_part() -> None:
    parts = split("before\n```" + "\n".join(f"x = {n}" for n in range(40)) + "```\nafter", 120)
    assert len(parts) > 2
    assert all(part.count("```") % 2 == 0 for part in parts)
