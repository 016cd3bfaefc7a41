"""Code blocks: highlighted by Pygments, as classes of a small set that `markup.css` colours.

Only languages that are listed here are highlighted, and only so much of a block: Pygments' lexers
are regular expressions made for honest files, and they run on the thread that stores messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from time import thread_time

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String, _TokenType

# What is longer is shown as it is. Some 150 lines; three milliseconds.
HIGHLIGHT_MAX = 4_000  # characters of a block
# Nobody's code has this much white space in a row, and several lexers look at each run quadratically.
WHITE_MAX = 200
# What a block may cost, in seconds of this thread's own time: honest code takes a tenth of it.
BUDGET_S = 0.03
_WHITE_RUN = re.compile(rf"\s{{{WHITE_MAX},}}")

_Lexed = tuple[int, _TokenType, str]

# Names by which people call them → Pygments' name, which is also the class of the block.
_LANGUAGES = {
    name: alias
    for alias, names in {
        "bash": "bash sh shell zsh",
        "c": "c h",
        "cpp": "cpp c++ cc hpp",
        "csharp": "csharp cs c#",
        "css": "css",
        "dart": "dart",
        "diff": "diff patch udiff",
        "docker": "docker dockerfile",
        "elixir": "elixir ex exs",
        "go": "go golang",
        "graphql": "graphql gql",
        "haskell": "haskell hs",
        "html": "html htm",
        "java": "java",
        "javascript": "javascript js jsx mjs node",
        "json": "json jsonc",
        "kotlin": "kotlin kt",
        "lua": "lua",
        "make": "make makefile mk",
        "nginx": "nginx",
        "perl": "perl pl",
        "php": "php",
        "powershell": "powershell ps1 pwsh",
        "python": "python py python3",
        "r": "r",
        "ruby": "ruby rb",
        "rust": "rust rs",
        "scala": "scala",
        "sql": "sql postgres postgresql mysql sqlite",
        "swift": "swift",
        "toml": "toml ini cfg conf",
        "typescript": "typescript ts tsx",
        "xml": "xml svg",
        "yaml": "yaml yml",
    }.items()
    for name in names.split()
}
LANGUAGES = frozenset(_LANGUAGES.values())

# Those with a ground of their own, which white space beside them must not take on.
_GROUNDS = frozenset({"gd", "gi"})
# What is told apart, the more special before the more general; all else stays in the text's colour.
_CLASSES: dict[_TokenType, str] = {
    Comment: "c",
    Keyword.Constant: "m",
    Keyword: "k",
    Operator.Word: "k",
    String: "s",
    Number: "m",
    Name.Function: "f",
    Name.Class: "f",
    Name.Decorator: "f",
    Name.Tag: "k",
    Name.Attribute: "f",
    Name.Builtin: "b",
    Generic.Deleted: "gd",
    Generic.Inserted: "gi",
    Generic.Heading: "k",
    Generic.Subheading: "c",
}
CLASSES = frozenset(_CLASSES.values())


def code_block(code: str, info: str) -> str:
    """Return the `<pre>` of a fenced block; `info` is what stands behind the opening fence."""
    code = code.removesuffix("\n")
    language = _LANGUAGES.get(info.strip().partition(" ")[0].lower())
    if language is None:
        return f"<pre><code>{_escaped(code)}</code></pre>"
    inside = _highlighted(code, language) or _escaped(code)
    return f'<pre><code class="language-{language}">{inside}</code></pre>'


def _highlighted(code: str, language: str) -> str | None:
    """The HTML of the code; None when it is not worth, or not safe, to be looked at."""
    if len(code) > HIGHLIGHT_MAX or _WHITE_RUN.search(code):
        return None
    tokens = _within_budget(_lexer_class(language)().get_tokens_unprocessed(code))  # `get_tokens` strips lines
    try:
        return "".join(
            _escaped(text) if name is None else f'<span class="{name}">{_escaped(text)}</span>'
            for name, text in _runs(tokens)
        )
    except TimeoutError:
        return None


def _within_budget(tokens: Iterator[_Lexed]) -> Iterator[_Lexed]:
    """The tokens; TimeoutError when making them has taken this thread longer than it may."""
    deadline = thread_time() + BUDGET_S
    for token in tokens:
        if thread_time() > deadline:
            raise TimeoutError
        yield token


def _runs(tokens: Iterator[_Lexed]) -> Iterator[tuple[str | None, str]]:
    """Pieces of the code that look alike, with their class; white space joins what is before it."""
    current: str | None = None
    pieces: list[str] = []
    for _, kind, text in tokens:
        name = _class_of(kind)
        if text.isspace():
            name = None if current in _GROUNDS else current
        if name != current and pieces:
            yield current, "".join(pieces)
            pieces.clear()
        current = name
        pieces.append(text)
    if pieces:
        yield current, "".join(pieces)


@cache
def _class_of(kind: _TokenType) -> str | None:
    while kind not in _CLASSES:
        if kind.parent is None:
            return None
        kind = kind.parent
    return _CLASSES[kind]


@cache
def _lexer_class(language: str) -> type[Lexer]:
    found: type[Lexer] = find_lexer_class_by_name(language)
    return found


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
