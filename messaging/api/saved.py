"""Saved messages over REST."""

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
from messaging import saved
from messaging.overlay import with_me
from messaging.saved import SavedOut, SavedState


class SavedPage(msgspec.Struct, gc=False):
    """Last saved first. `next` is the cursor of the page after this one, if there is one."""

    results: list[SavedOut]
    next: str | None


class _NewSaved(serializers.Serializer[Mapping[str, Any]]):
    note = Text(default="", help_text="For oneself: why it was saved. At most 500 characters.")


class SavedListView(APIView):
    @extend_schema(operation_id="saved_list", parameters=[PageInput], responses=SavedPage)
    def get(self, request: Request) -> Response:
        """What one has saved, of the rooms that one is in now."""
        query = checked(PageInput, request.query_params)
        before = key_of(query["cursor"], tuple[int])[0] if "cursor" in query else None
        entries, last = saved.page(user_of(request), before=before, limit=query["limit"])
        for entry, message in zip(entries, with_me(user_of(request), [each.message for each in entries]), strict=True):
            entry.message = message
        return Response(SavedPage(entries, None if last is None else cursor_of(last)))


class SavedView(APIView):
    @extend_schema(operation_id="messages_save", request=_NewSaved, responses=SavedState)
    def put(self, request: Request, message_id: UUID) -> Response:
        """Save a message, or give a saved one another note."""
        return Response(saved.save(user_of(request), message_id, checked(_NewSaved, request.data)["note"]))

    @extend_schema(operation_id="messages_unsave", responses={204: None})
    def delete(self, request: Request, message_id: UUID) -> Response:
        """Take a message off one's list; also one of a room that one has left."""
        saved.unsave(user_of(request), message_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
