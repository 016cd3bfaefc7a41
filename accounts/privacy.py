"""What people let others know and do: asked by the apps that show it, changed by the person alone.

`allowing` is the one rule. It is a condition of queries, so that what may not be shown is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import DEFAULTS, Audience, Block, Contact, Privacy, PrivacySettings, User
from audit.services import record
from realtime import bus
from realtime.errors import Invalid


def allowing(viewer_id: UUID, what: Privacy, path: str = "") -> Q:
    """People who let the viewer know or do that: a condition on users; `path` leads to them (“user__”).

    Oneself always. Otherwise nobody who blocked the viewer or whom the viewer blocked, whatever
    the setting says.
    """
    audience, default = f"{path}privacy__{what}", DEFAULTS[what]
    person = OuterRef(f"{path}pk")
    is_contact = Exists(Contact.objects.filter(user=person, other=viewer_id))

    def chosen(one: Audience) -> Q:
        missing = Q((f"{path}privacy__isnull", True)) if one == default else Q()
        return Q((audience, one)) | missing

    blocked = Exists(Block.objects.filter(blocker=person, blocked=viewer_id)) | Exists(
        Block.objects.filter(blocker=viewer_id, blocked=person)
    )
    open_to_viewer = chosen(Audience.EVERYONE) | (chosen(Audience.CONTACTS) & is_contact)
    return Q((f"{path}pk", viewer_id)) | (open_to_viewer & ~blocked)


def who_allow(viewer: User, what: Privacy, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of these people who let the viewer know or do that. One query."""
    people = User.objects.filter(allowing(viewer.pk, what), pk__in=user_ids)
    return set(people.values_list("pk", flat=True))


def audiences(what: Privacy, user_ids: Collection[UUID]) -> dict[UUID, Audience]:
    """Whom each of these people lets know that, as they have decided. Blocks are another matter."""
    decided = PrivacySettings.objects.filter(user_id__in=user_ids).values_list("user_id", what)
    return dict.fromkeys(user_ids, DEFAULTS[what]) | {user_id: Audience(audience) for user_id, audience in decided}


def settings_of(user: User) -> PrivacySettings:
    """The user's settings; the defaults, not stored, for who never changed any."""
    return PrivacySettings.objects.filter(user=user).first() or PrivacySettings(user=user)


def audience_of(user: User, what: Privacy) -> Audience:
    """Whom the user lets know or do that. Takes no query where the user was read with `privacy`."""
    # A reverse relation that has no row is missing, and raises AttributeError.
    settings: PrivacySettings | None = getattr(user, "privacy", None)
    return Audience(getattr(settings, what)) if settings else DEFAULTS[what]


def receipts_of(user: User) -> Audience:
    """Who sees the user's receipts. Whoever does not is not shown to the user either."""
    return audience_of(user, Privacy.READ_RECEIPTS)


_Begin = Callable[[UUID], None]
_begins: list[_Begin] = []


def on_receipts_begin(begin: _Begin) -> None:
    """Call `begin` with a user who lets others know again, in the transaction of that change."""
    _begins.append(begin)


def change(user: User, **changes: str) -> PrivacySettings:
    """Change one's own settings, any of `Privacy`; the user's sockets follow at once.

    Receipts off: what others were told of before is not shown to them any more. On again: only from
    now on. Raises `Invalid`.
    """
    _check(changes)
    with transaction.atomic():
        PrivacySettings.objects.get_or_create(user=user)
        # Under its lock, two changes at once follow one another.
        settings = PrivacySettings.objects.select_for_update().get(user=user)
        before = {what: getattr(settings, what) for what in changes if getattr(settings, what) != changes[what]}
        if not before:
            return settings
        if before.get(Privacy.READ_RECEIPTS) == Audience.NOBODY:
            for begin in _begins:  # memberships first, and then the user: the order of locks
                begin(user.pk)
        for what in before:
            setattr(settings, what, Audience(changes[what]))
        settings.save(update_fields=before)
        details = {str(what): [str(before[what]), changes[what]] for what in before}
        record("user.privacy_changed", actor=user, target=user, details=details)
        User.objects.filter(pk=user.pk).touch_rev()
        bus.recheck([user.pk])
    return settings


def _check(changes: dict[str, str]) -> None:
    for what, audience in changes.items():
        if what not in Privacy.values:
            detail = f"There is no such setting. There are: {', '.join(Privacy.values)}."
            raise Invalid(detail, fields={what: [detail]})
        if audience not in Audience.values:
            detail = f"Choose one of: {', '.join(Audience.values)}."
            raise Invalid(detail, fields={what: [detail]})
