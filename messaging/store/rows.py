"""The rows that the statements of a batch take and give, the same for both databases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from messaging.reach import Peer
from messaging.search.document import Document
from rooms.log import Head


class Facts(NamedTuple):
    """All that the database knows of one draft, read in one snapshot after the locks were had.

    A membership, room, sender, send record or original that does not exist is None throughout.
    """

    now: datetime
    membership_id: int | None
    role: str | None
    left_at: datetime | None
    muted_until: datetime | None
    last_sent_at: datetime | None
    overrides: dict[str, Any] | None
    room_kind: str | None
    room_settings: dict[str, Any] | None
    archived_at: datetime | None
    deleted_at: datetime | None
    username: str | None
    display_name: str | None
    avatar: str | None
    is_active: bool | None
    suspended_at: datetime | None
    suspended_until: datetime | None
    earlier_message: UUID | None
    earlier_digest: bytes | None
    reply_id: UUID | None
    reply_number: int | None
    reply_excerpt: str | None
    reply_deleted_at: datetime | None
    reply_sender_id: UUID | None
    reply_username: str | None
    reply_display_name: str | None
    reply_avatar: str | None
    thread_id: UUID | None
    thread_kind: str | None
    thread_root_id: UUID | None  # of the thread's supposed root: set where it is itself a reply
    thread_count: int | None
    thread_sender_id: UUID | None  # where they are a member now, and have not blocked the sender
    peer: Peer | None  # in a conversation of two, the other


class Asked(NamedTuple):
    """The keys of a draft by which its facts are found."""

    room_id: UUID
    sender_id: UUID
    client_id: UUID
    reply_to: UUID | None
    thread: UUID | None


class MessageRow(NamedTuple):
    """A message to be inserted."""

    id: UUID
    room_id: UUID
    seq: int
    number: int
    unread_index: int
    kind: str
    sender_id: UUID | None
    content: str
    html: str
    client_id: UUID | None
    client_time: datetime | None
    metadata: dict[str, Any]
    reply_to_id: UUID | None
    created_at: datetime
    html_version: int
    silent: bool
    in_flow: bool
    thread_root_id: UUID | None
    thread_index: int | None
    mentions: list[str]
    poll: dict[str, Any] | None


class RecordRow(NamedTuple):
    """What became of a send."""

    sender_id: UUID
    client_id: UUID
    message_id: UUID
    room_id: UUID
    digest: bytes


class ReadRow(NamedTuple):
    """Where a sender stands after their own message, if that is further; and that they wrote."""

    membership_id: int
    read_number: int
    read_index: int


class RootRow(NamedTuple):
    """How many replies a thread has now."""

    message_id: UUID
    thread_count: int


class FollowRow(NamedTuple):
    """Somebody follows a thread, and has read it so far at least. Who stopped following stays so."""

    root_id: UUID
    user_id: UUID
    room_id: UUID
    read_index: int


class MentionRow(NamedTuple):
    """A message calls somebody, or (`user_id` is None) the whole room."""

    message_id: UUID
    room_id: UUID
    number: int
    kind: str
    user_id: UUID | None


class PollRow(NamedTuple):
    """A message asks."""

    message_id: UUID
    options: list[str]
    multiple: bool
    anonymous: bool
    closes_at: datetime | None


@dataclass(slots=True)
class Acts:
    """What a batch does besides storing messages; most do nothing of it."""

    roots: list[RootRow] = field(default_factory=list)
    follows: list[FollowRow] = field(default_factory=list)
    mentions: list[MentionRow] = field(default_factory=list)
    polls: list[PollRow] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.roots or self.mentions or self.polls)


class Statements(Protocol):
    """What a transaction of `append` says to the database."""

    def lock_and_read(
        self, room_ids: Collection[UUID], asked: Sequence[Asked], *, skip_held: bool = False
    ) -> tuple[dict[UUID, Head], list[Facts]]:
        """Two statements: lock the heads, and then, in a snapshot of its own, read each draft's facts."""

    def insert_messages(self, rows: Sequence[MessageRow], documents: Sequence[Document]) -> None:
        """The messages, and what the search index is to know of them."""

    def insert_records(self, rows: Sequence[RecordRow]) -> None: ...
    def insert_acts(self, acts: Acts) -> None: ...
    def advance(self, heads: Sequence[Head], reads: Sequence[ReadRow], now: datetime) -> None: ...
