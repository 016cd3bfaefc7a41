"""Sessions on devices: begun, named, ended; and the tokens of an app's session, issued and renewed."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import devices, tokens
from accounts.models import DeviceSession, User
from accounts.services.users import check_authority, check_control
from audit import origin
from audit.services import record
from realtime import bus
from realtime.errors import Invalid

NAME_MAX = 60
# An answer that was lost is asked for again by then; the network's own time limits are shorter.
REFRESH_GRACE = timedelta(seconds=20)
# Long enough for every process to have looked; then nobody asks any more why a socket ended.
REPLACED_KEPT = timedelta(hours=1)


def begin_session(request: HttpRequest, user: User) -> DeviceSession:
    """Keep the record of the session that has just been opened. In single-session mode the others end."""
    here = origin.current()
    kind = DeviceSession.Kind.APP if _is_headless(request) else DeviceSession.Kind.BROWSER
    now = timezone.now()
    if request.session.session_key is None:  # somebody else was signed in here: theirs has been emptied
        request.session.create()
    with transaction.atomic():
        if settings.SINGLE_SESSION:
            # One after the other: two sign-ins that met would each see no other session to end.
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
        device, _ = DeviceSession.objects.update_or_create(
            session_key=request.session.session_key,
            defaults={
                "user": user,
                "kind": kind,
                "ip": here.ip,
                "user_agent": _readable(here.user_agent)[:300],
                "last_used_at": now,
            },
        )
        record("session.started", actor=user, target=user, details={"device": device.label, "kind": kind})
        if settings.SINGLE_SESSION:
            _replace_others(device, user)
    return device


def rename_session(device: DeviceSession, name: str, *, actor: User | None = None) -> DeviceSession:
    """Call a device something; empty: what it calls itself. Invalid: too long, or with control characters."""
    check_authority(actor, device.user)
    name = " ".join(name.split())
    if len(name) > NAME_MAX or not name.isprintable():
        detail = f"Use up to {NAME_MAX} visible characters."
        raise Invalid(detail, fields={"name": [detail]})
    device.name = name
    device.save(update_fields=["name"])
    return device


def end_session(device: DeviceSession, *, actor: User | None = None) -> None:
    """Sign a device out: its session and tokens end, its sockets close in every process."""
    check_authority(actor, device.user)
    with transaction.atomic():
        _end([device], device.user, actor)


def end_other_sessions(user: User, keep: DeviceSession | None, *, actor: User | None = None) -> int:
    """Sign the user's other devices out, all where none is kept; return how many it were."""
    check_authority(actor, user)
    with transaction.atomic():
        others = [each for each in devices.of_user(user) if keep is None or each.pk != keep.pk]
        if others:
            _end(others, user, actor)
    return len(others)


def issue(device: DeviceSession) -> tuple[str, str] | None:
    """Give an app's session its first access and refresh token. Earlier ones of it are good no more.

    None: the session has ended meanwhile.
    """
    link = tokens.first_link()
    with transaction.atomic():
        held = _lock(device.pk)
        if held is None:
            return None
        _advance(held, held.generation + 1, link)
        return _access(held), tokens.write_refresh(held, held.generation, link)


def renew(refresh_token: str) -> tuple[str, str] | None:
    """Take a refresh token for a new access and refresh token; None: it is not good, or not any more.

    Each is good once. For some seconds, and until its successor has been used, it gives that same
    successor again: the answer may have been lost, or two calls have met. Any other use of one that
    was used before is by somebody who should not have it, or from whom it was taken: the session ends.
    """
    shown = tokens.read_refresh(refresh_token)
    if shown is None:
        return None
    with transaction.atomic():
        device = _lock(shown.device_id)
        if device is None or not shown.is_of(device) or device.session_key not in devices.owners([device.session_key]):
            return None
        if shown.generation == device.generation and _is_digest(device, shown.digest):
            link = tokens.next_link(device, shown.link)
            _advance(device, device.generation + 1, link)
        elif _is_within_grace(device, shown):
            link = tokens.next_link(device, shown.link)
        else:
            _end_reused(device, shown)
            return None
        _prolong(device)
        return _access(device), tokens.write_refresh(device, device.generation, link)


