"""What somebody does on the socket in their own name: the one shape of the commands that end in a service.

    @does("message.pin", OfMessage, pace=paced(CHANGES))
    def message_pin(user: User, fields: OfMessage) -> MessageOut:
        return services.pin(user, fields.message)

The function runs on the pool, as one unit of database work. What it returns is how things stand
then, and the `data` of the `ack`; what it raises as a `Refusal` is the `error`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from accounts.models import User
from realtime import pool
from realtime.commands import Command, command
from realtime.connection import Connection
from realtime.errors import RateLimited
from realtime.frames import ack, encode_json
from realtime.identity import Identity
from realtime.limits import Buckets

C = TypeVar("C", bound=Command)
Work = Callable[[User, C], object]
# Takes from a bucket of the person, by what they ask for. Raises RateLimited.
Pace = Callable[[Identity, Any], None]


def does(kind: str, fields: type[C], *, pace: Pace, scope: str = "write") -> Callable[[Work[C]], Work[C]]:
    """Register what a command does in the name of the socket's user."""

    def register(work: Work[C]) -> Work[C]:
        @command(kind, fields, scope=scope)
        async def carry_out(connection: Connection, given: C) -> None:
            pace(connection.identity, given)
            written = await pool.run(_do, connection.identity.user_id, work, given)
            connection.send(ack(given.ref or "", encode_json(written)))

        return work

    return register


def _do(user_id: str, work: Work[C], given: C) -> object:
    return work(User.objects.active().get(pk=user_id), given)


def paced(buckets: Buckets) -> Pace:
    """Each takes one from the person's bucket."""

    def pace(identity: Identity, _: Command) -> None:
        if not identity.unthrottled and (wait := buckets.take(identity.user_id)):
            raise RateLimited("You are doing this very fast. Wait a moment.", retry_after=wait)

    return pace


def given(fields: Command, *names: str) -> dict[str, Any]:
    """Those of the fields that the client gave."""
    return {name: value for name in names if (value := getattr(fields, name)) is not msgspec.UNSET}
