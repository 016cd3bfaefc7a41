"""From a message's content to its HTML, once, by the process that stores it."""

from __future__ import annotations

from html import escape

from django.utils.html import urlize

# Only what may hold a link pays for looking for one.
_LINK_MARKS = ("://", "www.", "@")


def render(content: str) -> str:
    """Return safe HTML: escaped, links made. Line breaks stay as they are (the page keeps them)."""
    if any(mark in content for mark in _LINK_MARKS):
        return urlize(content, nofollow=True, autoescape=True)
    return escape(content)
