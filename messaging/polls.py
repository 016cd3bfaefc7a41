"""Polls: voting, closing, and who voted what where that may be known.

A poll is asked by a message (`messaging.drafts.NewPoll`, stored by `append`); its counts stand on
that message and change under the lock of the room's head. Of an anonymous poll nobody learns who
voted what, neither by a list nor by the log's entries, which then name no actor.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q

from accounts.models import User
from accounts.people import Person, person_of
from messaging.changing import NO_MESSAGE, MessageChange, changing_message
from messaging.models import Message, Poll, PollVote
from messaging.wire import PollOut
from realtime import bus
from realtime.errors import Conflict, Forbidden, Invalid, NotFound
from realtime.events import Note
from realtime.frames import frame
from realtime.values import Id, Timestamp, timestamp
from rooms.log import database_clock
from rooms.permissions import Action
from rooms.services import Actor, Staff

# Polls that one run of the upkeep closes; the next run goes on.
CLOSED_AT_ONCE = 200


class Ballot(msgspec.Struct, gc=False):
    """What one has voted (places of options, in order), and how the poll stands with it."""

    message: Id
    options: list[int]
    poll: PollOut


class VoteOut(msgspec.Struct, gc=False):
    """That somebody voted for an option."""

    user: Person
    option: int
    created_at: Timestamp


def vote(user: User, message_id: UUID, options: Collection[int]) -> Ballot:
    """Vote for these options, in place of what the user voted before; for none takes the vote back.

    Six queries, seven where options are replaced; where nothing changes three, and no entry. All of
    the user's devices get `voted`.
    NotFound: no message that the user may read. Invalid: it asks nothing, or has no such options.
    Conflict: the poll is closed, if only by its time. ReadOnly: the room is archived.
    """
    with changing_message(user, message_id) as change:
        change.require_open()
        change.require_reach()
        poll = _poll_of(change.message)
        if _is_over(poll, change):
            raise Conflict("This poll is closed.")
        wanted = _checked(options, poll)
        votes = PollVote.objects.filter(message_id=message_id, user=user)
        held = set(votes.values_list("option", flat=True))
        if wanted != held:
            if dropped := held - wanted:
                votes.filter(option__in=dropped).delete()
            if added := wanted - held:
                PollVote.objects.bulk_create(
                    PollVote(message_id=message_id, user=user, option=option, created_at=change.now)
                    for option in sorted(added)
                )
            _count(poll, added=wanted - held, dropped=held - wanted, voters=bool(wanted) - bool(held))
            _write(change, poll)
            ballot = {"message": str(message_id), "room": str(change.message.room_id), "options": sorted(wanted)}
            bus.publish_on_commit([Note(str(user.pk), frame("voted", **ballot))])
    return Ballot(str(message_id), sorted(wanted), poll)


def ballot(user: User, message_id: UUID) -> Ballot:
    """What the user has voted, and how the poll stands. NotFound, Invalid."""
    poll = _poll_of(_reachable(user, message_id))
    held = PollVote.objects.filter(message_id=message_id, user=user).order_by("option")
    return Ballot(str(message_id), list(held.values_list("option", flat=True)), poll)


def close(actor: Actor, message_id: UUID) -> PollOut:
    """End a poll; a closed one stays as it is.

    Its author may, and who may delete others' messages. NotFound, Forbidden, Invalid, ReadOnly.
    """
    with changing_message(actor, message_id) as change:
        change.require_open()
        poll = _poll_of(change.message)
        if not (change.is_own or change.may(Action.DELETE_OTHERS)):
            raise Forbidden("Only its author and those who moderate the room can close this poll.")
        _close(change, poll)
    return poll


def close_due() -> int:
    """Close the polls whose time has come; return how many. Safe in several processes at once."""
    with connection.cursor() as cursor:
        now = database_clock(cursor)
    # A deleted room may be restored: its polls are closed then.
    due = Poll.objects.filter(closed_at__isnull=True, closes_at__lte=now, message__room__deleted_at__isnull=True)
    closed = 0
    for message_id in list(due.order_by("closes_at").values_list("pk", flat=True)[:CLOSED_AT_ONCE]):
        try:
            with changing_message(Staff(), message_id) as change:
                closed += _close(change, _poll_of(change.message))
        except (NotFound, Invalid):
            continue  # deleted between the two reads
    return closed


def votes(
    user: User, message_id: UUID, *, option: int | None, after: tuple[UUID, int] | None, limit: int
) -> tuple[list[VoteOut], tuple[UUID, int] | None]:
    """Up to `limit` votes, by person, and the key after which the next page begins; of one option, if given.

    NotFound: no message that the user may read. Forbidden: the poll is anonymous. Invalid: there is none.
    """
    if _poll_of(_reachable(user, message_id)).anonymous:
        raise Forbidden("This poll is anonymous: nobody sees who voted what.")
    rows = PollVote.objects.filter(message_id=message_id).select_related("user")
    if option is not None:
        rows = rows.filter(option=option)
    if after is not None:
        person, place = after
        rows = rows.filter(user_id__gte=person).filter(Q(user_id__gt=person) | Q(option__gt=place))
    found = list(rows.order_by("user_id", "option")[: limit + 1])
    shown = found[:limit]
    page = [VoteOut(person_of(row.user), row.option, timestamp(row.created_at)) for row in shown]
    return page, (shown[-1].user_id, shown[-1].option) if len(found) > limit else None


def _reachable(user: User, message_id: UUID) -> Message:
    message = Message.objects.reachable_by(user).filter(pk=message_id, deleted_at__isnull=True).first()
    if message is None:
        raise NotFound(NO_MESSAGE)
    return message


def _poll_of(message: Message) -> PollOut:
    if message.poll is None:
        raise Invalid("This message is no poll.")
    return msgspec.convert(message.poll, PollOut)


def _is_over(poll: PollOut, change: MessageChange) -> bool:
    # Times in this form sort as they follow.
    return poll.closed or (poll.closes_at is not None and poll.closes_at <= timestamp(change.now))


def _checked(options: Collection[int], poll: PollOut) -> set[int]:
    wanted = set(options)
    problem = None
    if not all(0 <= option < len(poll.options) for option in wanted):
        problem = f"This poll has the options 0 to {len(poll.options) - 1}."
    elif len(wanted) > 1 and not poll.multiple:
        problem = "Choose one option: this poll takes one of each person."
    if problem:
        raise Invalid(problem, fields={"options": [problem]})
    return wanted


def _count(poll: PollOut, *, added: Collection[int], dropped: Collection[int], voters: int) -> None:
    for option in added:
        poll.options[option].count += 1
    for option in dropped:
        poll.options[option].count -= 1
    poll.voters += voters


def _close(change: MessageChange, poll: PollOut) -> bool:
    """Close the poll, if it is open, and say so."""
    if poll.closed:
        return False
    poll.closed = True
    Poll.objects.filter(pk=change.message.pk).update(closed_at=change.now)
    _write(change, poll, tells_who=True)
    return True


def _write(change: MessageChange, poll: PollOut, *, tells_who: bool = False) -> None:
    change.message.poll = msgspec.to_builtins(poll)
    change.message.save(update_fields=["poll"])
    if poll.anonymous and not tells_who:
        change.actor = None  # the entry beside the counts would tell who voted what
    change.tell_whole("poll.changed")
