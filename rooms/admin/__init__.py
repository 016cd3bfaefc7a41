"""Rooms, their people, their log and their doors, as staff see and change them: through `rooms.services`."""

from rooms.admin import doors
from rooms.admin.rooms import SEARCH_HELP, as_uuid, link, room_named, user_named

__all__ = ["SEARCH_HELP", "as_uuid", "doors", "link", "room_named", "user_named"]
