"""`append`: the one way in which a message comes to be.

One transaction for a whole batch of drafts, of any rooms: lock the rooms' heads, read what is
known of each draft, give out numbers, insert, advance. A batch is whatever came together: one
draft of a REST call, or all that arrived at the socket while the commit before was under way.
Each draft gets an outcome of its own: stored, a duplicate of an earlier send, or refused.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from uuid import UUID

import msgspec
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts.people import person
from messaging import fragments, judging, mentions, partitions, rendering, store
from messaging.drafts import FORWARDED, Draft
from messaging.events import event_of, thread_note
from messaging.mentions import Called
from messaging.models import NOTICES, Message
from messaging.previews import work as previews
from messaging.search.document import documents_of_rows
from messaging.store.rows import Acts, Asked, Facts, FollowRow, MessageRow, PollRow, ReadRow, RecordRow, RootRow
from messaging.wire import MessageOut, PollOut, ReplyOut, ThreadOut, encode_json, messages_out, new_poll
from realtime import bus
from realtime.errors import Conflict, Gone, Invalid, Refusal, Unavailable
from realtime.events import Event, Note
from realtime.values import timestamp
from rooms.log import Head
from rooms.settings import settings_of
from rooms.uuid7 import moment_of

logger = logging.getLogger(__name__)

# Deadlocks and serialisation failures pass; a transaction that keeps failing does not.
RETRIES = 3
# SQLSTATEs: lock_timeout; deadlock, serialisation failure, and the key of a send record that another
# room's batch wrote first, which the next try reads; check_violation, which is what a row without
# a partition gets.
_LOCK_NOT_AVAILABLE = "55P03"
_TRANSIENT = {"40P01", "40001", "23505"}
_CHECK_VIOLATION = "23514"


@dataclass(slots=True)
class Outcome:
    """What became of a draft. `deferred`: its room's head was held; try with the next batch."""

    status: Literal["stored", "duplicate", "refused", "deferred"]
    message: MessageOut | None = None
    error: Refusal | None = None
    # The message as JSON, encoded once for ack and event alike; of a stored one only.
    json: bytes | None = None


@dataclass(slots=True)
class _Entry:
    """A draft on its way through a batch."""

    draft: Draft
    digest: bytes
    html: str = ""
    called: Called = field(default_factory=dict)
    # Who was there when the message called them, where it did.
    here: Collection[UUID] = ()
    # Whom it calls and who has blocked its sender: they do not hear it.
    deaf: Collection[UUID] = ()
    outcome: Outcome | None = None
    event: Event | None = None
    # To the author of a message whose thread begins with this one: they follow it from now on.
    note: Note | None = None
    # The earlier send of the same client_id: in the database, or in this batch.
    original_id: UUID | None = None
    twin: _Entry | None = field(default=None)
    # The id that it was given last: ids can run ahead of every clock.
    given_id: UUID | None = None


def append(drafts: Sequence[Draft], *, patience: float | None = None) -> list[Outcome]:
    """Store the drafts; return an outcome for each, in their order.

    Inside a transaction of the caller everything is stored and published with its COMMIT. With
    `patience` (seconds), drafts whose room is held by another transaction for longer than that
    are `deferred`. Raises nothing for bad drafts; a database that is down refuses all as
    `unavailable`, and sending the same again settles what became of them.
    """
    entries = [_prepare(draft) for draft in drafts]
    waiting = [entry for entry in entries if entry.outcome is None]
    if waiting:
        try:
            partitions.ensure(_months(waiting))
            _write_html(waiting)
            _settle(waiting, patience)
            _resolve_duplicates(waiting)
        except (OperationalError, InterfaceError):
            logger.exception("append: the database failed for %d drafts", len(waiting))
            _refuse_open(waiting, Unavailable("The message could not be stored now. Try again."))
            if not connection.in_atomic_block:
                connection.close()  # the next batch begins with a fresh one
    if signals := [entry.event for entry in entries if entry.event]:
        for entry in entries:
            if entry.event and entry.outcome and entry.outcome.message and bus.wants_fragment(entry.event.room):
                entry.event.fragment = fragments.render(entry.outcome.message)
        bus.publish_on_commit([*signals, *(entry.note for entry in entries if entry.note)])
    return [entry.outcome or Outcome("refused", error=Unavailable("No outcome.")) for entry in entries]


