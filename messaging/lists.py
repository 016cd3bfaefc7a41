"""Lists of messages other than a room's history: pins, mentions, threads, revisions, who reacted.

All are keyset: each takes the key after which it goes on, and gives the next one's. They show what
their reader may see now, and nothing of rooms that they left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from django.db.models import F, Model, Q, QuerySet

from accounts.models import User
from accounts.people import Person, person_of
from messaging.changing import NO_MESSAGE
from messaging.mentions import not_of_blocked
from messaging.models import Mention, Message, MessageRevision, Pin, Reaction, ThreadFollow
from messaging.services.threads import thread_root
from messaging.wire import MessageOut, messages_out
from realtime.errors import Forbidden, NotFound
from realtime.values import Timestamp, timestamp
from rooms.models import Membership, Room
from rooms.permissions import Action, allows
from rooms.uuid7 import moment_of

# Threads whose standing a client is told at its start; in older ones it learns of replies as it opens them.
FOLLOWED_KNOWN = 500

T = TypeVar("T")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and the key with which the next part is asked for, if there is one."""

    results: list[T]
    next: int | None


class PinOut(msgspec.Struct, gc=False):
    """A pinned message, who pinned it and when."""

    message: MessageOut
    by: Person | None
    pinned_at: Timestamp


class ThreadState(msgspec.Struct, gc=False):
    """A thread as one of its readers stands to it."""

    root: MessageOut
    following: bool
    read_index: int
    unread: int


class RevisionOut(msgspec.Struct, gc=False):
    """What a message said until somebody replaced it."""

    content: str
    replaced_at: Timestamp
    editor: Person | None


class Reactor(msgspec.Struct, gc=False):
    """Somebody who reacted, and how."""

    user: Person
    emoji: str
    at: Timestamp


def pins(room: Room, *, before: int | None, limit: int) -> Page[PinOut]:
    """What the room keeps at hand, the newest pin first."""
    rows = Pin.objects.filter(room=room).select_related("user").order_by("-pk")
    found, following = _cut(rows if before is None else rows.filter(pk__lt=before), limit)
    shown = _messages(row.message_id for row in found)
    return Page(
        [
            PinOut(shown[row.message_id], person_of(row.user) if row.user else None, timestamp(row.created_at))
            for row in found
            if row.message_id in shown  # a purge may be under way
        ],
        following,
    )


def mentions(user: User, *, before: int | None, limit: int) -> Page[MessageOut]:
    """Messages that call the user, or everybody in one of their rooms since they joined it; the newest first.

    Nothing of whom they have blocked.

    A part can be shorter than `limit` and still have a next one.
    """
    mine = Membership.objects.current().filter(user=user, room__deleted_at__isnull=True)
    joined = dict(mine.values_list("room_id", "joined_at"))
    rows = Mention.objects.filter(Q(user=user) | Q(user__isnull=True), room_id__in=list(joined)).order_by("-pk")
    rows = rows.filter(not_of_blocked(user.pk))
    found, following = _cut(rows if before is None else rows.filter(pk__lt=before), limit)
    shown = _messages(row.message_id for row in found)
    return Page(
        [
            shown[row.message_id]
            for row in found
            if row.message_id in shown and (row.user_id is not None or moment_of(row.message_id) >= joined[row.room_id])
        ],
        following,
    )


def threads(user: User, *, before: UUID | None, limit: int) -> tuple[list[ThreadState], UUID | None]:
    """The threads that the user follows, the newest root first, and the key of the next part."""
    rows = ThreadFollow.objects.filter(
        user=user, following=True, room__in=Room.objects.joined_by(user), root__isnull=False
    ).order_by(F("root_id").desc())
    if before is not None:
        rows = rows.filter(root_id__lt=before)
    found = list(rows[: limit + 1])
    page = found[:limit]
    shown = _messages(row.root_id for row in page)
    states = [thread_state(shown[row.root_id], row) for row in page if row.root_id in shown]
    return states, page[-1].root_id if len(found) > limit else None


def standing(user: User) -> dict[str, Any]:
    """What the client starts from: the newest threads that the user follows, and what is unread in them."""
    rows = ThreadFollow.objects.filter(user=user, following=True, room__in=Room.objects.joined_by(user))
    newest = rows.order_by(F("root_id").desc()).values_list("root_id", "read_index", "root__thread_count")
    found = list(newest[:FOLLOWED_KNOWN])
    return {
        "followed": [str(root_id) for root_id, _, _ in found],
        "unread": {str(root_id): count - read for root_id, read, count in found if count and count > read},
    }


