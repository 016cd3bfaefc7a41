"""Link previews over REST: taking one off a message. They come by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import Text, checked
from messaging.overlay import with_me
from messaging.previews import work
from messaging.wire import MessageOut


class _WhichPreview(serializers.Serializer[Mapping[str, Any]]):
    url = Text(help_text="The address whose preview it is, as the preview says it.")


class PreviewsView(APIView):
    @extend_schema(operation_id="messages_dismiss_preview_of", parameters=[_WhichPreview], responses={200: MessageOut})
    def delete(self, request: Request, message_id: UUID) -> Response:
        """The same by its address: one that is not there (any more) is taken off already."""
        url = checked(_WhichPreview, request.query_params)["url"]
        written = work.dismiss(user_of(request), message_id, url=url)
        return Response(with_me(user_of(request), [written])[0])


class PreviewView(APIView):
    @extend_schema(operation_id="messages_dismiss_preview", responses={200: MessageOut})
    def delete(self, request: Request, message_id: UUID, index: int) -> Response:
        """Take a preview off one's own message, or off one that one may delete; it does not come back."""
        written = work.dismiss(user_of(request), message_id, index=index)
        return Response(with_me(user_of(request), [written])[0])
