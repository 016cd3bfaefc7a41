"""How the rest of the program speaks to the sockets, from any thread and after COMMIT.

`publish` hands signals to the hubs of this process, which pass them on to the others through
the channel layer. Where no hub runs (a command in a shell) nothing is sent: the database is the
truth, and every hub compares itself with it every few seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from django.db import connection, transaction

from realtime.events import Recheck, Signal


class Listener(Protocol):
    """What a hub offers here. Both may be called from any thread."""

    def accept(self, signals: Sequence[Signal]) -> None: ...
    def wants_fragment(self, room: str) -> bool: ...


# The hubs of this process: one a running event loop, so one in a server.
_hubs: set[Listener] = set()


def attach(hub: Listener) -> None:
    _hubs.add(hub)


def detach(hub: Listener) -> None:
    _hubs.discard(hub)


def publish(signals: Sequence[Signal]) -> None:
    """Send now what has been committed already."""
    for hub in tuple(_hubs):
        hub.accept(signals)


def wants_fragment(room: str) -> bool:
    """Whether any socket may want the rendered message of an event of that room."""
    return any(hub.wants_fragment(room) for hub in tuple(_hubs))


def publish_on_commit(signals: Sequence[Signal]) -> None:
    """Send when the transaction around this call has been committed; at once outside of one."""
    if connection.in_atomic_block:
        transaction.on_commit(lambda: publish(signals))
    else:  # on_commit would first see to it that the database answers, which is not needed any more
        publish(signals)


def recheck(user_ids: Iterable[UUID | str]) -> None:
    """Have every hub recheck these users' sockets, after COMMIT; `User.rev` was bumped in it."""
    publish_on_commit([Recheck(str(user_id)) for user_id in user_ids])
