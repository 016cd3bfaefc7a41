"""Nothing that anybody can write becomes anything that a browser runs or loads: a corpus of attempts.

`xss_corpus.json` has them by kind; each tries to set `top.taken` or to reach evil.example. Here
their HTML is taken apart and held against what may be in it; `tests/browser/test_xss.py` has a
browser show all of it.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from messaging.rendering import plain, render, sanitizing

CORPUS: dict[str, list[str]] = json.loads(Path(__file__).with_name("xss_corpus.json").read_text())
MENTIONS = {"ada": "0192f0a0-0000-7000-8000-0000000000a7", "room": "room", "here": "here"}

# Written out once more, so that widening the sanitiser's list does not widen this one.
ATTRIBUTES = {
    "a": {"href", "title", "rel", "target"},
    "code": {"class"},
    "div": {"class"},
    "input": {"type", "disabled", "checked"},
    "li": {"class"},
    "ol": {"start"},
    "span": {"class", "data-user", "role", "tabindex", "aria-expanded", "data-name"},
    "td": {"class"},
    "th": {"class"},
}
TAGS = {
    *("p", "br", "em", "strong", "s", "blockquote", "ul", "hr", "h3", "h4", "h5", "h6"),
    *("pre", "table", "thead", "tbody", "tr"),
    *ATTRIBUTES,
}
ADDRESS = re.compile(r"(https?://[^/\\\s]|mailto:)[^\x00-\x20\x7f]*", re.IGNORECASE)


class Held(HTMLParser):
    """Reads HTML as a browser does, and fails at the first thing that has no business in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        given = dict(attrs)
        assert len(given) == len(attrs), "an attribute is there twice"
        assert given.keys() <= ATTRIBUTES.get(tag, set()), (tag, given)
        if tag == "a":
            # Without an address it leads nowhere: the sanitiser read it as none.
            assert ADDRESS.fullmatch(given.get("href", "mailto:") or ""), given
            assert given["rel"] == "nofollow noopener noreferrer"
            assert given.get("target", "_blank") == "_blank"
        if tag == "input":
            assert given["type"] == "checkbox"
            assert "disabled" in given
        if "data-user" in given:
            assert given["data-user"] in MENTIONS.values()
        if "start" in given:
            assert (given["start"] or "").isdecimal()
        assert re.fullmatch(r"[a-z -]*", given.get("class") or ""), given
        assert given.get("data-name", "spoiler") == "spoiler"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    unknown_decl = handle_decl

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


@pytest.mark.parametrize("kind", CORPUS)
def test_no_attempt_comes_through(kind: str) -> None:
    for written in CORPUS[kind]:
        Held(render(written, MENTIONS))
        Held(render(f"{written}\n{written}", MENTIONS))


def test_attempts_that_follow_each_other_do_not_help_each_other() -> None:
    every = [written for kind in CORPUS.values() for written in kind]
    for start in range(0, len(every), 20):
        Held(render("\n\n".join(every[start : start + 20]), MENTIONS))
        Held(render("".join(every[start : start + 20]), MENTIONS))


def test_the_corpus_is_large_and_each_attempt_is_another() -> None:
    every = [written for kind in CORPUS.values() for written in kind]
    assert len(every) == len(set(every)) > 500


@pytest.mark.parametrize(
    "html",
    [
        "<script>top.taken=1</script>",
        "<img src=x onerror=top.taken=1>",
        "<a href='javascript:top.taken=1'>x</a>",
        "<a href='/logout'>x</a>",
        "<p onclick=top.taken=1 style='color:red' id=timeline>x</p>",
        "<span class='composer is-mine' data-user=x>x</span>",
        "<input type=text name=content>",
        "<!-- x --><svg onload=top.taken=1><iframe srcdoc=x></iframe></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=top.taken=1>",
        "<div data-label=deleted class=message tabindex=5>x</div>",
        "<code class='language-evil'>x</code>",
    ],
)
def test_the_sanitiser_stands_even_if_the_renderer_falls(html: str) -> None:
    clean = sanitizing.clean(html)
    for trace in ("script", "onerror", "onclick", "style", "svg", "iframe", "javascript", "logout", "composer", "text"):
        assert trace not in clean
    assert 'class="message"' not in clean
    assert "deleted" not in clean
    assert "evil" not in clean


def test_plain_text_is_for_escaping_and_never_longer_than_asked() -> None:
    for kind in CORPUS.values():
        for written in kind:
            assert len(plain(written, 60)) <= 60
