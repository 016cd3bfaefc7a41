"""A client of the REST API that holds every answer against the OpenAPI description."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

PROBLEM = "application/problem+json"


@cache
def description() -> dict[str, Any]:
    """The OpenAPI description, as the server gives it."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


class ContractClient(APIClient):
    """Raises when an answer is not what the description says of its operation and status."""

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)
        match = response.resolver_match
        path = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", match.route) if match else ""
        operation = description()["paths"].get(path, {}).get(kwargs["REQUEST_METHOD"].lower())
        if operation is not None:
            check(response, operation)
        elif response.status_code >= 400:
            check(response, {"responses": {"default": _problem()}})
        return response


def check(response: Any, operation: dict[str, Any]) -> None:
    """AssertionError or ValidationError: the description of the operation has no such answer."""
    expected = operation["responses"].get(str(response.status_code))
    if expected is None:
        assert response.status_code >= 400, f"{response.status_code} is not described"
        expected = operation["responses"]["default"]
    if "content" not in expected:
        assert response.content == b""
        return
    ((media_type, content),) = expected["content"].items()
    assert response.headers["Content-Type"] == media_type
    schema = {**content["schema"], "components": description()["components"]}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(response.json())
    if media_type == PROBLEM:
        assert response.json()["status"] == response.status_code


def _problem() -> dict[str, Any]:
    return {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
