"""Messages and what belongs to them in the admin: to read, and to take away what should not be there."""

from messaging.admin.messages import MessageAdmin
from messaging.admin.own import ComposerDraftAdmin, SavedMessageAdmin
from messaging.admin.polls import PollAdmin, PollVoteAdmin

__all__ = ["ComposerDraftAdmin", "MessageAdmin", "PollAdmin", "PollVoteAdmin", "SavedMessageAdmin"]
