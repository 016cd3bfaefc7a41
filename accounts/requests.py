"""The user of a request, for views that only the signed-in reach."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


def user_of(request: HttpRequest | Request) -> User:
    """The user of a request that has passed the check of signing in."""
    assert isinstance(request.user, User), "the view is open to anonymous requests"
    return request.user
