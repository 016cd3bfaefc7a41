"""The socket commands of this app: on messages, and on what people keep for themselves."""

from messaging.commands import messages, own  # they register themselves
from messaging.commands.messages import PENDING_MAX

__all__ = ["PENDING_MAX", "messages", "own"]
