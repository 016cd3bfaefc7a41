"""Drafts of the composer: what somebody has begun to write, on all of their devices.

One for each room and for each thread, kept until it is sent or emptied. Of two devices the last
one wins, by the server's order: each change has a later `updated_at` than the one before, and goes
as a `draft` frame to every device. (What is handed to `append` is a `messaging.drafts.Draft`.)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from messaging.drafts import check_text
from messaging.models import ComposerDraft, Message
from realtime import bus
from realtime.errors import Invalid, NotFound, TooLarge
from realtime.events import Note
from realtime.frames import frame
from realtime.values import Id, Timestamp, timestamp
from rooms import log
from rooms.models import Membership

_TICK = timedelta(microseconds=1)


class DraftOut(msgspec.Struct, gc=False):
    """A draft as its author's devices have it. Empty, without a reply: there is none any more."""

    room: Id
    thread: Id | None
    content: str
    reply_to: Id | None
    updated_at: Timestamp


def set_draft(
    user_id: UUID,
    room_id: UUID,
    content: str,
    *,
    thread: UUID | None = None,
    reply_to: UUID | None = None,
    connection_id: str | None = None,
) -> DraftOut:
    """Keep what the user has written so far in a room, or in a thread of it; blank, without a reply, ends it.

    `connection_id` names the socket that it came from, which knows its own echo by it.
    NotFound: no room of the user's, or no such message in it. TooLarge, Invalid: the content.
    """
    _check_content(content)
    with transaction.atomic():
        if thread or reply_to:
            log.lock([room_id])  # no purge takes them away meanwhile
        # The membership's lock: one after another, and none after the user has left.
        member = Membership.objects.current().select_for_update(of=("self",), no_key=True).only("pk")
        if member.filter(user_id=user_id, room_id=room_id, room__deleted_at__isnull=True).first() is None:
            raise NotFound("There is no such room.")
        if content.isspace():
            content = ""
        if content or reply_to:
            _check_messages(room_id, thread, reply_to)
        drafts = ComposerDraft.objects.filter(user_id=user_id, room_id=room_id, thread_root_id=thread)
        before = drafts.first()
        with connection.cursor() as cursor:
            now = _after(before, log.database_clock(cursor))
        written = DraftOut(str(room_id), _text(thread), content, _text(reply_to), timestamp(now))
        if not (content or reply_to):
            if before is None:
                return written
            before.delete()
        elif before is None:
            ComposerDraft.objects.create(
                user_id=user_id,
                room_id=room_id,
                thread_root_id=thread,
                reply_to_id=reply_to,
                content=content,
                updated_at=now,
            )
        elif (before.content, before.reply_to_id) == (content, reply_to):
            return _written(before)
        else:
            before.content, before.reply_to_id, before.updated_at = content, reply_to, now
            before.save(update_fields=["content", "reply_to", "updated_at"])
        text = frame("draft", **msgspec.structs.asdict(written), connection=connection_id)
        bus.publish_on_commit([Note(str(user_id), text)])
    return written


def forget(user_id: UUID, room_id: UUID) -> None:
    """End the drafts of somebody who leaves a room; their devices drop them along with the room."""
    ComposerDraft.objects.filter(user_id=user_id, room_id=room_id).delete()


def page(user: User, *, after: int | None, limit: int) -> tuple[list[DraftOut], int | None]:
    """Up to `limit` of the user's drafts, in the order in which they were begun, and where the next page begins."""
    rows = ComposerDraft.objects.filter(user=user, room__deleted_at__isnull=True)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows.order_by("pk")[: limit + 1])
    shown = found[:limit]
    return [_written(row) for row in shown], shown[-1].pk if len(found) > limit else None


def _check_content(content: str) -> None:
    if len(content) > settings.MESSAGE_MAX_LENGTH:
        detail = f"A message has at most {settings.MESSAGE_MAX_LENGTH:,} characters; this one has {len(content):,}."
        raise TooLarge(detail, fields={"content": [detail]})
    check_text(content, "content")


def _check_messages(room_id: UUID, thread: UUID | None, reply_to: UUID | None) -> None:
    """Refuse a thread or an original that is not of the room."""
    wanted = {each for each in (thread, reply_to) if each is not None}
    if not wanted:
        return
    roots = dict(
        Message.objects.in_room(room_id).above_the_floor().filter(pk__in=wanted).values_list("pk", "thread_root_id")
    )
    if reply_to is not None and reply_to not in roots:
        raise NotFound("The message that this replies to is not in this room.")
    if thread is not None and thread not in roots:
        raise NotFound("There is no such thread in this room.")
    if thread is not None and roots[thread] is not None:
        raise Invalid("This message is a reply itself. Name the first message of its thread.")


def _after(before: ComposerDraft | None, now: datetime) -> datetime:
    """A time later than that of the draft before, whatever the clock does."""
    return now if before is None else max(now, before.updated_at + _TICK)


def _written(row: ComposerDraft) -> DraftOut:
    return DraftOut(
        room=str(row.room_id),
        thread=_text(row.thread_root_id),
        content=row.content,
        reply_to=_text(row.reply_to_id),
        updated_at=timestamp(row.updated_at),
    )


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
