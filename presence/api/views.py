"""Presence over REST: how somebody is, and what one says of oneself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.availability import described
from accounts.models import Availability, User
from accounts.requests import user_of
from chat_project.api.fields import Moment, checked
from presence import last_seen, looking, showing
from realtime.errors import NotFound
from realtime.values import Timestamp, timestamp

ASKED_AT_ONCE_MAX = 100  # a page of members


def one_of(*words: str) -> msgspec.Meta:
    """What the description says of a field that is one of these words."""
    return msgspec.Meta(extra_json_schema={"enum": list(words)})


class AvailabilityOut(msgspec.Struct, frozen=True, gc=False):
    """Whether one may be disturbed, and until when that holds; null: until changed."""

    availability: Annotated[str, one_of(*Availability.values)]
    until: Timestamp | None


class PresenceOut(msgspec.Struct, frozen=True, gc=False):
    """How a person is as far as the asker may know; `last_seen_at` is null also where they may not."""

    status: Annotated[str, one_of("online", "away", "dnd", "offline", "invisible")]
    last_seen_at: Timestamp | None


class PersonPresence(PresenceOut, frozen=True, gc=False):
    user: UUID


class PresenceList(msgspec.Struct, frozen=True, gc=False):
    results: list[PersonPresence]


class PeopleQuery(serializers.Serializer[Mapping[str, Any]]):
    user = serializers.ListField(
        child=serializers.UUIDField(), max_length=ASKED_AT_ONCE_MAX, help_text="Ids of the people; repeated."
    )


class NewAvailability(serializers.Serializer[Mapping[str, Any]]):
    availability = serializers.ChoiceField(Availability.choices)
    until = Moment(required=False, allow_null=True, default=None, help_text="Left out or null: until changed.")


class AvailabilityView(APIView):
    """Whether the signed-in user may be disturbed."""

    @extend_schema(operation_id="availability_read", responses=AvailabilityOut)
    def get(self, request: Request) -> Response:
        """What the user says of themselves now. What had an end that has passed is `automatic`."""
        return Response(AvailabilityOut(**described(user_of(request))))

    @extend_schema(operation_id="availability_set", request=NewAvailability, responses=AvailabilityOut)
    def put(self, request: Request) -> Response:
        """Say it; own sockets and those who look follow at once. `invisible` is offline to all others."""
        fields = checked(NewAvailability, request.data)
        return Response(AvailabilityOut(**described(services.set_availability(user_of(request), **fields))))


class PresenceView(APIView):
    @extend_schema(operation_id="presence_read", responses=PresenceOut)
    def get(self, request: Request, user_id: UUID) -> Response:
        """Whether a person is here, and when they last were, as far as they let the asker know."""
        found = _presences(user_of(request), [user_id])
        if not found:
            raise NotFound("There is no such user.")
        return Response(found[user_id])


class PresencesView(APIView):
    @extend_schema(operation_id="presence_list", parameters=[PeopleQuery], responses=PresenceList)
    def get(self, request: Request) -> Response:
        """The same of many, in the order in which they are asked for; those whom the asker may not meet are left out.

        For a list of members: ask for a page of them, then for how these are.
        """
        asked = list(dict.fromkeys(checked(PeopleQuery, request.query_params)["user"]))
        found = _presences(user_of(request), asked)
        people = [(user_id, found[user_id]) for user_id in asked if user_id in found]
        return Response(
            PresenceList([PersonPresence(one.status, one.last_seen_at, user_id) for user_id, one in people])
        )


def _presences(viewer: User, asked: Sequence[UUID]) -> dict[UUID, PresenceOut]:
    """How these people are, of those whom the viewer may meet."""
    met = looking.meeting(viewer, asked)
    people = [user_id for user_id in asked if str(user_id) in met]
    statuses, last = showing.statuses(viewer, people), last_seen.last_seen(viewer, people)
    return {
        user_id: PresenceOut(statuses[user_id], timestamp(last[user_id]) if user_id in last else None)
        for user_id in people
    }
