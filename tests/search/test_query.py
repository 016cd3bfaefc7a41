"""The language of the search box."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.search import sqlite
from messaging.search.engine import Matching
from messaging.search.postgres import terms_of
from messaging.search.query import CLAUSES_MAX, FILTERS, QUERY_MAX, Clause, Filter, Query, Term, parse
from realtime.errors import Invalid


def shown(query: Query) -> str:
    """A query as text: `*` is a beginning, `+` joins neighbours."""
    return " OR ".join(
        " ".join(
            ("-" if clause.negated else "") + "+".join(clause.term.words) + ("*" if clause.term.is_prefix else "")
            for clause in clauses
        )
        for clauses in query.alternatives
    )


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Word", "word*"),
        ("two words", "two* words*"),
        ("x", "x"),  # a beginning of one letter would be half of the language
        ('"went well"', "went+well"),
        ('"not closed', "not+closed"),
        ("deploy -staging", "deploy* -staging*"),
        ('deploy -"by hand"', "deploy* -by+hand"),
        ("this OR that", "this* OR that*"),
        ("a1 b1 OR c1", "a1* b1* OR c1*"),
        ("this or that", "this* or* that*"),
        ("OR this OR OR", "this*"),
        ("ada@example.org", "ada+example+org*"),
        ("don't", "don+t"),
        ("日本語", "日本+本語"),
        ("日", "日*"),
        ('"日"', "日*"),  # the first letter of a pair, whatever follows
        ("iPhone充電器", "iphone+充電+電器"),
        ("👍", "👍"),
        ("C++", "c++"),
        ("foo:bar", "foo+bar*"),  # no filter of that name
        ("- -- -?", ""),
        ("", ""),
    ],
)
def test_words_phrases_and_their_absence(text: str, meaning: str) -> None:
    assert shown(parse(text)) == meaning


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("from:ada", [Filter("from", "ada")]),
        ("FROM:@Ada x", [Filter("from", "@Ada")]),
        ('in:"The Team" from:"Ada L"', [Filter("in", "The Team"), Filter("from", "Ada L")]),
        ("-has:link", [Filter("has", "link", True)]),
        ("on:2025-01-31 is:pinned", [Filter("on", "2025-01-31"), Filter("is", "pinned")]),
        ("before:2025-01-31T10:00:00Z", [Filter("before", "2025-01-31T10:00:00Z")]),
    ],
)
def test_filters_are_taken_out_wherever_they_stand(text: str, filters: list[Filter]) -> None:
    assert parse(f"one {text} two").filters == tuple(filters)
    assert parse(f"{text} OR two").filters == tuple(filters)


@pytest.mark.parametrize("text", ["from:", 'in:""', "-before:2025", "x" * (QUERY_MAX + 1), "a\0b", "word " * 30])
def test_what_cannot_be_asked_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert list(refused.value.fields) == ["q"]


@given(st.text(max_size=QUERY_MAX))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    try:
        query = parse(text)
    except Invalid:
        return
    clauses = [clause for clauses in query.alternatives for clause in clauses]
    assert len(clauses) <= CLAUSES_MAX
    assert all(clause.term.words and all(clause.term.words) for clause in clauses)


_PIECES = st.sampled_from(
    [*(f"{name}:x" for name in FILTERS), "word", '"two words"', "-", "OR", '"', "日本", "'", "\\", ":*", "&", "|", "!("]
)


@given(st.lists(_PIECES, max_size=12).map(" ".join))
def test_nothing_that_is_typed_is_an_operator_of_the_database(text: str) -> None:
    try:
        query = parse(text)
    except Invalid:
        return
    for term in (clause.term for clauses in query.alternatives for clause in clauses):
        assert not set("".join(term.words)) & set("'\"\\:&|!<>()* ")


def test_the_question_in_the_databases_words() -> None:
    asked = Matching(
        rooms=[uuid4() for _ in range(20)],
        alternatives=(
            (Clause(Term(("one",), True), False), Clause(Term(("two", "three"), False), True)),
            (Clause(Term(("four",), False), True),),
        ),
        marks=((":from=a", ":from=b"), (":has=link",)),
        without=(":is=pinned",),
    )
    assert terms_of(asked)[1] == (
        "((('one':*) & !('two' <-> 'three')) | (!('four'))) & (':from=a' | ':from=b') & (':has=link') & !':is=pinned'"
    )
    assert sqlite.match_of(asked) == (
        '((("one" *) NOT "two three") OR ((":all") NOT "four")) AND (":from=a" OR ":from=b") AND (":has=link")'
        ' NOT ":is=pinned"'
    )
