"""Contacts, requests to become contacts, and blocks over REST."""

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

from accounts import relations
from accounts.relations import BlockOut, ContactOut, RelationsOut, RequestOut
from accounts.requests import user_of
from accounts.search import whom
from accounts.services import blocks, contacts
from chat_project.api.fields import PageInput, Text, checked, cursor_of, key_of


class ContactPage(msgspec.Struct, gc=False):
    """By username. `next` is the cursor of the page after this one, if there is one."""

    results: list[ContactOut]
    next: str | None


class RequestPage(msgspec.Struct, gc=False):
    """Newest first. `next` is the cursor of the page after this one, if there is one."""

    results: list[RequestOut]
    next: str | None


class BlockPage(msgspec.Struct, gc=False):
    """Newest first. `next` is the cursor of the page after this one, if there is one."""

    results: list[BlockOut]
    next: str | None


class _RequestQuery(PageInput):
    direction = serializers.ChoiceField(
        choices=["incoming", "outgoing"], help_text="Those that wait for one’s word, or that one has sent."
    )


class _NewRequest(serializers.Serializer[Mapping[str, Any]]):
    user = serializers.UUIDField(required=False, help_text="Whom to ask, by id …")
    username = Text(required=False, help_text="… or by their exact username.")
    note = Text(default="", help_text="Words that go along. At most 200 characters.")


class _Answer(serializers.Serializer[Mapping[str, Any]]):
    state = serializers.ChoiceField(choices=["accepted", "declined"])


class _NewBlock(serializers.Serializer[Mapping[str, Any]]):
    reason = Text(default="", help_text="For oneself and for moderators. At most 500 characters.")


class RelationsView(APIView):
    @extend_schema(operation_id="relations_read", responses=RelationsOut)
    def get(self, request: Request) -> Response:
        """How many contacts and requests one has, and whom one has blocked."""
        return Response(relations.standing(user_of(request).pk))


class ContactsView(APIView):
    @extend_schema(operation_id="contacts_list", parameters=[PageInput], responses=ContactPage)
    def get(self, request: Request) -> Response:
        """One's contacts."""
        query = checked(PageInput, request.query_params)
        after = key_of(query["cursor"], tuple[str])[0] if "cursor" in query else None
        results, last = relations.contacts_page(user_of(request), after=after, limit=query["limit"])
        return Response(ContactPage(results, None if last is None else cursor_of(last)))


class ContactView(APIView):
    @extend_schema(operation_id="contacts_remove", responses={204: None})
    def delete(self, request: Request, user_id: UUID) -> Response:
        """End being contacts, for both. Rooms and messages stay."""
        contacts.remove(user_of(request), user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ContactRequestsView(APIView):
    @extend_schema(operation_id="contact_requests_list", parameters=[_RequestQuery], responses=RequestPage)
    def get(self, request: Request) -> Response:
        """Requests that are not decided."""
        query = checked(_RequestQuery, request.query_params)
        before = key_of(query["cursor"], tuple[UUID])[0] if "cursor" in query else None
        page = relations.requests_page(user_of(request), query["direction"], before=before, limit=query["limit"])
        results, last = page
        return Response(RequestPage(results, None if last is None else cursor_of(last)))

    @extend_schema(
        operation_id="contact_requests_create",
        request=_NewRequest,
        responses={201: RequestOut, 200: RequestOut},
    )
    def post(self, request: Request) -> Response:
        """Ask somebody; 200 where one had asked already, or where they had: that accepts theirs."""
        fields = checked(_NewRequest, request.data)
        user = user_of(request)
        asked, made = contacts.request(user, whom(user, fields.get("user"), fields.get("username")), fields["note"])
        return Response(relations.request_out(asked), status=status.HTTP_201_CREATED if made else status.HTTP_200_OK)


class ContactRequestView(APIView):
    @extend_schema(operation_id="contact_requests_answer", request=_Answer, responses=RequestOut)
    def patch(self, request: Request, request_id: UUID) -> Response:
        """Accept or decline a request that somebody sent."""
        state = checked(_Answer, request.data)["state"]
        verb = contacts.accept if state == "accepted" else contacts.decline
        return Response(relations.request_out(verb(user_of(request), request_id)))

    @extend_schema(operation_id="contact_requests_cancel", responses={204: None})
    def delete(self, request: Request, request_id: UUID) -> Response:
        """Take back a request of one's own."""
        contacts.cancel(user_of(request), request_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class BlocksView(APIView):
    @extend_schema(operation_id="blocks_list", parameters=[PageInput], responses=BlockPage)
    def get(self, request: Request) -> Response:
        """Whom one has blocked."""
        query = checked(PageInput, request.query_params)
        before = key_of(query["cursor"], tuple[int])[0] if "cursor" in query else None
        results, last = relations.blocks_page(user_of(request), before=before, limit=query["limit"])
        return Response(BlockPage(results, None if last is None else cursor_of(last)))


class BlockView(APIView):
    @extend_schema(operation_id="blocks_put", request=_NewBlock, responses=BlockOut)
    def put(self, request: Request, user_id: UUID) -> Response:
        """Block somebody, or give another reason. They are not told."""
        reason = checked(_NewBlock, request.data)["reason"]
        return Response(relations.block_out(blocks.block(user_of(request), user_id, reason)))

    @extend_schema(operation_id="blocks_delete", responses={204: None})
    def delete(self, request: Request, user_id: UUID) -> Response:
        """Lift a block."""
        blocks.unblock(user_of(request), user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
