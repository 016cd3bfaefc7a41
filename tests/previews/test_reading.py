"""What a page says it is about."""

from __future__ import annotations

import time

import pytest

from messaging.previews.fetching import BODY_MAX, Page
from messaging.previews.reading import DESCRIPTION_MAX, TITLE_MAX, Words, plain, read


def words(body: str | bytes, charset: str | None = None, host: str = "www.good.test") -> Words | None:
    body = body.encode() if isinstance(body, str) else body
    return read(Page(f"http://{host}/", host, charset, body))


def title(body: str | bytes, charset: str | None = None) -> str | None:
    found = words(body, charset)
    return found.title if found else None


def test_open_graph_comes_first_then_twitter_then_the_page() -> None:
    page = '<title>Plain</title><meta name="description" content="Of the page">'
    twitter = '<meta name="twitter:title" content="Tweeted"><meta name="twitter:description" content="Of a tweet">'
    graph = '<meta property="og:title" content="Graphed"><meta property="og:description" content="Of a graph">'
    assert words(page) == Words("Plain", "Of the page", "good.test")
    assert words(page + twitter) == Words("Tweeted", "Of a tweet", "good.test")
    assert words(page + twitter + graph) == Words("Graphed", "Of a graph", "good.test")
    assert words('<meta property="og:title" content=" ">' + page) == Words("Plain", "Of the page", "good.test")


@pytest.mark.parametrize(
    "element",
    [
        "<meta property=og:title content=Said>",
        "<META CONTENT='Said' PROPERTY='OG:Title' />",
        '<meta content = "Said" data-x="<meta>" property\n=\n"og:title">',
        '<meta data-x="a > b" name="og:title" content="Said">',
    ],
)
def test_a_meta_element_may_be_written_in_many_ways(element: str) -> None:
    assert title(f"<title>Plain</title>{element}") == "Said"


@pytest.mark.parametrize("body", ["", "<p>Nothing", "<title></title>", "<title> \n </title>", "<title>&#8203;</title>"])
def test_a_page_without_a_title_has_no_preview(body: str) -> None:
    assert words(body) is None


@pytest.mark.parametrize(
    "body",
    [
        "<!-- <title>No</title> --><title>Yes</title>",
        "<script>'<title>No</title>'</script><title>Yes</title>",
        "<style><title>No</title></style><title>Yes</title>",
        "<noscript><title>No</title></noscript><title>Yes</title>",
        "<svg><title>No</title></svg><title>Yes</title>",
        "<title>Yes</title><title>No</title>",
        "<TITLE>Yes</TITLE>",
        "<html><head><title>Yes</head><body><meta property=og:title content=No>",
        "<title>Yes</title><body><meta property='og:title' content='No'>",
    ],
)
def test_only_the_heads_own_words_count(body: str) -> None:
    assert title(body) == "Yes"


def test_words_are_plain_text_on_one_line() -> None:
    assert title("<title>a &lt;b&gt; &amp;amp; &quot;c&quot;\n\t d</title>") == 'a <b> &amp; "c" d'
    assert title("<title>safe‮txt.exe⁦ ​x\x07y</title>") == "safetxt.exe xy"
    assert title("<title>👩‍💻 Ünïcode 日本</title>") == "👩‍💻 Ünïcode 日本"


def test_long_words_are_cut_at_a_space() -> None:
    found = words(f"<title>{'word ' * 200}</title><meta name=description content='{'x' * 3000}'>")
    assert found is not None
    assert len(found.title) <= TITLE_MAX
    assert found.title.endswith("word…")
    assert found.description == "x" * (DESCRIPTION_MAX - 1) + "…"
    assert plain("exact", 5) == "exact"


@pytest.mark.parametrize(
    ("body", "charset", "expected"),
    [
        ("<title>Grüße</title>".encode("latin-1"), "ISO-8859-1", "Grüße"),
        ("<title>“ok”</title>".encode("cp1252"), "iso-8859-1", "“ok”"),
        ("<title>Привет</title>".encode("cp1251"), "windows-1251", "Привет"),
        ("<title>日本語</title>".encode("shift_jis"), "Shift_JIS", "日本語"),
        ("<meta charset=euc-jp><title>日本語</title>".encode("euc-jp"), None, "日本語"),
        ("<meta content='text/html; charset=gb2312'><title>中文</title>".encode("gb2312"), None, "中文"),
        ("<title>Grüße</title>".encode("utf-8-sig"), "iso-8859-1", "Grüße"),
        ("\ufeff<title>Grüße</title>".encode("utf-16-le"), None, "Grüße"),
        ("<meta charset=utf-16><title>Grüße</title>".encode(), None, "Grüße"),
        ("<title>Grüße</title>".encode(), "no-such-thing", "Grüße"),
        (b"<title>Gr\\u00fc</title>", "unicode_escape", "Gr\\u00fc"),
        (b"<title>+AGE-</title>", "utf-7", "+AGE-"),
        (b"<title>\xff\xfea</title>", "utf-8", "\ufffd\ufffda"),
        (b"<title>ok</title>", "base64", "ok"),
        ("<title>สวัสดี</title>".encode("cp874"), "windows-874", "สวัสดี"),
        ("<title>Grüße</title>".encode(), "iso-8859-12", "Grüße"),
        ("<title>Grüße</title>".encode("utf-16-le"), "utf16le", "Grüße"),
        ("<meta charset=windows-1259><title>Grüße</title>".encode(), None, "Grüße"),
    ],
)  # fmt: skip
def test_encodings(body: bytes, charset: str | None, expected: str) -> None:
    assert title(body, charset) == expected


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<!", "<!--", "<a", "<a b=", "<a b='", "</", "<div>", "<title>", "<title<title", "<script>"),
        *("<svg", "&", "&#", "&#x", "<?", "<![CDATA[", '<meta ="', "<meta = ", "<meta <a/", "<meta a='<a/'>"),
        *("<meta property=og:title content=", "<meta property=x content=&#", "<meta name=x content='&amp'>"),
        *("<meta a=b ", "<title><!--", "<!DOCTYPE ", "\x00", "<a/", "<style></styl", "</head"),
    ],
)  # fmt: skip
def test_pages_made_to_be_slow_are_not(piece: str, record_property: pytest.RecordProperty) -> None:
    """No time is asserted: one whose cost is the square of its length would take hours here."""
    began = time.monotonic()
    words((piece * (BODY_MAX // len(piece) + 1))[:BODY_MAX])
    record_property("seconds", time.monotonic() - began)
