"""From a page's bytes to what it says it is about: plain words, bounded in length."""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from itertools import islice

from messaging.previews.fetching import Page

TITLE_MAX, DESCRIPTION_MAX, SITE_MAX = 300, 500, 100
# Of meta elements, in number and in characters: Python's parser takes time by the square of what it
# is given, so it is given each by itself.
META_MAX, META_LENGTH_MAX = 200, 4_000
# Where a page that says nothing in its headers says its encoding (HTML, "prescan").
PRESCAN = 1_024

# What holds text that is not the page's own words. Without an end it reaches to the end: each is
# gone through once, whatever the page.
_NOT_WORDS = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|noscript|template|svg)\b.*?(?:</\1\b|\Z)", re.S | re.I)
_END_OF_HEAD = re.compile(r"</head\b|<body\b", re.I)
_TITLE = re.compile(r"<title\b[^>]*+(?:>|\Z)", re.I)
# A value ends with its quote, whatever is in it. Possessive, and taking what has no end, too: every
# character is looked at a few times at most.
_META = re.compile(r"""<meta\b(?:[^>=]|=\s*+"[^"]*+"|=\s*+'[^']*+'|=)*+(?:>|\Z)""", re.I)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Encodings of the web, and what it takes them for; Python knows others, which are no texts.
_ENCODINGS = re.compile(
    r"utf-?8|utf-?16(le|be)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin1|(windows-|cp)(125\d|874)"
    r"|shift[_-]jis|sjis|euc-(jp|kr)|iso-2022-jp|gb(2312|k|18030)|big5(-hkscs)?|koi8-[ru]|macintosh",
    re.I,
)
_READ_AS = {"iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252",
            "gb2312": "gb18030", "gbk": "gb18030", "shift-jis": "cp932", "shift_jis": "cp932", "sjis": "cp932",
            "iso-8859-9": "cp1254", "macintosh": "mac-roman", "windows-874": "cp874", "utf16le": "utf-16-le",
            "utf16be": "utf-16-be"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says it is about; `site` is the host, which a page cannot choose freely."""

    title: str
    description: str
    site: str


def read(page: Page) -> Words | None:
    """Return what the page says of itself; None when it has no title."""
    text = _NOT_WORDS.sub("", _decoded(page))
    if end := _END_OF_HEAD.search(text):
        text = text[: end.start()]
    meta = _meta(text)
    title = meta.first("og:title", "twitter:title") or _title(text)
    if not title:
        return None
    description = meta.first("og:description", "twitter:description", "description")
    return Words(
        title=plain(title, TITLE_MAX),
        description=plain(description, DESCRIPTION_MAX),
        site=page.host.removeprefix("www.")[:SITE_MAX],
    )


def _title(head: str) -> str:
    if (start := _TITLE.search(head)) is None:
        return ""
    end = head.find("</", start.end())  # in a title there are no elements
    return plain(unescape(head[start.end() : end if end >= 0 else None][:META_LENGTH_MAX]), TITLE_MAX)


def _meta(head: str) -> _Meta:
    found = _Meta()
    for element in islice(_META.finditer(head), META_MAX):
        if len(element[0]) <= META_LENGTH_MAX:
            found.feed(element[0])
            found.reset()
    return found


class _Meta(HTMLParser):
    """Collects what meta elements say, the first of each name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._said: dict[str, str] = {}

    def first(self, *names: str) -> str:
        """What is said under the first of these names that says anything."""
        return next((self._said[name] for name in names if name in self._said), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, content = given.get("property") or given.get("name"), given.get("content")
        if tag == "meta" and name and content and (content := plain(content, DESCRIPTION_MAX)):
            self._said.setdefault(name.strip().lower(), content)


def plain(text: str, limit: int) -> str:
    """One line of text, cut at a word: no control characters, nothing that turns the reading direction."""
    text = text[: 10 * limit]  # spaces may be most of it
    text = "".join(each if unicodedata.category(each)[0] != "C" or each in "\n\t\r\u200d" else "" for each in text)
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut) + "…"


def _decoded(page: Page) -> str:
    """The page as text: by its byte order mark, the server's word, its own word, or as UTF-8."""
    for mark, name in _BYTE_ORDER_MARKS:
        if page.body.startswith(mark):
            return page.body[len(mark) :].decode(name, "replace")
    found = _META_CHARSET.search(page.body[:PRESCAN])
    for said in (page.charset, found[1].decode("ascii", "replace") if found else None):
        if said and _ENCODINGS.fullmatch(said):
            name = said.lower()
            if said is not page.charset and name.startswith("utf-16"):
                name = "utf-8"  # it was read as ASCII just now
            with suppress(LookupError):  # of that family, and yet not one that there is: iso-8859-12
                return page.body.decode(_READ_AS.get(name, name), "replace")
    return page.body.decode("utf-8", "replace")
