"""What the calls about rooms take. Types are checked here, rules by the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from chat_project.api.fields import Cursor, Limit, Moment, PageInput, Text
from rooms import directory
from rooms.models import Kind, Role
from rooms.services.membership import ADDED_AT_ONCE_MAX


class _People(serializers.ListField):
    """Ids of users."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.UUIDField(), max_length=ADDED_AT_ONCE_MAX, **kwargs)


class NewRoom(serializers.Serializer[Mapping[str, Any]]):
    kind = serializers.ChoiceField(choices=Kind.choices)
    name = Text(required=False, help_text="Of every kind but `direct`, which is called by its people.")
    slug = Text(required=False, help_text="Made of the name where it is not given.")
    topic = Text(required=False)
    members = _People(required=False, help_text="Ids of the other people.")


class RoomChange(serializers.Serializer[Mapping[str, Any]]):
    name = Text(required=False)
    topic = Text(required=False)
    slug = Text(required=False)
    settings = serializers.DictField(
        required=False, help_text='`{"permissions": {action: least role}}`: raises what an action takes.'
    )
    archived = serializers.BooleanField(required=False)


class NewMembers(serializers.Serializer[Mapping[str, Any]]):
    users = _People(allow_empty=False, help_text="Ids of the people.")


class MemberChange(serializers.Serializer[Mapping[str, Any]]):
    role = serializers.ChoiceField(choices=[role for role in Role.choices if role[0] != Role.OWNER], required=False)
    muted_until = Moment(required=False, allow_null=True, help_text="`null` lets them write again.")
    permissions = serializers.DictField(
        required=False, help_text="`{action: bool}`: what they may do besides what their role says, or not."
    )


class NewOwner(serializers.Serializer[Mapping[str, Any]]):
    user = serializers.UUIDField(help_text="A member of the room.")


class RoomsQuery(serializers.Serializer[Mapping[str, Any]]):
    cursor = Cursor(help_text="`next` of the page before.")
    limit = Limit(help_text="Without it, and without a cursor, all rooms are told.")


class DirectoryQuery(PageInput):
    q = serializers.CharField(required=False, default="", allow_blank=True, max_length=100)
    sort = serializers.ChoiceField(
        choices=directory.Sort.choices,
        required=False,
        default=directory.Sort.NAME.value,
        help_text="`name` from A, `members` the most first, `activity` the newest first.",
    )


class MembersQuery(PageInput):
    q = serializers.CharField(
        required=False,
        max_length=100,
        help_text="Only those whose username, or a word of whose name, begins so; by name, and one page of them.",
    )
