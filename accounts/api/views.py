"""The REST API's view of the signed-in user."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import pace, pictures, privacy, services
from accounts.api.serializers import AvatarUpload, MeSerializer, PrivacySerializer, ProfileChange, StatusChange
from accounts.requests import user_of
from chat_project.api.fields import checked
from realtime.errors import Refusal

# A multipart body is a little larger than the file in it.
BODY_ROOM = 64 * 1024


class MeView(APIView):
    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The signed-in user."""
        return Response(MeSerializer(user_of(request)).data)

    @extend_schema(operation_id="me_change", request=ProfileChange, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Change what is given; all of it or, where one part is refused, nothing."""
        user, fields = user_of(request), checked(ProfileChange, request.data)
        pace.profile(user)
        return Response(MeSerializer(services.change_profile(user, **fields)).data)


class AvatarView(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="avatar_replace", request={"multipart/form-data": AvatarUpload}, responses=MeSerializer)
    def put(self, request: Request) -> Response:
        """Upload a picture of oneself. What it says of place, time and camera is not kept."""
        user = user_of(request)
        pace.picture(user)
        if int(request.META.get("CONTENT_LENGTH") or 0) > pictures.BYTES_MAX + BODY_ROOM:
            raise pictures.too_large()
        upload = checked(AvatarUpload, request.data)["avatar"]
        return Response(MeSerializer(services.set_avatar(user, upload, actor=user)).data)

    @extend_schema(operation_id="avatar_remove", responses={200: MeSerializer})
    def delete(self, request: Request) -> Response:
        """Take the picture away: initials stand in its place."""
        user = user_of(request)
        pace.profile(user)
        return Response(MeSerializer(services.remove_avatar(user, actor=user)).data)


class StatusView(APIView):
    @extend_schema(operation_id="status_replace", request=StatusChange, responses=MeSerializer)
    def put(self, request: Request) -> Response:
        """Say something of oneself, for a while or until changed. With nothing to say, it is ended."""
        user, fields = user_of(request), checked(StatusChange, request.data)
        pace.profile(user)
        try:
            return Response(MeSerializer(services.set_status(user, **fields, actor=user)).data)
        except Refusal as refusal:
            refusal.fields = {name.removeprefix("status_"): why for name, why in refusal.fields.items()}
            raise

    @extend_schema(operation_id="status_remove", responses={200: MeSerializer})
    def delete(self, request: Request) -> Response:
        """End it."""
        user = user_of(request)
        pace.profile(user)
        return Response(MeSerializer(services.clear_status(user, actor=user)).data)


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
