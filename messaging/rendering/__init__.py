"""From a message's content to its HTML, once, by the process that stores it.

    render("*Hi* @ada", {"ada": "0192…"})   →  '<p><em>Hi</em> <span class="mention" …>@ada</span></p>'
    mentioned_names("*Hi* @ada")            →  {"ada"}
    plain("*Hi* ||secret||", 80)            →  "Hi ▒▒▒▒▒▒"

Here: the fast path for text without any mark-up, and the way through the other modules: `grammar`
(text → tokens), `markup` (tokens → HTML), `sanitizing` (what may be in that HTML at all). The
result is always a row of blocks (`<p>`, `<ul>`, `<pre>` …) without white space between them, and
`static/css/markup.css` counts on that. No database and no network: whom a name means is the
caller's to find out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from messaging.rendering import grammar, markup, sanitizing
from messaging.rendering.grammar import MENTIONS_MAX, Tokens

__all__ = ["MENTIONS_MAX", "RENDERER_VERSION", "mentioned_names", "plain", "render"]

# Goes up with each change that shows in the HTML of messages that exist: they are made anew in the
# background (`messaging.rendering.renewal`), and pages cached before are not used any more.
RENDERER_VERSION: int = 1

NOBODY: Mapping[str, str] = MappingProxyType({})

# Mark-up is worth some growth; beyond it somebody is trying what a message can weigh.
GROWTH_MAX = 8
GROWTH_FREE = 16_384  # characters

# Text in which nothing of this is found is its own HTML but for `&` and line ends. (`&` is no mark:
# entities are not read, they stay what was typed.) White space other than the space and the line
# end goes the long way, so that there is one place that knows what becomes of it.
_MARKS = re.compile(
    r"[*_`\[\\<@|~]"
    r"|[^\S \n]"
    r"|://|[wW]{3}\.|:[\w+-]+:"
    r"|^ *(?:[-+>#]|[0-9]+[.)])",
    re.MULTILINE,
)
_BLANK_LINES = re.compile(r"\n(?: *\n)+")
_TRAILING = re.compile(r" +$", re.MULTILINE)
_WHITE_SPACE = re.compile(r"\s+")


def render(content: str, mentions: Mapping[str, str] = NOBODY) -> str:
    """Return the safe HTML of a message.

    `mentions` says whom names mean: lower-case name → user id, and `room` → `room`, `here` → `here`
    where those words call somebody. A name that is not in it stays text.
    """
    if _MARKS.search(content) is None:
        return _unmarked(content)
    html = sanitizing.clean(markup.html(_parsed(content), mentions))
    if len(html) > GROWTH_FREE + GROWTH_MAX * len(content):
        return _unmarked(content)
    return html


def mentioned_names(content: str) -> set[str]:
    """Return the names after an `@` outside code and links, in lower case.

    Whether anybody has such a name is not known here. At most `MENTIONS_MAX` mentions of a message
    are looked at; text without an `@` costs nothing.
    """
    if "@" not in content:
        return set()
    return {token.meta["name"] for token in grammar.mentions(_parsed(content))}


def plain(content: str, length: int, *, is_cut: bool = False) -> str:
    """Return the beginning of a message as one line of text, at most `length` characters.

    For quotes of replies, notifications and lists: without mark-up, with emoji for their names, and
    with spoilers blotted out. `is_cut` says that `content` is itself a beginning only: what a spoiler
    hides may have its end, and its mark, behind the cut.
    """
    if is_cut and content.count("||") % 2:
        content += " ||"
    text = content if _MARKS.search(content) is None else markup.text(_parsed(content))
    text = _WHITE_SPACE.sub(" ", text).strip()
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def warm_up() -> None:
    """Read and compile now what would be at first use, on the thread that stores messages: some 0.1 s."""
    render("https://a.example :wave: www.a.example\n```python\npass\n```")


# A send asks for the names, and then for the HTML with those that were found.
@lru_cache(maxsize=64)
def _parsed(content: str) -> Tokens:
    return grammar.parse(content)


def _unmarked(content: str) -> str:
    """The HTML of text that has no marks, or whose marks are to be shown as they are."""
    text = content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if "\n" not in text:
        return f"<p>{text.rstrip(' ')}</p>"
    paragraphs = _BLANK_LINES.split(_TRAILING.sub("", text).strip("\n"))
    return "".join([f"<p>{each.replace(chr(10), '<br>')}</p>" for each in paragraphs])
