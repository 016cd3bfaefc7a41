"""Words: what is written and what is asked are folded alike, in every script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.search.words import WORD_MAX, fold, parts_of, texts_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Has anyone looked?", ["has", "anyone", "looked"]),
        ("Ｆｕｌｌ ﬁne Straße", ["full", "fine", "strasse"]),
        ("ÉCOLE e\u0301te\u0301 naïve", ["ecole", "ete", "naive"]),
        ("Łódź Ærø Ħamrun", ["lodz", "aero", "hamrun"]),
        ("ёлка йод", ["елка", "йод"]),  # what people leave out falls, a letter of its own stays
        ("İstanbul", ["istanbul"]),
        ("ada@example.org https://a.b/x-y?z=1", ["ada", "example", "org", "https", "a", "b", "x", "y", "z", "1"]),
        ("C++ and C# but not c+ or a#b", ["c++", "and", "c#", "but", "not", "c", "or", "a", "b"]),
        ("snake_case v2.0", ["snake", "case", "v2", "0"]),
        ("日本語", ["日本", "本語", "語"]),
        ("日", ["日"]),
        ("ABC充電器x", ["abc", "充電", "電器", "器", "x"]),
        ("がｶﾞ", ["がガ", "ガ"]),  # voiced kana stay voiced, half or full width
        ("한국어", ["한국", "국어", "어"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),  # vowel signs belong to the word
        ("👍🏽 ok", ["👍", "ok"]),
        ("👨\u200d👩\u200d👧 🇩🇪🇫🇷 ❤\ufe0f", ["👨", "👩", "👧", "🇩🇪", "🇫🇷", "❤"]),
        ("…?! – “”", []),
        ("⑴", ["1"]),
    ],
)  # fmt: skip
def test_texts_are_made_of_these_words(text: str, words: list[str]) -> None:
    assert texts_of(text) == words


def test_thai_is_cut_between_letters_and_never_before_their_marks() -> None:
    words = texts_of("สวัสดี")
    assert words == ["สวั", "วัส", "สดี", "ดี"]
    assert not any(unicodedata.category(word[0]).startswith("M") for word in words)


def test_names_in_one_word_are_found_by_their_parts() -> None:
    assert parts_of("call parseHTMLTree or getUserName") == ["parse", "html", "tree", "get", "user", "name"]
    assert parts_of("nothing of the kind HERE, Or here") == []


def test_an_endless_word_is_cut_on_both_sides() -> None:
    assert texts_of("x" * 10_000) == ["x" * WORD_MAX]
    assert [len(word) for word in texts_of("é" * 10_000)] == [WORD_MAX]


@given(st.text())
def test_no_word_means_anything_to_a_database(text: str) -> None:
    for word in texts_of(text):
        assert not set(word) & set(" '\"\\:()&|!<>*^-\t\n\0"), word
        assert len(word) <= WORD_MAX


@given(st.text())
def test_places_are_in_order_and_within_the_text(text: str) -> None:
    words = words_of(text)
    assert [word.text for word in words] == texts_of(text)
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)


@given(st.text(alphabet=st.characters(categories=["L", "N", "M"]), min_size=1))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), min_size=1))
def test_case_and_form_make_no_difference_to_latin(text: str) -> None:
    assert texts_of(unicodedata.normalize("NFD", text)) == texts_of(unicodedata.normalize("NFC", text))
