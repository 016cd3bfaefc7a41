"""Messages, and everything that people do with them."""

from messaging.models.acts import (
    EMOJI_MAX_LENGTH,
    Mention,
    MessageRevision,
    Pin,
    Reaction,
    Receipt,
    ThreadFollow,
)
from messaging.models.links import LinkPreview
from messaging.models.message import NOTICES, Kind, Message, MessageQuerySet, SendRecord
from messaging.models.own import NOTE_MAX_LENGTH, ComposerDraft, SavedMessage, ScheduledMessage
from messaging.models.polls import Poll, PollVote

__all__ = [
    "EMOJI_MAX_LENGTH",
    "NOTE_MAX_LENGTH",
    "NOTICES",
    "ComposerDraft",
    "Kind",
    "LinkPreview",
    "Mention",
    "Message",
    "MessageQuerySet",
    "MessageRevision",
    "Pin",
    "Poll",
    "PollVote",
    "Reaction",
    "Receipt",
    "SavedMessage",
    "ScheduledMessage",
    "SendRecord",
    "ThreadFollow",
]
