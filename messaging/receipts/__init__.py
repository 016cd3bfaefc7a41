"""Receipts: what the members of a room may know of how far each of them has received and read.

A membership has two watermarks, `received_upto` and `read_upto`, that only ever go forward, and
every advance of one leaves a `Receipt` row: from which number to which, and when. So it is known
exactly who read which message when, and a send writes nothing for its recipients. They tell of
messages behind `receipts_since`. The position by which a person's own messages count as unread
moves both ways and is nobody else's business: `messaging.services.reading`.

`recording` writes them, `asking` answers from them, `panel` shows them.
"""

from __future__ import annotations

# Of the frames about receipts: they go to viewers who let others know of theirs.
TOPIC = "receipts"
# Rooms up to this size show receipts as they come; in a crowd that would be noise, and each frame
# would be one for every viewer. Who read a message can be asked in rooms of any size.
SHOWN_MAX_MEMBERS = 500
