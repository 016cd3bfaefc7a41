"""Forwarding over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from messaging import forwarding
from messaging.forwarding import ROOMS_MAX, Forwarded
from messaging.wire import MessageOut
from realtime.errors import Refusal
from realtime.values import Id
from rooms.api.fields import Text, checked


class WhyNot(msgspec.Struct, gc=False):
    """Why something was refused; `retry_after` in seconds, where waiting helps."""

    code: str
    detail: str
    retry_after: float | None


class ForwardOut(msgspec.Struct, gc=False):
    """What became of it in one room. With a `message`, an `error` tells of the comment."""

    room: Id
    message: MessageOut | None
    comment: MessageOut | None
    error: WhyNot | None


class ForwardList(msgspec.Struct, gc=False):
    """In the order of the rooms that were asked for, each once."""

    results: list[ForwardOut]


class _NewForward(serializers.Serializer[Mapping[str, Any]]):
    rooms = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=ROOMS_MAX, help_text="Ids of the rooms."
    )
    comment = Text(default="", help_text="Sent after the copy, as a message of its own.")
    client_id = serializers.UUIDField(
        required=False, help_text="Names the whole: repeated with the same id, nothing is sent twice."
    )


class ForwardView(APIView):
    @extend_schema(operation_id="messages_forward", request=_NewForward, responses=ForwardList)
    def post(self, request: Request, message_id: UUID) -> Response:
        """Send a copy of a message to other rooms; tells of each room what became of it there."""
        fields = checked(_NewForward, request.data)
        results = forwarding.forward(
            user_of(request),
            message_id,
            fields["rooms"],
            client_id=fields.get("client_id") or uuid4(),
            comment=fields["comment"],
        )
        return Response(ForwardList([_written(each) for each in results]))


def _written(each: Forwarded) -> ForwardOut:
    error = each.copy.error or (each.comment.error if each.comment else None)
    return ForwardOut(
        room=str(each.room_id),
        message=each.copy.message,
        comment=each.comment.message if each.comment else None,
        error=_why(error) if error else None,
    )


def _why(refusal: Refusal) -> WhyNot:
    return WhyNot(refusal.code, refusal.detail, refusal.retry_after)
