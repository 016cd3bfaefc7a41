"""The socket commands on oneself: profile, status, privacy. Each does what its call of the REST API does.

What guards the account (passwords, factors, devices) and what is a file (the picture) is not
here: the one asks for a request that was confirmed of late, the other for an upload.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from accounts import pace, privacy, services
from accounts.api.serializers import MeSerializer, PrivacySerializer
from accounts.doing import does, given, paced
from accounts.models import Audience, Privacy, User
from realtime.commands import Command

_PACE = paced(pace.PROFILE)
_Choice = Audience | UnsetType


class ProfileChange(Command, kw_only=True):
    """What is left out stays as it is; an empty string takes away what was there."""

    display_name: str | UnsetType = UNSET
    bio: str | UnsetType = UNSET
    phone: str | UnsetType | None = UNSET
    locale: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET


class StatusSet(Command, kw_only=True):
    emoji: str = ""
    text: str = ""
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class StatusClear(Command, kw_only=True):
    pass


class PrivacyChange(Command, kw_only=True):
    """Named as the settings are: see `Privacy`."""

    last_seen: _Choice = UNSET
    presence: _Choice = UNSET
    phone: _Choice = UNSET
    read_receipts: _Choice = UNSET
    messages: _Choice = UNSET
    rooms: _Choice = UNSET


@does("profile.change", ProfileChange, pace=_PACE)
def profile_change(user: User, fields: ProfileChange) -> Any:
    changes = given(fields, "display_name", "bio", "phone", "locale", "time_zone")
    return MeSerializer(services.change_profile(user, **changes)).data


@does("status.set", StatusSet, pace=_PACE)
def status_set(user: User, fields: StatusSet) -> Any:
    said = services.set_status(user, emoji=fields.emoji, text=fields.text, until=fields.until, actor=user)
    return MeSerializer(said).data


@does("status.clear", StatusClear, pace=_PACE)
def status_clear(user: User, fields: StatusClear) -> Any:
    return MeSerializer(services.clear_status(user, actor=user)).data


@does("privacy.change", PrivacyChange, pace=_PACE)
def privacy_change(user: User, fields: PrivacyChange) -> Any:
    return PrivacySerializer(privacy.change(user, **given(fields, *Privacy.values))).data
