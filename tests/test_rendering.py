"""From what people write to what they see: mark-up, mentions, plain text, and hostile amounts of each."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messaging import rendering
from messaging.rendering import grammar, highlighting, markup, mentioned_names, plain, render, sanitizing, shortcodes
from messaging.rendering.links import LABELS_MAX
from tests.concurrency import at_once

ADA = "0192f0a0-0000-7000-8000-0000000000a7"
BLANK = 'rel="nofollow noopener noreferrer"'


def link(address: str, text: str | None = None) -> str:
    return f'<a href="{address}" target="_blank" {BLANK}>{text or address}</a>'


def words(html: str) -> str:
    """What a reader sees of HTML, with line ends for `<br>`."""
    return unescape(re.sub(r"<[^>]*>", "", html.replace("<br>", "\n")))


class Depth(HTMLParser):
    """Counts how deep elements lie, and that each is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.deepest = 0
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("br", "hr", "input"):
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


# --- What people write ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("Hello", "<p>Hello</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("one\n  two, indented", "<p>one<br>  two, indented</p>"),
        ("    no code", "<p>    no code</p>"),
        ("*slanted* **bold** ~~gone~~", "<p><em>slanted</em> <strong>bold</strong> <s>gone</s></p>"),
        ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
        (r"\*as it is\*", "<p>*as it is*</p>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("# Big\n###### Small", "<h3>Big</h3><h6>Small</h6>"),
        ("no heading\n---", "<p>no heading</p><hr>"),
        ("> said\nand answered", "<blockquote><p>said</p></blockquote><p>and answered</p>"),
        ("> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
        ("- a\n- b\n  - c\nafter", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>after</p>"),
        ("3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'),
        (
            "- [ ] open\n- [x] done",
            '<ul><li class="task"><input type="checkbox" disabled="">open</li>'
            '<li class="task"><input type="checkbox" disabled="" checked="">done</li></ul>',
        ),
        (
            "| a | b |\n|---|--:|\n| 1 | 2 |",
            '<div class="table"><table><thead><tr><th>a</th><th class="is-right">b</th></tr></thead>'
            '<tbody><tr><td>1</td><td class="is-right">2</td></tr></tbody></table></div>',
        ),
        ("<b>x</b> & &amp; &lt;", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &amp;amp; &amp;lt;</p>"),
        ("[1]: https://a.example stays", f"<p>[1]: {link('https://a.example')} stays</p>"),
        ("```\na\n  b\n```", "<pre><code>a\n  b</code></pre>"),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("```cobol\nx\n```", "<pre><code>x</code></pre>"),
    ],
)
def test_marks_up_what_people_write(written: str, html: str) -> None:
    assert render(written) == html


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("https://a.example/b_c_d?e=1&f=2.", link("https://a.example/b_c_d?e=1&amp;f=2") + "."),
        ("(https://a.example/b_(c))", "(" + link("https://a.example/b_(c)") + ")"),
        ("www.a.org, README.md", link("http://www.a.org", "www.a.org") + ", README.md"),
        (
            "a.org/www.b.org www.a.b.c.d.e.f.org",
            "a.org/www.b.org " + link("http://www.a.b.c.d.e.f.org", "www.a.b.c.d.e.f.org"),
        ),
        ("a@b.dev", f'<a href="mailto:a@b.dev" {BLANK}>a@b.dev</a>'),
        ("<https://a.example>", link("https://a.example")),
        ("[words](https://a.example)", link("https://a.example", "words")),
        ("[](https://a.example)", link("https://a.example")),
        (
            '[w](https://a.example "a title")',
            f'<a href="https://a.example" title="a title" target="_blank" {BLANK}>w</a>',
        ),
        ("**https://a.example/_x_**", f"<strong>{link('https://a.example/_x_')}</strong>"),
        ("[x](/logout) [y](//a.example) [z](ftp://a.example)", "[x](/logout) [y](//a.example) [z](ftp://a.example)"),
        ("http\\://a.example", "http://a.example"),
    ],
)
def test_links_lead_to_the_web_and_to_mail_only(written: str, html: str) -> None:
    assert render(written) == f"<p>{html}</p>"


def test_pictures_are_links_so_that_reading_loads_nothing() -> None:
    assert render("![a cat](https://a.example/cat.png)") == f"<p>{link('https://a.example/cat.png', 'a cat')}</p>"
    assert render("![](https://a.example/c.png)") == f"<p>{link('https://a.example/c.png')}</p>"
    assert render("[![b](https://a.example/i.svg)](https://b.example)") == f"<p>{link('https://b.example', 'b')}</p>"


def test_a_spoiler_can_be_reached_with_the_keyboard_and_holds_other_marks() -> None:
    html = render("The end: ||it was **him**||, || or not ||")
    assert (
        html.count('<span class="spoiler" role="button" tabindex="0" aria-expanded="false" data-name="spoiler">') == 2
    )
    assert "<span>it was <strong>him</strong></span></span>," in html
    assert render("a || b") == "<p>a || b</p>"
    assert "spoiler" not in render("`||code||`")


@pytest.mark.parametrize(
    ("written", "shows"),
    [
        (":tada: :+1:", "🎉 👍"),
        (":cat: :egg: :man-shrugging:", "🐱 🥚 🤷‍♂️"),
        (":wave::skin-tone-3: :man-shrugging::skin-tone-2:", "👋🏼 🤷🏻‍♂️"),
        ("(:stuck_out_tongue:)", "(😛)"),
        (":no-such-thing: 10:30:45 std::map::at a:x:b", ":no-such-thing: 10:30:45 std::map::at a:x:b"),
        ("`:tada:` https://a.example/:tada:/", ":tada: https://a.example/:tada:/"),
    ],
)
def test_shortcodes_are_emoji(written: str, shows: str) -> None:
    assert words(render(written)) == shows


# --- Code ---------------------------------------------------------------------------------------


def test_code_is_coloured_by_classes() -> None:
    html = render('```python\ndef f():\n    return "a" # <b>\n```')
    assert html == (
        '<pre><code class="language-python"><span class="k">def </span><span class="f">f</span>():\n'
        '    <span class="k">return </span><span class="s">"a" </span><span class="c"># &lt;b&gt;</span></code></pre>'
    )


@pytest.mark.parametrize("language", sorted(highlighting.LANGUAGES))
def test_highlighting_changes_no_character(language: str) -> None:
    code = "# a <b> & 'c' \"d\" //e /* f */\n\n\tif (x == 1) { return `y`; }\n- z: [1, 2]\n<p class=q>r</p>   "
    html = render(f"```{language}\n{code}\n```")
    assert words(html) == code
    assert f'class="language-{language}"' in html


def test_code_that_is_long_or_costly_is_shown_as_it_is() -> None:
    for code in ("x = 1\n" * 1_000, "a" + " " * 3_000 + "= 1"):
        html = render(f"```c\n{code}\n```")
        assert "<span" not in html
        assert words(html) == code


# --- Mentions -----------------------------------------------------------------------------------


def mention(name: str, user: str = ADA) -> str:
    return f'<span class="mention" data-user="{user}">@{name}</span>'


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("Hi @ada!", f"Hi {mention('ada')}!"),
        ("@Ada's", f"{mention('Ada')}'s"),
        ("(**@ada**)", f"(<strong>{mention('ada')}</strong>)"),
        ("@adam @adaé @ad", "@adam @adaé @ad"),
        ("`@ada` and\n```\n@ada\n```", "<code>@ada</code> and</p><pre><code>@ada</code></pre>"),
        ("ada@ada.org", f'<a href="mailto:ada@ada.org" {BLANK}>ada@ada.org</a>'),
        ("https://a.example/@ada", link("https://a.example/@ada")),
        ("[@ada](https://a.example)", link("https://a.example", "@ada")),
        ("x/@ada x.@ada x_@ada", "x/@ada x.@ada x_@ada"),
        ("@room and @here", f"{mention('room', 'room')} and @here"),
        ("@_b_ now", f"{mention('_b_')} now"),
    ],
)
def test_a_mention_is_a_name_in_text(written: str, html: str) -> None:
    expected = f"<p>{html}" + ("" if html.endswith("</pre>") else "</p>")
    assert render(written, {"ada": ADA, "room": "room", "_b_": ADA}) == expected


