"""The room log as it is read: for hubs (`realtime.source`), for resume and for log pages."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from accounts import availability, privacy, relations
from accounts.authentication import replaced
from accounts.models import Audience, User
from accounts.people import person_of
from messaging import fragments as fragment_rendering
from messaging.events import MESSAGE_EVENTS, event_of
from messaging.models import Message
from messaging.receipts import TOPIC as RECEIPTS
from messaging.wire import MessageOut, decode_message, encode_json, messages_out
from realtime.events import Event, near
from realtime.source import LogRange, RoomView, Standing
from rooms import choices
from rooms.events import event_of_entry
from rooms.models import LogEntry, LogEpoch, RoomHead
from rooms.sidebar import sections_of_all
from rooms.summaries import summaries_of

# Of whose receipts a user is told: of those that may see the user's own.
_TOPICS: dict[Audience, frozenset[str]] = {
    Audience.EVERYONE: frozenset({RECEIPTS}),
    Audience.CONTACTS: frozenset({near(RECEIPTS)}),
    Audience.NOBODY: frozenset(),
}


class Journal:
    """`realtime.source.Source`, answered from the database."""

    def epoch(self) -> str:
        return LogEpoch.current()

    def standings(self, credentials: Mapping[str, Collection[str]]) -> dict[str, Standing]:
        # First of all: a `rev` that is newer than what was read beside it would vouch for it.
        users = list(User.objects.active().filter(pk__in=list(credentials)).select_related("privacy"))
        asked = {each for several in credentials.values() for each in several}
        valid = still_valid(asked)
        given_way = replaced(asked - valid)
        rooms = summaries_of([user.pk for user in users])
        sections = sections_of_all([user.pk for user in users])
        circles = relations.circles([user.pk for user in users])
        return {
            str(user.pk): Standing(
                rev=user.rev,
                user=person_of(user),
                rooms=[RoomView(room.id, room.head_seq, room.last_read_number, room) for room in rooms[str(user.pk)]],
                credentials=frozenset(valid.intersection(credentials[str(user.pk)])),
                replaced=frozenset(given_way.intersection(credentials[str(user.pk)])),
                topics=_TOPICS[privacy.receipts_of(user)],
                near=circles[user.pk].near,
                hidden=circles[user.pk].hidden,
                manner=availability.manner_of(user),
                choices=choices.marks(rooms[str(user.pk)], sections.get(str(user.pk), [])),
                extra={"sections": sections.get(str(user.pk), [])},
            )
            for user in users
        }

    def chosen(self, standing: Standing, key: str) -> bytes | None:
        return choices.frame_of(key, [view.summary for view in standing.rooms], standing.extra["sections"])

    def valid(self, credentials: Collection[str]) -> Collection[str]:
        return still_valid(credentials)

    def read(self, room: str, after: int, limit: int, *, fragments: bool) -> LogRange | None:
        return read_range(room, after, limit, fragments=fragments)

    def fragment(self, event: Event) -> str | None:
        return fragment_rendering.render(decode_message(event.data)) if event.kind in MESSAGE_EVENTS else None

    def heads(self, known: Mapping[str, int]) -> dict[str, int]:
        return {
            str(UUID(room)) if isinstance(room, str) else str(room): seq
            for room, seq in _differing("rooms_roomhead", "room_id", "last_seq", ">", known)
        }

    def revs(self, known: Mapping[str, int]) -> Collection[str]:
        return [str(UUID(str(user))) for user, _ in _differing("accounts_user", "id", "rev", "<>", known)]


def _differing(table: str, key: str, column: str, operator: str, known: Mapping[str, int]) -> list[tuple[Any, int]]:
    """Of the rows named by `known`, those whose column compares so with the value given.

    One statement for any number of rows; only what differs comes back.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"SELECT t.{key}, t.{column} FROM unnest(%s::uuid[], %s::bigint[]) AS k(id, value)"
                f" JOIN {table} t ON t.{key} = k.id WHERE t.{column} {operator} k.value",
                [list(known), list(known.values())],
            )
        else:
            cursor.execute(
                f"SELECT t.{key}, t.{column} FROM json_each(%s) k"
                f" JOIN {table} t ON t.{key} = k.key WHERE t.{column} {operator} k.value",
                [json.dumps({UUID(name).hex: value for name, value in known.items()})],
            )
        rows: list[tuple[Any, int]] = cursor.fetchall()
    return rows


def read_range(room_id: UUID | str, after: int, limit: int, *, fragments: bool = False) -> LogRange | None:
    """Read the head, then both tables for `after < seq ≤ head`, up to `limit` events.

    In that order, because a commit between the reads then only adds what is beyond the head that
    was read. Events show their messages as they are now.
    """
    head = RoomHead.objects.filter(room_id=room_id).first()
    if head is None:
        return None
    upto = min(head.last_seq, after + limit)  # seq is dense: `limit` numbers hold all events there
    # Entries first: a message changed between the reads is then newer than its entry, never older.
    entries = list(LogEntry.objects.filter(room_id=room_id, seq__gt=after, seq__lte=upto).order_by("seq"))
    created = list(
        Message.objects.in_room(UUID(str(room_id)))
        .filter(seq__gt=after, seq__lte=upto)
        .select_related("sender")
        .order_by("seq")
    )
    written = {UUID(message.id): message for message in messages_out(created)}
    concerned = {UUID(entry.payload["message"]) for entry in entries if entry.kind in MESSAGE_EVENTS}
    if missing := concerned - written.keys():
        others = Message.objects.filter(id__in=missing).above_the_floor().select_related("sender")
        written.update({UUID(message.id): message for message in messages_out(others)})
    events = [event_of(written[message.id], fragment=_fragment(written[message.id], fragments)) for message in created]
    for entry in entries:
        if entry.kind not in MESSAGE_EVENTS:
            events.append(event_of_entry(entry))
        elif about := written.get(UUID(entry.payload["message"])):
            events.append(event_of_entry(entry, encode_json(about), _fragment(about, fragments)))
        # else the message has been purged, and what happened to it is void like itself
    events.sort(key=_seq)
    # What is missing up to here is void, so a reader's cursor may move to the end of the range.
    return LogRange(events, head.last_seq, head.floor_seq, upto)


def _seq(event: Event) -> int:
    return event.seq


def _fragment(message: MessageOut, wanted: bool) -> str | None:
    return fragment_rendering.render(message) if wanted else None


def still_valid(credentials: Collection[str]) -> set[str]:
    """Of these credentials (`session:…`, `token:…`), those that still open a socket."""
    checks = [import_string(path) for path in settings.REALTIME["CREDENTIALS"]]
    return {each for check in checks for each in check(credentials)} if credentials else set()
