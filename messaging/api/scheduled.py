"""Scheduled messages over REST: one's own, to be sent later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import Moment, PageInput, Text, checked, cursor_of, key_of
from messaging import scheduled
from messaging.scheduled import ScheduledOut


class ScheduledPage(msgspec.Struct, gc=False):
    """The next to be sent first. `next` is the cursor of the page after this one, if there is one."""

    results: list[ScheduledOut]
    next: str | None


class _NewScheduled(serializers.Serializer[Mapping[str, Any]]):
    room = serializers.UUIDField()
    content = Text()
    send_at = Moment(help_text="When it is to be sent: a time to come, within a year.")
    reply_to = serializers.UUIDField(required=False, allow_null=True, help_text="A message of the same room.")
    thread = serializers.UUIDField(required=False, allow_null=True, help_text="The root of a thread of the room.")
    silent = serializers.BooleanField(default=False, help_text="Sent so that it counts as unread for nobody.")
    client_id = serializers.UUIDField(
        required=False, help_text="Names the plan: repeated with the same id, there is one message."
    )


class _ScheduledChange(serializers.Serializer[Mapping[str, Any]]):
    content = Text(required=False)
    send_at = Moment(required=False)
    silent = serializers.BooleanField(required=False)


class ScheduledListView(APIView):
    @extend_schema(operation_id="scheduled_list", parameters=[PageInput], responses=ScheduledPage)
    def get(self, request: Request) -> Response:
        """What one has written to be sent later, and what could not be sent."""
        query = checked(PageInput, request.query_params)
        after = key_of(query["cursor"], tuple[datetime, UUID]) if "cursor" in query else None
        rows, more = scheduled.page(user_of(request), after=after, limit=query["limit"])
        following = cursor_of(rows[-1].send_at, rows[-1].pk) if more else None
        return Response(ScheduledPage([scheduled.scheduled_out(row) for row in rows], following))

    @extend_schema(operation_id="scheduled_create", request=_NewScheduled, responses={201: ScheduledOut})
    def post(self, request: Request) -> Response:
        """Have a message sent later. It is refused now if it could not be sent now."""
        fields = checked(_NewScheduled, request.data)
        plan = scheduled.Plan(
            room_id=fields["room"],
            content=fields["content"],
            send_at=fields["send_at"],
            reply_to=fields.get("reply_to"),
            thread=fields.get("thread"),
            silent=fields["silent"],
            client_id=fields.get("client_id") or uuid4(),
        )
        return Response(scheduled.create(user_of(request), plan), status=status.HTTP_201_CREATED)


class ScheduledView(APIView):
    @extend_schema(operation_id="scheduled_change", request=_ScheduledChange, responses=ScheduledOut)
    def patch(self, request: Request, scheduled_id: UUID) -> Response:
        """Change what waits, or have what failed tried again at a time to come. 409: it has been sent."""
        fields = checked(_ScheduledChange, request.data)
        return Response(scheduled.change(user_of(request), scheduled_id, **fields))

    @extend_schema(operation_id="scheduled_cancel", responses={204: None})
    def delete(self, request: Request, scheduled_id: UUID) -> Response:
        """Have it not sent at all. 409: it has been sent."""
        scheduled.cancel(user_of(request), scheduled_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