def test_the_names_that_a_text_may_call_are_those_that_it_would_show() -> None:
    written = "@Ada and *@bob_2*, `@code` [@link](https://a.example) a@mail.example ||@cleo|| @x\n```\n@block\n```"
    assert mentioned_names(written) == {"ada", "bob_2", "cleo"}
    assert mentioned_names("nobody") == set()


def test_mentions_beyond_the_bound_are_text() -> None:
    names = [f"user-{number}" for number in range(rendering.MENTIONS_MAX + 10)]
    written = " ".join(f"@{name}" for name in names)
    assert mentioned_names(written) == set(names[: rendering.MENTIONS_MAX])
    html = render(written, dict.fromkeys(names, ADA))
    assert html.count('class="mention"') == rendering.MENTIONS_MAX
    assert words(html) == written


# --- Plain text ---------------------------------------------------------------------------------


def test_plain_text_is_one_line_without_marks_and_without_what_is_hidden() -> None:
    assert plain("**Bold** and\n\n> said :tada:\n\n- [x] `done` ||not you||", 80) == "Bold and said 🎉 done ▒▒▒▒▒▒"
    assert plain("[words](https://a.example) ```x```", 80) == "words x"
    assert plain("word " * 50, 20) == "word word word word…"
    assert plain("no  marks\nat all", 80) == "no marks at all"


