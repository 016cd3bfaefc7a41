"""Invitations over REST: those of a room, one's own, and where a link leads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.people import Person, person_of
from accounts.requests import user_of
from chat_project.api.fields import Moment, Number, PageInput, checked, cursor_of, key_of
from realtime.errors import Invalid
from realtime.values import Timestamp, timestamp
from rooms import services
from rooms.api import shapes
from rooms.invitations import asked_of, made_for, within_reach
from rooms.models import Invitation, Room


class InvitationPage(msgspec.Struct, gc=False):
    """The newest first. `next` is the cursor of the page after this one, if there is one."""

    results: list[shapes.InvitationOut]
    next: str | None


class LinkOut(msgspec.Struct, gc=False):
    """Where a link leads, and who made it."""

    room: shapes.InvitedTo
    made_by: Person | None
    expires_at: Timestamp | None


class _NewInvitation(serializers.Serializer[Mapping[str, Any]]):
    user = serializers.UUIDField(required=False, help_text="Whom to ask; without it, a link is made.")
    expires_at = Moment(required=False, allow_null=True, help_text="Of a link; `null`: never.")
    uses_max = Number(required=False, allow_null=True, help_text="Of a link: how many it lets in; `null`: any number.")


class _InvitationAnswer(serializers.Serializer[Mapping[str, Any]]):
    state = serializers.ChoiceField(choices=["accepted", "declined"])


class RoomInvitationsView(APIView):
    @extend_schema(operation_id="invitations_of_room", parameters=[PageInput], responses=InvitationPage)
    def get(self, request: Request, room_id: UUID) -> Response:
        """The open invitations of a room: one's own, and those of others where one manages them."""
        user = user_of(request)
        room = get_object_or_404(Room.objects.joined_by(user), pk=room_id)
        return Response(_page(request, made_for(user, room)))

    @extend_schema(operation_id="invitations_create", request=_NewInvitation, responses={201: shapes.InvitationOut})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Ask somebody into a room, or make a link into it."""
        room = get_object_or_404(Room.objects.joined_by(user_of(request)), pk=room_id)
        fields = checked(_NewInvitation, request.data)
        if "user" in fields:
            if len(fields) > 1:
                raise Invalid("An invitation of one person takes no limits: give “user” alone.")
            made = services.invite(user_of(request), room, fields["user"])
        else:
            made = services.invite_by_link(user_of(request), room, **fields)
        return Response(shapes.invitation(made), status=status.HTTP_201_CREATED)


class InvitationsView(APIView):
    @extend_schema(operation_id="invitations_list", parameters=[PageInput], responses=InvitationPage)
    def get(self, request: Request) -> Response:
        """Invitations that wait for the asker's word."""
        return Response(_page(request, Invitation.objects.waiting_for(user_of(request))))


class InvitationView(APIView):
    @extend_schema(operation_id="invitations_answer", request=_InvitationAnswer, responses={200: shapes.InvitationOut})
    def patch(self, request: Request, invitation_id: UUID) -> Response:
        """Accept or decline what one was asked."""
        accept = checked(_InvitationAnswer, request.data)["state"] == "accepted"
        asked = asked_of(user_of(request), invitation_id)
        services.answer(user_of(request), asked, accept=accept)
        return Response(shapes.invitation(asked))

    @extend_schema(operation_id="invitations_revoke", responses={204: None})
    def delete(self, request: Request, invitation_id: UUID) -> Response:
        """Take an invitation back: one's own, or another's where one manages them."""
        services.revoke(user_of(request), within_reach(user_of(request), invitation_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LinkView(APIView):
    @extend_schema(operation_id="invitations_look", responses=LinkOut)
    def get(self, request: Request, code: str) -> Response:
        """Where a link leads. 410: it is not valid any more."""
        found = services.link_of(code)
        made_by = person_of(found.made_by) if found.made_by else None
        expires_at = timestamp(found.expires_at) if found.expires_at else None
        return Response(LinkOut(shapes.invited_to(found.room), made_by, expires_at))

    @extend_schema(operation_id="invitations_accept", request=None, responses={200: shapes.RoomDetail})
    def post(self, request: Request, code: str) -> Response:
        """Come in by a link; who is in the room already stays as they are."""
        room = services.accept_link(user_of(request), code).room
        return Response(shapes.detail(user_of(request), room))


def _page(request: Request, invitations: Any) -> InvitationPage:
    query = checked(PageInput, request.query_params)
    rows = invitations.order_by("-created_at", "id")
    if "cursor" in query:
        created_at, row_id = key_of(query["cursor"], tuple[datetime, UUID])
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__gt=row_id))
    found = list(rows.select_related("room__head", "user", "made_by")[: query["limit"] + 1])
    page = found[: query["limit"]]
    more = cursor_of(page[-1].created_at, page[-1].pk) if len(found) > len(page) else None
    return InvitationPage([shapes.written(each) for each in page], more)
