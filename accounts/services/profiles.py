"""Verbs on what people show of themselves beside their name: a picture, a status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import announcing, pace, pictures, wording
from accounts.models import User
from accounts.services.users import check_authority, update_account, update_profile
from realtime.errors import Conflict, Invalid

# Statuses that are ended in one go; the next comes within seconds.
ENDED_AT_ONCE = 1_000


def set_avatar(user: User, upload: pictures.Upload, *, actor: User | None = None) -> User:
    """Make what was uploaded the person's picture. TooLarge or Invalid: it can't be used."""
    check_authority(actor, user)  # before the work
    name = pictures.keep(upload, "avatars")
    try:
        return update_profile(user, avatar=name, actor=actor)
    except Exception:
        pictures.discard.call(name)  # nothing refers to it
        raise


def remove_avatar(user: User, *, actor: User | None = None) -> User:
    """Take the person's picture away. No change where there is none."""
    return update_profile(user, avatar="", actor=actor)


def change_phone(user: User, phone: str | None, *, actor: User) -> User:
    """Change one's own number. Invalid: it is none, or somebody else has it. RateLimited: too many were tried.

    That a number is in use is said in the words for one that cannot be used, and told a few times only.
    """
    number = wording.check_phone(phone)
    if number and number != User.objects.values_list("phone", flat=True).get(pk=user.pk):
        pace.phone(actor)
    try:
        return update_account(user, phone=number, actor=actor)
    except (Conflict, Invalid) as refusal:
        detail = "This number cannot be used here. Check it, or ask the people who run this server."
        raise Invalid(detail, fields={"phone": [detail]}) from refusal


def change_profile(user: User, **fields: Any) -> User:
    """Change what is given of one's own profile, the phone included: all of it or, where one part is refused, nothing.

    Invalid: nothing is given, or a field breaks its rule.
    """
    if not fields:
        raise Invalid("Give something to change.")
    with transaction.atomic():
        if "phone" in fields:
            user = change_phone(user, fields.pop("phone"), actor=user)
        if fields:
            user = update_profile(user, **fields, actor=user)
    return user


def set_status(
    user: User, *, emoji: str = "", text: str = "", until: datetime | None = None, actor: User | None = None
) -> User:
    """Say something of oneself, until a time or until changed. Nothing to say ends what was said.

    Invalid: more than one emoji, too long a text, or an end that has passed.
    """
    changes = {"status_emoji": emoji, "status_text": text, "status_until": until}
    if not emoji and not text.strip():
        changes["status_until"] = None
    return update_profile(user, **changes, actor=actor)


def clear_status(user: User, *, actor: User | None = None) -> User:
    return set_status(user, actor=actor)


def end_statuses() -> int:
    """Clear the statuses whose time has passed, and tell who sees these people. Returns how many.

    Run every few seconds by each process. They have not been shown since they ended: see `User.status`.
    """
    now = timezone.now()
    over = User.objects.filter(status_until__lte=now)
    ids = list(over.order_by("status_until").values_list("pk", flat=True)[:ENDED_AT_ONCE])
    if not ids:
        return 0
    # The condition once more: whoever has set another one meanwhile keeps it.
    over.filter(pk__in=ids).update(status_emoji="", status_text="", status_until=None)
    for user_id in ids:
        announcing.changed(user_id)
    return len(ids)
