"""Template tags about people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.avatars import hue, initials
from accounts.models import User
from accounts.people import Person, person_of
from accounts.statuses import Status

# What stands for a status that has words only.
WORDS_ONLY = "💬"

register = template.Library()


@register.simple_tag
def avatar(who: User | Person | dict[str, Any], size: str = "") -> SafeString:
    """Draw a person's picture, or their initials. `size`: "small", "medium", "large", "huge" or none.

    `data-of` lets the client put another in its place when the person changes it. Takes a user, a
    `Person`, or its dict. Decoration only: the name always stands beside it.
    """
    if isinstance(who, User):
        who = person_of(who)
    read: Callable[[str], Any] = who.__getitem__ if isinstance(who, dict) else partial(getattr, who)
    kind = f" is-{size}" if size else ""
    if url := read("avatar"):
        return format_html('<img class="avatar{}" data-of="{}" src="{}" alt="" loading="lazy">', kind, read("id"), url)
    return format_html(
        '<span class="avatar{}" data-of="{}" data-hue="{}" aria-hidden="true">{}</span>',
        kind,
        read("id"),
        hue(read("id")),
        initials(read("display_name") or read("username")),
    )


@register.simple_tag
def status_mark(status: Status | None, user_id: UUID | str) -> SafeString:
    """Draw a status as small as its emoji, beside a name; its words for who points at it, or hears it.

    It is there without a status, too, for the client to fill.
    """
    return _status("span", "status-mark", status, user_id, '<span class="visually-hidden">{}</span>')


@register.simple_tag
def status_line(status: Status | None, user_id: UUID | str) -> SafeString:
    """Draw a status with its words."""
    return _status("p", "status-line", status, user_id, '<bdi class="status-words">{}</bdi>')


def _status(name: str, kind: str, status: Status | None, user_id: UUID | str, words: str) -> SafeString:
    held = status or Status("", "", None)
    return format_html(
        f'<{name} class="{kind}" data-status-of="{{}}" data-emoji="{{}}" data-text="{{}}" data-until="{{}}"{{}}>'
        f'<span class="status-sign" aria-hidden="true">{{}}</span>{words}</{name}>',
        user_id,
        held.emoji,
        held.text,
        held.until or "",
        format_html(' title="{}"', held.text) if status else " hidden",
        held.emoji or (WORDS_ONLY if status else ""),
        held.text,
    )


@register.simple_tag
def now_in(zone: ZoneInfo) -> str:
    """The time of day there. The client keeps it true while it is looked at."""
    return f"{datetime.now(zone):%H:%M}"
