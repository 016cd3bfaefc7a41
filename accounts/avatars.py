"""What stands for a person or a room without a picture: initials on one of twelve hues.

The client works the hue out by the same rule for what it draws itself:
`parseInt(id.slice(-2), 16) % 12`, set as `data-hue`; avatar.css has a rule for each.
"""

from __future__ import annotations

import re
from uuid import UUID

HUES = 12

_IN_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")
_BETWEEN_WORDS = re.compile(r"[\s._-]+")


def hue(identifier: UUID | str) -> int:
    """Return 0–11 from an id. The last two digits: random in UUIDs of every version in use."""
    return int(str(identifier)[-2:], 16) % HUES


def initials(name: str) -> str:
    """Return the first letters of the first and the last word, e.g. “Ada Lovelace” → “AL”.

    Names in scripts without upper case, or of one word, give one letter; an empty name gives “?”.
    """
    # What is in brackets says something about the name: “Zoe (guest)” is Z.
    words = [word for word in _BETWEEN_WORDS.split(_IN_BRACKETS.sub("", name) or name) if word]
    if not words:
        return "?"
    letters = words[0][0] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()
