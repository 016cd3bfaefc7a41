"""One's own choices over REST: how a room calls for one, and the sections of one's side bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import Moment, Number, Text, checked
from rooms import services
from rooms.models import NotificationLevel, Room
from rooms.services.preferences import POSITION_MAX
from rooms.sidebar import Section, sections_of
from rooms.summaries import Preferences


class PreferencesChange(serializers.Serializer[Mapping[str, Any]]):
    notification_level = serializers.ChoiceField(choices=NotificationLevel.choices, required=False)
    notifications_muted_until = Moment(
        required=False, allow_null=True, help_text="`null` turns them on; the year 9999 is until they are turned on."
    )
    favourite = serializers.BooleanField(required=False)
    section = serializers.UUIDField(required=False, allow_null=True, help_text="One of the asker's own sections.")
    before = serializers.UUIDField(required=False, help_text="A room of the same part of the side bar.")
    after = serializers.UUIDField(required=False, help_text="A room of the same part of the side bar.")


class NewSection(serializers.Serializer[Mapping[str, Any]]):
    name = Text()


class SectionChange(serializers.Serializer[Mapping[str, Any]]):
    name = Text(required=False)
    position = Number(required=False, max_value=POSITION_MAX, help_text="The place among one's sections, from 0.")


class SectionList(msgspec.Struct, gc=False):
    results: list[Section]


class OwnRoomView(APIView):
    @extend_schema(operation_id="rooms_preferences", responses=Preferences)
    def get(self, request: Request, room_id: UUID) -> Response:
        """What the asker has chosen for a room that they are in."""
        room = get_object_or_404(Room.objects.joined_by(user_of(request)), pk=room_id)
        return Response(services.preferences_for(user_of(request), room))

    @extend_schema(operation_id="rooms_prefer", request=PreferencesChange, responses=Preferences)
    def patch(self, request: Request, room_id: UUID) -> Response:
        """Choose what is given: notifications, favourite, section, and the place beside another room."""
        room = get_object_or_404(Room.objects.joined_by(user_of(request)), pk=room_id)
        return Response(services.set_preferences(user_of(request), room, **checked(PreferencesChange, request.data)))


class SectionsView(APIView):
    @extend_schema(operation_id="sections_list", responses=SectionList)
    def get(self, request: Request) -> Response:
        """The sections of the asker's side bar, in order."""
        return Response(SectionList(sections_of(user_of(request).pk)))

    @extend_schema(operation_id="sections_create", request=NewSection, responses={201: Section})
    def post(self, request: Request) -> Response:
        """Make a section, below the others."""
        section = services.create_section(user_of(request), checked(NewSection, request.data)["name"])
        return Response(section, status=status.HTTP_201_CREATED)


class SectionView(APIView):
    @extend_schema(operation_id="sections_change", request=SectionChange, responses=Section)
    def patch(self, request: Request, section_id: UUID) -> Response:
        """Rename a section of one's own, or move it."""
        return Response(services.change_section(user_of(request), section_id, **checked(SectionChange, request.data)))

    @extend_schema(operation_id="sections_delete", responses={204: None})
    def delete(self, request: Request, section_id: UUID) -> Response:
        """Take a section away; its rooms stay, among the others of their kind."""
        services.delete_section(user_of(request), section_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
