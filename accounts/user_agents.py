"""What a device calls itself in its requests, in words for people."""

from __future__ import annotations

import re

# The first that is found: most browsers also name those that they are made of.
_PROGRAMS = [
    *(("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Vivaldi", "Vivaldi")),
    *(("FxiOS", "Firefox"), ("Firefox", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")),
]
_SYSTEMS = [
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("CrOS", "ChromeOS"), ("Macintosh", "Mac"), ("Linux", "Linux")),
]
NAME_MAX = 40


def describe(user_agent: str) -> str:
    """Name a device by its user agent: “Firefox on Windows”, or by the first word that a program sends."""
    program = next((name for mark, name in _PROGRAMS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if program and system:
        return f"{program} on {system}"
    # A program's own: `ChatApp/2.1 (Pixel 9)`.
    first = re.match(r"[A-Za-z0-9 ._-]+", user_agent)
    return program or system or (first[0].strip()[:NAME_MAX] if first else "") or "Unknown device"
