"""From a message's content to its HTML, once, by the process that stores it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from itertools import islice
from types import MappingProxyType

from django.utils.html import urlize

# Only what may hold a link pays for looking for one.
_LINK_MARKS = ("://", "www.", "@")


RENDERER_VERSION = 1
_NAME = re.compile(r"(?<![\w@/.-])@([A-Za-z0-9_-]{3,50})")
NAMES_MAX = 50


def mentioned_names(content: str) -> set[str]:
    """The names, in lower case, that a text may call: the first `NAMES_MAX` of them."""
    if "@" not in content:
        return set()
    return {name.lower() for name in islice(_NAME.findall(content), NAMES_MAX)}


def render(content: str, mentions: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return safe HTML: escaped, links made. Line breaks stay as they are (the page keeps them)."""
    if any(mark in content for mark in _LINK_MARKS):
        return urlize(content, nofollow=True, autoescape=True)
    return escape(content)
