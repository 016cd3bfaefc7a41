"""Kept pages: never another than the database would give, whatever happens, and wherever they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.services import update_profile
from chat_project.cache import FallbackRedisCache
from messaging import pages, polls, purging, services
from messaging.changing import changing_message
from messaging.drafts import NewPoll
from messaging.models import Message
from messaging.rendering import RENDERER_VERSION
from messaging.wire import MessageOut
from rooms import log
from rooms import services as rooms
from rooms.models import LogEpoch
from tests.factories import Cast, make_user, say
from tests.servers import Valkey, free_port, start_valkey

pytestmark = pytest.mark.django_db(transaction=True)

BOUNDS: list[dict[str, int]] = [{}, {"before": 6}, {"after": 3}, {"around": 5, "limit": 4}, {"limit": 2}]


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with start_valkey() as server:
        yield server


@pytest.fixture(params=["memory", "redis", "redis that is down"])
def kept_in(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where pages are kept, whatever the suite runs on."""
    if request.param == "memory":
        cache: BaseCache = LocMemCache("test", {})
    else:
        url = request.getfixturevalue("valkey").url
        down = f"redis://127.0.0.1:{free_port()}/0"
        cache = FallbackRedisCache(url if request.param == "redis" else down, {"KEY_PREFIX": "test"})
    with kept(cache):
        yield request.param


@contextmanager
def kept(cache: BaseCache) -> Iterator[None]:
    """Keep pages there, for this thread."""
    caches["pages"] = cache
    cache.clear()
    yield
    cache.clear()
    del caches["pages"]


@pytest.fixture
def said(cast: Cast) -> list[MessageOut]:
    """A room with a past: replies to each other, a thread, a poll, marks of all kinds."""
    first = say(cast.team, cast.bob, "*First*")
    second = say(cast.team, cast.carol, "Second", reply_to=UUID(first.id))
    third = say(cast.team, cast.alice, "Root")
    fourth = say(cast.team, cast.bob, "In the thread", thread=UUID(third.id))
    fifth = say(cast.team, cast.alice, "Tea?", poll=NewPoll(options=["Yes", "No"]))
    return [first, second, third, fourth, fifth]


def agree(cast: Cast) -> None:
    """Read each page twice, kept the second time at the latest, and as the database has it."""
    for bounds in BOUNDS:
        read = [pages.page(cast.team, **bounds) for _ in range(2)]
        with transaction.atomic():  # in which nothing kept is read
            fresh = pages.page(cast.team, **bounds)
        assert read == [fresh, fresh], bounds


def queries(cast: Cast, **bounds: int) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        pages.page(cast.team, **bounds)
    return [each["sql"] for each in captured.captured_queries]


def reads_messages(cast: Cast, **bounds: int) -> bool:
    return any("messaging_message" in sql for sql in queries(cast, **bounds))


# --- What happens to messages --------------------------------------------------------------------


def previewed(cast: Cast, message: MessageOut) -> None:
    preview = {"url": "https://a.example", "title": "A", "description": "", "site": "a.example"}
    with changing_message(rooms.Staff(), UUID(message.id)) as change:
        change.message.previews = [preview]
        change.message.save(update_fields=["previews"])
        change.tell_whole("message.previewed")


def renamed(user: User) -> None:
    update_profile(user, display_name="Somebody else")


def pictured(user: User) -> None:
    User.objects.filter(pk=user.pk).update(avatar="avatars/new.png", username=f"{user.username}-2")


def purged(cast: Cast, message: MessageOut) -> None:
    """The floor rises over all up to the message; their rows are still there."""
    row = Message.objects.get(pk=message.id)
    with transaction.atomic():
        head = log.lock([cast.team.pk])[cast.team.pk]
        log.raise_floor(head, seq=row.seq, number=row.number, index=row.unread_index)
        log.conclude(
            head, "messages.purged", None, {"floor_seq": row.seq, "floor_number": row.number, "reason": "test"}
        )


