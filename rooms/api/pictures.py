"""A room's picture over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import pictures
from accounts.requests import user_of
from chat_project.api.fields import checked
from rooms import services
from rooms.api import shapes
from rooms.models import Room

# A multipart body is a little larger than the file in it.
BODY_ROOM = 64 * 1024


class PictureUpload(serializers.Serializer[Mapping[str, Any]]):
    avatar = serializers.FileField(help_text="JPEG, PNG, WebP or GIF. Its middle is kept, as a square.")


class PictureView(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="room_avatar_replace",
        request={"multipart/form-data": PictureUpload},
        responses=shapes.RoomDetail,
    )
    def put(self, request: Request, room_id: UUID) -> Response:
        """Upload a picture of a room. What it says of place, time and camera is not kept."""
        room = get_object_or_404(Room.objects.visible_to(user_of(request)), pk=room_id)
        if int(request.META.get("CONTENT_LENGTH") or 0) > pictures.BYTES_MAX + BODY_ROOM:
            raise pictures.too_large()
        upload = checked(PictureUpload, request.data)["avatar"]
        room = services.set_picture(user_of(request), room, upload)
        return Response(shapes.detail(user_of(request), room))

    @extend_schema(operation_id="room_avatar_remove", responses={200: shapes.RoomDetail})
    def delete(self, request: Request, room_id: UUID) -> Response:
        """Take the picture away: the sign of the room's kind stands in its place."""
        room = get_object_or_404(Room.objects.visible_to(user_of(request)), pk=room_id)
        return Response(shapes.detail(user_of(request), services.remove_picture(user_of(request), room)))
