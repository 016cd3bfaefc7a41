"""Contacts: somebody asks, the other accepts or declines, and either may end it later.

Whoever a person has blocked may ask them and is not told that nobody hears it: the request is kept
and waits, and the person does not see it. They raise `realtime.errors.Refusal`s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import Block, ContactRequest, User
from accounts.services.pairs import NOBODY, Pair, checked_words, locked
from realtime.errors import Conflict, Forbidden, NotFound, RateLimited

NOTE_MAX = 200
NO_REQUEST = "There is no such request."

State = ContactRequest.State


def request(user: User, other: User | UUID, note: str = "") -> tuple[ContactRequest, bool]:
    """Ask somebody to be a contact; return the request, and whether it was made now.

    Who has asked the user already is accepted by it, and their request returned. Asked twice it is
    the same request. NotFound: nobody may meet them. Conflict: they are contacts already, or
    blocked by the user. RateLimited: the user has asked very many people within the hour. Invalid.
    """
    note = checked_words(note, "note", NOTE_MAX)
    with locked(user, other.pk if isinstance(other, User) else other) as pair:
        if not pair.other.is_active or pair.other.is_suspended:
            raise NotFound(NOBODY)
        if pair.user.is_guest or pair.other.is_guest:
            raise Forbidden("Guests have no contacts.")
        if Block.objects.filter(blocker=pair.user, blocked=pair.other).exists():
            raise Conflict("You have blocked this person. Unblock them first.")
        if pair.are_contacts():
            raise Conflict("This person is among your contacts already.")
        if theirs := pair.open_request(to_user=True):
            return _accept(pair, theirs), False
        if mine := pair.open_request():
            return mine, False
        _check_pace(pair.user)
        made = ContactRequest.objects.create(sender=pair.user, receiver=pair.other, note=note)
        pair.changed("contact.requested")
        return made, True


def accept(user: User, request_id: UUID) -> ContactRequest:
    """Become contacts; accepted twice it stays so. NotFound: nobody asked the user so. Conflict: it is off."""
    with _answering(user, request_id) as (pair, asked):
        if asked.state == State.ACCEPTED:
            return asked
        _check_open(asked)
        return _accept(pair, asked)


def decline(user: User, request_id: UUID) -> ContactRequest:
    """Refuse; twice it stays so. NotFound: nobody asked the user so. Conflict: it is off, or accepted."""
    with _answering(user, request_id) as (pair, asked):
        if asked.state != State.DECLINED:
            _check_open(asked)
            pair.decide(asked, State.DECLINED)
            pair.changed("contact.declined")
        return asked


def cancel(user: User, request_id: UUID) -> ContactRequest:
    """Take back what the user asked; twice it stays so. NotFound: they did not. Conflict: it is decided."""
    asked = ContactRequest.objects.filter(pk=request_id, sender=user).first()
    if asked is None:
        raise NotFound(NO_REQUEST)
    with locked(user, asked.receiver_id) as pair:
        asked.refresh_from_db()
        if asked.state != State.CANCELLED:
            _check_open(asked)
            pair.decide(asked, State.CANCELLED)
            pair.changed("contact.request_cancelled")
        return asked


def remove(user: User, other: User | UUID) -> None:
    """End being contacts, for both. Rooms and messages stay as they are. Without a contact, nothing changes."""
    with locked(user, other.pk if isinstance(other, User) else other) as pair:
        if pair.part():
            pair.changed("contact.removed")


@contextmanager
def _answering(user: User, request_id: UUID) -> Iterator[tuple[Pair, ContactRequest]]:
    """A request towards the user, read under the locks. NotFound: there is none that they see."""
    asked = ContactRequest.objects.filter(pk=request_id, receiver=user).first()
    if asked is None:
        raise NotFound(NO_REQUEST)
    with locked(user, asked.sender_id) as pair:
        asked.refresh_from_db()
        if not pair.other.is_active or Block.objects.filter(blocker=pair.user, blocked=pair.other).exists():
            raise NotFound(NO_REQUEST)  # `ContactRequest.objects.received_by` does not show it
        yield pair, asked


def _accept(pair: Pair, asked: ContactRequest) -> ContactRequest:
    pair.decide(asked, State.ACCEPTED)
    pair.join()
    pair.changed("contact.accepted")
    return asked


def _check_open(asked: ContactRequest) -> None:
    if asked.state == State.CANCELLED:
        raise Conflict("This request has been withdrawn.")
    if asked.state != State.PENDING:
        raise Conflict("This request has been answered already.")


def _check_pace(user: User) -> None:
    """RateLimited: the user has asked as many people as one may in an hour. Under their lock it is exact."""
    most = settings.CONTACT_REQUESTS_AN_HOUR
    if user.unthrottled:
        return
    hour = timedelta(hours=1)
    now = timezone.now()
    times = ContactRequest.objects.filter(sender=user, created_at__gt=now - hour).order_by("-created_at")
    if (first := times.values_list("created_at", flat=True)[most - 1 : most].first()) is not None:
        wait = (first + hour - now).total_seconds()
        raise RateLimited("You have asked very many people. Wait a while before you ask others.", retry_after=wait)