def test_a_spoiler_that_is_cut_off_does_not_show_in_a_quote() -> None:
    content = "He said: ||" + "it was the butler " * 20 + "||"
    for length in range(len("He said: ||"), 60):
        assert plain(content[:length], 60, is_cut=True) == "He said: ▒▒▒▒▒▒"
    assert "butler" in plain(content[:60], 60)
    assert plain("if (a || b)", 60) == "if (a || b)"


# --- The two ways -------------------------------------------------------------------------------

_TYPED = st.text(st.sampled_from(list("ab1 .,;:!?-+=#>/()'\"&^%é👍\n\n  ")), max_size=60)


@given(_TYPED)
def test_text_without_marks_comes_out_the_same_by_the_short_way(text: str) -> None:
    parsed = sanitizing.clean(markup.html(grammar.parse(text), {}))
    assert render(text) == parsed or not text.strip()


# Pieces that mean something, so that random rows of them do too.
_PIECES = [
    "*", "**", "_", "~~", "||", "`", "```\n", "[", "](", "![", ")", "<", ">", "> ", "- ", "1. ", "# ", "|", "\n",
    "\n\n", "  ", "\t", "\\", ":tada:", ":", "@ada", "@", "a", "https://a.example", "www.", "javascript:", "&lt;", "é",
    "\u202e", "|-|-|\n", "---\n", "- [ ] ",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
@example("https://a.example@~~")
@example("https://a.example\u202e")
def test_whatever_is_written_comes_out_well_formed_and_the_sanitiser_has_nothing_to_do(text: str) -> None:
    html = markup.html(grammar.parse(text), {"ada": ADA})
    Depth(html)
    assert _normal(sanitizing.clean(html)) == _normal(html)


def _normal(html: str) -> list[object]:
    """Tags, sorted attributes and text: what two ways of writing the same HTML agree in."""
    seen: list[object] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, sorted((name, value or "") for name, value in attrs)))

        def handle_endtag(self, tag: str) -> None:
            seen.append(tag)

        def handle_data(self, data: str) -> None:
            seen.append(data)

    reader = Reader()
    reader.feed(html)
    reader.close()
    return seen


# --- Hostile amounts ----------------------------------------------------------------------------

