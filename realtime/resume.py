"""Resume: bringing a socket from a cursor to live events, with no gap, no double and no disorder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from realtime import pool
from realtime.connection import Connection
from realtime.errors import Unavailable
from realtime.events import Event
from realtime.feed import READ_PAGE, REPLAY_MAX
from realtime.frames import frame
from realtime.source import LogRange, RoomView

if TYPE_CHECKING:
    from realtime.hub import Hub


async def go_live(hub: Hub, connection: Connection, room: RoomView, cursor: int | None = None) -> None:
    """Replay what the socket missed after `cursor`, then let live events follow without a gap.

    Without a cursor the room is live from the head that was read. Raises `Unavailable` when
    the log cannot be read.
    """
    position = room.head_seq if cursor is None else cursor
    if position > room.head_seq or room.head_seq - position > REPLAY_MAX:
        reset(hub, connection, room.id, room.head_seq)
        position = room.head_seq
    live_from = position
    while not connection.ended:
        feed = hub.feed(room.id, room.head_seq)  # may have been dropped while this waited
        if feed.seq < position:  # the database was read ahead of what has come here
            await feed.catch_up(position)
            continue
        events: Sequence[Event] | None = feed.since(position)
        if events is not None:
            # From here to `add` nothing is awaited: no event comes between.
            if any(_removed(event, room, connection) for event in events):
                return
            for event in events:
                connection.send(feed.text(event, connection))
            feed.add(connection, live_from)
            return
        found = await _read(hub, connection, room.id, position)
        if position < found.floor:
            # What ended the room for this socket may lie below the floor, too: the database has to tell.
            fresh = await hub.look_up(connection, room.id)
            if fresh is None:
                connection.send(frame("room.removed", room=room.id))
                return
            room = fresh
            reset(hub, connection, room.id, room.head_seq)
            position = live_from = room.head_seq
            continue
        for event in found.events:
            if _removed(event, room, connection):
                return
            text = feed.text(event, connection)
            if cursor is None:  # as live as any: whoever brings this socket to a room waits for no reader
                connection.send(text)
            else:
                await connection.replay(text)
        position = found.upto


def _removed(event: Event, room: RoomView, connection: Connection) -> bool:
    """Whether the socket lost the room by this event, and has been told.

    The membership was read with the head: a departure up to there was not the last word.
    """
    removed = event.seq > room.head_seq and ends(event, connection)
    if removed:
        connection.send(frame("room.removed", room=room.id))
    return removed


async def replay_before(hub: Hub, connection: Connection, room: str, cursor: int) -> None:
    """Send what lies between a cursor and where the room went live on this socket."""
    live_from = connection.rooms[room]
    if cursor > live_from or live_from - cursor > REPLAY_MAX:
        reset(hub, connection, room, live_from)
        return
    position = cursor
    while position < live_from and not connection.ended:
        found = await _read(hub, connection, room, position)
        if position < found.floor:
            reset(hub, connection, room, live_from)
            return
        for event in found.events:
            feed = hub.feeds.get(room)
            if feed is None or room not in connection.rooms:
                return  # the room ended for this socket meanwhile
            if event.seq <= live_from:
                await connection.replay(feed.text(event, connection))
        position = found.upto
    if room in connection.rooms:
        connection.rooms[room] = cursor


async def _read(hub: Hub, connection: Connection, room: str, after: int) -> LogRange:
    """Read a range of the log for a socket. Raises `Unavailable`."""
    fragments = connection.audience == "web"
    found = await pool.run(hub.source.read, room, after, READ_PAGE, fragments=fragments)
    if found is None:
        raise Unavailable("The room's log cannot be read now.")
    return found


def reset(hub: Hub, connection: Connection, room: str, head: int) -> None:
    connection.send(frame("room.reset", room=room, head_seq=head, epoch=hub.epoch))


def ends(event: Event, connection: Connection) -> bool:
    """Whether the event takes this socket out of its room."""
    return event.final or (event.kind == "member.left" and event.subject == connection.identity.user_id)
