"""Users: made, changed, kept out and let in again.

The verbs raise `realtime.errors.Refusal`s and return the user as it is afterwards; the instance that
was passed keeps its old values. `actor` is who does it: None is the system (a command, a sign-up).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import announcing, names, pictures, wording
from accounts.models import User
from audit.services import record
from realtime import bus
from realtime.errors import Conflict, Forbidden, Invalid

# What people may say about themselves.
PROFILE_FIELDS = frozenset(
    {"display_name", "avatar", "bio", "status_emoji", "status_text", "status_until", "locale", "time_zone"}
)
# By what people are known and reached, and what the server holds of them.
ACCOUNT_FIELDS = frozenset({"username", "email", "phone", "is_verified", "is_bot", "is_guest", "unthrottled"})
# What others see of somebody wherever they meet them: a change of it reaches open pages.
SEEN_FIELDS = frozenset({"username", "display_name", "avatar", "status_emoji", "status_text", "status_until"})
# Those whose old and new value an auditor needs; of the others it is enough that they changed.
RECORDED_FIELDS = ACCOUNT_FIELDS | {"display_name"}


def create_user(
    username: str,
    *,
    email: str | None = None,
    password: str | None = None,
    display_name: str = "",
    is_staff: bool = False,
    is_superuser: bool = False,
    is_bot: bool = False,
    is_guest: bool = False,
    visiting_until: datetime | None = None,
    address_is_theirs: bool = False,
    actor: User | None = None,
) -> User:
    """Make a user. Without a password they can't sign in by one (bots, imported people).

    `address_is_theirs`: who makes the account answers for its address, which no mail has to confirm.
    Password rules are the forms': what comes here is taken, of the display name what can be seen.
    Invalid: name or address is malformed or in use; Forbidden: only superusers make staff.
    """
    if is_staff or is_superuser:
        _check_superuser(actor)
    user = User(
        username=username,
        email=User.objects.normalize_email(email),
        **wording.checked({"display_name": wording.shown_of(display_name)}),
        is_staff=is_staff or is_superuser,
        is_superuser=is_superuser,
        is_bot=is_bot,
        is_guest=is_guest,
        visiting_until=visiting_until,
        password=make_password(password),  # before the transaction: it takes tens of milliseconds
    )
    _check_fields(user)
    with transaction.atomic():
        _save(user, force_insert=True)
        if user.email and address_is_theirs:
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        details = {"email": user.email, "is_staff": user.is_staff, "is_superuser": user.is_superuser}
        record("user.created", actor=actor, target=user, severity=_rank(user), details=details)
    return user


def update_profile(user: User, *, actor: User | None = None, **changes: Any) -> User:
    """Change what people say about themselves: any of PROFILE_FIELDS. Invalid: one breaks its rule.

    Imports (no actor) may name people as they were.
    """
    check_authority(actor, user)
    if actor is not None and changes.get("display_name", user.display_name) != user.display_name:
        changes["display_name"] = names.check_display_name(changes["display_name"], user=user)
    return _update(user, "user.profile_changed", PROFILE_FIELDS, actor, wording.checked(changes))


def update_account(user: User, *, actor: User | None = None, **changes: Any) -> User:
    """Change any of ACCOUNT_FIELDS. A new e-mail address replaces all that the user had."""
    if "email" in changes:
        changes["email"] = User.objects.normalize_email(changes["email"])
    check_control(actor, user)
    return _update(user, "user.account_changed", ACCOUNT_FIELDS, actor, wording.checked(changes))


def set_password(user: User, password: str, *, actor: User | None = None) -> User:
    """Set a password that the caller has checked. All sessions of the user end.

    The instance passed gets it too: the session in which the user does it is kept by its hash.
    """
    user.password = make_password(password)  # before the transaction: it takes tens of milliseconds
    with transaction.atomic():
        held = _lock(user)
        check_control(actor, held)
        held.password = user.password
        held.save(update_fields=["password", "updated_at"])
        _changed(held, "user.password_changed", actor, severity="notice")
    return held


def suspend(user: User, *, reason: str, until: datetime | None = None, actor: User | None = None) -> User:
    """Keep somebody out until a time, or until it is lifted. Their sockets close at once.

    Suspending again changes reason and end.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid("Give a reason: the person reads it when they try to sign in.", fields={"reason": ["Required."]})
    if until is not None and until <= timezone.now():
        raise Invalid("The end of a suspension lies in the future.", fields={"until": ["Choose a later time."]})
    with transaction.atomic():
        held = _lock(user)
        check_authority(actor, held, on_self=False)
        if held.is_suspended and (held.suspension_reason, held.suspended_until) == (reason, until):
            return held
        if not held.is_suspended:
            held.suspended_at = timezone.now()
        held.suspension_reason, held.suspended_until = reason, until
        _check_fields(held, {"suspension_reason"})
        held.save(update_fields=["suspended_at", "suspended_until", "suspension_reason", "updated_at"])
        _changed(held, "user.suspended", actor, severity="warning", details={"reason": reason, "until": until})
    return held


