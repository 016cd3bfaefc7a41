"""Messages to be sent later: written now, sent once, at their time, by a job.

Sending and saying so are one transaction under the row's lock, so that a change or a cancellation
comes either before or too late, however many workers try. The row's id is the send's `client_id`
besides: even a row put back by a restored backup sends nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import msgspec
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from jobs.tasks import Later, job
from messaging import pacing, reach
from messaging.append import Outcome, append
from messaging.drafts import Draft
from messaging.models import NOTICES, Message, ScheduledMessage
from realtime import bus
from realtime.errors import Conflict, Invalid, NotFound, RateLimited, ReadOnly, Refusal, SlowMode, Unavailable
from realtime.events import Note
from realtime.frames import frame
from realtime.values import Id, Timestamp, timestamp
from rooms import log
from rooms.models import Membership
from rooms.permissions import Action, allows

State = ScheduledMessage.State

# Those of one user that wait at once.
WAITING_MAX = 100
LONGEST = timedelta(days=366)
# A server that is down for hours finds them when it is back; the job itself must not give up sooner.
SEND_ATTEMPTS = 20


class ScheduledOut(msgspec.Struct, gc=False):
    """A message to be sent later, as its author sees it."""

    id: Id
    room: Id
    # Empty when it has been sent or cancelled.
    content: str
    reply_to: Id | None
    thread: Id | None
    silent: bool
    send_at: Timestamp
    # waiting, failed; of one that has just been sent or cancelled: sent, cancelled.
    state: str
    # Why it could not be sent.
    problem: str
    # What it became.
    message: Id | None
    created_at: Timestamp
    updated_at: Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be sent, where and when."""

    room_id: UUID
    content: str
    send_at: datetime
    reply_to: UUID | None = None
    thread: UUID | None = None
    silent: bool = False
    # Names the plan: repeated with the same one, there is one message.
    client_id: UUID = field(default_factory=uuid4)


# --- What its author does with it -----------------------------------------------------------------


def create(user: User, plan: Plan) -> ScheduledOut:
    """Keep a message for later. Raises what sending it now would raise, as far as that can be told.

    A plan whose `client_id` the user has given before is that one, as it stands now. Invalid: the time
    is past or more than a year away. Conflict: too many wait already, or the earlier plan was for another
    room.
    """
    row = ScheduledMessage(
        # Of the user's own choosing, and yet never the id of another's.
        id=uuid5(user.pk, plan.client_id.hex),
        sender=user,
        room_id=plan.room_id,
        content=plan.content,
        reply_to_id=plan.reply_to,
        thread_root_id=plan.thread,
        silent=plan.silent,
        send_at=plan.send_at,
        created_at=timezone.now(),
    )
    if (earlier := _earlier(row)) is not None:
        return earlier  # before it is judged: its time may have come since
    _check(user, row)
    with transaction.atomic():
        # Of one user one at a time, so that the limit holds.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        if (earlier := _earlier(row)) is not None:
            return earlier
        if ScheduledMessage.objects.filter(sender=user, state=State.WAITING).count() >= WAITING_MAX:
            raise Conflict(f"You have {WAITING_MAX} messages waiting to be sent. Cancel one of them first.")
        row.save(force_insert=True)
        _ask(row)
        return _tell(row)


def _earlier(row: ScheduledMessage) -> ScheduledOut | None:
    """What was kept under the same `client_id`, if anything was."""
    held = ScheduledMessage.objects.filter(pk=row.pk).first()
    if held is None:
        return None
    if held.room_id != row.room_id:
        raise Conflict("This client_id was used for a message to another room.")
    return scheduled_out(held)


def change(
    user: User,
    scheduled_id: UUID,
    *,
    content: str | None = None,
    send_at: datetime | None = None,
    silent: bool | None = None,
) -> ScheduledOut:
    """Change a message that waits, or have one that failed tried again at a time to come.

    NotFound: no such one of the user's. Conflict: it has been sent. Otherwise as `create`.
    """
    with transaction.atomic():
        row = _own(user, scheduled_id)
        row.content = row.content if content is None else content
        row.send_at = row.send_at if send_at is None else send_at
        row.silent = row.silent if silent is None else silent
        _check(user, row)
        row.state, row.problem = State.WAITING, ""
        row.save(update_fields=["content", "send_at", "silent", "state", "problem", "updated_at"])
        _ask(row)
        return _tell(row)


def cancel(user: User, scheduled_id: UUID) -> None:
    """Send it never. NotFound: no such one of the user's. Conflict: it has been sent."""
    with transaction.atomic():
        row = _own(user, scheduled_id)
        row.state, row.content = State.CANCELLED, ""
        row.save(update_fields=["content", "state", "updated_at"])
        _tell(row)


def page(user: User, *, after: tuple[datetime, UUID] | None, limit: int) -> tuple[list[ScheduledMessage], bool]:
    """Up to `limit` of the user's that wait or failed, the next to be sent first; whether there are more.

    `after` is the time and the id of the last one of the page before.
    """
    rows = ScheduledMessage.objects.filter(sender=user, state__in=[State.WAITING, State.FAILED])
    if after is not None:
        at, last = after
        rows = rows.filter(Q(send_at__gt=at) | Q(send_at=at, pk__gt=last))
    found = list(rows.select_related("room").order_by("send_at", "pk")[: limit + 1])
    return found[:limit], len(found) > limit


