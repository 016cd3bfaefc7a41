"""Excerpts: the part of a message that shows why it was found, safe to put into a page."""

from __future__ import annotations

import re
import string
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.search import highlight
from messaging.search.highlight import EXCERPT_LENGTH, excerpt
from messaging.search.query import Term, parse
from messaging.search.words import parts_of, texts_of, words_of


def marked(text: str, query: str) -> list[str]:
    return re.findall("<mark>(.*?)</mark>", excerpt(text, parse(query).sought).html)


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("The notes of Monday", "note monday", ["note", "Monday"]),
        ("A note and notes", '"note"', ["note"]),
        ("Deploy: it went well, well!", '"went well"', ["went well"]),
        ("École d'été", "ecole ete", ["École", "été"]),
        ("明日の会議です", "会議", ["会議"]),
        ("明日の会議です", "日本 OR の", ["の"]),
        ("call getUserName()", "user", ["getUserName"]),
        ("write to ada@example.org", "ada@example.org", ["ada@example.org"]),
        ("👍🏽 fine", "👍", ["👍"]),
        ("not this", "this -that", ["this"]),
        ("nothing of it", "other", []),
    ],
)
def test_what_was_asked_for_is_marked(text: str, query: str, found: list[str]) -> None:
    assert marked(text, query) == found


def test_markup_in_a_message_stays_text() -> None:
    made = excerpt('<img src=x onerror="alert(1)"> & script</mark><script>', parse("script onerror").sought)
    assert "<img" not in made.html
    assert "<script" not in made.html
    assert re.sub("</?mark>", "", made.html) == (
        "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; script&lt;/mark&gt;&lt;script&gt;"
    )


def test_a_long_message_is_shown_around_the_match() -> None:
    made = excerpt("begin " + "filler " * 500 + "needle " + "more " * 500, parse("needle").sought)
    assert "<mark>needle</mark>" in made.html
    assert made.text.startswith("…")
    assert made.text.endswith("…")
    assert len(made.text) <= EXCERPT_LENGTH + 2


@given(st.text(max_size=2_000), st.text(max_size=20))
def test_html_and_text_say_the_same_whatever_is_asked(text: str, wanted: str) -> None:
    sought = [Term((word,), True) for word in texts_of(wanted) + texts_of(text)[:3]]
    made = excerpt(text, sought)
    assert re.sub("</?mark>", "", made.html) == escape(made.text)
    assert len(made.text) <= EXCERPT_LENGTH + 2


@pytest.mark.parametrize("text", ["a b c d e f g h i j k l " * 420, "aB " * 3_330, "z " * 5_000])
def test_many_words_in_a_long_message_are_looked_for_in_one_reading(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(highlight, "parts_of", lambda word: read.append(word) or parts_of(word))
    phrases = " ".join(f'"{"z " * count}"' for count in range(5, 20))
    for query in (" ".join(string.ascii_lowercase[:24]), phrases):
        read.clear()
        excerpt(text, parse(query).sought)
        assert len(read) <= len(words_of(text)), (
            "however many words are asked for, each of the text is taken apart once"
        )