def thread_state(root: MessageOut, held: ThreadFollow | None) -> ThreadState:
    """Where a reader stands in the thread of `root`; `held` is their row, if they have one."""
    count = root.thread.count if root.thread else 0
    following, read = (held.following, held.read_index) if held else (False, 0)
    return ThreadState(root, following, read, max(0, count - read) if following else 0)


def thread(
    user: User, root_id: UUID, *, before: int | None = None, after: int | None = None, limit: int
) -> tuple[ThreadState, list[MessageOut], bool, bool]:
    """A thread: where the user stands in it, some of its replies in order, and whether there are
    more before and after them. `before` and `after` are indices; without either, the last replies.

    NotFound: no message that the user may see. Invalid: it cannot have a thread.
    """
    root = thread_root(user, root_id)
    rows = Message.objects.filter(thread_root=root).select_related("sender")
    if after is not None:
        found = list(rows.filter(thread_index__gt=after).order_by("thread_index")[:limit])
    else:
        older = rows if before is None else rows.filter(thread_index__lt=before)
        found = list(older.order_by("-thread_index")[:limit])[::-1]
    written, *replies = messages_out([root, *found])
    held = ThreadFollow.objects.filter(root=root, user=user).first()
    first, last = (found[0].thread_index or 0, found[-1].thread_index or 0) if found else (0, root.thread_count)
    return thread_state(written, held), replies, first > 1, last < root.thread_count


def participants(root_id: UUID, limit: int) -> list[Person]:
    """Some of those who follow the thread, the earliest first: its author and who replied."""
    rows = ThreadFollow.objects.filter(root_id=root_id, following=True).select_related("user").order_by("pk")
    return [person_of(row.user) for row in rows[:limit]]


def revisions(user: User, message_id: UUID, *, before: int | None, limit: int) -> Page[RevisionOut]:
    """What a message said before, the newest first. NotFound, Forbidden: another's, as the room decides."""
    message = Message.objects.reachable_by(user).filter(pk=message_id).select_related("room").first()
    if message is None:
        raise NotFound(NO_MESSAGE)
    own = Membership.objects.current().get(room_id=message.room_id, user=user)
    if message.sender_id != user.pk and not allows(
        Action.SEE_REVISIONS,
        role=own.role,
        kind=message.room.kind,
        settings=message.room.settings,
        overrides=own.permissions,
    ):
        raise Forbidden("Your role in this room does not allow this.")
    rows = MessageRevision.objects.filter(message=message).select_related("editor").order_by("-seq")
    found = list((rows if before is None else rows.filter(seq__lt=before))[: limit + 1])
    page = found[:limit]
    return Page(
        [
            RevisionOut(row.content, timestamp(row.replaced_at), person_of(row.editor) if row.editor else None)
            for row in page
        ],
        page[-1].seq if len(found) > limit else None,
    )


def reactors(user: User, message_id: UUID, *, emoji: str | None, after: int | None, limit: int) -> Page[Reactor]:
    """Who reacted to a message (with that emoji), in the order in which they did. NotFound."""
    if not Message.objects.reachable_by(user).filter(pk=message_id).exists():
        raise NotFound(NO_MESSAGE)
    rows = Reaction.objects.filter(message_id=message_id).select_related("user").order_by("pk")
    if emoji is not None:
        rows = rows.filter(emoji=emoji)
    found, following = _cut(rows if after is None else rows.filter(pk__gt=after), limit)
    return Page([Reactor(person_of(row.user), row.emoji, timestamp(row.created_at)) for row in found], following)


def _cut(rows: QuerySet[Row], limit: int) -> tuple[list[Row], int | None]:
    found = list(rows[: limit + 1])
    page = found[:limit]
    return page, page[-1].pk if len(found) > limit else None


def _messages(message_ids: Iterable[UUID]) -> dict[UUID, MessageOut]:
    """The messages by id, those that are gone left out. Two queries at most."""
    rows = Message.objects.filter(pk__in=list(message_ids)).above_the_floor().select_related("sender")
    return {UUID(message.id): message for message in messages_out(rows)}