def scheduled_out(row: ScheduledMessage) -> ScheduledOut:
    return ScheduledOut(
        id=str(row.pk),
        room=str(row.room_id),
        content=row.content,
        reply_to=str(row.reply_to_id) if row.reply_to_id else None,
        thread=str(row.thread_root_id) if row.thread_root_id else None,
        silent=row.silent,
        send_at=timestamp(row.send_at),
        state=row.state,
        problem=row.problem,
        message=str(row.message_id) if row.message_id else None,
        created_at=timestamp(row.created_at),
        updated_at=timestamp(row.updated_at),
    )


def _own(user: User, scheduled_id: UUID) -> ScheduledMessage:
    row = ScheduledMessage.objects.select_for_update().filter(pk=scheduled_id, sender=user).first()
    if row is None or row.state == State.CANCELLED:
        raise NotFound("There is no such scheduled message.")
    if row.state == State.SENT:
        raise Conflict("This message has been sent already.")
    return row


def _check(user: User, row: ScheduledMessage) -> None:
    """Raise why it could not be sent, as things stand now; when its time has come they are asked again."""
    _draft(row).check()
    now = _now()
    if not now < row.send_at <= now + LONGEST:
        detail = "Choose a time that is to come, within a year."
        raise Invalid(detail, fields={"send_at": [detail]})
    membership = (
        Membership.objects.current()
        .filter(user=user, room_id=row.room_id, room__deleted_at__isnull=True)
        .select_related("room")
        .first()
    )
    if membership is None:
        raise NotFound("There is no such room.")
    if membership.room.archived_at is not None:
        raise ReadOnly("This room is archived.")
    reach.check(reach.peer_in(membership.room, user.pk))
    action = Action.REPLY if row.reply_to_id or row.thread_root_id else Action.POST
    if not allows(
        action,
        role=membership.role,
        kind=membership.room.kind,
        settings=membership.room.settings,
        overrides=membership.permissions,
    ):
        raise ReadOnly("You can read this room but not write in it.")
    _check_original(row)


def _check_original(row: ScheduledMessage) -> None:
    named = {each for each in (row.reply_to_id, row.thread_root_id) if each is not None}
    found = Message.objects.in_room(row.room_id).above_the_floor().in_bulk(named) if named else {}
    if row.reply_to_id is not None and row.reply_to_id not in found:
        raise NotFound("The message that this replies to is not in this room.")
    if row.thread_root_id is not None:
        root = found.get(row.thread_root_id)
        if root is None:
            raise NotFound("The message whose thread this replies in is not in this room.")
        if root.thread_root_id is not None or root.kind in NOTICES:
            detail = "A thread begins at a message that is no reply in a thread and no notice."
            raise Invalid(detail, fields={"thread": [detail]})


def _draft(row: ScheduledMessage) -> Draft:
    return Draft(
        room_id=row.room_id,
        sender_id=row.sender_id,
        content=row.content,
        client_id=row.pk,
        reply_to=row.reply_to_id,
        thread=row.thread_root_id,
        silent=row.silent,
    )


def _now() -> datetime:
    """The clock by which jobs become due: the database's."""
    with connection.cursor() as cursor:
        return log.database_clock(cursor)


# --- Sending --------------------------------------------------------------------------------------


def _ask(row: ScheduledMessage) -> None:
    """Have it sent at its time: the one job of this message, in the place of an earlier one."""
    send.using(run_after=row.send_at, key=f"scheduled:{row.pk}").enqueue(str(row.pk))


@job(attempts=SEND_ATTEMPTS)
def send(scheduled_id: str) -> None:
    """Send a scheduled message whose time has come. Its room's refusal ends it; what passes is waited for."""
    with transaction.atomic():
        # Heads come first, as everywhere: a purge holds the room's and may want this row.
        log.wait_for(ScheduledMessage.objects.filter(pk=scheduled_id).values("room_id"))
        row = ScheduledMessage.objects.select_for_update().filter(pk=scheduled_id, state=State.WAITING).first()
        if row is None or row.send_at > _now():
            return  # cancelled, sent, or put off: then another job of it waits
        outcome = _appended(row)
        error = outcome.error
        if error is None:
            assert outcome.message is not None, "what was not refused has a message"
            row.state, row.message_id = State.SENT, UUID(outcome.message.id)
            row.content = ""  # it is the message's now, and goes with it
        elif not isinstance(error, (SlowMode, RateLimited, Unavailable)):
            row.state, row.problem = State.FAILED, _problem(error)
        if row.state != State.WAITING:
            row.save(update_fields=["content", "state", "message", "problem", "updated_at"])
            _tell(row)
    if isinstance(error, (SlowMode, RateLimited)):
        raise Later(timezone.now() + timedelta(seconds=error.retry_after or 1), error.detail)
    if isinstance(error, Unavailable):
        raise error


def _appended(row: ScheduledMessage) -> Outcome:
    """Send it, at the pace of people: a hundred can wait for one moment, each as long as a message can be."""
    sender = row.sender
    try:
        cost = pacing.cost_of(row.content)
        pacing.pace(pacing.MESSAGE_BUCKETS, sender.pk, unthrottled=sender.unthrottled, cost=cost)
    except RateLimited as refusal:
        return Outcome("refused", error=refusal)
    return append([_draft(row)])[0]


def _problem(error: Refusal) -> str:
    return error.detail[: ScheduledMessage._meta.get_field("problem").max_length]


def _tell(row: ScheduledMessage) -> ScheduledOut:
    """Tell all of its author's devices how it stands, after COMMIT."""
    written = scheduled_out(row)
    bus.publish_on_commit([Note(str(row.sender_id), frame("scheduled", data=written))])
    return written
