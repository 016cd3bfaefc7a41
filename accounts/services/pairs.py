"""What every change between two people shares: both are locked, and both are told.

Both users' rows are locked in the order of their ids, so that whatever two people do to each other
at once happens one after the other, and no two such changes wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import relations
from accounts.models import Contact, ContactRequest, User
from audit.services import record
from realtime import bus
from realtime.errors import Invalid, NotFound
from realtime.events import Note
from realtime.frames import frame

NOBODY = "There is no such person."


def checked_words(text: str, field: str, most: int) -> str:
    """The text without blanks around it. Invalid: it is too long, or no text that databases take."""
    text = text.strip()
    detail = ""
    if len(text) > most:
        detail = f"Use up to {most} characters."
    elif "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        detail = "The text is not valid Unicode."
    if detail:
        raise Invalid(detail, fields={field: [detail]})
    return text


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people while both are locked: who acts, and towards whom."""

    user: User
    other: User

    def open_request(self, *, to_user: bool = False) -> ContactRequest | None:
        """What the user has asked of the other and is not decided; or the other of the user."""
        sender, receiver = (self.other, self.user) if to_user else (self.user, self.other)
        return ContactRequest.objects.open().filter(sender=sender, receiver=receiver).first()

    def are_contacts(self) -> bool:
        return Contact.objects.filter(user=self.user, other=self.other).exists()

    def join(self) -> None:
        """Make them contacts of each other."""
        now = timezone.now()
        Contact.objects.bulk_create(
            [
                Contact(user=self.user, other=self.other, created_at=now),
                Contact(user=self.other, other=self.user, created_at=now),
            ],
            ignore_conflicts=True,
        )

    def part(self) -> bool:
        """End that they are contacts; False: they were none. What they wrote to each other stays."""
        both = Contact.objects.filter(user__in=[self.user, self.other], other__in=[self.user, self.other])
        return bool(both.delete()[0])

    def decide(self, request: ContactRequest, state: str) -> None:
        request.state, request.decided_at = ContactRequest.State(state), timezone.now()
        request.save(update_fields=["state", "decided_at"])

    def changed(self, action: str, *, is_seen: bool = True, severity: str = "info", **details: Any) -> None:
        """Tell of the change, last in its transaction: the audit record, and the sockets of both.

        Not `is_seen`: the other stands as before, as far as they may know. A frame would then tell
        them by coming that somebody has blocked them.
        """
        record(action, actor=self.user, target=self.other, severity=severity, details=details)
        ids = [self.user.pk, self.other.pk]
        User.objects.filter(pk__in=ids).touch_rev()
        told = ids if is_seen else ids[:1]
        bus.publish_on_commit([Note(str(each), frame("relations", data=relations.standing(each))) for each in told])
        bus.recheck(ids)


@contextmanager
def locked(user: User, other_id: UUID) -> Iterator[Pair]:
    """Lock both and read them afresh. NotFound: there is no other. Invalid: it is oneself."""
    if other_id == user.pk:
        raise Invalid("This is you.", fields={"user": ["This is you."]})
    with transaction.atomic():
        both = User.objects.select_for_update(no_key=True).filter(pk__in=[user.pk, other_id]).order_by("pk")
        found = {each.pk: each for each in both}
        if other_id not in found or user.pk not in found:
            raise NotFound(NOBODY)
        yield Pair(found[user.pk], found[other_id])
