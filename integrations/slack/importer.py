"""The import itself: people, then room after room, each room's messages in batches.

Every step finds what an earlier run has made, so an import that was interrupted is completed by
running it again, and a newer export of the same workspace adds only what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from audit.services import record
from integrations.slack import conversations
from integrations.slack.compose import compose
from integrations.slack.export import Export, Place, moment
from integrations.slack.people import NAMESPACE, People
from integrations.slack.shapes import SlackMessage
from messaging.append import append
from messaging.drafts import Draft
from messaging.models import NOTICES, Message
from realtime.errors import Gone, Unavailable
from rooms.models import Kind, Room

# Messages of one transaction. It holds the room's lock for some tenths of a second at most, and a
# commit for each few messages would make the disk the measure of it all.
BATCH = 400
# Reasons that the summary spells out; the rest is counted.
REASONS_SHOWN = 20


class Interrupted(Exception):
    """The database failed in the middle. What was stored stays; running it again goes on from there."""


@dataclass(slots=True)
class RoomReport:
    title: str
    room: Room
    members: int = 0
    stored: int = 0
    known: int = 0
    purged: int = 0


@dataclass(slots=True)
class Report:
    """What came of it, for the summary and the audit record."""

    users: int = 0
    recognised: list[str] = field(default_factory=list)
    rooms: list[RoomReport] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def totals(self) -> dict[str, Any]:
        sums = {name: sum(getattr(room, name) for room in self.rooms) for name in ("stored", "known", "purged")}
        return {
            "users": self.users,
            "recognised": self.recognised,
            "rooms": len(self.rooms),
            **sums,
            "refused": len(self.refused),
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """What the ids in texts stand for (`markup.Names`). A private channel's name stays among its members."""

    people: People
    channels: dict[str, str]

    def user(self, slack_id: str) -> str | None:
        known = self.people.by_slack_id.get(slack_id)
        return known.username if known else None

    def channel(self, slack_id: str) -> str | None:
        return self.channels.get(slack_id)


@dataclass(slots=True)
class _Waiting:
    """A draft of the batch that is being filled."""

    draft: Draft
    ts: str
    edited_at: datetime | None


def import_export(path: Path, told: Callable[[RoomReport], None] = lambda room: None) -> Report:
    """Import the archive; `told` hears of each room when it is done. Raises BadExport, Interrupted."""
    with Export(path) as export:
        users, places = export.users(), export.places()
        record("import.started", severity="notice", details={"from": "slack", "file": path.name})
        report = Report(left_out=[f"folder “{name}”: no conversation has it" for name in export.strays(places)])
        people = People()
        people.settle(users)
        public = [place.conversation for place in places if place.kind == Kind.PUBLIC]
        lexicon = _Lexicon(people, {each.id: each.name for each in public if each.name})
        for place in places:
            room = conversations.settle(place, people)
            if room.deleted_at is not None:
                report.left_out.append(f"{place.title}: the room was deleted here")
                continue
            done = _RoomImport(export, place, room, lexicon, report.refused).run()
            report.rooms.append(done)
            told(done)
        report.users = people.made
        report.recognised = sorted(user.username for user in people.recognised)
        record("import.finished", severity="notice", details={"from": "slack", "file": path.name, **report.totals()})
    return report