HAPPENINGS: dict[str, Callable[[Cast, list[MessageOut]], Any]] = {
    "a message": lambda cast, said: say(cast.team, cast.bob, "Sixth"),
    "a reply": lambda cast, said: say(cast.team, cast.bob, "Sixth", reply_to=UUID(said[4].id)),
    "a reply in a thread": lambda cast, said: say(cast.team, cast.bob, "More", thread=UUID(said[2].id)),
    "an edit": lambda cast, said: services.edit(cast.bob, UUID(said[0].id), "Not the first"),
    "a deletion": lambda cast, said: services.delete(cast.bob, UUID(said[0].id)),
    "a reaction": lambda cast, said: services.react(cast.carol, UUID(said[1].id), "👍"),
    "a pin": lambda cast, said: services.pin(cast.alice, UUID(said[1].id)),
    "a preview": lambda cast, said: previewed(cast, said[1]),
    "a vote": lambda cast, said: polls.vote(cast.carol, UUID(said[4].id), [1]),
    "the end of a poll": lambda cast, said: polls.close(cast.alice, UUID(said[4].id)),
    "a join": lambda cast, said: rooms.add_members(cast.alice, cast.team, [cast.dave]),
    "a departure": lambda cast, said: rooms.leave(cast.carol, cast.team),
    "a purge": lambda cast, said: purged(cast, said[0]),
    "a purge's end": lambda cast, said: (purged(cast, said[0]), agree(cast), purging.sweep(cast.team.pk)),
    "a new name": lambda cast, said: renamed(cast.bob),
    "a new picture and username": lambda cast, said: pictured(cast.carol),
    "an account's end": lambda cast, said: cast.bob.delete(),
}


@pytest.mark.usefixtures("kept_in")
@pytest.mark.parametrize("happening", HAPPENINGS)
def test_a_kept_page_is_never_older_than_the_database(cast: Cast, said: list[MessageOut], happening: str) -> None:
    agree(cast)
    HAPPENINGS[happening](cast, said)
    agree(cast)


def test_a_page_is_read_once_and_its_people_each_time(cast: Cast, said: list[MessageOut], kept_in: str) -> None:
    assert reads_messages(cast)
    assert not reads_messages(cast)
    assert len(queries(cast)) == 2  # where the log stands, and who they are
    say(cast.team, cast.bob, "Sixth")
    assert reads_messages(cast)


def test_a_new_name_is_seen_in_messages_and_in_what_replies_quote(cast: Cast, said: list[MessageOut]) -> None:
    pages.page(cast.team)
    renamed(cast.bob)
    assert not reads_messages(cast)
    by_id = {message.id: message for message in pages.page(cast.team).results}
    sender, reply = by_id[said[0].id].sender, by_id[said[1].id].reply_to
    assert sender is not None
    assert reply is not None
    assert reply.sender == sender
    assert sender.display_name == "Somebody else"


@pytest.mark.usefixtures("kept_in")
def test_each_reader_of_a_kept_page_finds_their_own_marks(
    cast: Cast, said: list[MessageOut], api: Callable[..., Any]
) -> None:
    services.react(cast.carol, UUID(said[0].id), "👍")
    for reader, has in [(cast.bob, False), (cast.carol, True), (cast.bob, False)]:
        answer = api(reader).get(f"/api/v1/rooms/{cast.team.pk}/messages/").json()
        (reaction,) = next(each["reactions"] for each in answer["results"] if each["id"] == said[0].id)
        assert reaction == {"emoji": "👍", "count": 1, "me": has}


def test_what_a_purge_has_passed_is_not_quoted_while_its_rows_still_stand(cast: Cast, said: list[MessageOut]) -> None:
    purged(cast, said[0])
    assert Message.objects.filter(pk=said[0].id).exists()
    reply = next(message for message in pages.page(cast.team).results if message.id == said[1].id)
    assert reply.reply_to is None