def unsuspend(user: User, *, actor: User | None = None) -> User:
    """Lift a suspension. No change where there is none."""
    with transaction.atomic():
        held = _lock(user)
        check_authority(actor, held, on_self=False)
        if held.suspended_at is None:
            return held
        was = {"reason": held.suspension_reason, "until": held.suspended_until}
        held.suspended_at, held.suspended_until, held.suspension_reason = None, None, ""
        held.save(update_fields=["suspended_at", "suspended_until", "suspension_reason", "updated_at"])
        _changed(held, "user.unsuspended", actor, severity="notice", details=was)
    return held


# What apps above have to do about an account that is closed.
_closed: list[Callable[[UUID], object]] = []


def on_closed(listener: Callable[[UUID], object]) -> None:
    """Call `listener` with the user in each transaction that closes an account."""
    _closed.append(listener)


def deactivate(user: User, *, actor: User | None = None) -> User:
    """Close an account: nobody signs in to it, no token of it works. What it wrote stays."""
    with transaction.atomic():
        held = _set_active(user, False, "user.deactivated", "warning", actor)
        for listener in _closed:
            listener(held.pk)
    return held


def reactivate(user: User, *, actor: User | None = None) -> User:
    """Open a closed account again."""
    return _set_active(user, True, "user.reactivated", "notice", actor)


def set_staff(
    user: User,
    *,
    is_staff: bool,
    is_superuser: bool,
    groups: Iterable[Group] | None = None,
    actor: User | None = None,
) -> User:
    """Give or take access to the administration. Superusers are staff; `groups` None: as they are.

    Forbidden: the actor is no superuser, or it is about the actor (so a superuser always remains).
    """
    _check_superuser(actor)
    with transaction.atomic():
        held = _lock(user)
        check_authority(actor, held, on_self=False)
        before = _access(held)
        held.is_staff, held.is_superuser = is_staff or is_superuser, is_superuser
        held.save(update_fields=["is_staff", "is_superuser", "updated_at"])
        if groups is not None:
            held.groups.set(groups)
        after = _access(held)
        if after != before:
            details = {"before": before, "after": after}
            _changed(held, "user.access_changed", actor, severity="warning", details=details)
    return held


def verify_address(address: EmailAddress, *, actor: User | None = None) -> None:
    """Say without a mail to it that an e-mail address is the user's. Conflict: it is somebody else's."""
    with transaction.atomic():
        held = _lock(address.user)
        check_control(actor, held)
        if address.verified:
            return
        if not address.set_verified():
            raise Conflict(f"{address.email} is a verified address of somebody else.")
        record("user.email_verified", actor=actor, target=held, severity="notice", details={"email": address.email})


def save_group(group: Group, *, permissions: Iterable[Permission], actor: User | None = None) -> Group:
    """Make or change a group of staff: its members may do what its permissions say."""
    _check_superuser(actor)
    with transaction.atomic():
        before = _names_of_permissions(group) if group.pk else None
        group.save()
        group.permissions.set(permissions)
        details = {"before": before, "after": _names_of_permissions(group)}
        record("group.saved", actor=actor, target=group, severity="warning", details=details)
    return group


def delete_group(group: Group, *, actor: User | None = None) -> None:
    """Remove a group: its members lose what it gave them."""
    _check_superuser(actor)
    with transaction.atomic():
        details = {"permissions": _names_of_permissions(group)}
        record("group.deleted", actor=actor, target=group, severity="warning", details=details)
        group.delete()


