"""The verbs on messages that exist. Each checks, writes and tells, in one transaction.

Who acts comes first: a user, bound by their role in the message's room, or `Staff`. They raise
`realtime.errors.Refusal`s, and then nothing has changed; what changes nothing leaves no entry.
New messages come to be in `messaging.append`.
"""

from messaging.services.deleting import delete
from messaging.services.editing import edit
from messaging.services.pinning import pin, unpin
from messaging.services.reacting import react, unreact
from messaging.services.reading import ReadPosition, mark_read, room_of
from messaging.services.threads import follow, mark_thread_read, unfollow

__all__ = [
    "ReadPosition",
    "delete",
    "edit",
    "follow",
    "mark_read",
    "mark_thread_read",
    "pin",
    "react",
    "room_of",
    "unfollow",
    "unpin",
    "unreact",
]