@pytest.mark.usefixtures("kept_in")
def test_a_message_between_the_head_and_the_rows_is_on_the_next_page(cast: Cast, said: list[MessageOut]) -> None:
    begun: list[bool] = []
    meanwhile: list[MessageOut] = []

    def interrupt(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not begun and "messaging_message" in sql:
            begun.append(True)  # the send asks for messages too
            meanwhile.append(say(cast.team, cast.bob, "Meanwhile"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(interrupt):
        page = pages.page(cast.team)
    assert page.as_of_seq == meanwhile[0].seq - 1  # so that the event comes once more, and does no harm
    after = pages.page(cast.team)
    assert (after.as_of_seq, after.results[-1].id) == (meanwhile[0].seq, meanwhile[0].id)
    agree(cast)


@pytest.mark.usefixtures("kept_in")
def test_what_is_not_committed_is_not_kept(cast: Cast, said: list[MessageOut]) -> None:
    with transaction.atomic():
        say(cast.team, cast.bob, "Never said")
        assert pages.page(cast.team).results[-1].content == "Never said"
        transaction.set_rollback(True)
    truly = say(cast.team, cast.bob, "Said")  # under the number that was taken back
    assert pages.page(cast.team).results[-1].id == truly.id
    agree(cast)


@pytest.mark.usefixtures("kept_in")
def test_html_of_an_older_renderer_is_not_kept(cast: Cast, said: list[MessageOut]) -> None:
    Message.objects.filter(pk=said[0].id).update(html="*First*", html_version=RENDERER_VERSION - 1)
    pages.page(cast.team)
    Message.objects.filter(pk=said[0].id).update(html=said[0].html, html_version=RENDERER_VERSION)
    assert said[0].html in [message.html for message in pages.page(cast.team).results]
    agree(cast)


@pytest.mark.usefixtures("kept_in")
def test_a_restored_backup_is_another_age(cast: Cast, said: list[MessageOut]) -> None:
    pages.page(cast.team)
    # As after a restore: the same numbers stand for something else.
    Message.objects.filter(pk=said[0].id).update(html="<p>Another</p>")
    LogEpoch.objects.create(reason="restored", began_at=timezone.now() + timedelta(seconds=1))
    assert "<p>Another</p>" in [message.html for message in pages.page(cast.team).results]


def test_long_pages_are_not_kept(cast: Cast, said: list[MessageOut]) -> None:
    for _ in range(2):
        assert reads_messages(cast, limit=pages.KEPT_LIMIT_MAX + 1)


def test_heavy_pages_are_not_kept(cast: Cast) -> None:
    for _ in range(20):
        say(cast.team, cast.bob, "||a|| " * 1_600)
    for _ in range(2):
        assert reads_messages(cast)


def test_pages_do_not_push_out_the_counters_of_rate_limits() -> None:
    assert settings.CACHES["pages"] != settings.CACHES["default"]
    caches["default"].set("counter", 1)
    for number in range(1_000):
        caches["pages"].set(f"page-{number}", b"")
    assert caches["default"].get("counter") == 1
    caches["pages"].delete_many([f"page-{number}" for number in range(1_000)])


def test_a_cache_that_goes_away_and_comes_back_holds_nothing_old(
    cast: Cast, said: list[MessageOut], valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat_project.cache.PAUSE_S", 0.0)  # asked again at once
    limits = {"socket_timeout": 0.05, "socket_connect_timeout": 0.05}
    with kept(FallbackRedisCache(valkey.url, {"KEY_PREFIX": "test", "OPTIONS": limits})):
        agree(cast)
        valkey.pause()
        try:
            agree(cast)
            services.edit(cast.bob, UUID(said[0].id), "While it hangs")
            renamed(cast.bob)
            agree(cast)
        finally:
            valkey.resume()
        agree(cast)


def test_somebody_without_a_picture_or_a_message_costs_nothing(cast: Cast) -> None:
    make_user("bystander")
    empty = pages.page(cast.lobby)
    assert pages.page(cast.lobby) == empty