def remove_factors(user: User, *, actor: User | None = None) -> None:
    """Take all second factors from somebody who is locked out. Whoever may could sign in as they: see there."""
    check_control(actor, user)
    with transaction.atomic():
        found = Authenticator.objects.filter(user=user)
        types = sorted(found.values_list("type", flat=True))
        if types:
            found.delete()
            record("mfa.removed", actor=actor, target=user, severity="warning", details={"types": types})


def purge() -> None:
    """Remove sessions that ran out, and devices whose session is gone. Every process may, at any time."""
    devices.store().clear_expired()
    DeviceSession.objects.filter(replaced_at__lt=timezone.now() - REPLACED_KEPT).delete()


def _end(several: list[DeviceSession], user: User, actor: User | None) -> None:
    for device in several:
        devices.store(device.session_key).delete()
        details = {"device": device.label, "ip": device.ip}
        severity = "info" if actor is None or actor.pk == user.pk else "notice"
        record("session.ended", actor=actor, target=user, severity=severity, details=details)
    _tell(user)


def _replace_others(device: DeviceSession, user: User) -> None:
    """End the user's other sessions in favour of this one: their sockets learn that they were replaced."""
    others = DeviceSession.objects.of(user).exclude(pk=device.pk)
    for other in others:
        other.replaced_at = timezone.now()
        other.save(update_fields=["replaced_at"])
        devices.store(other.session_key).delete()
        details = {"device": other.label, "by": device.label}
        record("session.replaced", actor=user, target=user, severity="notice", details=details)
    _tell(user)


def _end_reused(device: DeviceSession, shown: tokens.Refresh) -> None:
    details = {
        "device": device.label,
        "generation": shown.generation,
        "current": device.generation,
        "session_ip": device.ip,
    }
    record("session.refresh_reused", target=device.user, severity="warning", details=details)
    _end([device], device.user, None)


def _tell(user: User) -> None:
    User.objects.filter(pk=user.pk).touch_rev()
    bus.recheck([user.pk])


def _lock(device_id: UUID) -> DeviceSession | None:
    rows = DeviceSession.objects.select_for_update(of=("self",)).select_related("user")
    return rows.filter(pk=device_id, replaced_at__isnull=True).first()


def _advance(device: DeviceSession, generation: int, link: bytes) -> None:
    device.generation, device.rotated_at = generation, timezone.now()
    device.refresh_digest = tokens.digest_of(link)
    device.last_used_at = device.rotated_at
    device.save(update_fields=["generation", "rotated_at", "refresh_digest", "last_used_at"])


def _is_digest(device: DeviceSession, digest: bytes) -> bool:
    return constant_time_compare(bytes(device.refresh_digest or b""), digest)


def _is_within_grace(device: DeviceSession, shown: tokens.Refresh) -> bool:
    """Whether the token is the one before the token of now, and was used a moment ago."""
    if shown.generation != device.generation - 1 or device.rotated_at is None:
        return False
    successor = tokens.digest_of(tokens.next_link(device, shown.link))
    return _is_digest(device, successor) and timezone.now() - device.rotated_at <= REFRESH_GRACE


def _prolong(device: DeviceSession) -> None:
    """An app that comes back in time stays signed in, as a browser's cookie does not."""
    expires = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    devices.session_model().objects.filter(session_key=device.session_key).update(expire_date=expires)


def _access(device: DeviceSession) -> str:
    return tokens.write_access(device, int(time.time()) + settings.ACCESS_TOKEN_S)


def _is_headless(request: HttpRequest) -> bool:
    return hasattr(getattr(request, "allauth", None), "headless")


def _readable(user_agent: str) -> str:
    """What databases hold: PostgreSQL no NUL, and nobody half a surrogate pair."""
    return user_agent.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
