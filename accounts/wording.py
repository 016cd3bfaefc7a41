"""What a text that people write about themselves may hold, and where on Earth they may be."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings

from accounts import statuses
from realtime.errors import Invalid

DISPLAY_NAME_MAX = 100
BIO_MAX = 1_000

# They turn the direction of what follows, in other people's lines too.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# They are not seen, and two names would look alike. (Joiners are left: Persian and emoji need them.)
_UNSEEN = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0")
# They are of use between lines of both directions, in a text of several.
_MARKS = "\u061c\u200e\u200f"

# E.164: a plus, no zero first, at most fifteen digits; the shortest numbers in use have seven.
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_MARKS = re.compile(r"[\s().\-/\u00a0\u2010\u2011\u202f]+")


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be kept of a user's fields; those that no rule is about as they are. Raises `Invalid`."""
    return {name: _RULES[name](value) if name in _RULES else value for name, value in changes.items()}


def check_line(field: str, text: str, most: int) -> str:
    """Return a line as it is kept: trimmed, white space as single spaces. Invalid: it hides or breaks something."""
    line = " ".join(_checked(field, text, keeps="\t\n\r").split())
    return _of_length(field, line, most)


def shown_of(text: str) -> str:
    """What can be seen of a line that another system brings: without what `check_line` refuses."""
    seen = (letter for letter in text if letter not in _TURNING | _UNSEEN and letter not in _MARKS)
    return " ".join("".join(each for each in seen if unicodedata.category(each) != "Cc" or each.isspace()).split())


def check_paragraphs(field: str, text: str, most: int) -> str:
    """Return a longer text as it is kept: trimmed, with its line breaks. Invalid as of a line."""
    kept = _checked(field, text.replace("\r\n", "\n").replace("\r", "\n"), keeps=f"\n\t{_MARKS}").strip()
    return _of_length(field, kept, most)


def check_phone(text: str | None) -> str | None:
    """Return a number in the form of E.164, or None for none. Invalid: it is no number with its country."""
    number = _PHONE_MARKS.sub("", text or "")
    if not number:
        return None
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if not (number.isascii() and _PHONE.fullmatch(number)):
        _refuse("phone", "Write the number with its country, for example +351 912 345 678.")
    return number


def check_locale(text: str) -> str:
    """Return a language that the interface is there in, or nothing for the server's own."""
    if text and text not in dict(settings.LANGUAGES):
        _refuse("locale", f"Choose one of: {', '.join(code for code, _ in settings.LANGUAGES)}.")
    return text


def check_time_zone(text: str) -> str:
    """Return a zone of the time zone database, or nothing."""
    if text and text not in time_zones():
        _refuse("time_zone", "Choose a time zone by its name, for example Europe/Lisbon.")
    return text


@cache
def time_zones() -> frozenset[str]:
    """The names of the zones. (Of the machine's database; “Factory” means that none was set.)"""
    return frozenset(name for name in zoneinfo.available_timezones() if name not in ("Factory", "localtime"))


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The zone of a name that was kept; UTC for none, and for one that this machine does not know."""
    return zoneinfo.ZoneInfo(name if name in time_zones() else "UTC")


def _checked(field: str, text: str, *, keeps: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        _refuse(field, "The text is not valid Unicode (a surrogate without its pair).")
    for letter in text:
        if letter in _TURNING:
            _refuse(field, "Contains a character that turns the direction of the text.")
        if letter not in keeps and (letter in _UNSEEN or letter in _MARKS or unicodedata.category(letter) == "Cc"):
            _refuse(field, "Contains a character that is not shown.")
    return text


def _of_length(field: str, text: str, most: int) -> str:
    if len(text) > most:
        _refuse(field, f"Has at most {most:,} characters.")
    return text


def _refuse(field: str, detail: str) -> None:
    raise Invalid(detail, fields={field: [detail]})


def _end(until: Any) -> Any:
    statuses.check_until(until)
    return until


_RULES: dict[str, Callable[[Any], Any]] = {
    "display_name": lambda text: check_line("display_name", text, DISPLAY_NAME_MAX),
    "bio": lambda text: check_paragraphs("bio", text, BIO_MAX),
    "status_emoji": statuses.check_emoji,
    "status_text": lambda text: check_line("status_text", text, statuses.TEXT_MAX),
    "status_until": _end,
    "phone": check_phone,
    "locale": check_locale,
    "time_zone": check_time_zone,
}
# Those that a rule is about.
FIELDS = frozenset(_RULES)
