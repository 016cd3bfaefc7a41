"""What Django and allauth do to sessions, addresses and second factors: recorded, and told to the sockets."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_added, email_changed, email_confirmed, email_removed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import addresses, services
from accounts.backends import find_user
from accounts.models import User
from audit.services import record
from realtime import bus


@receiver(user_logged_in)
def begin_session(request: HttpRequest, user: User, **_: Any) -> None:
    services.begin_session(request, user)


@receiver(user_login_failed)
def note_failed_sign_in(credentials: dict[str, Any], **_: Any) -> None:
    """Record whose account it was. What was typed is not kept: often it is a password in the wrong field."""
    login = credentials.get("email") or credentials.get("username") or ""
    user = find_user(login)
    record("session.refused", target=user, severity="warning", details={"known_login": user is not None})


@receiver(user_logged_out)
def end_sockets_of_session(request: HttpRequest, user: User | None, **_: Any) -> None:
    """End the session here already, so that whoever rechecks because of `rev` finds it ended.

    Django sends the signal first and ends the session then.
    """
    if user is None:
        return
    with transaction.atomic():
        request.session.delete()
        User.objects.filter(pk=user.pk).touch_rev()
        record("session.ended", actor=user, target=user)
        bus.recheck([user.pk])


@receiver(email_changed)
def note_changed_address(
    user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress, **_: Any
) -> None:
    details = {"from": from_email_address and from_email_address.email, "to": to_email_address.email}
    record("user.email_changed", actor=user, target=user, severity="notice", details=details)


@receiver(email_confirmed)
def note_confirmed_address(email_address: EmailAddress, **_: Any) -> None:
    user = email_address.user
    record("user.email_verified", actor=user, target=user, details={"email": email_address.email})


@receiver(pre_save, sender=EmailAddress)
def settle_verified_address(instance: EmailAddress, **_: Any) -> None:
    """Before it becomes the user's main one, too, which only one person can have."""
    if instance.verified:
        addresses.settle(instance)


@receiver(pre_save, sender=User)
def keep_claims_apart(instance: User, update_fields: Any = None, **_: Any) -> None:
    """Keep an address that is another's out of `User.email`, where allauth would write it.

    Our services have checked it, and name more fields than this one.
    """
    is_allauths = update_fields is None or set(update_fields) == {"email"}
    if is_allauths and not instance._state.adding:
        instance.email = instance.email or None
        if instance.email and addresses.is_taken(instance.email, by_other_than=instance):
            instance.email = None


@receiver(email_added)
def note_added_address(email_address: EmailAddress, user: User, **_: Any) -> None:
    record("user.email_added", actor=user, target=user, severity="notice", details={"email": email_address.email})


@receiver(email_removed)
def note_removed_address(email_address: EmailAddress, user: User, **_: Any) -> None:
    record("user.email_removed", actor=user, target=user, severity="notice", details={"email": email_address.email})


@receiver(authenticator_added)
def note_added_factor(user: User, authenticator: Authenticator, **_: Any) -> None:
    record("mfa.added", actor=user, target=user, severity="notice", details={"type": str(authenticator.type)})


@receiver(authenticator_removed)
def note_removed_factor(user: User, authenticator: Authenticator, **_: Any) -> None:
    record("mfa.removed", actor=user, target=user, severity="warning", details={"type": str(authenticator.type)})


@receiver(authenticator_reset)
def note_new_codes(user: User, authenticator: Authenticator, **_: Any) -> None:
    record("mfa.reset", actor=user, target=user, severity="notice", details={"type": str(authenticator.type)})


@receiver(authenticator_used)
def note_used_code(user: User, authenticator: Authenticator, **_: Any) -> None:
    """Only of recovery codes, which are used up: the owner, and whoever looks into it, should know."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        fresh = Authenticator.objects.get(pk=authenticator.pk)  # the one passed is from before the use
        left = len(fresh.wrap().get_unused_codes())
        record("mfa.recovery_code_used", actor=user, target=user, severity="notice", details={"left": left})


@receiver(authentication_failed)
def note_failed_factor(user: User, authenticator: Authenticator | None, **_: Any) -> None:
    details = {"type": str(authenticator.type) if authenticator else ""}
    record("mfa.refused", target=user, severity="warning", details=details)
