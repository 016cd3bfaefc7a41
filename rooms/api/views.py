"""Rooms over REST: one's own, the directory, one room, joining and leaving."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import PAGE_MAX, checked, cursor_of, key_of
from rooms import directory, services
from rooms.api import shapes
from rooms.api.inputs import DirectoryQuery, NewRoom, RoomChange, RoomsQuery
from rooms.models import Room
from rooms.summaries import RoomKey, summaries, summaries_page

_SEEN: list[Any] = [shapes.RoomDetail, shapes.ListedRoom]
_ROOM_AS_SEEN = PolymorphicProxySerializer("RoomAsSeen", serializers=_SEEN, resource_type_field_name=None)


class RoomsView(APIView):
    @extend_schema(operation_id="rooms_list", parameters=[RoomsQuery], responses=shapes.RoomList)
    def get(self, request: Request) -> Response:
        """The rooms of the signed-in user, newest activity first: all of them, or page by page."""
        query = checked(RoomsQuery, request.query_params)
        user_id = user_of(request).pk
        if not query:
            return Response(shapes.RoomList(summaries(user_id), None))
        after = key_of(query["cursor"], RoomKey) if "cursor" in query else None
        rooms, key = summaries_page(user_id, after=after, limit=query.get("limit", PAGE_MAX))
        return Response(shapes.RoomList(rooms, cursor_of(*key) if key else None))

    @extend_schema(
        operation_id="rooms_create", request=NewRoom, responses={200: shapes.RoomDetail, 201: shapes.RoomDetail}
    )
    def post(self, request: Request) -> Response:
        """Make a room, or (200) find again the direct room of these people."""
        room, created = services.make_room(user_of(request), **checked(NewRoom, request.data))
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(shapes.detail(user_of(request), room), status=code)


class DirectoryView(APIView):
    @extend_schema(operation_id="directory_list", parameters=[DirectoryQuery], responses=shapes.DirectoryPage)
    def get(self, request: Request) -> Response:
        """Rooms that anyone may join, in the order of `sort`; `q` is a part of the name or of the topic."""
        query = checked(DirectoryQuery, request.query_params)
        page, more = directory.page(
            user_of(request),
            words=query["q"].strip(),
            sort=query["sort"],
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        return Response(shapes.DirectoryPage(shapes.listed(page, user_of(request)), more))


class RoomView(APIView):
    @extend_schema(operation_id="rooms_read", responses=_ROOM_AS_SEEN)
    def get(self, request: Request, room_id: UUID) -> Response:
        """A room: in full for its members, else as the directory shows it."""
        rooms = Room.objects.visible_to(user_of(request)).select_related("head")
        return Response(shapes.detail(user_of(request), get_object_or_404(rooms, pk=room_id)))

    @extend_schema(operation_id="rooms_change", request=RoomChange, responses=shapes.RoomDetail)
    def patch(self, request: Request, room_id: UUID) -> Response:
        """Change what is given; all of it or, where one part is refused, nothing."""
        room = get_object_or_404(Room.objects.visible_to(user_of(request)), pk=room_id)
        room = services.change_room(user_of(request), room, **checked(RoomChange, request.data))
        return Response(shapes.detail(user_of(request), room))

    @extend_schema(operation_id="rooms_delete", responses={204: None})
    def delete(self, request: Request, room_id: UUID) -> Response:
        """Take the room out of everybody's sight; the server's staff can restore it."""
        services.delete_room(user_of(request), get_object_or_404(Room.objects.visible_to(user_of(request)), pk=room_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class JoinView(APIView):
    @extend_schema(operation_id="rooms_join", request=None, responses=shapes.RoomDetail)
    def post(self, request: Request, room_id: UUID) -> Response:
        """Join a listed room. Who is in it already stays as they are."""
        room = get_object_or_404(Room.objects.visible_to(user_of(request)), pk=room_id)
        return Response(shapes.detail(user_of(request), services.join(user_of(request), room).room))


class LeaveView(APIView):
    @extend_schema(operation_id="rooms_leave", request=None, responses={204: None})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Leave a room. An owner's room goes to the next in line."""
        services.leave(user_of(request), get_object_or_404(Room.objects.joined_by(user_of(request)), pk=room_id))
        return Response(status=status.HTTP_204_NO_CONTENT)
