"""Slack's `:shortcodes:` as emoji. Workspace-made ones have no character and stay as they are."""

from __future__ import annotations

import re
import unicodedata

# Those that people use most and whose Unicode names differ; the rest is found by its name.
_ALIASES = {
    "+1": "👍", "-1": "👎", "100": "💯", "angry": "😠", "bangbang": "‼️", "beer": "🍺", "beers": "🍻",
    "blush": "😊", "boom": "💥", "bow": "🙇", "bulb": "💡", "cake": "🍰", "calendar": "📅", "clap": "👏",
    "coffee": "☕", "confused": "😕", "cool": "🆒", "cry": "😢", "crying_cat_face": "😿", "disappointed": "😞",
    "exclamation": "❗", "expressionless": "😑", "face_palm": "🤦", "facepalm": "🤦", "fearful": "😨",
    "fingers_crossed": "🤞", "fist": "✊", "flushed": "😳", "gift": "🎁", "grimacing": "😬", "grin": "😁",
    "grinning": "😀", "hand": "✋", "heart": "❤️", "heart_eyes": "😍", "heavy_check_mark": "✔️",
    "heavy_plus_sign": "➕", "hugging_face": "🤗", "hushed": "😯", "innocent": "😇", "information_source": "ℹ️",
    "joy": "😂", "kissing_heart": "😘", "laughing": "😆", "link": "🔗", "lock": "🔒", "man-shrugging": "🤷‍♂️",
    "mega": "📣", "money_mouth_face": "🤑", "muscle": "💪", "neutral_face": "😐", "no_entry": "⛔",
    "ok_hand": "👌", "open_mouth": "😮", "partying_face": "🥳", "pensive": "😔", "point_down": "👇",
    "point_left": "👈", "point_right": "👉", "point_up": "☝️", "point_up_2": "👆", "pray": "🙏", "punch": "👊",
    "question": "❓", "rage": "😡", "raised_hands": "🙌", "relaxed": "☺️", "relieved": "😌",
    "rolling_on_the_floor_laughing": "🤣", "scream": "😱", "see_no_evil": "🙈", "shrug": "🤷", "skull": "💀",
    "sleeping": "😴", "slightly_frowning_face": "🙁", "slightly_smiling_face": "🙂", "smile": "😄",
    "smiley": "😃", "smirk": "😏", "sob": "😭", "star": "⭐", "star-struck": "🤩", "stuck_out_tongue": "😛",
    "sunglasses": "😎", "sunny": "☀️", "sweat": "😓", "sweat_smile": "😅", "tada": "🎉", "tired_face": "😫",
    "triumph": "😤", "unamused": "😒", "upside_down_face": "🙃", "v": "✌️", "warning": "⚠️", "wave": "👋",
    "white_check_mark": "✅", "wink": "😉", "woman-shrugging": "🤷‍♀️", "worried": "😟", "x": "❌", "yum": "😋",
    "zap": "⚡", "zipper_mouth_face": "🤐",
}  # fmt: skip
_SKIN_TONES = {f"skin-tone-{tone}": chr(0x1F3FB + tone - 2) for tone in range(2, 7)}
_SHORTCODE = re.compile(r":([a-z0-9_+-]{1,60}):(?::(skin-tone-[2-6]):)?")
# Names of characters below are words of other trades: “:sun:” would be an astronomer's sign.
_FIRST_PICTURE = "\U0001f300"


def emojify(text: str) -> str:
    """Put emoji in the place of those shortcodes that have one."""
    return _SHORTCODE.sub(_replacement, text) if ":" in text else text


def _replacement(found: re.Match[str]) -> str:
    emoji = _emoji(found[1])
    return found[0] if emoji is None else emoji + _SKIN_TONES.get(found[2] or "", "")


def _emoji(shortcode: str) -> str | None:
    if shortcode in _ALIASES:
        return _ALIASES[shortcode]
    try:
        character = unicodedata.lookup(shortcode.replace("_", " "))
    except KeyError:
        return None
    return character if _FIRST_PICTURE <= character[0] <= "\U0001faff" else None
