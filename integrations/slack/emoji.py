"""Slack's `:shortcodes:` as emoji. Workspace-made ones have no character and stay as they are."""

from __future__ import annotations

import re

from messaging.rendering import shortcodes

# Slack's own names, beside those that everybody uses.
_SLACK_NAMES = {
    "face_palm": "🤦",
    "fingers_crossed": "🤞",
    "simple_smile": "🙂",
    "thumbsup_all": "👍",
}


def emojify(text: str) -> str:
    """Put emoji in the place of those shortcodes that have one."""
    return shortcodes.SHORTCODE.sub(_replacement, text) if ":" in text else text


def _replacement(found: re.Match[str]) -> str:
    if not shortcodes.stands_alone(found.string, found):
        return found[0]
    return shortcodes.replacement(found) or _SLACK_NAMES.get(found[1]) or found[0]
