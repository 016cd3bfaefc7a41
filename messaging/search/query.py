"""The language of the search box: words, "phrases", OR, -without, and filters like `from:name`.

`parse` reads it as PostgreSQL's websearch_to_tsquery would, and takes the filters out, wherever
they stand. Nothing here asks the database: names are resolved by `scope`.

    deploy "went well" OR rollback -staging from:alice in:general after:2025-01

finds messages of alice in general, from February 2025 on, with (deploy… and "went well") or
(rollback… and not staging…). Words find what begins with them; those in quotes only themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from messaging.search.words import words_of
from realtime.errors import Invalid

QUERY_MAX = 500  # characters
CLAUSES_MAX = 24  # words and phrases; more is no question, and each costs the database a look

FilterName = Literal["from", "in", "before", "after", "on", "has", "is", "mentions"]
# What each takes, as the box suggests it.
FILTERS: dict[FilterName, str] = {
    "from": "a person, or “me”",
    "in": "a room",
    "before": "a date",
    "after": "a date",
    "on": "a date",
    "has": "link, file, image or poll",
    "is": "pinned",
    "mentions": "“me”, or a person",
}
# The same as parameters of a request.
PARAMETERS: dict[str, FilterName] = {"room": "in", **{name: name for name in FILTERS if name != "in"}}
HAS = ("link", "file", "image", "video", "audio", "poll")
IS = ("pinned",)

# A word that is this short is meant as it stands: as a beginning it would be half of the language.
PREFIX_MIN = 2


class Term(NamedTuple):
    """Words that stand next to each other; of the last, `is_prefix` says, the beginning is enough."""

    words: tuple[str, ...]
    is_prefix: bool


class Clause(NamedTuple):
    term: Term
    negated: bool


class Filter(NamedTuple):
    """A filter as it was written: `-from:"Bob B"` is `("from", "Bob B", True)`."""

    name: FilterName
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: one of the alternatives, each of which is all of its clauses; and all filters."""

    alternatives: tuple[tuple[Clause, ...], ...] = ()
    filters: tuple[Filter, ...] = ()

    def narrowed(self, filters: Iterable[Filter]) -> Query:
        """The same query with more filters. Invalid, under the filter's name: what no name or date holds."""
        more = tuple(filters)
        for each in more:
            if "\0" in each.value:
                raise invalid("A search cannot contain NUL characters.", each.name)
        return Query(self.alternatives, (*self.filters, *more))

    @property
    def sought(self) -> list[Term]:
        """The terms that a hit may have, to be highlighted in it."""
        return [clause.term for clauses in self.alternatives for clause in clauses if not clause.negated]


_PIECES = re.compile(
    r"""
    (?P<minus>-)?
    (?: (?P<filter>from|in|before|after|on|has|is|mentions) : (?: "(?P<quoted_value>[^"]*)"? | (?P<value>\S*) )
      | "(?P<phrase>[^"]*)"?
      | (?P<word>[^\s"]+)
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def parse(text: str) -> Query:
    """Read what was typed. Invalid (field `q`): it is too long, or a filter lacks its value.

    Text without a word in it, like “?!”, gives a query without alternatives.
    """
    if len(text) > QUERY_MAX:
        raise invalid(f"A search has at most {QUERY_MAX} characters.")
    if "\0" in text:
        raise invalid("A search cannot contain NUL characters.")
    alternatives: list[list[Clause]] = [[]]
    filters: list[Filter] = []
    for match in _PIECES.finditer(text):
        negated = match["minus"] is not None
        if match["filter"] is not None:
            filters.append(_filter(match["filter"].lower(), match["quoted_value"], match["value"], negated))
        elif match[0] == "OR":
            alternatives.append([])
        elif match["phrase"] is not None:
            alternatives[-1] += [Clause(term, negated) for term in _terms(match["phrase"], exact=True)]
        else:
            alternatives[-1] += [Clause(term, negated) for term in _terms(match["word"], exact=False)]
    # An OR with nothing on one side of it asks for the other side.
    asked = tuple(tuple(clauses) for clauses in alternatives if clauses)
    if sum(map(len, asked)) > CLAUSES_MAX:
        raise invalid(f"A search has at most {CLAUSES_MAX} words.")
    return Query(asked, tuple(filters))


def _filter(name: str, quoted: str | None, plain: str | None, negated: bool) -> Filter:
    value = (quoted if quoted is not None else plain or "").strip()
    kind: FilterName = next(each for each in FILTERS if each == name)
    if not value:
        raise invalid(f"“{name}:” needs {FILTERS[kind]} after it, without a space.")
    if negated and kind in ("before", "after", "on"):
        raise invalid(f"“-{name}:” means nothing. Use “before:”, “after:” or “on:” without the minus.")
    return Filter(kind, value, negated)


def _terms(text: str, *, exact: bool) -> Iterator[Term]:
    """What stands together in the query stands together in a hit: `a.b@c.d` is four words in a row."""
    words = words_of(text)
    if not words:
        return
    last = words[-1]
    if last.is_letter and len(words) > 1 and words[-2].end == last.end:
        words = words[:-1]  # the pair before holds it already, and what follows it in a hit is free
        last = words[-1]
        is_prefix = False
    elif last.is_letter:
        is_prefix = True  # alone: any pair that begins with it, or it as the last of its run
    else:
        is_prefix = not exact and len(last.text) >= PREFIX_MIN and last.text[-1].isalnum()
    yield Term(tuple(word.text for word in words), is_prefix)


def invalid(detail: str, field: str = "q") -> Invalid:
    return Invalid(detail, fields={field: [detail]})
