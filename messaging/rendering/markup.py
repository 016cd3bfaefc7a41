"""From tokens to HTML, and to plain text.

The set of tokens is closed and so is the set of tags; all text and every attribute is escaped
here. There is no white space between blocks: the page shows spaces as they are. Words of the
interface are not in the HTML either; `data-name` says which the client puts there.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from markdown_it.token import Token

from messaging.rendering import highlighting
from messaging.rendering.grammar import Tokens
from messaging.rendering.sanitizing import LINK_REL

# How deep marks within a line nest (`*a **b *c …`); what lies deeper is shown without its mark.
INLINE_DEPTH_MAX = 16
# A message's headings stand below the page's own.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
# A button until it is opened; the client gives it its name, and hides what is in it.
_SPOILER = '<span class="spoiler" role="button" tabindex="0" aria-expanded="false" data-name="spoiler"><span>'
# Tables scroll in a box of their own when they are wider than the column.
_TAGS = {
    "paragraph_open": "<p>",
    "paragraph_close": "</p>",
    "blockquote_open": "<blockquote>",
    "blockquote_close": "</blockquote>",
    "bullet_list_open": "<ul>",
    "bullet_list_close": "</ul>",
    "ordered_list_close": "</ol>",
    "list_item_close": "</li>",
    "hr": "<hr>",
    "table_open": '<div class="table"><table>',
    "table_close": "</table></div>",
    "thead_open": "<thead>",
    "thead_close": "</thead>",
    "tbody_open": "<tbody>",
    "tbody_close": "</tbody>",
    "tr_open": "<tr>",
    "tr_close": "</tr>",
    "th_close": "</th>",
    "td_close": "</td>",
}
_INLINE_TAGS = {
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "s_open": "<s>",
    "s_close": "</s>",
    "spoiler_open": _SPOILER,
    "spoiler_close": "</span></span>",
    "link_close": "</a>",
}
_ALIGNED = {"text-align:left": "", "text-align:center": ' class="is-center"', "text-align:right": ' class="is-right"'}
_BLOT = "▒▒▒▒▒▒"  # in plain text; how long the hidden text is stays hidden too


# --- HTML -------------------------------------------------------------------------------------


def html(tokens: Tokens, mentions: Mapping[str, str]) -> str:
    """Return the HTML of the blocks; `mentions` as of `rendering.render`."""
    out: list[str] = []
    for token in tokens:
        if token.hidden:  # the paragraphs of a list whose items follow each other closely
            continue
        kind = token.type
        if kind == "inline":
            _line(token.children or [], mentions, out)
        elif kind in _TAGS:
            out.append(_TAGS[kind])
        else:
            out.append(_block(token))
    return "".join(out)


def _block(token: Token) -> str:
    match token.type:
        case "fence":
            return highlighting.code_block(token.content, token.info)
        case "heading_open":
            return f"<{_HEADINGS[token.tag]}>"
        case "heading_close":
            return f"</{_HEADINGS[token.tag]}>"
        case "ordered_list_open":
            start = token.attrs.get("start")
            return "<ol>" if start is None else f'<ol start="{int(start)}">'
        case "list_item_open":
            if "checked" not in token.meta:
                return "<li>"
            checked = ' checked=""' if token.meta["checked"] else ""
            return f'<li class="task"><input type="checkbox" disabled=""{checked}>'
        case "th_open" | "td_open":
            return f"<{token.tag}{_ALIGNED.get(str(token.attrs.get('style')), '')}>"
    raise ValueError(f"no HTML for a token of type {token.type}")


def _line(tokens: Tokens, mentions: Mapping[str, str], out: list[str]) -> None:
    depth = 0
    for place, token in enumerate(tokens):
        kind = token.type
        if kind == "text":
            out.append(_escaped(token.content))
            continue
        if token.nesting:
            depth += token.nesting > 0
            if depth <= INLINE_DEPTH_MAX:
                out.append(_link(tokens, place) if kind == "link_open" else _INLINE_TAGS[kind])
            depth -= token.nesting < 0
        elif kind == "mention":
            out.append(_mention(token, mentions))
        elif kind == "code_inline":
            out.append(f"<code>{_escaped(token.content)}</code>")
        elif kind in ("softbreak", "hardbreak"):
            out.append("<br>")
        else:
            raise ValueError(f"no HTML for a token of type {kind}")


def _link(tokens: Tokens, place: int) -> str:
    address = str(tokens[place].attrs["href"])
    title = tokens[place].attrs.get("title")
    window = "" if address[:7].lower() == "mailto:" else ' target="_blank"'
    named = f' title="{escape(str(title))}"' if title else ""
    opened = f'<a href="{escape(address)}"{named} rel="{LINK_REL}"{window}>'
    # Without words a link could be neither seen nor followed.
    return opened if _has_words(tokens, place) else opened + _escaped(address)


def _has_words(tokens: Tokens, place: int) -> bool:
    for token in tokens[place + 1 :]:
        if token.type == "link_close":
            return False
        if token.content.strip():
            return True
    return True


def _mention(token: Token, mentions: Mapping[str, str]) -> str:
    user = mentions.get(token.meta["name"])
    text = _escaped(token.content)
    return text if user is None else f'<span class="mention" data-user="{escape(str(user))}">{text}</span>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- Plain text -------------------------------------------------------------------------------


def text(tokens: Tokens) -> str:
    """Return what a reader sees of the blocks, without mark-up; spoilers blotted out."""
    out: list[str] = []
    for token in tokens:
        if token.type == "inline":
            _spoken(token.children or [], out)
        elif token.type == "fence":
            out.append(token.content)
        out.append(" ")
    return "".join(out)


def _spoken(tokens: Tokens, out: list[str]) -> None:
    hidden = 0
    for token in tokens:
        if token.type == "spoiler_open":
            if not hidden:
                out.append(_BLOT)
            hidden += 1
        elif token.type == "spoiler_close":
            hidden -= 1
        elif not hidden:
            out.append(" " if token.type in ("softbreak", "hardbreak") else token.content)
