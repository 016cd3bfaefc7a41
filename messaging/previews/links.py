"""The links of a message: what its rendered content makes a link to the web."""

from __future__ import annotations

from html.parser import HTMLParser

# Of a message with more, the first ones: a page of links is no place for a page of previews.
PREVIEWS_MAX = 3


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") if tag == "a" else None
        if href and href.startswith(("http://", "https://")):
            self.found.setdefault(href)


def has_links(html: str) -> bool:
    """Whether it is worth looking for any; most messages have none."""
    return 'href="http' in html


def links_in(html: str) -> list[str]:
    """The first addresses of the web that the message links to, each once, as they are written.

    From the HTML that we rendered: what stands in code is no link, and what people see is one.
    """
    if not has_links(html):
        return []
    parser = _Links()
    parser.feed(html)
    parser.close()
    return list(parser.found)[:PREVIEWS_MAX]
