"""Where in a message the words are that were asked for, and the part of it that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    found = [
        (words[first].start, _end(term, words[first + len(term.words) - 1]))
        for term in sought
        for first in range(len(words) - len(term.words) + 1)
        if _stands_at(term, words, first, text)
    ]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((start, end))
    return apart


def _end(term: Term, word: Word) -> int:
    """Where a match ends whose last word this is: of a longer word, its beginning is shown."""
    sought = len(term.words[-1])
    is_letter_for_letter = word.end - word.start == len(word.text)
    if term.is_prefix and is_letter_for_letter and word.text.startswith(term.words[-1]):
        return word.start + sought
    return word.end


def _stands_at(term: Term, words: Sequence[Word], first: int, text: str) -> bool:
    *whole, last = term.words
    if any(words[first + offset].text != word for offset, word in enumerate(whole)):
        return False
    word = words[first + len(whole)]
    candidates = [word.text]
    if not whole:  # a part of a name that is written in one word
        candidates += parts_of(text[word.start : word.end])
    return any(each.startswith(last) if term.is_prefix else each == last for each in candidates)
