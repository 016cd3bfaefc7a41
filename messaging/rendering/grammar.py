"""From text to tokens: CommonMark as chats write it, by markdown-it-py with rules of our own.

What differs from CommonMark, and why:

- A line end is a line end, and spaces at the beginning of a line stay: people paste tables and verse.
- A quote ends where its `>` end, and a list's last item where its indentation does: what follows
  is the writer's own voice. (CommonMark takes such lines in, "lazily".)
- No text disappears or turns into something else: no HTML, no entities, no reference definitions
  (which vanish), no code by indentation, no headings by underlining.
- Pictures become links: reading a message must not load anything from anywhere.
- More: tables, ~~struck~~, tasks, ||spoilers||, `:emoji:`, `@mentions`, bare addresses as links.

Whatever is written, the work grows in proportion to the text: nesting is bounded here, and what
lies deeper stands there as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, blockquote, list_block, paragraph, table
from markdown_it.rules_inline import StateInline, link
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from messaging.rendering import shortcodes
from messaging.rendering.links import is_allowed, linker

Tokens = Sequence[Token]

# How deep quotes count, and twice over lists (a list is two levels: itself and its item).
BLOCK_DEPTH_MAX = 12
# The parser's own bound, for brackets within brackets; beyond it blocks would be dropped.
PARSER_DEPTH_MAX = 20
TABLE_COLUMNS_MAX = 32
TABLE_CELLS_MAX = 2_000  # of a message; short rows are filled up, so that a few pipes could ask for very many
# Brackets of a message that may begin a link; each is looked at once or twice.
BRACKETS_MAX = 2_500
# Mentions of a message that are looked at; each may mean a row to read and a person to notify.
MENTIONS_MAX = 50

_NAME = re.compile(r"@([A-Za-z0-9_-]{3,50})(?![\w-])")  # as usernames are
# What an `@` stands behind when it is part of an address.
_WITHIN_ADDRESS = frozenset("@/.+-%=&")
_WEB_SCHEME = re.compile(r"(?:^|[^a-z])(https?)$", re.IGNORECASE)
_SPOILER = "||"


def parse(content: str) -> Tokens:
    """Return the blocks of a text; those of type `inline` hold their tokens as `children`."""
    return _parser.parse(content, {})


def mentions(tokens: Tokens) -> Iterator[Token]:
    """The tokens of type `mention`; `meta["name"]` is the name in lower case."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "mention":
                yield child


# --- Blocks -----------------------------------------------------------------------------------

BlockRule = Callable[[StateBlock, int, int, bool], bool]