def _prepare(draft: Draft) -> _Entry:
    try:
        draft.check()
    except Refusal as refusal:
        return _Entry(draft, b"", outcome=Outcome("refused", error=refusal))
    return _Entry(draft, draft.digest())


def _write_html(entries: Sequence[_Entry]) -> None:
    """Find out whom the drafts call, and render them; all of it before any lock is held."""
    everybody = mentions.resolve((entry.draft.room_id, entry.draft.content) for entry in entries)
    for entry, called in zip(entries, everybody, strict=True):
        if FORWARDED in entry.draft.metadata:
            called = mentions.NOBODY  # the author called others, elsewhere
        # An import tells of calls that were heard elsewhere.
        entry.called = called if entry.draft.imported_at is None else mentions.NOBODY
        entry.html = rendering.render(entry.draft.content, called)
        if mentions.HERE in entry.called:
            entry.here = mentions.present_in(entry.draft.room_id, entry.draft.sender_id)
    deaf = mentions.deaf_to((entry.draft.sender_id, entry.called, entry.here) for entry in entries)
    for entry in entries:
        entry.deaf = deaf.get(entry.draft.sender_id, ())


def _months(entries: Sequence[_Entry]) -> set[partitions.Month]:
    """The months whose partitions the batch may need: of imports, of now, of soon, of ids given in vain."""
    now = timezone.now()
    times = {now, now + timedelta(hours=1)}  # clocks differ, and a batch may cross midnight
    times.update(entry.draft.imported_at for entry in entries if entry.draft.imported_at)
    times.update(moment_of(entry.given_id) for entry in entries if entry.given_id)
    return {partitions.month_of(each) for each in times}


def _settle(entries: list[_Entry], patience: float | None) -> None:
    """Run the batch; where the database refuses it, halve it until the culprit stands alone."""
    skip_held = False
    for attempt in range(RETRIES + 1):
        try:
            _transact(entries, patience, skip_held)
            return
        except (DataError, IntegrityError, OperationalError, InterfaceError) as error:
            _reopen(entries)
            state = getattr(error.__cause__, "sqlstate", None)
            if attempt < RETRIES and state == _LOCK_NOT_AVAILABLE:
                # A head is held: go on without its room. Held once more it is a row that others
                # write in passing (a read position, a send record): wait for them.
                patience = None if skip_held else patience
                skip_held = True
                continue
            if attempt < RETRIES and state in _TRANSIENT:
                continue
            if attempt < RETRIES and state == _CHECK_VIOLATION and partitions.ensure(_months(entries), afresh=True):
                continue
            if isinstance(error, (OperationalError, InterfaceError)):
                raise
            if len(entries) == 1:
                logger.exception("append: the database refuses a draft of %s", entries[0].draft.sender_id)
            break
    if len(entries) == 1:
        _refuse_open(entries, Invalid("The message cannot be stored as it is."))
        return
    middle = len(entries) // 2
    _settle(entries[:middle], patience)
    _settle(entries[middle:], patience)


def _reopen(entries: Sequence[_Entry]) -> None:
    for entry in entries:
        entry.outcome = entry.event = entry.note = entry.original_id = entry.twin = None


def _refuse_open(entries: Sequence[_Entry], refusal: Refusal) -> None:
    for entry in entries:
        if entry.outcome is None:
            entry.outcome = Outcome("refused", error=refusal)


def _transact(entries: Sequence[_Entry], patience: float | None, skip_held: bool) -> None:
    """One transaction: lock, read, number, insert, advance."""
    with store.begin(patience) as statements:
        asked = [
            Asked(draft.room_id, draft.sender_id, draft.client_id, draft.reply_to, draft.thread)
            for draft in (entry.draft for entry in entries)
        ]
        heads, facts = statements.lock_and_read({each.room_id for each in asked}, asked, skip_held=skip_held)
        if skip_held:
            for entry in entries:
                if entry.draft.room_id not in heads:
                    entry.outcome = Outcome("deferred")
        accepted = _judge(entries, facts, heads)
        if not accepted:
            return
        threads = _Threads()
        rows = [_number(entry, fact, heads[entry.draft.room_id], threads) for entry, fact in accepted]
        statements.insert_messages(rows, documents_of_rows(rows))
        statements.insert_records(
            [RecordRow(d.sender_id, d.client_id, row.id, d.room_id, entry.digest)
             for (entry, _), row in zip(accepted, rows, strict=True) for d in (entry.draft,)]
        )  # fmt: skip
        if acts := _acts(accepted, rows, threads):
            statements.insert_acts(acts)
        previews.ask(
            (row.id, entry.html)
            for (entry, _), row in zip(accepted, rows, strict=True)
            if entry.draft.imported_at is None
        )
        statements.advance([head for head in heads.values() if head.changed], _reads(accepted, rows), facts[0].now)


