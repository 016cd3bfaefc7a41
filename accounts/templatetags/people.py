"""Template tags about people."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.avatars import hue, initials
from accounts.models import User
from accounts.people import Person, person_of

register = template.Library()


@register.simple_tag
def avatar(who: User | Person | dict[str, Any], size: str = "") -> SafeString:
    """Draw a person's picture, or their initials. `size`: "small", "medium", "large" or none.

    Takes a user, a `Person`, or its dict. Decoration only: the name always stands beside it.
    """
    if isinstance(who, User):
        who = person_of(who)
    read: Callable[[str], Any] = who.__getitem__ if isinstance(who, dict) else partial(getattr, who)
    kind = f" is-{size}" if size else ""
    if url := read("avatar"):
        return format_html('<img class="avatar{}" src="{}" alt="" loading="lazy">', kind, url)
    return format_html(
        '<span class="avatar{}" data-hue="{}" aria-hidden="true">{}</span>',
        kind,
        hue(read("id")),
        initials(read("display_name") or read("username")),
    )
