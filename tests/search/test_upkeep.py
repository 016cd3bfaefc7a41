"""The index follows the messages: with them, in the same transaction, or made anew."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from messaging import search, services
from messaging.models import Message
from tests.factories import Cast, say

pytestmark = pytest.mark.django_db(transaction=True)


def contents(cast: Cast, text: str) -> list[str]:
    return [hit.message.content for hit in search.find(cast.bob, search.parse(text)).hits]


def empty_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM messaging_searchdocument")


def rebuild(*arguments: str) -> str:
    out = StringIO()
    call_command("rebuild_search", *arguments, stdout=out)
    return out.getvalue()


def test_what_is_rolled_back_is_not_in_the_index(cast: Cast) -> None:
    with transaction.atomic():
        say(cast.team, cast.alice, "taken back")
        transaction.set_rollback(True)
    assert contents(cast, "taken") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM messaging_searchdocument WHERE room_id = %s", [_key(cast.team.pk)])
        assert cursor.fetchone()[0] == 0


def _key(room_id: UUID) -> object:
    return room_id if connection.vendor == "postgresql" else room_id.hex


def test_the_index_is_made_anew_in_batches_as_the_messages_are_now(cast: Cast) -> None:
    said = [say(cast.team, cast.alice, f"word {n}") for n in range(5)]
    say(cast.team, cast.alice, "word of old", imported_at=datetime(2019, 5, 4, tzinfo=UTC))
    services.edit(cast.alice, UUID(said[0].id), "another word")
    services.delete(cast.alice, UUID(said[1].id))
    before = contents(cast, "word")
    empty_the_index()
    assert contents(cast, "word") == []
    assert "Indexed" in rebuild("--batch", "2")
    assert contents(cast, "word") == before
    assert before == ["word 4", "word 3", "word 2", "another word", "word of old"]


def test_made_anew_twice_nothing_is_in_it_twice(cast: Cast) -> None:
    say(cast.team, cast.alice, "word")
    for _ in range(2):
        rebuild()
    assert contents(cast, "word") == ["word"]


def test_a_rebuild_that_was_cut_short_goes_on_where_it_was(cast: Cast) -> None:
    first, _ = say(cast.team, cast.alice, "word 1"), say(cast.team, cast.alice, "word 2")
    empty_the_index()
    rebuild("--after", first.id)
    assert contents(cast, "word") == ["word 2"]


def test_what_has_no_message_any_more_goes(cast: Cast) -> None:
    rebuild()
    said = say(cast.team, cast.alice, "word")
    Message.objects.filter(pk=said.id).delete()
    assert "Removed 1 entries" in rebuild()
    assert "Removed" not in rebuild()


def test_a_batch_of_none_is_refused() -> None:
    with pytest.raises(CommandError):
        rebuild("--batch", "0")


def test_words_that_two_messages_share_stay_when_one_goes(cast: Cast) -> None:
    kept, gone = say(cast.team, cast.alice, "shared word"), say(cast.team, cast.alice, "shared word")
    services.delete(cast.alice, UUID(gone.id))
    assert [hit.message.id for hit in search.find(cast.bob, search.parse("shared")).hits] == [kept.id]


def test_messages_of_one_moment_in_many_rooms_keep_their_places_apart(cast: Cast) -> None:
    moment = datetime(2020, 2, 2, tzinfo=UTC)
    for n in range(5):
        for room in (cast.team, cast.lobby):
            say(room, cast.alice, f"word {n}", imported_at=moment)
    assert len(contents(cast, "word")) == 10
