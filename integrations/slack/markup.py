"""Slack's mark-up as this product's Markdown, which also reads well as it stands.

Slack writes `<…>` for what it links and escapes `&`, `<` and `>`, in code blocks too. Its `*bold*`
and `~struck~` are `**bold**` and `~~struck~~` here; all else that people typed stays as they typed it.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Protocol

from integrations.slack.emoji import emojify


class Names(Protocol):
    """What ids are called here; None for those that nobody knows."""

    def user(self, slack_id: str) -> str | None: ...
    def channel(self, slack_id: str) -> str | None: ...


# Only what Slack makes itself: other angle brackets are somebody's text.
_LINK = re.compile(r"<([@#!][^<>\n]+|[a-z][a-z0-9+.-]*:[^<>\n]+)>", re.IGNORECASE)
_ESCAPED = re.compile(r"&(?:amp|lt|gt);")
# Bold and struck text begins and ends at words, on one line; code and links within it stay whole.
_WHOLE = r"```[\s\S]*?```|`[^`\n]+`|<[^<>\n]+>"
_STYLED = re.compile(
    rf"(?P<whole>{_WHOLE})|(?<![\w*~])(?P<mark>[*~])(?=[^\s*~])(?P<inside>(?:{_WHOLE}|(?!(?P=mark))[^\n<`])+)"
    r"(?<=\S)(?P=mark)(?![\w*~])"
)
# What would end a label or an address of a Markdown link before its end.
_IN_LABEL = re.compile(r"[\\\[\]]")
_IN_ADDRESS = str.maketrans({"(": "%28", ")": "%29", " ": "%20"})
# Between back-quotes a colon is a colon.
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


def plain(text: str, names: Names) -> str:
    """Turn a Slack text into Markdown that reads well as it stands."""
    text = _STYLED.sub(_restyled, text)
    text = _LINK.sub(lambda found: _linked(found[1], names), text)
    # Entities last, and in one pass: an escaped “&lt;” must stay what its author wrote.
    text = _ESCAPED.sub(lambda found: unescape(found[0]), text)
    parts = _CODE.split(text)
    for place, part in enumerate(parts):
        if place % 2 == 0:
            parts[place] = emojify(part)
        elif "\n" in part:
            parts[place] = _block(part, starts=parts[place - 1], goes_on=parts[place + 1])
    return "".join(parts)


def _restyled(found: re.Match[str]) -> str:
    mark = found["mark"]
    if mark is None:
        return found[0]
    return f"{mark * 2}{_STYLED.sub(_restyled, found['inside'])}{mark * 2}"


def _block(code: str, *, starts: str, goes_on: str) -> str:
    """Give the fences of a code block lines of their own, which in Slack they need not have."""
    inside = code.strip("`").strip("\n")
    before = "" if not starts or starts.endswith("\n") else "\n"
    after = "" if not goes_on or goes_on.startswith("\n") else "\n"
    return f"{before}```\n{inside}\n```{after}"


def _linked(inside: str, names: Names) -> str:
    target, _, label = inside.partition("|")
    sign, rest = target[0], target[1:]
    if sign == "@":
        return "@" + (names.user(rest) or label.lstrip("@") or rest)
    if sign == "#":
        return "#" + (names.channel(rest) or label.lstrip("#") or rest)
    if sign == "!":  # <!here>, <!subteam^S1|@group>, <!date^1392734382^{date}|Feb 18>
        return label or "@" + rest.partition("^")[0]
    address = target.removeprefix("mailto:").removeprefix("tel:")
    # Slack made many links of bare addresses: the label says nothing more than the address does.
    if not label or address.partition("://")[2].rstrip("/") == label.rstrip("/") or label in (target, address):
        return address
    if target.startswith("tel:"):
        return f"{label} ({address})"
    return f"[{_IN_LABEL.sub(_escaped, label)}]({target.translate(_IN_ADDRESS)})"


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]
