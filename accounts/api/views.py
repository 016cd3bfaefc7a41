"""The REST API's view of the signed-in user."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.generics import RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import privacy
from accounts.api.serializers import MeSerializer, PrivacySerializer
from accounts.models import User
from accounts.requests import user_of


class MeView(RetrieveAPIView[User]):
    """The signed-in user."""

    serializer_class = MeSerializer

    def get_object(self) -> User:
        return user_of(self.request)


class PrivacyView(APIView):
    """What the signed-in user lets others know of them."""

    @extend_schema(operation_id="privacy_read", responses=PrivacySerializer)
    def get(self, request: Request) -> Response:
        """The settings; who does not see one's `read_receipts` does not show one theirs either."""
        return Response(PrivacySerializer(privacy.settings_of(user_of(request))).data)

    @extend_schema(operation_id="privacy_change", request=PrivacySerializer, responses=PrivacySerializer)
    def patch(self, request: Request) -> Response:
        """Change settings. Receipts that are turned on again tell of what comes from now on."""
        bound = PrivacySerializer(privacy.settings_of(user_of(request)), data=request.data, partial=True)
        bound.is_valid(raise_exception=True)
        changes = bound.validated_data
        settings = privacy.change(user_of(request), **changes) if changes else bound.instance
        return Response(PrivacySerializer(settings).data)
