"""Drafts of the composer over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import PageInput, Text, checked, cursor_of, key_of
from messaging import composing, pacing
from messaging.composing import DraftOut


class DraftPage(msgspec.Struct, gc=False):
    """In the order in which they were begun. `next` is the cursor of the page after this one, if there is one."""

    results: list[DraftOut]
    next: str | None


class _DraftOf(serializers.Serializer[Mapping[str, Any]]):
    thread = serializers.UUIDField(required=False, help_text="The first message of the thread that it is for.")


class _NewDraft(serializers.Serializer[Mapping[str, Any]]):
    content = Text(help_text="Blank, and without a reply: the draft ends.")
    thread = serializers.UUIDField(
        required=False, allow_null=True, help_text="The first message of the thread that it is for."
    )
    reply_to = serializers.UUIDField(required=False, allow_null=True, help_text="A message of the same room.")


class DraftsView(APIView):
    @extend_schema(operation_id="drafts_list", parameters=[PageInput], responses=DraftPage)
    def get(self, request: Request) -> Response:
        """What one has begun to write and not sent, in all rooms and threads."""
        query = checked(PageInput, request.query_params)
        after = key_of(query["cursor"], tuple[int])[0] if "cursor" in query else None
        drafts, last = composing.page(user_of(request), after=after, limit=query["limit"])
        return Response(DraftPage(drafts, None if last is None else cursor_of(last)))


class DraftView(APIView):
    @extend_schema(operation_id="rooms_set_draft", request=_NewDraft, responses=DraftOut)
    def put(self, request: Request, room_id: UUID) -> Response:
        """Keep what one has written so far in a room or in a thread of it. The last writer wins."""
        user = user_of(request)
        pacing.pace(pacing.DRAFT_BUCKETS, user.pk, unthrottled=user.unthrottled)
        fields = checked(_NewDraft, request.data)
        written = composing.set_draft(
            user_of(request).pk,
            room_id,
            fields["content"],
            thread=fields.get("thread"),
            reply_to=fields.get("reply_to"),
        )
        return Response(written)

    @extend_schema(operation_id="rooms_delete_draft", parameters=[_DraftOf], responses={204: None})
    def delete(self, request: Request, room_id: UUID) -> Response:
        """End the draft of a room, or of a thread of it."""
        thread = checked(_DraftOf, request.query_params).get("thread")
        composing.set_draft(user_of(request).pk, room_id, "", thread=thread)
        return Response(status=status.HTTP_204_NO_CONTENT)
