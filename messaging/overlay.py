"""What one person has to do with messages: their own reactions, votes, and what they saved.

Messages themselves are the same for every reader; this is laid over them, by REST as `me`, by
the pages as data for the client.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast

from accounts.models import User
from messaging.models import PollVote, Reaction, SavedMessage
from messaging.wire import MessageOut


@dataclass(slots=True)
class Own:
    """One person's part in a message."""

    reactions: list[str] = field(default_factory=list)
    votes: list[int] = field(default_factory=list)
    saved: bool = False


def overlay(user: User, message_ids: Collection[UUID | str]) -> dict[str, Own]:
    """The user's part in these messages, by message id; messages without any are left out. One query."""
    mine: dict[str, Own] = defaultdict(Own)
    if not message_ids:
        return mine
    parts = [
        rows.filter(user=user, message_id__in=message_ids).values_list(
            "message_id", Value(kind, output_field=CharField()), detail
        )
        for rows, kind, detail in (
            (Reaction.objects.order_by(), "reaction", F("emoji")),
            (PollVote.objects.order_by(), "vote", Cast("option", CharField())),
            (SavedMessage.objects.order_by(), "saved", Value("", output_field=CharField())),
        )
    ]
    for message_id, kind, detail in parts[0].union(*parts[1:], all=True):
        own = mine[str(message_id)]
        if kind == "reaction":
            own.reactions.append(detail)
        elif kind == "vote":
            own.votes.append(int(detail))
        else:
            own.saved = True
    for own in mine.values():
        own.votes.sort()
    return dict(mine)


def with_me(user: User, messages: Sequence[MessageOut]) -> list[MessageOut]:
    """The messages with `me` on each reaction, as REST gives them to the user. At most one query."""
    reacted = [message.id for message in messages if message.reactions]
    mine = overlay(user, reacted)
    return [
        msgspec.structs.replace(
            message,
            reactions=[
                msgspec.structs.replace(each, me=message.id in mine and each.emoji in mine[message.id].reactions)
                for each in message.reactions
            ],
        )
        if message.reactions
        else message
        for message in messages
    ]


def as_data(mine: dict[str, Own]) -> dict[str, Any]:
    """The overlay for a page, ready for JSON: by message id."""
    return {message_id: asdict(own) for message_id, own in mine.items()}
