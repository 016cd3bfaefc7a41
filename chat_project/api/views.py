"""The API's description, and its answer to addresses that it does not have."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class SchemaView(SpectacularAPIView):
    """The OpenAPI description. Made once in each process: it takes a good part of a second."""

    _made: ClassVar[dict[str, Any]] = {}

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not self._made:
            self._made.update(self._describe(request))
        return Response(self._made)

    def _describe(self, request: Request) -> dict[str, Any]:
        generator = self.generator_class(urlconf=self.urlconf, api_version=self.api_version)
        schema: dict[str, Any] = generator.get_schema(request=None, public=True)
        return schema


class NothingView(APIView):
    """The last of the addresses: a path that is not there, with whatever method."""

    schema = None
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        hint = "" if request.path.endswith("/") else " Addresses end with a slash."
        raise NotFound(f"There is nothing at this address.{hint}")
