"""Whether somebody has lately shown once more that it is they, as sensitive acts ask for."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import (
    did_recently_reauthenticate,
    raise_if_reauthentication_required,
)
from django.http import HttpRequest
from rest_framework.request import Request

from accounts import devices
from accounts.authentication import Grant
from accounts.models import DeviceSession
from accounts.requests import user_of
from realtime.errors import Forbidden


def device_of(request: HttpRequest | Request) -> DeviceSession | None:
    """The device that makes the call; None with an API token, which is on no device."""
    grant = getattr(request, "auth", None)
    if isinstance(grant, Grant):
        return grant.device
    return devices.of_session(request.session) if grant is None else None


def require_confirmed(request: Request) -> None:
    """Forbidden: the call is not by somebody who lately entered a password or code, or used a passkey, again.

    Pages have allauth's `reauthentication_required`, which asks for it on the spot.
    """
    asked = HttpRequest()
    asked.user = user_of(request)
    if isinstance(request.auth, Grant):
        asked.session = devices.store(request.auth.device.session_key)
    elif request.auth is None:
        asked.session = request.session
    else:
        raise Forbidden("An API token cannot change how you sign in. Sign in to do this.")
    if not did_recently_reauthenticate(asked):
        raise Forbidden("Confirm that it is you first: reauthenticate, then try again.")


def require_confirmed_staff(request: HttpRequest) -> None:
    """In the administration: send who did not lately confirm themselves to do it; then what they sent goes on."""
    raise_if_reauthentication_required(request, app="account")
