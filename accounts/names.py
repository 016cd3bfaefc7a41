"""Names that deceive: in which something is hidden, or which look like another's.

Usernames are ASCII by their validator. Display names are anybody's script, one a word. What a name
looks like is its skeleton, after Unicode TS 39, with a table of our own: the letters that pass for
Latin ones in common fonts, and the digits and pairs that do in usernames. (The libraries for it had
had no release for years when this was written.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from accounts.models import User
from realtime.errors import Invalid

# Words that address many people in a message: nobody can be called so.
MENTION_WORDS = frozenset({"all", "channel", "everyone", "here", "room"})
# Names in which others would see authority. Those who run the server may give them.
TITLES = frozenset(
    {"admin", "administrator", "bot", "deleted", "help", "me", "mod", "moderator", "official", "owner", "root"}
    | {"security", "staff", "support", "system"}
)
# Of these, what nobody is called by birth: no word of a display name.
AUTHORITY = frozenset({"admin", "administrator", "moderator", "official", "staff", "support"})

DISPLAY_NAME_MAX = 100
MARKS_MAX = 3  # in a row, on one letter; Vietnamese and Hebrew need two
ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER, EMOJI_VARIATION = "\u200d", "\u200c", "\ufe0f"
# Format, control, private, unassigned characters and separators of lines; and letters, marks and
# symbols that show nothing.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Scripts that are written together (TS 39, “highly restrictive”).
_TOGETHER = [
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
]

_DIGITS_AS_LETTERS = str.maketrans("01345789i|", "oleastbgll")
_PAIRS = [("rn", "m"), ("vv", "w")]
_LETTERS_AS_LATIN = str.maketrans(
    # Cyrillic, Greek, Armenian, Latin of other alphabets
    "авсԁеғһіјкӏмнопрԛгѕтуѵԝхзбԍ" + "αβγδεηικνορτυχω" + "օսհոցզ" + "ıɑɡʟ",
    "abcdefhijklmhonpqrstyvwx3bg" + "abydenlkvoptuxw" + "ouhngq" + "iagl",
)


def check_username(username: str) -> None:
    """Invalid: people can't choose this name for themselves, though it may be well formed."""
    looks, bare = skeleton(username), skeleton(username.rstrip("0123456789"))
    if looks in _SKELETONS or bare in _TITLE_SKELETONS:
        raise _refusal("username", "This name is reserved. Choose another.")
    if any(looks == skeleton(name) for name in _staff("username")):
        raise _refusal("username", "This name looks like that of somebody who runs this server. Choose another.")


def check_display_name(name: str, *, user: User | None = None) -> str:
    """Return the name as it is kept: composed, with single spaces. Empty is none.

    Invalid: something is hidden in it, a word mixes scripts, or it looks like a title, or like the
    name of somebody on the staff other than `user`.
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        return name
    if len(name) > DISPLAY_NAME_MAX:
        raise _refusal("display_name", f"Use up to {DISPLAY_NAME_MAX} characters.")
    if any(_hidden(name)) or not any(unicodedata.category(each)[0] in "LNPS" for each in name):
        raise _refusal("display_name", "This name holds characters that cannot be seen. Type it anew.")
    if re.search(
        rf"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{{{MARKS_MAX + 1}}}", _apart(name)
    ):
        raise _refusal("display_name", "This name piles up accents. Use fewer.")
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name))
    if any(not _is_of_one_hand(word) for word in words):
        raise _refusal("display_name", "A word of this name mixes letters of several alphabets. Use one a word.")
    looks = skeleton(name)
    if looks in _TITLE_SKELETONS or any(skeleton(word) in _AUTHORITY_SKELETONS for word in words):
        raise _refusal("display_name", "This name looks like a title. Choose another.")
    if any(looks == skeleton(each) for each in _staff("username", "display_name", without=user)):
        raise _refusal("display_name", "This is the name of somebody who runs this server. Choose another.")
    return name


def skeleton(name: str) -> str:
    """What a name looks like: equal for names that are hard to tell apart, and meant for nothing else."""
    letters = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    looks = letters.casefold().translate(_LETTERS_AS_LATIN).translate(_DIGITS_AS_LETTERS)
    looks = "".join(each for each in looks if each.isalnum())
    for pair, one in _PAIRS:
        looks = looks.replace(pair, one)
    return looks


_TITLE_SKELETONS = frozenset(map(skeleton, TITLES))
_AUTHORITY_SKELETONS = frozenset(map(skeleton, AUTHORITY))
_SKELETONS = _TITLE_SKELETONS | frozenset(map(skeleton, MENTION_WORDS))


def _staff(*fields: str, without: User | None = None) -> Iterator[str]:
    """The names of those who run the server; they are few."""
    people = User.objects.filter(is_staff=True, is_active=True).exclude(pk=without.pk if without else None)
    for names in people.values_list(*fields):
        yield from (name for name in names if name)


def _hidden(name: str) -> Iterator[bool]:
    """Of each character, whether it is hidden, or makes others so."""
    for place, each in enumerate(name):
        before, after = name[place - 1 : place], name[place + 1 : place + 2]
        if each == ZERO_WIDTH_JOINER:  # joins pictures to one, and letters where the script asks for it
            yield not (_is_picture(before) and _is_picture(after)) and not (_is_joining(before) and _is_joining(after))
        elif each == ZERO_WIDTH_NON_JOINER:
            yield not (_is_joining(before) and _is_joining(after))
        elif each == EMOJI_VARIATION:
            yield not (_is_picture(before) or before.isdigit())
        else:
            yield each in _BLANKS or unicodedata.category(each) in _HIDDEN_CATEGORIES or "\ufe00" <= each <= "\ufe0e"


def _is_picture(character: str) -> bool:
    return character == EMOJI_VARIATION or (bool(character) and unicodedata.category(character) in ("So", "Sk"))


def _is_joining(character: str) -> bool:
    """Whether the character is of a script whose letters join or stack: Arabic and those of India."""
    return bool(character) and 0x0600 <= ord(character) <= 0x0DFF and unicodedata.category(character)[0] in "LM"


def _is_of_one_hand(word: str) -> bool:
    scripts = {_script(each) for each in word if unicodedata.category(each) in ("Lu", "Ll", "Lt", "Lo")} - {""}
    return len(scripts) < 2 or any(scripts <= together for together in _TOGETHER)


def _script(letter: str) -> str:
    """The script of a letter, which its name begins with. (Python knows no scripts.)"""
    first = unicodedata.name(letter, "").split(" ")[0]
    return "" if first in ("MODIFIER", "FEMININE", "MASCULINE", "MICRO") else first.removesuffix("-HIRAGANA")


def _apart(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def _refusal(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: [message]})
