"""What is found, by whom, and above all by whom not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from messaging import search, services
from messaging.drafts import NewPoll
from messaging.models import Message
from messaging.purging import purge
from messaging.search import finding
from realtime.errors import Invalid, RateLimited
from rooms import services as rooms
from rooms.models import Kind, RoomHead
from rooms.services import Staff
from tests.factories import Cast, make_direct, make_room, make_user, say

pytestmark = pytest.mark.django_db(transaction=True)


def found(user: User, text: str, **options: object) -> list[str]:
    """The contents of all that is found, page by page."""
    contents: list[str] = []
    cursor = None
    while True:
        results = search.find(user, search.parse(text), cursor=cursor, **options)  # type: ignore[arg-type]
        contents += [hit.message.content for hit in results.hits]
        cursor = results.next
        if cursor is None:
            return contents


def hints(user: User, text: str) -> list[tuple[str, str]]:
    results = search.find(user, search.parse(text))
    assert results.hits == []
    return [(hint.filter, hint.value) for hint in results.hints]


# --- What the words of a query find ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        ("note", ["Notes of the meeting", "A note"]),
        ('"note"', ["A note"]),
        ('"the meeting"', ["Notes of the meeting"]),
        ('"meeting the"', []),
        ("notes meeting", ["Notes of the meeting"]),
        ("note -meeting", ["A note"]),
        ("meeting OR hello", ["Hello", "Notes of the meeting"]),
        ("-note", ["École d'été", "明日の会議です", "getUserName() 👍", "mail ada@example.org", "Hello"]),
        ("-note OR note", None),
        ("ecole", ["École d'été"]),
        ("été", ["École d'été"]),
        ("会議", ["明日の会議です"]),
        ("議", ["明日の会議です"]),
        ("す", ["明日の会議です"]),
        ("会日", []),
        ("user", ["getUserName() 👍"]),
        ("getusername", ["getUserName() 👍"]),
        ("👍🏽", ["getUserName() 👍"]),
        ("ada@example.org", ["mail ada@example.org"]),
        ("example.org", ["mail ada@example.org"]),
        ("nowhere", []),
    ],
)
def test_words_phrases_alternatives_and_absence(cast: Cast, text: str, contents: list[str] | None) -> None:
    said = ["A note", "Hello", "mail ada@example.org", "getUserName() 👍", "明日の会議です", "École d'été"]
    said.append("Notes of the meeting")
    for each in said:
        say(cast.team, cast.alice, each)
    wanted = list(reversed(said)) if contents is None else contents
    # Newest first, so in the reverse of how they were said.
    assert found(cast.bob, text) == sorted(wanted, key=said.index, reverse=True)


def test_the_newest_come_first_page_by_page_without_double_or_gap(cast: Cast) -> None:
    said = [say(room, cast.alice, f"word {n}").content for n in range(12) for room in (cast.team, cast.lobby)]
    assert found(cast.bob, "word", limit=5) == said[::-1]


def test_what_comes_while_one_reads_on_moves_nothing(cast: Cast) -> None:
    said = [say(cast.team, cast.alice, f"word {n}").content for n in range(6)]
    first = search.find(cast.bob, search.parse("word"), limit=3)
    say(cast.team, cast.alice, "word that is newer")
    second = search.find(cast.bob, search.parse("word"), limit=3, cursor=first.next)
    assert [hit.message.content for hit in (*first.hits, *second.hits)] == said[::-1]


def test_the_best_come_first_if_asked_for(cast: Cast) -> None:
    say(cast.team, cast.alice, "release, release, release!")
    for n in range(5):
        say(cast.team, cast.alice, f"a release like others {n}")
    best = found(cast.bob, "release", sort=search.Sort.BEST, limit=2)
    assert best[0] == "release, release, release!"
    assert best[1:] == [f"a release like others {n}" for n in (4, 3, 2, 1, 0)]


def test_only_the_newest_are_compared_for_the_best(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    say(cast.team, cast.alice, "release, release, release!")
    newer = [say(cast.team, cast.alice, f"a release {n}").content for n in range(3)]
    monkeypatch.setattr(finding, "RANKED", 3)
    assert found(cast.bob, "release", sort=search.Sort.BEST, limit=2) == newer[::-1]


def test_an_excerpt_shows_the_match_as_safe_html(cast: Cast) -> None:
    say(cast.team, cast.alice, "**Bold** <script>release</script> ||secret release||")
    (hit,) = search.find(cast.bob, search.parse("release")).hits
    assert "<mark>release</mark>" in hit.excerpt.html
    assert "<script" not in hit.excerpt.html
    assert "secret" not in hit.excerpt.html  # a spoiler stays covered
    assert (hit.room.slug, hit.room.kind) == (cast.team.slug, "private")


# --- Filters --------------------------------------------------------------------------------------


def test_from_names_people(cast: Cast) -> None:
    say(cast.team, cast.alice, "hello of alice")
    say(cast.team, cast.bob, "hello of bob")
    for text in ("from:bob", "from:@BOB hello", "from:me", f"from:{cast.bob.pk}", 'from:"Bob" -alice'):
        assert found(cast.bob, text) == ["hello of bob"], text
    assert found(cast.bob, "hello -from:bob") == ["hello of alice"]


def test_several_people_of_one_name_are_all_meant(cast: Cast) -> None:
    ada, other = (make_user(name, display_name="Ada L") for name in ("ada-1", "ada-2"))
    room = make_room(cast.alice, ada, other)
    say(room, ada, "one")
    say(room, other, "two")
    assert found(cast.alice, 'from:"ada l"') == ["two", "one"]


def test_in_names_rooms(cast: Cast) -> None:
    say(cast.team, cast.alice, "hello team")
    say(cast.lobby, cast.alice, "hello lobby")
    direct = make_direct(cast.bob, cast.alice)
    say(direct, cast.alice, "hello you")
    for text in ("in:team", "in:#Team", f"in:{cast.team.pk}", "hello -in:lobby -in:@alice"):
        assert found(cast.bob, text) == ["hello team"], text
    assert found(cast.bob, "in:alice") == ["hello you"]
    assert found(cast.bob, "in:team in:lobby") == ["hello lobby", "hello team"]


def test_a_direct_room_is_shown_by_its_other_people(cast: Cast) -> None:
    say(make_direct(cast.bob, cast.alice), cast.alice, "hello you")
    (hit,) = search.find(cast.bob, search.parse("hello")).hits
    assert hit.room.name == cast.alice.name


def test_has_is_and_mentions(cast: Cast) -> None:
    say(cast.team, cast.alice, "see https://example.org/a")
    pinned = say(cast.team, cast.alice, "keep this")
    services.pin(cast.alice, UUID(pinned.id))
    say(cast.team, cast.alice, "hello @bob")
    say(cast.team, cast.alice, "hello @room")
    assert found(cast.bob, "has:link") == ["see https://example.org/a"]
    assert found(cast.bob, "has:links -has:poll") == ["see https://example.org/a"]
    assert found(cast.bob, "is:pinned") == ["keep this"]
    assert found(cast.bob, "mentions:me") == ["hello @room", "hello @bob"]
    assert found(cast.alice, "mentions:bob") == ["hello @bob"]
    services.unpin(cast.alice, UUID(pinned.id))
    assert found(cast.bob, "is:pinned") == []


def test_the_options_of_a_poll_are_found_and_weigh_less(cast: Cast) -> None:
    say(cast.team, cast.alice, "Where to eat?", poll=NewPoll(options=["Curry house", "Noodle bar"]))
    say(cast.team, cast.alice, "noodle noodle")
    assert found(cast.bob, "curry has:poll") == ["Where to eat?"]
    assert found(cast.bob, "noodle", sort=search.Sort.BEST) == ["noodle noodle", "Where to eat?"]


def imported(cast: Cast, moment: datetime, content: str) -> None:
    say(cast.team, cast.alice, content, imported_at=moment)


def test_dates_are_days_of_the_users_zone_and_those_that_messages_show(cast: Cast) -> None:
    late = datetime(2024, 5, 31, 23, 30, tzinfo=UTC)
    say(cast.team, cast.alice, "now")
    imported(cast, late, "late in May")  # after a newer one: its id is of today, its time is not
    imported(cast, datetime(2024, 6, 1, 12, tzinfo=UTC), "in June")
    assert found(cast.bob, "on:2024-05") == ["late in May"]
    assert found(cast.bob, "on:2024-05-31") == ["late in May"]
    assert found(cast.bob, "before:2024-06-01") == ["late in May"]
    assert found(cast.bob, "after:2024-05 before:2025") == ["in June"]
    assert found(cast.bob, "on:2024") == ["in June", "late in May"]
    assert found(cast.bob, "on:today") == ["now"]
    assert found(cast.bob, "before:2024-06-01T00:00:00Z") == ["late in May"]
    berlin = ZoneInfo("Europe/Berlin")
    assert found(cast.bob, "on:2024-05-31", zone=berlin) == []
    assert found(cast.bob, "on:2024-06-01", zone=berlin) == ["in June", "late in May"]


@pytest.mark.parametrize("text", ["on:2024-13", "before:soon", "after:10000-01-01", "on:2024-02-30", "on:1960"])
def test_what_is_no_date_is_refused_under_the_filters_name(cast: Cast, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        found(cast.alice, text)
    assert list(refused.value.fields) == [text.split(":")[0]]


@pytest.mark.parametrize(("text", "field"), [("has:hope", "has"), ("is:gone", "is"), ("", "q"), ("?!", "q")])
def test_what_no_filter_takes_is_refused_with_what_it_does_take(cast: Cast, text: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        found(cast.alice, text)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("text", ["from:nobody hello", "in:nowhere hello", "mentions:nobody"])
def test_a_name_that_is_nobodys_is_said_to_be_the_reason(cast: Cast, text: str) -> None:
    say(cast.team, cast.alice, "hello")
    name, value = text.split()[0].split(":")
    assert hints(cast.bob, text) == [(name, value)]


@pytest.mark.parametrize("cursor", ["x", "WyJuZXciXQ", "WyJuZXciLCJ6eiJd", "WyJuZXciLCItMSJd"])
def test_a_cursor_of_elsewhere_is_refused(cast: Cast, cursor: str) -> None:
    say(cast.team, cast.alice, "hello")
    for sort in search.Sort:
        with pytest.raises(Invalid) as refused:
            search.find(cast.alice, search.parse("hello"), cursor=cursor, sort=sort)
        assert list(refused.value.fields) == ["cursor"]


def test_a_program_in_a_loop_is_slowed_down(cast: Cast) -> None:
    with pytest.raises(RateLimited) as refused:  # noqa: PT012
        for _ in range(1_000):
            search.take_turn(cast.mallory)
    assert refused.value.retry_after > 0
    search.take_turn(cast.alice)


# --- What nobody may find ---------------------------------------------------------------------------


def test_who_was_never_in_a_private_room_finds_nothing_of_it(cast: Cast) -> None:
    say(cast.team, cast.alice, "the secret")
    for text in ("secret", "from:alice", "-other", f"in:{cast.team.pk} secret", "in:team secret", "secret OR -secret"):
        assert found(cast.mallory, text) == [], text


def test_a_hint_does_not_tell_a_private_room_from_none(cast: Cast) -> None:
    say(cast.team, cast.alice, "the secret")
    theirs = search.find(cast.mallory, search.parse(f"in:{cast.team.slug}")).hints[0].detail
    none = search.find(cast.mallory, search.parse("in:nowhere")).hints[0].detail
    assert theirs.replace(cast.team.slug, "nowhere") == none


def test_others_direct_rooms_are_closed(cast: Cast) -> None:
    say(make_direct(cast.alice, cast.bob), cast.alice, "between us")
    assert found(cast.mallory, "between") == []
    assert found(cast.carol, "in:alice between") == []


def test_a_public_room_is_searched_by_its_members_only(cast: Cast) -> None:
    say(cast.lobby, cast.alice, "hello lobby")
    assert found(cast.mallory, "hello") == []
    rooms.join(cast.mallory, cast.lobby)
    assert found(cast.mallory, "hello") == ["hello lobby"]


def test_who_leaves_or_is_removed_finds_nothing_any_more_not_even_on_the_next_page(cast: Cast) -> None:
    for n in range(4):
        say(cast.team, cast.alice, f"secret {n}")
    page = search.find(cast.bob, search.parse("secret"), limit=2)
    assert len(page.hits) == 2
    rooms.leave(cast.bob, cast.team)
    assert search.find(cast.bob, search.parse("secret"), cursor=page.next).hits == []
    rooms.remove_member(cast.alice, cast.team, cast.carol)
    assert found(cast.carol, "secret") == []


def test_a_deleted_room_is_gone(cast: Cast) -> None:
    say(cast.team, cast.alice, "secret")
    rooms.delete_room(cast.alice, cast.team)
    assert found(cast.bob, "secret") == []


def test_a_deleted_message_is_gone_at_once_and_its_words_with_it(cast: Cast) -> None:
    said = say(cast.team, cast.alice, "regretted words")
    services.delete(cast.alice, UUID(said.id))
    for text in ("regretted", "from:alice", "-other"):
        assert found(cast.bob, text) == [], text


def test_an_edit_is_found_by_its_new_words_at_once_and_not_by_the_old(cast: Cast) -> None:
    said = say(cast.team, cast.alice, "the olden words")
    services.edit(cast.alice, UUID(said.id), "quite newer ones https://example.org")
    assert found(cast.bob, "olden") == []
    assert found(cast.bob, "newer has:link") == ["quite newer ones https://example.org"]


def test_an_edit_that_fails_changes_no_index(cast: Cast) -> None:
    said = say(cast.team, cast.alice, "as it was")
    with pytest.raises(Exception, match="your own"):
        services.edit(cast.bob, UUID(said.id), "another's")
    assert found(cast.bob, "was") == ["as it was"]


def test_what_lies_below_the_floor_is_not_found_though_the_index_still_has_it(cast: Cast) -> None:
    said = [say(cast.team, cast.alice, f"word {n}") for n in range(3)]
    RoomHead.objects.filter(room=cast.team).update(floor_number=said[1].number)
    assert found(cast.bob, "word") == ["word 2"]


def test_a_purge_empties_the_index(cast: Cast) -> None:
    search.remove_astray(100)  # of tests before this one, whose rows were truncated
    say(cast.team, cast.alice, "old word")
    purge(cast.team.pk, before=timezone.now() + timedelta(seconds=1), reason="retention")
    say(cast.team, cast.alice, "new word")
    assert found(cast.bob, "word") == ["new word"]
    assert search.remove_astray(100) == 0  # nothing was left behind


def test_an_entry_that_outlived_its_message_shows_nothing(cast: Cast) -> None:
    said = say(cast.team, cast.alice, "word")
    Message.objects.filter(pk=said.id).delete()
    assert found(cast.bob, "word") == []


def test_notices_of_the_room_are_not_found(cast: Cast) -> None:
    rooms.join(cast.dave, cast.lobby)
    say(cast.lobby, cast.dave, "hello")
    assert found(cast.bob, "from:dave") == ["hello"]
    assert found(cast.alice, "-nothing in:lobby") == ["hello"]


def test_staff_search_as_the_person_that_they_are(cast: Cast) -> None:
    say(cast.team, cast.alice, "secret")
    assert found(cast.staff, "secret") == []


def test_nothing_that_is_typed_reaches_over_the_rooms(cast: Cast) -> None:
    say(cast.team, cast.alice, "the secret")
    own = make_room(cast.mallory, kind=Kind.PRIVATE)
    say(own, cast.mallory, "mine")
    room = cast.team.pk.hex
    for text in (
        f'":in={room}"', f":in={room}", f":in={room} OR secret", '") OR (secret', "secret' | 'secret", "secret:*",
        f"-:in={own.pk.hex}", ":all", "words : secret", "NEAR(secret)", "^secret", "marks:secret",
    ):  # fmt: skip
        assert [each for each in found(cast.mallory, text) if each != "mine"] == [], text


def test_a_send_of_long_ago_that_is_repeated_is_in_the_index_once(cast: Cast) -> None:
    client_id = uuid4()
    for _ in range(2):
        say(cast.team, cast.alice, "once", client_id=client_id)
    assert found(cast.bob, "once") == ["once"]


def test_staff_may_delete_and_it_is_gone_for_all(cast: Cast) -> None:
    said = say(cast.team, cast.alice, "reported")
    services.delete(Staff(cast.staff), UUID(said.id))
    assert found(cast.alice, "reported") == []


def test_the_longest_message_is_found_by_its_last_word(cast: Cast) -> None:
    text = ("word " * settings.MESSAGE_MAX_LENGTH)[: settings.MESSAGE_MAX_LENGTH - 5] + " last"
    say(cast.team, cast.alice, text[-settings.MESSAGE_MAX_LENGTH :])
    assert len(found(cast.bob, "last word")) == 1
    say(cast.team, cast.alice, "日本" * (settings.MESSAGE_MAX_LENGTH // 2 - 1) + "会議")
    assert len(found(cast.bob, "会議")) == 1
