"""Where in a message the words are that were asked for, and the part of it that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from messaging.search.query import Term
from messaging.search.words import Word, parts_of, words_of

EXCERPT_LENGTH = 240  # characters: some three lines of a panel
# How much stands before the first match in an excerpt that begins in the middle.
LEAD = 60


class Excerpt(NamedTuple):
    """Part of a text, as plain text and as safe HTML with `<mark>` around what was found."""

    text: str
    html: str


def excerpt(text: str, sought: Sequence[Term], length: int = EXCERPT_LENGTH) -> Excerpt:
    """Return up to `length` characters of the text around the first match, cut between words."""
    text = " ".join(text.split())
    spans = matches(text, sought)
    start, end = _window(text, spans[0][0] if spans else 0, length)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    marked, at = [before], start
    for first, last in spans:
        if first >= end:
            break
        if first >= start:
            last = min(last, end)
            marked += [escape(text[at:first]), "<mark>", escape(text[first:last]), "</mark>"]
            at = last
    marked += [escape(text[at:end]), after]
    return Excerpt(f"{before}{text[start:end]}{after}", "".join(marked))


def _window(text: str, match: int, length: int) -> tuple[int, int]:
    if len(text) <= length:
        return 0, len(text)
    start = max(0, min(match - LEAD, len(text) - length))
    if start:
        start = text.find(" ", start, match) + 1 or start
    end = min(len(text), start + length)
    if end < len(text):
        space = text.rfind(" ", match + 1, end)
        end = space if space > start + length // 2 else end
    return start, end


def matches(text: str, sought: Iterable[Term]) -> list[tuple[int, int]]:
    """Return the places of all matches as `start, end`, in order and apart from each other."""
    words = words_of(text)
    texts = [word.text for word in words]
    terms = set(sought)
    # A word of a query also finds a part of a name that is written in one word.
    parts: list[list[str]] = []
    if any(len(term.words) == 1 for term in terms):
        parts = [parts_of(text[word.start : word.end]) for word in words]
    found = [
        (words[first].start, _end(term, words[first + len(term.words) - 1]))
        for term in terms
        for first in _places(term, texts, parts)
    ]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((start, end))
    return apart


def _places(term: Term, texts: Sequence[str], parts: Sequence[Sequence[str]]) -> Iterator[int]:
    """Where in a row of words the term's begin. A term can have many words, a text thousands: few steps each."""
    *whole, last = term.words
    before = len(whole)
    for place in range(before, len(texts)):
        word = texts[place]
        is_here = word.startswith(last) if term.is_prefix else word == last
        if before:
            if is_here and texts[place - before : place] == whole:
                yield place - before
        elif is_here or any(each.startswith(last) if term.is_prefix else each == last for each in parts[place]):
            yield place


def _end(term: Term, word: Word) -> int:
    """Where a match ends whose last word this is: of a longer word, its beginning is shown."""
    sought = len(term.words[-1])
    is_letter_for_letter = word.end - word.start == len(word.text)
    if term.is_prefix and is_letter_for_letter and word.text.startswith(term.words[-1]):
        return word.start + sought
    return word.end
