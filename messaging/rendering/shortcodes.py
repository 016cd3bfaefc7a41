"""`:shortcodes:` and the emoji that they stand for. The table is that of the `emoji` library."""

from __future__ import annotations

import re
from functools import cache

# With the tone of skin as Slack writes it: `:wave::skin-tone-3:`.
SHORTCODE = re.compile(r":([A-Za-z0-9_+-]{1,80}):(?::skin-tone-([2-6]):)?")
_FIRST_TONE = 0x1F3FB
_EMOJI_STYLE = "\ufe0f"
# Where the library's two lists of names disagree, the names that people type are taken (`cat` is
# its face, as in GitHub and Slack), but for these, which mean something else by now.
_PREFERRED = {"beetle": "🪲", "egg": "🥚", "turkey": "🦃"}


@cache
def _table() -> dict[str, str]:
    """Emoji by name, without colons and in lower case; read when the first name is looked up."""
    from emoji import EMOJI_DATA, STATUS

    table = dict(_PREFERRED)
    whole = [(emoji, facts) for emoji, facts in EMOJI_DATA.items() if facts["status"] <= STATUS["fully_qualified"]]
    for emoji, facts in whole:
        for name in facts.get("alias", ()):
            table.setdefault(name.strip(":").lower(), emoji)
    for emoji, facts in whole:
        table.setdefault(facts["en"].strip(":").lower(), emoji)
    return table


def named(name: str) -> str | None:
    """The emoji of a name without colons, or None: `named("tada")` is 🎉."""
    table, name = _table(), name.lower()
    return table.get(name) or table.get(name.replace("-", "_"))


def replacement(found: re.Match[str]) -> str | None:
    """What stands for a match of `SHORTCODE`; None when it is no emoji's name."""
    emoji = named(found[1])
    return emoji if emoji is None or found[2] is None else toned(emoji, int(found[2]))


def toned(emoji: str, tone: int) -> str:
    """Give a person or hand a tone of skin, 2 (light) to 6 (dark): it stands behind the first character."""
    return emoji[0] + chr(_FIRST_TONE + tone - 2) + emoji[1:].removeprefix(_EMOJI_STYLE)


def stands_alone(text: str, found: re.Match[str]) -> bool:
    """Whether a shortcode touches no word: in `12:30:45` and `a:b:c` colons mean something else."""
    before, after = text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 1]
    return not before.isalnum() and not after.isalnum()
