"""Notes where each HTTP request comes from, for the entries that are recorded while it is served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

from audit import origin

Handler = Callable[[HttpRequest], Any]  # a response, or where the server is asynchronous an awaitable one


@sync_and_async_middleware
def RequestOriginMiddleware(get_response: Handler) -> Handler:
    if iscoroutinefunction(get_response):

        async def serve_async(request: HttpRequest) -> Any:
            with origin.arising_from(origin.of_request(request.META)):
                return await get_response(request)

        return serve_async

    def serve(request: HttpRequest) -> Any:
        with origin.arising_from(origin.of_request(request.META)):
            return get_response(request)

    return serve