def _judge(entries: Sequence[_Entry], facts: Sequence[Facts], heads: Mapping[UUID, Head]) -> list[tuple[_Entry, Facts]]:
    """Decide each draft; return those to be stored, in their order."""
    accepted = []
    just_sent: set[int | None] = set()  # memberships: slow mode counts what the batch has of them
    seen: dict[tuple[UUID, UUID], _Entry] = {}
    for entry, fact in zip(entries, facts, strict=True):
        if entry.outcome is not None:  # deferred: what was read of it may be old when its turn comes
            continue
        draft = entry.draft
        twin = seen.setdefault((draft.sender_id, draft.client_id), entry)
        try:
            if fact.earlier_message is not None:
                if fact.earlier_digest != entry.digest:
                    raise Conflict("This client_id was used for a message with other content.")
                judging.check_is_member(draft, fact)  # the answer shows the message, and its quote, as they are now
                entry.original_id = fact.earlier_message
            elif twin is not entry:
                if twin.digest != entry.digest:
                    raise Conflict("This client_id was used for a message with other content.")
                entry.twin = twin
            else:
                judging.check_may_append(draft, fact)
                if draft.imported_at is None:
                    judging.check_may_call(entry.called, fact, heads[draft.room_id])
                    judging.check_pace(fact, sent_now=fact.membership_id in just_sent)
                    just_sent.add(fact.membership_id)
                accepted.append((entry, fact))
        except Refusal as refusal:
            entry.outcome = Outcome("refused", error=refusal)
    return accepted


@dataclass(slots=True)
class _Threads:
    """The threads that a batch replies in: how many replies each has by now."""

    counts: dict[UUID, int] = field(default_factory=dict)

    def next_index(self, fact: Facts) -> int:
        assert fact.thread_id is not None, "checked"
        index = self.counts.get(fact.thread_id, fact.thread_count or 0) + 1
        self.counts[fact.thread_id] = index
        return index


def _number(entry: _Entry, fact: Facts, head: Head, threads: _Threads) -> MessageRow:
    """Give the draft its place in the room, and write its row, its outcome and its event."""
    draft = entry.draft
    created_at = draft.imported_at or fact.now
    id_time = head.moment_for_import(draft.imported_at, fact.now) if draft.imported_at else fact.now
    in_flow = draft.thread is None or settings_of(fact.room_settings).threads != "only"
    counts = draft.imported_at is None and draft.kind not in NOTICES and in_flow and not draft.silent
    place = head.next_message(id_time, counts=counts)
    entry.given_id = place.id
    poll = new_poll(draft.poll) if draft.poll else None
    row = MessageRow(
        place.id, draft.room_id, place.seq, place.number, place.unread_index, str(draft.kind), draft.sender_id,
        draft.content, entry.html, draft.client_id, draft.client_time, draft.metadata, draft.reply_to, created_at,
        rendering.RENDERER_VERSION, draft.silent, in_flow, draft.thread,
        threads.next_index(fact) if draft.thread else None, mentions.people_of(entry.called),
        msgspec.to_builtins(poll) if poll else None,
    )  # fmt: skip
    message = _written(row, fact, poll)
    json = encode_json(message)
    entry.outcome = Outcome("stored", message, json=json)
    entry.event = event_of(message, json)
    return row