_LENGTH = 10_000
_STORMS = [
    "[", "[]", "[](", "[a](", "![", "](", "[a](b \"", "[a](\\(", "<", "<a@", "<http:>", "&amp;", "\\",
    ">", "> ", "- ", "1. ", "* a\n", "-\n", ">- ", "> - ", "- [x] a\n", "# \n", "---\n", "- - -\n",
    "`", "` ", "`x``x", "```\n", "```c\n" + "a " * 50 + "\n```\n", "|", "|\n", "a|b\n-|-\n",
    "*_", "*a _b", "**a ", "*a**b* ", "~~a ", "||", "||a ", ":", ":a:", ":tada: ", "@", "@abc ", "a@b.", "_@",
    "http://", "http://a.de ", "http://[", "://", "www.", "mailto:a@",
    "a\n", "a\n\n", " ", "a \n", "\t", "\r\n", "👍", "\u202e",
]  # fmt: skip
_LOPSIDED = [
    "[" * 3_000 + "x" + "](http://a)" * 600,
    "![x" * 3_333 + "](y)" * 1_000,
    "[" * 9_990 + "](a)",
    "![" * 4_990 + "x](http://a.de)",
    "".join("  " * depth + "- x\n" for depth in range(95)),
    "a|b\n-|-\n" + "|\n" * 4_990,
    "|a" * 2_500 + "\n" + "|-" * 2_500,
    "http://a.de/" + "(" * 9_980,
    "[a](http://a.de/" + "%41" * 3_300 + ")",
    "http://" + "é." * 4_980 + "de",
    "a" + "\u0300" * 9_990 + "*a*",
    "_" * 9_990 + "@abc",
    "*a*" + " " * 9_990 + "b",
]


# `|` and the like are letters to the library that looks for addresses.
_ADDRESSES = ["www.a|", "www.aä|", "xwww.a|", "http://a|", "a@a|", "www.aa|", "www.a@b|"]


@pytest.mark.parametrize("beginning", ["www.", "http://", "a@"])
def test_the_name_of_a_host_is_read_no_further_than_hosts_have_parts(beginning: str) -> None:
    """Read to the end of the text from each mark, one message took the thread that stores all eighteen seconds."""
    most = f"{beginning}{'a.' * (LABELS_MAX - 1)}de"
    assert "<a " in render(most)
    assert "<a " not in render(most.replace("a.", "a." * 3, 1))


@pytest.mark.parametrize(
    "text",
    [(storm * _LENGTH)[:_LENGTH] for storm in _STORMS + _ADDRESSES] + _LOPSIDED,
    ids=lambda text: ascii(text[:12]),
)
def test_no_amount_of_marks_is_too_much(text: str) -> None:
    """Each must end (most once were some parser's weakness), lie flat, and weigh in proportion."""
    html = render(text, {"abc": ADA})
    assert Depth(html).deepest <= grammar.BLOCK_DEPTH_MAX + 2 * markup.INLINE_DEPTH_MAX + 8
    assert len(html) <= rendering.GROWTH_FREE + (rendering.GROWTH_MAX + 5) * len(text)
    assert mentioned_names(text) <= {"abc"}
    plain(text, 200)


def test_no_text_is_lost_below_the_deepest_quote_or_list() -> None:
    assert "the bottom" in words(render(">" * 500 + " the bottom"))
    assert "the bottom" in words(render("- " * 500 + "the bottom"))
    assert "the bottom" in words(render("[" * 500 + "the bottom"))
    assert "the bottom" in words(render("*a **b " * 300 + "the bottom" + "** *" * 300))


def test_rows_beyond_the_largest_table_are_text() -> None:
    html = render("a|b\n-|-\n" + "".join(f"{row}|x\n" for row in range(1_400)))
    assert html.count("<tr>") == grammar.TABLE_CELLS_MAX // 2
    assert "1399|x" in words(html)


def test_as_many_links_as_a_message_can_hold_are_links() -> None:
    html = render("[a](http://b) " * 700)
    assert html.count("<a ") == 700


def test_marks_that_would_weigh_very_much_are_shown_as_they_were_written() -> None:
    text = "||a||" * 2_000
    assert render(text) == f"<p>{text}</p>"


def test_threads_do_not_disturb_each_other() -> None:
    texts = [f"**{n}** https://a.example/{n} www.{n}.org :tada: @user-{n} ||{n}||" for n in range(8)]
    expected = [render(text) for text in texts]

    def work() -> list[str]:
        return [sanitizing.clean(markup.html(grammar.parse(text), {})) for text in texts * 20]

    assert at_once([work] * 4) == [expected * 20] * 4


def test_every_emoji_has_a_name_that_can_be_typed_or_is_typed_itself() -> None:
    for name in ("tada", "Heart", "+1", "-1", "100", "flag_for_germany", "thinking"):
        assert shortcodes.named(name), name
    assert shortcodes.named("") is None
