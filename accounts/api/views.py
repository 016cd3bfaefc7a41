"""The REST API's view of the signed-in user."""

from __future__ import annotations

from rest_framework.generics import RetrieveAPIView

from accounts.api.serializers import MeSerializer
from accounts.models import User
from accounts.requests import user_of


class MeView(RetrieveAPIView[User]):
    """The signed-in user."""

    serializer_class = MeSerializer

    def get_object(self) -> User:
        return user_of(self.request)
