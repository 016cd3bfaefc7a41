"""Template tags about rooms."""

from __future__ import annotations

from django import template

from accounts import pictures
from rooms.models import Room
from rooms.summaries import RoomSummary

register = template.Library()


@register.filter
def picture(room: Room | RoomSummary) -> str | None:
    """Where a room's picture is, if it has one."""
    return pictures.url(room.avatar.name or "") if isinstance(room, Room) else room.avatar