def _acts(accepted: Sequence[tuple[_Entry, Facts]], rows: Sequence[MessageRow], threads: _Threads) -> Acts:
    """What the batch does besides: threads that grow, people who are called, polls that are asked."""
    acts = Acts(roots=[RootRow(root, count) for root, count in threads.counts.items()])
    follows: dict[tuple[UUID, UUID], FollowRow] = {}
    for (entry, fact), row in zip(accepted, rows, strict=True):
        draft = entry.draft
        if row.thread_root_id is not None and row.thread_index is not None:
            followers = [(draft.sender_id, row.thread_index)]
            if fact.thread_sender_id is not None and fact.thread_sender_id != draft.sender_id:
                # What is imported is nobody's unread.
                followers.insert(0, (fact.thread_sender_id, row.thread_index if draft.imported_at else 0))
                if row.thread_index == 1 and not draft.imported_at:
                    entry.note = thread_note(
                        fact.thread_sender_id, row.room_id, row.thread_root_id, following=True, read=0, count=1
                    )
            for user_id, read in followers:
                key = row.thread_root_id, user_id
                if key not in follows or read:  # indices rise within a batch
                    follows[key] = FollowRow(*key, row.room_id, read)
        if draft.poll is not None:
            poll = draft.poll
            acts.polls.append(PollRow(row.id, poll.options, poll.multiple, poll.anonymous, poll.closes_at))
        acts.mentions += mentions.rows_of(entry.called, entry.here, row, entry.deaf)
    acts.follows = sorted(follows.values())
    return acts


def _replied(fact: Facts) -> ReplyOut | None:
    if fact.reply_id is None or fact.reply_number is None:
        return None
    deleted = fact.reply_deleted_at is not None
    return ReplyOut(
        id=str(fact.reply_id),
        number=fact.reply_number,
        sender=person(
            fact.reply_sender_id, fact.reply_username or "", fact.reply_display_name or "", fact.reply_avatar or ""
        )
        if fact.reply_sender_id
        else None,
        content="" if deleted else fact.reply_excerpt or "",
        deleted=deleted,
    )


def _written(row: MessageRow, fact: Facts, poll: PollOut | None) -> MessageOut:
    """The message as PROTOCOL writes it, from the row itself: nothing is read back."""
    return MessageOut(
        id=str(row.id),
        room=str(row.room_id),
        seq=row.seq,
        number=row.number,
        kind=row.kind,
        sender=person(row.sender_id, fact.username or "", fact.display_name or "", fact.avatar or "")
        if row.sender_id
        else None,
        content=row.content,
        html=row.html,
        client_id=str(row.client_id),
        reply_to=_replied(fact),
        thread=ThreadOut(str(row.thread_root_id), row.thread_index, row.thread_index)
        if row.thread_root_id is not None and row.thread_index is not None
        else None,
        attachments=[],
        reactions=[],
        mentions=row.mentions,
        poll=poll,
        previews=[],
        metadata=row.metadata,
        pinned=False,
        silent=row.silent,
        in_flow=row.in_flow,
        edited_seq=None,
        edited_at=None,
        deleted_at=None,
        created_at=timestamp(row.created_at),
    )


def _reads(accepted: Sequence[tuple[_Entry, Facts]], rows: Sequence[MessageRow]) -> list[ReadRow]:
    """Where the senders stand now: behind their own last message."""
    reads: dict[int, ReadRow] = {}
    for (entry, fact), row in zip(accepted, rows, strict=True):
        if fact.membership_id is not None and entry.draft.imported_at is None:
            before = reads.get(fact.membership_id, ReadRow(fact.membership_id, 0, 0))
            # Who replies in a thread only has not seen the room.
            reads[fact.membership_id] = (
                ReadRow(fact.membership_id, row.number, row.unread_index) if row.in_flow else before
            )
    return list(reads.values())


def _resolve_duplicates(entries: Sequence[_Entry]) -> None:
    """Answer repeated sends with the message as it is now, read after the batch."""
    wanted = {entry.original_id for entry in entries if entry.outcome is None and entry.original_id}
    found: dict[UUID, MessageOut] = {}
    if wanted:
        messages = Message.objects.above_the_floor().select_related("sender").filter(id__in=wanted)
        found = {UUID(message.id): message for message in messages_out(messages)}
    for entry in entries:
        if entry.outcome is not None:
            continue
        if entry.twin is not None and entry.twin.outcome is not None:
            first = entry.twin.outcome
            entry.outcome = Outcome("duplicate", first.message) if first.status == "stored" else first
        elif entry.original_id is not None and (message := found.get(entry.original_id)):
            entry.outcome = Outcome("duplicate", message)
        elif entry.original_id is not None:
            entry.outcome = Outcome("refused", error=Gone("The message that this client_id named has been purged."))
