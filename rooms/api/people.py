"""People over REST: a profile by id, and by the exact username."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import pace
from accounts.models import USERNAME_MAX
from accounts.requests import user_of
from chat_project.api.fields import Text, checked
from rooms import people


class PeopleQuery(serializers.Serializer[Any]):
    username = Text(allow_blank=False, max_length=USERNAME_MAX, help_text="In full, in whatever case.")


class PeopleView(APIView):
    @extend_schema(operation_id="users_find", parameters=[PeopleQuery], responses=people.ProfileList)
    def get(self, request: Request) -> Response:
        """The person of exactly that username: one, or none."""
        viewer, query = user_of(request), checked(PeopleQuery, request.query_params)
        pace.look_up(viewer)
        found = people.named(viewer, query["username"])
        return Response(people.ProfileList([people.profile_of(viewer, person) for person in found]))


class PersonView(APIView):
    @extend_schema(operation_id="users_read", responses=people.Profile)
    def get(self, request: Request, user_id: UUID) -> Response:
        """The profile of somebody whom one shares a room with, or knows."""
        return Response(people.profile(user_of(request), user_id))
