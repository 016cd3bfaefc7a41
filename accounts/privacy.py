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
from realtime.errors import Forbidden, Invalid


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


def mutual(viewer_id: UUID, what: Privacy, path: str = "") -> Q:
    """People who let the viewer know, and whom the viewer lets know as well; `path` as in `allowing`. One query."""
    audience = audiences(what, [viewer_id])[viewer_id]
    allows = allowing(viewer_id, what, path)
    if audience == Audience.EVERYONE:
        return allows
    oneself = Q((f"{path}pk", viewer_id))
    if audience == Audience.NOBODY:
        return oneself
    return allows & (oneself | Q(Exists(Contact.objects.filter(user=viewer_id, other=OuterRef(f"{path}pk")))))


def who_allow(viewer: User, what: Privacy, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of these people who let the viewer know or do that. One query."""
    people = User.objects.filter(allowing(viewer.pk, what), pk__in=user_ids)
    return set(people.values_list("pk", flat=True))


TAKES_NO_MESSAGES = "This person does not take messages from you."
IS_BLOCKED = "You have blocked this person. Unblock them to write."


def check_may_write_first(user: User, others: Collection[User]) -> None:
    """Forbidden: one of the others is blocked by the user, or does not let the user write to them first.

    Whom somebody has blocked learns no more than whom they let not write. Two queries.
    """
    ids = {each.pk for each in others} - {user.pk}
    if Block.objects.filter(blocker=user, blocked__in=ids).exists():
        raise Forbidden(IS_BLOCKED if len(ids) == 1 else "You have blocked one of these people. Unblock them first.")
    refusing = ids - who_allow(user, Privacy.MESSAGES, ids)
    if len(ids) == 1 and refusing:
        raise Forbidden(TAKES_NO_MESSAGES)
    if refusing:
        names = sorted(each.name for each in others if each.pk in refusing)
        raise Forbidden(f"Not everybody here takes messages from you: {', '.join(names)}.")


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
