"""Threads and mentions over REST."""

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

from accounts.people import Person
from accounts.requests import user_of
from chat_project.api.fields import Limit, Number, PageInput, checked, key_of
from messaging import lists, services
from messaging.api.changes import cursor_for, key_in
from messaging.lists import ThreadState
from messaging.models import ThreadFollow
from messaging.overlay import with_me
from messaging.pages import PAGE_DEFAULT
from messaging.wire import MessageOut
from realtime.errors import Invalid

# Faces for the head of a thread; everybody who wrote stands at their replies.
PARTICIPANTS_MAX = 20


class ThreadPage(msgspec.Struct, gc=False):
    """Replies in ascending order, and where the asker stands in the thread.

    `participants` are some of those who follow it: its author, who replied, who asked to be told.
    """

    thread: ThreadState
    participants: list[Person]
    results: list[MessageOut]
    has_before: bool
    has_after: bool


class ThreadList(msgspec.Struct, gc=False):
    """The newest thread first. `next` is the cursor of the page after this one, if there is one."""

    results: list[ThreadState]
    next: str | None


class Following(msgspec.Struct, gc=False):
    """Whether the asker is told of a thread's replies, and how far they have read it."""

    following: bool
    read_index: int


class MentionPage(msgspec.Struct, gc=False):
    """The newest first. `next` is the cursor of the page after this one, if there is one."""

    results: list[MessageOut]
    next: str | None


class _ThreadQuery(serializers.Serializer[Mapping[str, Any]]):
    before = Number(required=False, help_text="Replies with a lower index than this, the last of them.")
    after = Number(required=False, help_text="Replies with a higher index than this, the first of them.")
    limit = Limit(default=PAGE_DEFAULT)


class _NewThreadPosition(serializers.Serializer[Mapping[str, Any]]):
    index = Number(help_text="Read up to this reply; never moves back.")


class ThreadView(APIView):
    @extend_schema(operation_id="threads_read", parameters=[_ThreadQuery], responses=ThreadPage)
    def get(self, request: Request, message_id: UUID) -> Response:
        """The thread that hangs on a message: its last replies, or those before or after an index."""
        query = checked(_ThreadQuery, request.query_params)
        if "before" in query and "after" in query:
            raise Invalid("Give at most one of “before” and “after”.")
        state, replies, has_before, has_after = lists.thread(user_of(request), message_id, **query)
        state.root, *replies = with_me(user_of(request), [state.root, *replies])
        people = lists.participants(message_id, PARTICIPANTS_MAX)
        return Response(ThreadPage(state, people, replies, has_before, has_after))


class ThreadFollowView(APIView):
    @extend_schema(operation_id="threads_follow", request=None, responses=Following)
    def put(self, request: Request, message_id: UUID) -> Response:
        """Be told of a thread's replies."""
        return _standing(services.follow(user_of(request), message_id))

    @extend_schema(operation_id="threads_unfollow", responses={200: Following})
    def delete(self, request: Request, message_id: UUID) -> Response:
        """Be told of them no longer; replying again does not change that."""
        return _standing(services.unfollow(user_of(request), message_id))


class ThreadReadView(APIView):
    @extend_schema(operation_id="threads_mark_read", request=_NewThreadPosition, responses=Following)
    def post(self, request: Request, message_id: UUID) -> Response:
        """Move how far one has read a thread."""
        index = checked(_NewThreadPosition, request.data)["index"]
        return _standing(services.mark_thread_read(user_of(request), message_id, index))


class ThreadsView(APIView):
    @extend_schema(operation_id="threads_list", parameters=[PageInput], responses=ThreadList)
    def get(self, request: Request) -> Response:
        """The threads that one follows, with what is unread in each."""
        query = checked(PageInput, request.query_params)
        before = key_of(query["cursor"], tuple[UUID])[0] if "cursor" in query else None
        states, following = lists.threads(user_of(request), before=before, limit=query["limit"])
        for state, root in zip(states, with_me(user_of(request), [state.root for state in states]), strict=True):
            state.root = root
        return Response(ThreadList(states, cursor_for(following)))


class MentionsView(APIView):
    @extend_schema(operation_id="mentions_list", parameters=[PageInput], responses=MentionPage)
    def get(self, request: Request) -> Response:
        """Messages that call the asker, or everybody in one of their rooms."""
        query = checked(PageInput, request.query_params)
        page = lists.mentions(user_of(request), before=key_in(query), limit=query["limit"])
        return Response(MentionPage(with_me(user_of(request), page.results), cursor_for(page.next)))


def _standing(held: ThreadFollow) -> Response:
    return Response(Following(held.following, held.read_index))
