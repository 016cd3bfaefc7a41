"""Drafts: what a sender asks to be stored, and the checks that need no database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.conf import settings

from messaging.models import Kind
from realtime.errors import Invalid, TooLarge

# In the metadata of a message that is a copy of another: whose it was, and when.
FORWARDED = "forwarded"
# How far a client's clock may be off before its time is refused (a seed's rule).
CLIENT_CLOCK_TOLERANCE = timedelta(minutes=5)


POLL_OPTIONS_MIN, POLL_OPTIONS_MAX = 2, 12
POLL_OPTION_MAX_LENGTH = 100


class NewPoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A poll to be asked; the message's content is its question."""

    options: list[str]
    multiple: bool = False
    anonymous: bool = False
    closes_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    def check(self) -> None:
        """Raise `Invalid` for what no poll may have. That it closes later is checked with the database's clock."""
        problem = None
        if not POLL_OPTIONS_MIN <= len(self.options) <= POLL_OPTIONS_MAX:
            problem = f"A poll has {POLL_OPTIONS_MIN} to {POLL_OPTIONS_MAX} options."
        elif not all(option.strip() and len(option) <= POLL_OPTION_MAX_LENGTH for option in self.options):
            problem = f"Every option of a poll has 1 to {POLL_OPTION_MAX_LENGTH} characters."
        elif len({option.strip() for option in self.options}) < len(self.options):
            problem = "The options of a poll differ from each other."
        if problem:
            raise Invalid(problem, fields={"poll": [problem]})
        for option in self.options:
            check_text(option, "poll")


@dataclass(slots=True, kw_only=True)
class Draft:
    """A message to be stored. `client_id` makes the send idempotent per sender."""

    room_id: UUID
    sender_id: UUID
    content: str
    client_id: UUID
    reply_to: UUID | None = None
    # The root of the thread that it replies in.
    thread: UUID | None = None
    silent: bool = False
    poll: NewPoll | None = None
    client_time: datetime | None = None
    kind: Kind = Kind.TEXT
    metadata: dict[str, Any] = field(default_factory=dict)
    # An imported message keeps its time, and asks neither for permission nor for attention.
    imported_at: datetime | None = None

    def check(self) -> None:
        """Raise what is wrong with the draft itself."""
        check_content(self.content)
        if self.poll is not None:
            self.poll.check()

    def digest(self) -> bytes:
        """SHA-256 of what makes two drafts the same message; retries differ in nothing of it."""
        parts: tuple[Any, ...] = (
            self.room_id.hex,
            self.content,
            self.reply_to and self.reply_to.hex,
            str(self.kind),
        )
        # Added where there is any of it, so that the digests of drafts without it stay what they were.
        if self.thread or self.silent or self.poll or FORWARDED in self.metadata:
            forwarded = self.metadata.get(FORWARDED, {}).get("id")
            parts += (self.thread and self.thread.hex, self.silent, self.poll, forwarded)
        return hashlib.sha256(msgspec.json.encode(parts)).digest()


def check_content(content: str) -> None:
    """Raise `Invalid` or `TooLarge` for text that no message may have."""
    if not isinstance(content, str):
        raise Invalid("“content” must be a string.", fields={"content": ["Must be a string."]})
    if not content or content.isspace():
        raise Invalid("A message needs some text.", fields={"content": ["A message needs some text."]})
    if len(content) > settings.MESSAGE_MAX_LENGTH:
        detail = f"A message has at most {settings.MESSAGE_MAX_LENGTH:,} characters; this one has {len(content):,}."
        raise TooLarge(detail, fields={"content": [detail]})
    check_text(content, "content")


def check_text(text: str, field: str) -> None:
    """Raise `Invalid` for text that the database cannot keep."""
    if "\0" in text:
        raise Invalid("A message cannot contain NUL characters.", fields={field: ["Contains a NUL character."]})
    try:
        text.encode()
    except UnicodeEncodeError:
        detail = "The text is not valid Unicode (a surrogate without its pair)."
        raise Invalid(detail, fields={field: [detail]}) from None


def check_client_time(client_time: datetime, now: datetime) -> None:
    """Raise `Invalid` when the client's clock is too far from the server's."""
    if abs(client_time - now) > CLIENT_CLOCK_TOLERANCE:
        detail = "“client_time” is more than 5 minutes from the server's clock."
        raise Invalid(detail, fields={"client_time": [detail]})
