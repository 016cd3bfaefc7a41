"""What a text is made of: the words that the index holds and that a query asks for.

One function reads both, so that what was written is found as it was written. Databases get words
that are folded already (NFKC, case, accents) and add no language rules of their own: no
dictionary, no stemming, nothing that one of them may lack.

Letters of scripts that are written without spaces become pairs of neighbours ("日本語" is
"日本", "本語", and "語" so that the last letter is found alone); everything else is split where a
letter or digit meets something that is neither. Signs like emoji are words of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

# Beyond this a "word" is a key or a blob: its beginning is enough to find it, on both sides.
WORD_MAX = 64


class Word(NamedTuple):
    """A folded word, and the characters `start:end` of the text that it was made of."""

    text: str
    start: int
    end: int
    # One of the letters of a run without spaces: it stands for the beginning of a pair.
    is_letter: bool = False


def _marks() -> str:
    """Combining marks as a regular expression's class: to `\\w` they are no part of a word."""
    # The blocks of scripts that people write today, and of the general marks.
    blocks = (
        *((0x300, 0x1E00), (0x20D0, 0x2100), (0x302A, 0x309B), (0xA660, 0xAC00)),
        *((0x11000, 0x11A00), (0x1E000, 0x1E960)),
    )
    codes = [code for low, high in blocks for code in range(low, high) if unicodedata.category(chr(code))[0] == "M"]
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


_MARKS = _marks()
# Scripts without spaces between words: Han, Kana, Bopomofo, Hangul (whose particles cling to the
# words), Thai, Lao, Khmer, Burmese. Their marks belong to them.
_RUN = (
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1100-\u11ff\u1780-\u17d3\u3005-\u3007\u3031-\u3035\u3041-\u3096"
    "\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# A letter of such a run with the marks that hang on it, so that no pair tears them apart. (The last
# two are the half-width voicing marks, which Unicode calls letters.)
_CLUSTER = re.compile(f".[{_MARKS}\uff9e\uff9f]*", re.DOTALL)
# Signs that are words: flags are pairs of letters; skin tones and joiners say nothing by themselves.
_SIGN = "[\U0001f1e6-\U0001f1ff]{2}|[^\\w\\s\\u0000-\\u00a8\\u200b-\\u206f\\ufe00-\\ufe0f\U0001f3fb-\U0001f3ff]"
_SHORT_NAMES = r"(?<![^\W_])[a-zA-Z](?:\+\+|\#)(?![^\W_])"  # C++, C#
_WORDS = re.compile(f"(?P<run>[{_RUN}]+)|{_SHORT_NAMES}|(?:(?![{_RUN}])[^\\W_][{_MARKS}]*)+|(?P<sign>{_SIGN})")
_ASCII_WORDS = re.compile(r"(?<![a-z0-9])[a-z](?:\+\+|\#)(?![a-z0-9])|[a-z0-9]+")

# Accents of Latin, Greek and Cyrillic, Hebrew points, Arabic vowels: people leave them out. The
# marks of other scripts are vowels, and the word would be another without them.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0655\u0670\u0640]")
# “й” is a letter, not an accented “и”.
_SHORT_I = "\u0438\u0306"
# Letters that Unicode does not take apart into a Latin letter and a mark.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n", "ŧ": "t"}
)

# Where a name that is written in one word turns: parseHTMLTree is parse, HTML, Tree.
_TURNS = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")


# What a character may turn into that means something to a database's query language: “⑴” is “(1)”.
_NO_PART = {code: None for code in range(0x80) if not chr(code).isalnum() and chr(code) not in "+#"}


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """Write a word so that case, width, accents and ways of encoding it make no difference.

    The result holds no space and, of ASCII, only letters, digits, `+` and `#`; it may be empty.
    """
    taken_apart = unicodedata.normalize("NFKD", word.casefold()).casefold().replace(_SHORT_I, "й")
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", taken_apart)).translate(_LETTERS)
    return "".join(plain.translate(_NO_PART).split())[:WORD_MAX]


def texts_of(text: str) -> list[str]:
    """Return the folded words of the text: what the index keeps of it."""
    if text.isascii():  # without their places, which take most of the time
        return [word[:WORD_MAX] for word in _ASCII_WORDS.findall(text.lower())]
    return [word.text for word in _words_of_any(text)]


def words_of(text: str) -> list[Word]:
    """Return the words of the text in their order, with their places in it."""
    if text.isascii():
        return [Word(match[0][:WORD_MAX], match.start(), match.end()) for match in _ASCII_WORDS.finditer(text.lower())]
    return list(_words_of_any(text))


def _words_of_any(text: str) -> Iterator[Word]:
    for match in _WORDS.finditer(text):
        if match["run"] is not None:
            yield from _pairs(match[0], match.start())
        elif match["sign"] is not None and unicodedata.category(match[0][0])[0] != "S":
            continue  # punctuation
        elif folded := fold(match[0][: 2 * WORD_MAX]):  # what is cut off would not be kept
            yield Word(folded, match.start(), match.end())


def _pairs(run: str, offset: int) -> Iterator[Word]:
    """The pairs of neighbouring letters, and the last letter."""
    letters = [(fold(match[0]), offset + match.start(), offset + match.end()) for match in _CLUSTER.finditer(run)]
    for (first, start, _), (second, _, end) in pairwise(letters):
        yield Word(first + second, start, end)
    last, start, end = letters[-1]
    yield Word(last, start, end, is_letter=True)


def parts_of(text: str) -> list[str]:
    """Return the folded parts of names written in one word, as programs have them."""
    if not _TURNS.search(text):
        return []
    found = []
    for match in re.finditer(r"[A-Za-z0-9]+", text):
        if _TURNS.search(match[0]) and len(parts := _PARTS.findall(match[0])) > 1:
            found += [part.lower()[:WORD_MAX] for part in parts if len(part) > 1]
    return found
