"""Receipts over REST: who has received and read a message, and telling what one has received."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import PageInput, checked, cursor_of, key_of
from messaging.api.inputs import NewReceived
from messaging.receipts import asking, recording
from messaging.services import room_of


class ReceiptQuery(PageInput):
    state = serializers.ChoiceField(
        choices=["read", "received", "waiting"],
        required=False,
        help_text="Only who has read it, who has received it and not read it, or who has done neither.",
    )


class ReceivedView(APIView):
    @extend_schema(operation_id="rooms_mark_received", request=NewReceived, responses={204: None})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Tell that a program has received the room up to a number; never moves back, and is not “read”."""
        room = room_of(user_of(request), room_id)
        recording.note(user_of(request).pk, room.pk, received=checked(NewReceived, request.data)["number"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReceiptsView(APIView):
    @extend_schema(operation_id="receipts_list", parameters=[ReceiptQuery], responses=asking.ReceiptPage)
    def get(self, request: Request, message_id: UUID) -> Response:
        """Who received and read a message of a room that one is in, and when."""
        query = checked(ReceiptQuery, request.query_params)
        after = key_of(query["cursor"], tuple[int])[0] if "cursor" in query else 0
        user = user_of(request)
        message = asking.message_for(user, message_id)
        limit = query["limit"]
        found = asking.people(message, user, state=query.get("state"), after=after, limit=limit + 1)
        more = cursor_of(found[limit - 1][0]) if len(found) > limit else None
        return Response(asking.ReceiptPage(asking.counts(message, user), [each for _, each in found[:limit]], more))
