"""A client of the REST API that holds every answer against the OpenAPI description."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from tests.socket_contract import FORMATS, Exchange

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
        content_type = response.headers.get("Content-Type", "")
        check(kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"], response.status_code, content_type, response.content)
        return response


def check(method: str, path: str, status: int, content_type: str, content: bytes) -> None:
    """AssertionError or ValidationError: the description has no such answer to that call."""
    match = resolve(path)
    if match.url_name == "schema":
        return  # the description does not describe itself
    described = description()["paths"].get("/" + re.sub(r"<\w+:(\w+)>", r"{\1}", match.route), {})
    operation = described.get(method.lower(), _NOT_OFFERED)
    expected = operation["responses"].get(str(status))
    if expected is None:
        assert status >= 400, f"{method} {path} answers {status}, which is not described"
        expected = operation["responses"]["default"]
    if "content" not in expected:
        assert content == b""
        return
    ((media_type, schema),) = [(media_type, each["schema"]) for media_type, each in expected["content"].items()]
    assert content_type == media_type
    body = msgspec.json.decode(content)
    schema = {**schema, "components": description()["components"]}
    Draft202012Validator(schema, format_checker=FORMATS).validate(body)
    if media_type == PROBLEM:
        assert body["status"] == status
    if operation.get("operationId") == "log_read" and status == 200:
        for event in body["results"]:
            Exchange().received(event)  # as the socket would have it


# Any other method or address: all that it can answer is a problem.
_NOT_OFFERED = {"responses": {"default": {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}}}
