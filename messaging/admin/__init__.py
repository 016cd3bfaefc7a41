"""Messages and what belongs to them in the admin: to read, and to take away what should not be there."""

from messaging.admin.acts import MentionAdmin, MessageRevisionAdmin, PinAdmin, ReactionAdmin, ThreadFollowAdmin
from messaging.admin.later import LinkPreviewAdmin, ScheduledMessageAdmin
from messaging.admin.messages import MessageAdmin
from messaging.admin.own import ComposerDraftAdmin, SavedMessageAdmin
from messaging.admin.polls import PollAdmin, PollVoteAdmin
from messaging.admin.receipts import ReceiptAdmin

__all__ = [
    "ComposerDraftAdmin",
    "LinkPreviewAdmin",
    "MentionAdmin",
    "MessageAdmin",
    "MessageRevisionAdmin",
    "PinAdmin",
    "PollAdmin",
    "PollVoteAdmin",
    "ReactionAdmin",
    "ReceiptAdmin",
    "SavedMessageAdmin",
    "ScheduledMessageAdmin",
    "ThreadFollowAdmin",
]
