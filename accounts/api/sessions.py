"""The REST API's view of the devices on which one is signed in."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import devices, services
from accounts.api.serializers import MOMENT
from accounts.confirming import device_of, require_confirmed
from accounts.models import DeviceSession
from accounts.requests import user_of
from accounts.services.sessions import NAME_MAX


class SessionSerializer(serializers.ModelSerializer[DeviceSession]):
    name = serializers.CharField(
        source="label", read_only=True, help_text="As the person called it, or made of the user agent."
    )
    current = serializers.SerializerMethodField(help_text="Whether this call is made in it.")
    created_at = serializers.DateTimeField(format=MOMENT, read_only=True)
    last_used_at = serializers.DateTimeField(format=MOMENT, read_only=True, help_text="To the minute.")

    class Meta:
        model = DeviceSession
        fields: ClassVar[list[str]] = [
            *("id", "kind", "name", "ip", "user_agent", "created_at", "last_used_at", "current"),
        ]
        read_only_fields = fields

    def get_current(self, device: DeviceSession) -> bool:
        return device.pk == self.context["current"]


class SessionListSerializer(serializers.Serializer):
    results = SessionSerializer(many=True)


class SessionNameSerializer(serializers.Serializer):
    name = serializers.CharField(
        max_length=NAME_MAX, allow_blank=True, help_text="Empty: made of the user agent again."
    )


class SessionsEndedSerializer(serializers.Serializer):
    ended = serializers.IntegerField(help_text="How many sessions it were.")


def _context(request: Request) -> dict[str, object]:
    here = device_of(request)
    return {"current": here.pk if here else None}


class SessionsView(APIView):
    """The devices on which the signed-in user is signed in."""

    @extend_schema(operation_id="sessions_list", responses=SessionListSerializer)
    def get(self, request: Request) -> Response:
        """All of them, the last used first."""
        found = devices.of_user(user_of(request))
        return Response({"results": SessionSerializer(found, many=True, context=_context(request)).data})

    @extend_schema(operation_id="sessions_end_others", responses=SessionsEndedSerializer)
    def delete(self, request: Request) -> Response:
        """Sign all the others out. Asks for a recent reauthentication."""
        require_confirmed(request)
        user = user_of(request)
        return Response({"ended": services.end_other_sessions(user, device_of(request), actor=user)})


class SessionView(APIView):
    """One device on which the signed-in user is signed in."""

    @extend_schema(operation_id="session_rename", request=SessionNameSerializer, responses=SessionSerializer)
    def patch(self, request: Request, session: UUID) -> Response:
        """Call the device something."""
        bound = SessionNameSerializer(data=request.data)
        bound.is_valid(raise_exception=True)
        device = services.rename_session(
            self._find(request, session), bound.validated_data["name"], actor=user_of(request)
        )
        return Response(SessionSerializer(device, context=_context(request)).data)

    @extend_schema(operation_id="session_end", responses={204: None})
    def delete(self, request: Request, session: UUID) -> Response:
        """Sign the device out: its tokens end and its sockets close. Asks for a recent reauthentication."""
        require_confirmed(request)
        services.end_session(self._find(request, session), actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @staticmethod
    def _find(request: Request, session: UUID) -> DeviceSession:
        device = next((each for each in devices.of_user(user_of(request)) if each.pk == session), None)
        if device is None:
            raise Http404
        return device
