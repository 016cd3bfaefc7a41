"""What people do with a message over REST: reactions, pins, and what it said before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import user_of
from chat_project.api.fields import PageInput, checked, cursor_of, key_of
from messaging import lists, pacing, services
from messaging.lists import PinOut, Reactor, RevisionOut
from messaging.overlay import with_me
from messaging.services.reacting import check_emoji
from messaging.wire import MessageOut


class RevisionPage(msgspec.Struct, gc=False):
    """The newest first. `next` is the cursor of the page after this one, if there is one."""

    results: list[RevisionOut]
    next: str | None


class ReactorPage(msgspec.Struct, gc=False):
    """In the order in which they reacted. `next` is the cursor of the page after this one, if there is one."""

    results: list[Reactor]
    next: str | None


class PinPage(msgspec.Struct, gc=False):
    """The newest pin first. `next` is the cursor of the page after this one, if there is one."""

    results: list[PinOut]
    next: str | None


class _ReactorsQuery(PageInput):
    emoji = serializers.CharField(required=False, max_length=64, help_text="Only those who reacted with it.")


def pace_change(request: Request, *, cost: float = 1) -> None:
    """RateLimited: the asker changes messages faster than people do; as on the socket."""
    user = user_of(request)
    pacing.pace(pacing.CHANGE_BUCKETS, user.pk, unthrottled=user.unthrottled, cost=cost)


def key_in(query: Mapping[str, Any]) -> int | None:
    """The key that a list's cursor names; None for its first page."""
    return key_of(query["cursor"], tuple[int])[0] if "cursor" in query else None


def cursor_for(key: Any) -> str | None:
    return None if key is None else cursor_of(key)


class ReactionView(APIView):
    @extend_schema(operation_id="reactions_add", request=None, responses=MessageOut)
    def put(self, request: Request, message_id: UUID, emoji: str) -> Response:
        """React to a message. Twice changes nothing."""
        pace_change(request)
        return _answer(request, services.react(user_of(request), message_id, emoji))

    @extend_schema(operation_id="reactions_remove", responses={200: MessageOut})
    def delete(self, request: Request, message_id: UUID, emoji: str) -> Response:
        """Take a reaction back. Twice changes nothing."""
        pace_change(request)
        return _answer(request, services.unreact(user_of(request), message_id, emoji))


class ReactionsView(APIView):
    @extend_schema(operation_id="reactions_list", parameters=[_ReactorsQuery], responses=ReactorPage)
    def get(self, request: Request, message_id: UUID) -> Response:
        """Who reacted to a message, and how."""
        query = checked(_ReactorsQuery, request.query_params)
        emoji = check_emoji(query["emoji"]) if "emoji" in query else None
        page = lists.reactors(user_of(request), message_id, emoji=emoji, after=key_in(query), limit=query["limit"])
        return Response(ReactorPage(page.results, cursor_for(page.next)))


class PinView(APIView):
    @extend_schema(operation_id="pins_add", request=None, responses=MessageOut)
    def put(self, request: Request, message_id: UUID) -> Response:
        """Keep a message at hand in its room. Twice changes nothing."""
        pace_change(request)
        return _answer(request, services.pin(user_of(request), message_id))

    @extend_schema(operation_id="pins_remove", responses={200: MessageOut})
    def delete(self, request: Request, message_id: UUID) -> Response:
        """Let a pinned message go. Twice changes nothing."""
        pace_change(request)
        return _answer(request, services.unpin(user_of(request), message_id))


class PinsView(APIView):
    @extend_schema(operation_id="pins_list", parameters=[PageInput], responses=PinPage)
    def get(self, request: Request, room_id: UUID) -> Response:
        """What the room keeps at hand."""
        room = services.room_of(user_of(request), room_id)
        query = checked(PageInput, request.query_params)
        page = lists.pins(room, before=key_in(query), limit=query["limit"])
        return Response(PinPage(page.results, cursor_for(page.next)))


class RevisionsView(APIView):
    @extend_schema(operation_id="revisions_list", parameters=[PageInput], responses=RevisionPage)
    def get(self, request: Request, message_id: UUID) -> Response:
        """What a message said before its edits."""
        query = checked(PageInput, request.query_params)
        page = lists.revisions(user_of(request), message_id, before=key_in(query), limit=query["limit"])
        return Response(RevisionPage(page.results, cursor_for(page.next)))


def _answer(request: Request, message: MessageOut) -> Response:
    return Response(with_me(user_of(request), [message])[0])