def _bounded(rule: BlockRule) -> BlockRule:
    """The rule where there is still depth; below, its marks are text."""

    def bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < BLOCK_DEPTH_MAX and rule(state, start, end, silent)

    return bounded


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quote of those lines that begin with `>`, and no others."""
    line = start
    while line < end and state.sCount[line] >= state.blkIndent and _first(state, line) == ">":
        line += 1
    if line == start:
        return False
    last, state.lineMax = state.lineMax, line
    quoted = blockquote(state, start, line, silent)
    state.lineMax = last
    return quoted


def _first(state: StateBlock, line: int) -> str:
    position = state.bMarks[line] + state.tShift[line]
    return state.src[position : position + 1]


def _paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A paragraph that ends where the list that it is in does; the spaces that begin it stay."""
    last, line = state.lineMax, start + 1
    while line < last and state.sCount[line] >= state.blkIndent and not state.isEmpty(line):
        line += 1
    state.lineMax = line
    paragraph(state, start, end, silent)
    state.lineMax = last
    text = state.getLines(start, state.line, state.blkIndent, False)
    state.tokens[-2].content = text.rstrip().lstrip("\n")
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, as long as the message's cells are not very many; further rows are text."""
    if not table(state, start, end, True):
        return False
    columns = state.src.count("|", state.bMarks[start + 1], state.eMarks[start + 1]) + 1
    left = state.env.setdefault("cells", TABLE_CELLS_MAX)
    if columns > TABLE_COLUMNS_MAX or columns > left:
        return False
    if silent:
        return True
    table(state, start, min(end, start + 1 + left // columns), False)
    state.env["cells"] = left - columns * (state.line - start)
    return True


# --- Within a line ----------------------------------------------------------------------------


def _line_end(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\n":
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ")
        state.push("softbreak", "br", 0)
    state.pos += 1
    return True


def _address(state: StateInline, silent: bool) -> bool:
    """`https://…`, found before emphasis can take the `_` and `*` in it for marks."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _WEB_SCHEME.search(state.src[max(state.pos - 6, 0) : state.pos])
    if scheme is None or not (silent or state.pending.endswith(scheme[1])):
        return False
    start = state.pos - len(scheme[1])
    address = linker.address_at(state.src[start : state.posMax])
    # Behind an address these are marks around it.
    address = address.partition("|")[0].rstrip("*~")
    if len(address) <= len(scheme[1]) or not is_allowed(whole := state.md.normalizeLink(address)):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[1])]
        state.push("link_open", "a", 1).attrs = {"href": whole}
        state.push("text", "", 0).content = state.md.normalizeLinkText(address)
        state.push("link_close", "a", -1)
    state.pos = start + len(address)
    return True


def _mention(state: StateInline, silent: bool) -> bool:
    """`@name`, whoever that may be: one token, so that a name may contain what else is mark-up."""
    if state.src[state.pos] != "@" or state.linkLevel:
        return False
    found = _NAME.match(state.src, state.pos, state.posMax)
    if found is None or _is_within_address(state.src, state.pos):
        return False
    if not silent:
        count = state.env["mentions"] = state.env.get("mentions", 0) + 1
        if count > MENTIONS_MAX:
            return False
        token = state.push("mention", "", 0)
        token.content = found[0]
        token.meta = {"name": found[1].lower()}
    state.pos = found.end()
    return True


def _is_within_address(text: str, position: int) -> bool:
    while position and text[position - 1] == "_":  # may be emphasis: what is before it tells
        position -= 1
    before = text[position - 1 : position]
    return before.isalnum() or before in _WITHIN_ADDRESS


def _emoji(state: StateInline, silent: bool) -> bool:
    """`:name:` between things that are no words: `10:30:45` and `std::string` are none."""
    if state.src[state.pos] != ":":
        return False
    found = shortcodes.SHORTCODE.match(state.src, state.pos, state.posMax)
    if found is None or not shortcodes.stands_alone(state.src, found):
        return False
    emoji = shortcodes.replacement(found)
    if emoji is None:
        return False
    if not silent:
        state.append_pending(emoji)
    state.pos = found.end()
    return True


def _spoiler(state: StateInline, silent: bool) -> bool:
    """Note each `||`; which belong together is found out with emphasis, by the parser."""
    if silent or not state.src.startswith(_SPOILER, state.pos):
        return False
    state.push("text", "", 0).content = _SPOILER
    state.delimiters.append(
        Delimiter(marker=ord("|"), length=0, token=len(state.tokens) - 1, end=-1, open=True, close=True)
    )
    state.pos += len(_SPOILER)
    return True


def _pair_spoilers(state: StateInline) -> None:
    within_links = [meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta]
    for delimiters in [state.delimiters, *within_links]:
        for opening in delimiters:
            if opening.marker == ord("|") and opening.end != -1:
                _turn(state.tokens[opening.token], "spoiler_open", 1)
                _turn(state.tokens[delimiters[opening.end].token], "spoiler_close", -1)


def _turn(token: Token, kind: str, nesting: int) -> None:
    token.type, token.nesting, token.content = kind, nesting, ""  # type: ignore[assignment]


def _link(state: StateInline, silent: bool) -> bool:
    """`[words](address)`, looked for where a middle follows, and so often only."""
    if state.src[state.pos] != "[" or state.src.find("](", state.pos, state.posMax) < 0:
        return False
    state.env["brackets"] = tried = state.env.get("brackets", 0) + 1
    return tried <= BRACKETS_MAX and link(state, silent)


def _picture(state: StateInline, silent: bool) -> bool:
    """`![words](address)` is a link to the picture; within a link it is its words."""
    if not state.src.startswith("![", state.pos):
        return False
    state.pos += 1
    first = len(state.tokens) + bool(state.pending)
    if not _link(state, silent):
        state.pos -= 1
        return False
    if not silent and state.linkLevel:
        for token in (state.tokens[first], state.tokens[-1]):
            token.type, token.tag, token.nesting = "text", "", 0
    return True


# --- The parser -------------------------------------------------------------------------------


def _make() -> MarkdownIt:
    parser = MarkdownIt("zero", {"maxNesting": PARSER_DEPTH_MAX, "linkify": True, "tasklists": True})
    parser.enable(
        [
            *("blockquote", "fence", "heading", "hr", "list", "table"),
            *("autolink", "backticks", "emphasis", "escape", "link", "strikethrough", "newline"),
            *("balance_pairs", "linkify"),
        ]
    )
    parser.linkify = linker
    parser.validateLink = is_allowed  # type: ignore[method-assign, assignment]
    block, inline = parser.block.ruler, parser.inline.ruler
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    block.at("blockquote", _bounded(_quote), interrupts)
    block.at("list", _bounded(list_block), {"alt": ["paragraph", "reference", "blockquote"]})
    block.at("table", _table, {"alt": ["paragraph", "reference"]})
    block.at("paragraph", _paragraph)
    inline.at("newline", _line_end)
    inline.at("link", _link)
    inline.at("linkify", _address)
    inline.before("linkify", "emoji", _emoji)
    inline.before("link", "picture", _picture)
    inline.before("emphasis", "mention", _mention)
    inline.before("emphasis", "spoiler", _spoiler)
    parser.inline.ruler2.before("fragments_join", "spoiler", _pair_spoilers)
    parser.inline.add_terminator_char("|")
    parser.parse("all rules are looked up now: threads that did so at once could miss some")
    return parser


_parser = _make()
