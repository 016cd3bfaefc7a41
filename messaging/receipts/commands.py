"""The socket command on receipts: what a client has received."""

from __future__ import annotations

from uuid import UUID

from messaging.receipts import recording
from realtime.commands import Command, command
from realtime.connection import Connection


class Received(Command, kw_only=True):
    positions: dict[UUID, int]


@command("received", Received)
async def received(connection: Connection, fields: Received) -> None:
    """Take in how far the client has received its rooms. Answers nothing, as PROTOCOL says.

    A room that the socket does not have, or a number that does not exist yet, is passed over: the
    client may have been told of an end that it has not heard of when it sent this.
    """
    user_id = UUID(connection.identity.user_id)
    for room_id, number in fields.positions.items():
        if str(room_id) in connection.rooms and number > 0:
            recording.note(user_id, room_id, received=number)
