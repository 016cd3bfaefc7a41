"""Every error of the REST API as RFC 9457 problem details, in the words of the contract."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from realtime.errors import (
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Refusal,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
# No page tells more about a kind of problem than `title`, `detail` and `code` do.
TYPE = "about:blank"

# REST framework's errors are ours by their status. The contract has no words for the others: a
# method or a media type that is not offered is simply an invalid request.
_KINDS = {kind.status: kind for kind in (Unauthenticated, Forbidden, NotFound, TooLarge, RateLimited)}
# REST framework's key for what is wrong with the body as a whole.
_WHOLE = "non_field_errors"


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong, in the form of RFC 9457. `code` is one of the contract's words."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    # What is wrong with each field, in words for the person who filled it in.
    errors: dict[str, list[str]] = {}
    # Seconds after which the same request may succeed; also in the header Retry-After.
    retry_after: float | None = None


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer an exception of a view. Named by `EXCEPTION_HANDLER` in the settings."""
    if isinstance(error, (OperationalError, InterfaceError)):
        logger.exception("API: the database failed")
        error = Unavailable("The server cannot reach its data now. Try again.")
    if isinstance(error, Refusal):
        return _answer(
            Problem(TYPE, error.title, error.status, error.detail, error.code, error.fields, error.retry_after)
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here, or it is not for you.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        return _answer(_invalid(error))
    if isinstance(error, exceptions.APIException):
        return _answer(_of_framework(error), challenge=getattr(error, "auth_header", None))
    # Nobody foresaw it: the log and whoever listens for failed requests get all of it, the client
    # nothing but that it may try again.
    logger.error("API: a view failed", exc_info=error)
    got_request_exception.send(sender=None, request=context.get("request"))
    return _answer(
        Problem(TYPE, "Server error", 500, "The server failed at this. It has been noted.", Unavailable.code)
    )


def _invalid(error: exceptions.ValidationError) -> Problem:
    fields = _flat(error.detail)
    whole = fields.pop(_WHOLE, [])
    detail = " ".join(whole) if whole else "Some fields are not right; “errors” says which."
    return Problem(TYPE, Invalid.title, Invalid.status, detail, Invalid.code, fields)


def _flat(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Turn nested messages into a list for each path: `{"members": {3: […]}}` into `members.3`."""
    if isinstance(detail, Mapping):
        nested = detail.items()
    elif isinstance(detail, (list, tuple)) and any(isinstance(each, (Mapping, list, tuple)) for each in detail):
        nested = enumerate(detail)  # type: ignore[assignment]
    else:
        return {path or _WHOLE: [str(each) for each in (detail if isinstance(detail, (list, tuple)) else [detail])]}
    return {
        name: messages
        for key, below in nested
        if below
        for name, messages in _flat(below, f"{path}.{key}" if path else str(key)).items()
    }


def _of_framework(error: exceptions.APIException) -> Problem:
    status = error.status_code
    wait = getattr(error, "wait", None)
    if isinstance(error, exceptions.Throttled):
        detail = "You are doing this too often. Wait a moment."
    else:
        detail = str(error.detail)
    kind = _KINDS.get(status, Invalid)
    title = kind.title if status == kind.status else HTTPStatus(status).phrase.capitalize()
    return Problem(TYPE, title, status, detail, kind.code, retry_after=wait)


def _answer(problem: Problem, challenge: str | None = None) -> Response:
    headers = {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(problem.retry_after))
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return Response(problem, status=problem.status, headers=headers, content_type=MEDIA_TYPE)
