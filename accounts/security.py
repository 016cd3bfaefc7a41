"""The page about one's security: how one signs in, and where one is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import addresses, devices, services
from accounts.confirming import device_of
from accounts.models import DeviceSession, User
from accounts.requests import user_of
from realtime.errors import Refusal


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """How one signs in and where one is signed in, with the way to change each."""
    user = user_of(request)
    here = device_of(request)
    found = sorted(devices.of_user(user), key=lambda device: here is None or device.pk != here.pk)
    context = {
        "devices": found,
        "here": here,
        "others": len(found) - (here in found),
        "email": addresses.main_of(user),
        **_factors(user),
    }
    return render(request, "accounts/security.html", context)


@login_required
@require_POST
def rename_device(request: HttpRequest, device: UUID) -> HttpResponse:
    """Call a device something."""
    try:
        services.rename_session(_own(request, device), request.POST.get("name", ""), actor=user_of(request))
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    return redirect("settings_security")


@login_required
@require_POST
@reauthentication_required
def end_device(request: HttpRequest, device: UUID) -> HttpResponse:
    """Sign a device out."""
    found = _own(request, device)
    services.end_session(found, actor=user_of(request))
    messages.success(request, f"{found.label} is signed out.")
    return redirect("settings_security")


@login_required
@require_POST
@reauthentication_required
def end_other_devices(request: HttpRequest) -> HttpResponse:
    """Sign all other devices out."""
    user = user_of(request)
    count = services.end_other_sessions(user, device_of(request), actor=user)
    words = "1 other device is signed out." if count == 1 else f"{count} other devices are signed out."
    messages.success(request, words if count else "You are signed in nowhere else.")
    return redirect("settings_security")


def _own(request: HttpRequest, device: UUID) -> DeviceSession:
    return get_object_or_404(DeviceSession.objects.filter(user=user_of(request), replaced_at__isnull=True), pk=device)


def _factors(user: User) -> dict[str, Any]:
    """The second factors that the user has."""
    found = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((each for each in found if each.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "totp": next((each for each in found if each.type == Authenticator.Type.TOTP), None),
        "passkeys": [each for each in found if each.type == Authenticator.Type.WEBAUTHN],
        "has_codes": codes is not None,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes is not None else 0,
    }
