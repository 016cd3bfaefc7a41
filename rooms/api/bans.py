"""The bans of a room over REST, for those who may ban."""

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

from accounts.people import Person, person_of
from accounts.requests import user_of
from chat_project.api.fields import Moment, PageInput, Text, checked, cursor_of, key_of
from realtime.errors import Forbidden
from realtime.values import Timestamp, timestamp
from rooms import services
from rooms.models import Ban, Membership, Room
from rooms.permissions import Action, allows


class BanOut(msgspec.Struct, gc=False):
    """Who may not come in, until when (`null`: until it is lifted), and who decided it why."""

    user: Person
    made_by: Person | None
    reason: str
    until: Timestamp | None
    created_at: Timestamp


class BanPage(msgspec.Struct, gc=False):
    """The newest first. `next` is the cursor of the page after this one, if there is one."""

    results: list[BanOut]
    next: str | None


class _NewBan(serializers.Serializer[Mapping[str, Any]]):
    reason = Text(default="", help_text="For those who moderate. At most 500 characters.")
    until = Moment(default=None, allow_null=True, help_text="`null`: until it is lifted.")


class BansView(APIView):
    @extend_schema(operation_id="bans_list", parameters=[PageInput], responses=BanPage)
    def get(self, request: Request, room_id: UUID) -> Response:
        """Who is banned from a room now."""
        user = user_of(request)
        room = get_object_or_404(Room.objects.joined_by(user), pk=room_id)
        held = Membership.objects.current().get(room=room, user=user)
        if not allows(
            Action.BAN_MEMBER, role=held.role, kind=room.kind, settings=room.settings, overrides=held.permissions
        ):
            raise Forbidden("Your role in this room does not allow this.")
        query = checked(PageInput, request.query_params)
        rows = room.bans.standing().order_by("-id")
        if "cursor" in query:
            rows = rows.filter(id__lt=key_of(query["cursor"], tuple[int])[0])
        found = list(rows.select_related("user", "made_by")[: query["limit"] + 1])
        page = found[: query["limit"]]
        more = cursor_of(page[-1].pk) if len(found) > len(page) else None
        return Response(BanPage([_written(each) for each in page], more))


class BanView(APIView):
    @extend_schema(operation_id="bans_set", request=_NewBan, responses=BanOut)
    def put(self, request: Request, room_id: UUID, user_id: UUID) -> Response:
        """Keep somebody out of a room, and put them out if they are in."""
        room = get_object_or_404(Room.objects.joined_by(user_of(request)), pk=room_id)
        made = services.ban(user_of(request), room, user_id, **checked(_NewBan, request.data))
        return Response(_written(Ban.objects.select_related("user", "made_by").get(pk=made.pk)))

    @extend_schema(operation_id="bans_lift", responses={204: None})
    def delete(self, request: Request, room_id: UUID, user_id: UUID) -> Response:
        """Let somebody come in again, if they find a way."""
        services.unban(
            user_of(request), get_object_or_404(Room.objects.joined_by(user_of(request)), pk=room_id), user_id
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


def _written(ban: Ban) -> BanOut:
    return BanOut(
        person_of(ban.user),
        person_of(ban.made_by) if ban.made_by else None,
        ban.reason,
        timestamp(ban.until) if ban.until else None,
        timestamp(ban.created_at),
    )
