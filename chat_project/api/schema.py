"""How msgspec structs, tokens and problem details appear in the OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, cast, get_args, get_type_hints

import msgspec
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from chat_project.api.problems import MEDIA_TYPE, Problem

REFERENCE = "#/components/schemas/{name}"


class StructExtension(OpenApiSerializerExtension):
    """A struct's own JSON Schema, so that the description cannot differ from what is sent."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: SpectacularAutoSchema, direction: str) -> str:
        return cast(str, self.target.__name__)

    def map_serializer(self, auto_schema: SpectacularAutoSchema, direction: str) -> Any:
        _, components = msgspec.json.schema_components([self.target], ref_template=REFERENCE)
        schema = components.pop(self.target.__name__)
        for struct in _structs_in(self.target):
            name = struct.__name__
            if name in components:
                auto_schema.registry.register_on_missing(
                    ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=components[name], object=struct)
                )
        return schema


def _structs_in(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    """Yield the struct classes that an annotation names, and those in their fields."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
        for below in get_type_hints(annotation).values():
            yield from _structs_in(below)
    for argument in get_args(annotation):
        yield from _structs_in(argument)


class TokenExtension(OpenApiAuthenticationExtension):
    target_class = "integrations.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: SpectacularAutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API token, `chat_…`."}


class AccessTokenExtension(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: SpectacularAutoSchema) -> dict[str, str]:
        words = "An access token, `chata_…`: signing in gives it, by the API under `/api/auth/`."
        return {"type": "http", "scheme": "bearer", "description": words}


class CookieExtension(SessionScheme):
    """Ours differs from REST framework's in what it notes only."""

    target_class = "accounts.authentication.SessionAuthentication"
    priority = 1


class AutoSchema(SpectacularAutoSchema):
    """Every operation may also answer with a problem."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(cast(Any, Problem), "response").ref
        bodies["default"] = {
            "description": "What went wrong (RFC 9457).",
            "content": {MEDIA_TYPE: {"schema": problem}},
        }
        return bodies
