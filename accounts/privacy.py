"""What people let others know of them: their own switches, asked by the apps that show it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from django.db import transaction

from accounts.models import Audience, PrivacySettings, User
from audit.services import record
from realtime import bus
from realtime.errors import Invalid


def settings_of(user: User) -> PrivacySettings:
    """The user's settings; the defaults, not stored, for who never changed any."""
    return PrivacySettings.objects.filter(user=user).first() or PrivacySettings(user=user)


def keeps_receipts(user: User) -> bool:
    """Whether the user keeps receipts to themselves: sends none, and sees none of others."""
    # A reverse relation that has no row is missing, and raises AttributeError.
    settings: PrivacySettings | None = getattr(user, "privacy", None)
    return settings is not None and settings.read_receipts == Audience.NOBODY


def who_keep_receipts(user_ids: Collection[UUID]) -> set[UUID]:
    """Those of these users who keep receipts to themselves."""
    silent = PrivacySettings.objects.filter(user_id__in=user_ids, read_receipts=Audience.NOBODY)
    return set(silent.values_list("user_id", flat=True))


_Begin = Callable[[UUID], None]
_begins: list[_Begin] = []


def on_receipts_begin(begin: _Begin) -> None:
    """Call `begin` with a user who lets others know again, in the transaction of that change."""
    _begins.append(begin)


def change(user: User, *, read_receipts: str) -> PrivacySettings:
    """Change one's own settings; the user's sockets follow at once.

    Off: what others were told stays told. On again: only from now on. Raises `Invalid`.
    """
    if read_receipts not in Audience.values:
        detail = f"Choose one of: {', '.join(Audience.values)}."
        raise Invalid(detail, fields={"read_receipts": [detail]})
    with transaction.atomic():
        PrivacySettings.objects.get_or_create(user=user)
        # Under its lock, two changes at once follow one another.
        settings = PrivacySettings.objects.select_for_update().get(user=user)
        before = settings.read_receipts
        if before == read_receipts:
            return settings
        settings.read_receipts = Audience(read_receipts)
        if read_receipts == Audience.EVERYONE:
            for begin in _begins:  # memberships first, and then the user: the order of locks
                begin(user.pk)
        settings.save(update_fields=["read_receipts"])
        record("user.privacy_changed", actor=user, target=user, details={"read_receipts": [before, read_receipts]})
        User.objects.filter(pk=user.pk).touch_rev()
        bus.recheck([user.pk])
    return settings
