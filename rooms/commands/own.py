"""One's own choices over the socket: how a room calls for one, and the sections of one's side bar.

Of what is chosen all of the person's sockets hear, as `room.preferences` and `sections`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from accounts.doing import does, given, paced
from accounts.models import User
from realtime.commands import Command
from realtime.limits import Buckets
from rooms import services
from rooms.commands.reaching import joined
from rooms.models import NotificationLevel
from rooms.services.preferences import POSITION_MAX
from rooms.sidebar import Section
from rooms.summaries import Preferences

# Nobody but the person hears of it; putting a side bar in order is many moves in a row.
_PACE = paced(Buckets(rate=3, burst=60))


class RoomPrefer(Command, kw_only=True):
    """`before` and `after`: a room of the same part of the side bar, beside which it goes."""

    room: UUID
    notification_level: NotificationLevel | UnsetType = UNSET
    notifications_muted_until: Annotated[datetime, msgspec.Meta(tz=True)] | UnsetType | None = UNSET
    favourite: bool | UnsetType = UNSET
    section: UUID | UnsetType | None = UNSET
    before: UUID | UnsetType = UNSET
    after: UUID | UnsetType = UNSET


class SectionCreate(Command, kw_only=True):
    name: str


class SectionChange(Command, kw_only=True):
    section: UUID
    name: str | UnsetType = UNSET
    position: Annotated[int, msgspec.Meta(ge=0, le=POSITION_MAX)] | UnsetType = UNSET


class OfSection(Command, kw_only=True):
    section: UUID


@does("room.prefer", RoomPrefer, pace=_PACE)
def room_prefer(user: User, fields: RoomPrefer) -> Preferences:
    how = given(fields, "notification_level", "notifications_muted_until", "favourite", "section", "before", "after")
    return services.set_preferences(user, joined(user, fields.room), **how)


@does("section.create", SectionCreate, pace=_PACE)
def section_create(user: User, fields: SectionCreate) -> Section:
    return services.create_section(user, fields.name)


@does("section.change", SectionChange, pace=_PACE)
def section_change(user: User, fields: SectionChange) -> Section:
    return services.change_section(user, fields.section, **given(fields, "name", "position"))


@does("section.delete", OfSection, pace=_PACE)
def section_delete(user: User, fields: OfSection) -> None:
    services.delete_section(user, fields.section)
