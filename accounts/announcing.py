"""Telling that somebody looks different to others now: another name, picture or status.

Who meets whom is not known here: the app that knows it (`rooms`) registers and tells the sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

_listeners: list[Callable[[UUID], object]] = []


def on_change(listener: Callable[[UUID], object]) -> None:
    """Call `listener` with the user after each change that others see, once it has been committed."""
    _listeners.append(listener)


def changed(user_id: UUID) -> None:
    """Say so, in the transaction of the change."""
    for listener in _listeners:
        transaction.on_commit(lambda listener=listener: listener(user_id))  # type: ignore[misc]
