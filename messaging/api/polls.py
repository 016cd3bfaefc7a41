"""Polls over REST: voting, closing, who voted what."""

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
from chat_project.api.fields import Number, PageInput, checked, cursor_of, key_of
from messaging import polls
from messaging.api.changes import pace_change
from messaging.drafts import POLL_OPTIONS_MAX
from messaging.polls import Ballot, VoteOut
from messaging.wire import PollOut


class VotePage(msgspec.Struct, gc=False):
    """Votes by person. `next` is the cursor of the page after this one, if there is one."""

    results: list[VoteOut]
    next: str | None


class _NewVote(serializers.Serializer[Mapping[str, Any]]):
    options = serializers.ListField(
        child=Number(), max_length=POLL_OPTIONS_MAX, help_text="Places of options, from 0; none takes the vote back."
    )


class _VotesQuery(PageInput):
    option = Number(required=False, help_text="Only the votes for the option of that place.")


class VoteView(APIView):
    @extend_schema(operation_id="polls_ballot", responses=Ballot)
    def get(self, request: Request, message_id: UUID) -> Response:
        """What one has voted oneself, in an anonymous poll too."""
        return Response(polls.ballot(user_of(request), message_id))

    @extend_schema(operation_id="polls_vote", request=_NewVote, responses=Ballot)
    def put(self, request: Request, message_id: UUID) -> Response:
        """Vote, in place of what one voted before. 409: the poll is closed."""
        pace_change(request)
        return Response(polls.vote(user_of(request), message_id, checked(_NewVote, request.data)["options"]))


class VotesView(APIView):
    @extend_schema(operation_id="polls_votes", parameters=[_VotesQuery], responses=VotePage)
    def get(self, request: Request, message_id: UUID) -> Response:
        """Who voted what. 403 for an anonymous poll."""
        query = checked(_VotesQuery, request.query_params)
        after = key_of(query["cursor"], tuple[UUID, int]) if "cursor" in query else None
        found, last = polls.votes(
            user_of(request), message_id, option=query.get("option"), after=after, limit=query["limit"]
        )
        return Response(VotePage(found, None if last is None else cursor_of(*last)))


class PollCloseView(APIView):
    @extend_schema(operation_id="polls_close", request=None, responses=PollOut)
    def post(self, request: Request, message_id: UUID) -> Response:
        """End a poll: its author may, and who moderates the room. A closed one stays as it is."""
        return Response(polls.close(user_of(request), message_id))