def _update(user: User, action: str, allowed: frozenset[str], actor: User | None, changes: dict[str, Any]) -> User:
    if unknown := changes.keys() - allowed:
        raise TypeError(f"{action} does not cover {', '.join(sorted(unknown))}")
    with transaction.atomic():
        held = _lock(user)
        old = {name: getattr(held, name) for name in changes if getattr(held, name) != changes[name]}
        if not old:
            return held
        for name in old:
            setattr(held, name, changes[name])
        _check_fields(held, set(old))
        _save(held, update_fields=[*old, "updated_at"])
        if "email" in old:
            _replace_addresses(held)
        if old.get("avatar"):
            pictures.discard.enqueue(old["avatar"].name)
        if old.keys() & SEEN_FIELDS:
            announcing.changed(held.pk)
        recorded = {name: [old[name], getattr(held, name)] for name in sorted(old.keys() & RECORDED_FIELDS)}
        others = sorted(old.keys() - RECORDED_FIELDS)
        _changed(held, action, actor, details=recorded | ({"fields": others} if others else {}))
    return held


def _set_active(user: User, is_active: bool, action: str, severity: str, actor: User | None) -> User:
    with transaction.atomic():
        held = _lock(user)
        check_authority(actor, held, on_self=False)
        if held.is_active is not is_active:
            held.is_active = is_active
            held.save(update_fields=["is_active", "updated_at"])
            _changed(held, action, actor, severity=severity)
    return held


def _lock(user: User) -> User:
    """Read the user's row under its lock. Messages that refer to it are not held up (NO KEY)."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _changed(
    user: User, action: str, actor: User | None, *, severity: str = "info", details: Mapping[str, Any] | None = None
) -> None:
    """Tell of a change, in its transaction: the audit record, and the user's sockets."""
    record(action, actor=actor, target=user, severity=severity, details=details)
    User.objects.filter(pk=user.pk).touch_rev()
    bus.recheck([user.pk])


def _check_superuser(actor: User | None) -> None:
    if actor is not None and not actor.is_superuser:
        raise Forbidden("Only a superuser may give or take access to the administration.")


def check_authority(actor: User | None, user: User, *, on_self: bool = True) -> None:
    """Forbidden: one who is not staff acts on another, staff on staff, or (not `on_self`) one on oneself."""
    if actor is None:
        return
    if actor.pk == user.pk:
        if not on_self:
            raise Forbidden("You can’t do this to your own account. Ask another superuser.")
    elif not actor.is_staff:
        raise Forbidden("Only staff may change the accounts of others.")
    elif (user.is_staff or user.is_superuser) and not actor.is_superuser:
        raise Forbidden("Only a superuser may change the account of somebody on the staff.")


def check_control(actor: User | None, user: User) -> None:
    """Forbidden: whoever may do this could sign in as the user. Moderators may suspend, not impersonate."""
    check_authority(actor, user)
    if actor is not None and actor.pk != user.pk and not actor.is_superuser:
        raise Forbidden("Only a superuser may change the name, address or password of somebody else.")


def _check_fields(user: User, fields: set[str] | None = None) -> None:
    """Invalid: a field (None: any) breaks the model's rules or is in use by another."""
    touched = {"username", "email"} if fields is None else fields
    if "username" in touched and user.username.lower() in names.MENTION_WORDS:
        _refuse_field("username", "This word addresses many people in a message. Choose another name.")
    # Where somebody else verified it as a further address of theirs, they sign in by it.
    verified = EmailAddress.objects.filter(email=user.email, verified=True).exclude(user=user)
    if "email" in touched and user.email and verified.exists():
        _refuse_field("email", "This e-mail address is in use.")
    exclude = None if fields is None else {field.name for field in User._meta.get_fields()} - fields
    try:
        user.full_clean(exclude=exclude)
    except ValidationError as error:
        raise Invalid(error.messages[0], fields=error.message_dict) from error


def _save(user: User, **how: Any) -> None:
    try:
        with transaction.atomic():
            user.save(**how)
    except IntegrityError as error:
        # The check before passed: somebody else took the name or the address in the meantime.
        raise Conflict("This name, address or number was taken by somebody else just now.") from error


def _refuse_field(field: str, message: str) -> None:
    raise Invalid(message, fields={field: [message]})


def _replace_addresses(user: User) -> None:
    """Make the user's address the only one that allauth knows: an old one could reset the password."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email or "").delete()
    if user.email:
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"primary": True})


def _access(user: User) -> dict[str, Any]:
    groups = sorted(user.groups.values_list("name", flat=True))
    return {"is_staff": user.is_staff, "is_superuser": user.is_superuser, "groups": groups}


def _rank(user: User) -> str:
    return "warning" if user.is_staff else "info"


def _names_of_permissions(group: Group) -> list[str]:
    rows = group.permissions.values_list("content_type__app_label", "codename")
    return sorted(f"{app}.{codename}" for app, codename in rows)
