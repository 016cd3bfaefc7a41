"""Reading the log: what is replayed of messages that changed, or went, since."""

from __future__ import annotations

from datetime import UTC, datetime

from messaging import services
from messaging.journal import read_range
from messaging.models import Kind, Message
from rooms.models import Room, RoomHead
from rooms.services import Staff
from tests.factories import Cast, say


def replayed(room: Room, after: int) -> list[tuple[int, str, str | None]]:
    """The events after a cursor: seq, kind, and whose membership they begin or end."""
    found = read_range(room.pk, after, 100)
    assert found is not None
    assert found.upto == found.head
    return [(event.seq, event.kind, event.subject) for event in found.events]


def test_a_leave_of_another_systems_past_ends_no_membership_even_when_it_was_deleted(cast: Cast) -> None:
    head = RoomHead.objects.get(room=cast.team).last_seq
    past = datetime(2024, 1, 1, tzinfo=UTC)
    left = say(cast.team, cast.bob, "left", kind=Kind.LEAVE, imported_at=past, metadata={"imported": "slack"})
    assert replayed(cast.team, head) == [(head + 1, "message.created", None)]
    tombstone = services.delete(Staff(cast.staff), left.id)
    assert (tombstone.content, tombstone.metadata) == ("", {"imported": "slack"})
    assert replayed(cast.team, head) == [(head + 1, "message.created", None), (head + 2, "message.deleted", None)]


def test_what_happened_to_a_message_that_was_purged_is_void_like_itself(cast: Cast) -> None:
    head = RoomHead.objects.get(room=cast.team).last_seq
    gone, kept = say(cast.team, cast.bob), say(cast.team, cast.bob)
    for message in (gone, kept):
        services.delete(cast.bob, message.id)
    Message.objects.filter(pk=gone.id).delete()
    assert replayed(cast.team, head) == [(head + 2, "message.created", None), (head + 4, "message.deleted", None)]
