"""How fast a person may write, whichever way they do: the socket, the REST API, the pages.

Token buckets of the process, by person. Who is `unthrottled` (load tests, bridges) has none.
"""

from __future__ import annotations

from uuid import UUID

from realtime.errors import RateLimited
from realtime.limits import Buckets

# Messages a second that a person may write for long, and at once (a paste of many lines).
MESSAGE_BUCKETS = Buckets(rate=5, burst=40)
# Edits, reactions and the like; each is an event for the whole room.
CHANGE_BUCKETS = Buckets(rate=5, burst=60)
# Drafts: a client sends one a second while somebody writes, and there may be several clients.
DRAFT_BUCKETS = Buckets(rate=3, burst=30)
# Read positions: a client sends one a second while somebody reads; each goes to all of their devices.
READ_BUCKETS = Buckets(rate=10, burst=100)
# A long one counts for more: forty of the longest at once would overflow every reader's buffer.
CHARACTERS_A_TOKEN = 1_000


def cost_of(content: str) -> float:
    """What a message of that content takes of its sender's bucket, in tokens."""
    return 1 + len(content) / CHARACTERS_A_TOKEN


def pace(buckets: Buckets, user_id: str | UUID, *, unthrottled: bool, cost: float = 1) -> None:
    """Take from the person's bucket. RateLimited: there is not enough in it, and when there will be."""
    if not unthrottled and (wait := buckets.take(str(user_id), cost)):
        raise RateLimited("You are writing very fast. Wait a moment.", retry_after=wait)
