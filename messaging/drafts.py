"""Drafts: what a sender asks to be stored, and the checks that need no database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from messaging.models import Kind
from realtime.errors import Invalid, TooLarge

# How far a client's clock may be off before its time is refused (a seed's rule).
CLIENT_CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class Draft:
    """A message to be stored. `client_id` makes the send idempotent per sender."""

    room_id: UUID
    sender_id: UUID
    content: str
    client_id: UUID
    reply_to: UUID | None = None
    client_time: datetime | None = None
    kind: Kind = Kind.TEXT
    metadata: dict[str, Any] = field(default_factory=dict)
    # An imported message keeps its time, and asks neither for permission nor for attention.
    imported_at: datetime | None = None

    def check(self) -> None:
        """Raise what is wrong with the draft itself."""
        check_content(self.content)

    def digest(self) -> bytes:
        """SHA-256 of what makes two drafts the same message; retries differ in nothing of it."""
        parts = (self.room_id.hex, self.content, self.reply_to and self.reply_to.hex, str(self.kind))
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
    if "\0" in content:
        raise Invalid("A message cannot contain NUL characters.", fields={"content": ["Contains a NUL character."]})
    try:
        content.encode()
    except UnicodeEncodeError:
        detail = "The text is not valid Unicode (a surrogate without its pair)."
        raise Invalid(detail, fields={"content": [detail]}) from None


def check_client_time(client_time: datetime, now: datetime) -> None:
    """Raise `Invalid` when the client's clock is too far from the server's."""
    if abs(client_time - now) > CLIENT_CLOCK_TOLERANCE:
        detail = "“client_time” is more than 5 minutes from the server's clock."
        raise Invalid(detail, fields={"client_time": [detail]})