class _RoomImport:
    """The messages of one conversation on their way into its room."""

    def __init__(self, export: Export, place: Place, room: Room, lexicon: _Lexicon, refused: list[str]) -> None:
        self._export, self._place, self._room, self._lexicon = export, place, room, lexicon
        self._people, self._refused = lexicon.people, refused
        self._report = RoomReport(place.title, room)
        # What of the conversation is here: its client_ids and the messages' ids. Asked once, and not
        # for each batch, because a sender may be another account by now than the one that was then.
        self._placed: dict[UUID, UUID] = {}
        # Those on which no thread can hang here: notices, under which Slack lets people reply.
        self._notices: set[UUID] = set()
        for client_id, message_id, kind in (
            Message.objects.in_room(room).values_list("client_id", "id", "kind").iterator()
        ):
            if client_id:
                self._placed[client_id] = message_id
                if kind in NOTICES:
                    self._notices.add(message_id)
        self._batch: dict[UUID, _Waiting] = {}  # by client_id

    def run(self) -> RoomReport:
        messages = _named(self._export.messages(self._place))
        while page := list(islice(messages, BATCH)):
            with transaction.atomic():
                for message, key in page:
                    self._take(message, key)
                self._flush()
        conversations.catch_up(self._room)
        self._report.members = self._room.memberships.current().count()
        return self._report

    def _client_id(self, key: str) -> UUID:
        return uuid5(NAMESPACE, f"message/{self._place.conversation.id}/{key}")

    def _take(self, message: SlackMessage, key: str) -> None:
        """Add the drafts of a message to the batch. Its parts are stored together or not at all."""
        self._people.hear(message)
        first = self._client_id(key)
        if first in self._placed or first in self._batch:
            self._report.known += 1
            return
        is_reply = bool(message.thread_ts) and message.thread_ts != message.ts
        root = self._client_id(message.thread_ts) if message.thread_ts and is_reply else None
        if root in self._batch:
            self._flush()  # a reply needs the id of what it answers, and only what is stored has one
        composed = compose(message, self._lexicon, settings.MESSAGE_MAX_LENGTH)
        sender = self._people.sender(message)
        edited_at = _edited_at(message)
        answered = self._placed.get(root) if root else None
        is_in_thread = answered is not None and answered not in self._notices and composed.kind not in NOTICES
        for number, content in enumerate(composed.parts, 1):
            draft = Draft(
                room_id=self._room.pk,
                sender_id=sender.pk,
                content=content,
                client_id=first if number == 1 else self._client_id(f"{key}/{number}"),
                thread=answered if is_in_thread else None,
                reply_to=answered if not is_in_thread and number == 1 else None,
                kind=composed.kind,
                metadata=composed.metadata if number == 1 else _part_of(message.ts, number),
                imported_at=moment(message.ts),
            )
            self._batch[draft.client_id] = _Waiting(draft, message.ts, edited_at)

    def _flush(self) -> None:
        """Store what waits, in the transaction of its page."""
        batch, self._batch = list(self._batch.values()), {}
        outcomes = append([each.draft for each in batch])
        for each, outcome in zip(batch, outcomes, strict=True):
            if outcome.message is not None:
                self._placed[each.draft.client_id] = placed = UUID(outcome.message.id)
                if each.draft.kind in NOTICES:
                    self._notices.add(placed)
            if outcome.status == "stored":
                self._report.stored += 1
                if each.edited_at:
                    # Edited before it came here: a part of what it is, and no change of the room.
                    placed = self._placed[each.draft.client_id]
                    Message.objects.filter(pk=placed).update(edited_at=each.edited_at)
            elif outcome.status == "duplicate":
                self._report.known += 1
            elif isinstance(outcome.error, Unavailable):
                raise Interrupted(outcome.error.detail)
            elif isinstance(outcome.error, Gone):
                self._report.purged += 1
            else:
                reason = outcome.error.detail if outcome.error else outcome.status
                self._refused.append(f"{self._place.title} {each.ts}: {reason}")


def _edited_at(message: SlackMessage) -> datetime | None:
    try:
        return moment(str((message.edited or {}).get("ts", "")))
    except ValueError:
        return None  # never edited, or nobody knows when


def _named(messages: Iterator[SlackMessage]) -> Iterator[tuple[SlackMessage, str]]:
    """Give each message the name that it has in every export of its conversation: its `ts`.

    Slack gives a `ts` once; should different messages have one, those after the first get a number.
    """
    previous, repeats = "", count(2)
    for message in messages:
        if message.ts != previous:
            previous, repeats = message.ts, count(2)
            yield message, message.ts
        else:
            yield message, f"{message.ts}#{next(repeats)}"


def _part_of(ts: str, number: int) -> dict[str, Any]:
    return {"imported": "slack", "slack": {"ts": ts, "part": number}}
