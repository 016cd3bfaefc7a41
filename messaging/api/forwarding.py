"""Forwarding over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import Text, checked
from messaging import forwarding
from messaging.forwarding import ROOMS_MAX, ForwardList


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
        return Response(forwarding.forward_out(results))
