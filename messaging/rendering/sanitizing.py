"""What may be in the HTML of a message at all: the last word, whatever the renderer did.

The renderer writes nothing else than this; a hole in it, in the parser or in a highlighter must
still let nothing through that a browser would run or load.
"""

from __future__ import annotations

import nh3

from messaging.rendering.highlighting import CLASSES, LANGUAGES
from messaging.rendering.links import SCHEMES

TAGS = frozenset(
    {
        *("p", "br", "em", "strong", "s", "a", "code", "pre", "span", "blockquote", "ul", "ol", "li", "hr"),
        *("h3", "h4", "h5", "h6", "input", "div", "table", "thead", "tbody", "tr", "th", "td"),
    }
)
# Free values: addresses (their schemes are checked), titles, numbers and ids.
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "span": {"data-user"}}
VALUES = {
    "a": {"target": {"_blank"}},
    "input": {"type": {"checkbox"}, "disabled": {""}, "checked": {""}},
    "span": {"role": {"button"}, "tabindex": {"0"}, "aria-expanded": {"false"}, "data-name": {"spoiler"}},
}
ALLOWED_CLASSES = {
    "code": {f"language-{name}" for name in LANGUAGES},
    "div": {"table"},
    "li": {"task"},
    "span": {"mention", "spoiler", *CLASSES},
    "td": {"is-center", "is-right"},
    "th": {"is-center", "is-right"},
}
LINK_REL = "nofollow noopener noreferrer"

_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    tag_attribute_values=VALUES,
    allowed_classes=ALLOWED_CLASSES,
    # A checkbox is shown, never used, and never anything else than a checkbox.
    set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
    link_rel=LINK_REL,
    url_schemes=set(SCHEMES),
    url_relative="deny",
    generic_attribute_prefixes=set(),
)


def clean(html: str) -> str:
    """Return the HTML without all that is not listed here."""
    return _cleaner.clean(html)
