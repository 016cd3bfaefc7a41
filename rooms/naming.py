"""Names, topics and slugs of rooms: what they may hold, and the address that a name becomes."""

from __future__ import annotations

import re
import secrets
import unicodedata

from django.core.exceptions import ValidationError

from realtime.errors import Conflict, Invalid
from rooms.models import Room, slug_validator

NAME_MAX = 100
TOPIC_MAX = 1000
SLUG_MAX = 100
# What a made slug keeps of its name, so that a suffix fits and the address stays readable.
STEM_MAX = 60
# “general”, “general-2” … “general-9” are looked for; after those comes a random suffix.
NUMBERED_MAX = 9
# 40 bits: a free slug is found at the first try, however many rooms have the name.
SUFFIX_BYTES = 5

# Letters that Unicode does not take apart into a Latin letter and a mark.
_LATIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ŋ": "ng"}
_CYRILLIC = dict(
    zip(
        "абвгґдеєжзиіклмнопрстуфхцчшщъыьэюя",
        [*"abvggde", "ye", "zh", *"ziiklmnoprstuf", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"],
        strict=True,
    )
)
_GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", [*"avgdezi", "th", *"iklmnxoprsstyf", "ch", "ps", "o"], strict=True))
_LETTERS = _LATIN | _CYRILLIC | _GREEK


def check_name(name: str) -> str:
    """Return the name as it is kept: trimmed, runs of white space as one space. Invalid otherwise."""
    name = " ".join(_text(name, "name").split())
    if not name:
        raise _refused("name", "Give the room a name.")
    if len(name) > NAME_MAX:
        raise _refused("name", f"A name has at most {NAME_MAX} characters.")
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        raise _refused("name", "A name cannot contain control characters.")
    return name


def check_topic(topic: str) -> str:
    """Return the topic as it is kept. Invalid: it is too long or holds what no text may hold."""
    topic = _text(topic, "topic").strip()
    if len(topic) > TOPIC_MAX:
        raise _refused("topic", f"A topic has at most {TOPIC_MAX:,} characters.")
    return topic


def check_slug(slug: str) -> str:
    """Return a slug that somebody chose. Invalid: it breaks the rule; whether it is free is not asked."""
    if len(slug) > SLUG_MAX:
        raise _refused("slug", f"An address has at most {SLUG_MAX} characters.")
    try:
        slug_validator(slug)
    except ValidationError as error:
        raise _refused("slug", error.messages[0]) from error
    return slug


def slug_taken() -> Conflict:
    return Conflict("Another room has this address.", fields={"slug": ["Another room has this address."]})


def free_slug(name: str) -> str:
    """Return an address made of the name that no room has now; another may take it before INSERT."""
    stem = spelt(name) or "room"
    numbered = [stem, *(f"{stem}-{number}" for number in range(2, NUMBERED_MAX + 1))]
    taken = set(Room.objects.filter(slug__in=numbered).values_list("slug", flat=True))
    return next((slug for slug in numbered if slug not in taken), f"{stem}-{secrets.token_hex(SUFFIX_BYTES)}")


def spelt(name: str) -> str:
    """Write a name in `a-z0-9-`: accents fall, Cyrillic and Greek are transliterated, others are left out."""
    marked = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in marked if not unicodedata.combining(letter))
    latin = "".join(_LETTERS.get(letter, letter) for letter in plain)
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:STEM_MAX].rstrip("-")


def _text(value: str, field: str) -> str:
    """Refuse what the databases refuse: NUL and surrogates without their pair."""
    if "\0" in value:
        raise _refused(field, "Contains a NUL character.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused(field, "The text is not valid Unicode (a surrogate without its pair).") from None
    return value


def _refused(field: str, detail: str) -> Invalid:
    return Invalid(detail, fields={field: [detail]})
