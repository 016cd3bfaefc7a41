"""Between a hub and the other processes: one layer channel, groups joined as rooms come and go.

Redis is a hint. Nothing that a client waits for waits here: signals leave through a bounded
queue, groups are joined in the background, and what a broken layer loses the hub finds by
comparing itself with the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import msgspec
from channels.layers import get_channel_layer

from realtime.events import Event, Glance, Glimpse, News, Note, Recheck, Signal

logger = logging.getLogger(__name__)

# Signals that wait for the layer; the oldest give way. An event that is dropped here is found
# by the other processes' comparison with the database.
QUEUE_MAX = 20_000
RETRY_S = 1.0
# A subscription is in force some moments after it was written to the layer's connection.
SUBSCRIBED_AFTER_S = 0.05

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Event | Note | Glimpse | Glance | Recheck | News]).decode
# The group of all hubs.
ALL = "hubs"


def room_group(room: str) -> str:
    return f"room.{room}"


def user_group(user: str) -> str:
    return f"user.{user}"


class Relay:
    """One process's place on the channel layer. With the in-memory layer there are no others."""

    def __init__(
        self, receive: Callable[[Sequence[Signal]], None], subscribed: Callable[[Sequence[str]], None]
    ) -> None:
        self._layer: Any = get_channel_layer()
        self.reaches_others = hasattr(self._layer, "group_send_many") or _is_pipelined(self._layer)
        self._receive = receive
        self._subscribed = subscribed
        self._origin = uuid4().hex
        self._outgoing: deque[Signal] = deque(maxlen=QUEUE_MAX)
        self._send_wake = asyncio.Event()
        self._wanted: set[str] = set()
        self._joined: set[str] = set()
        self._groups_wake = asyncio.Event()
        self._channel = ""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        if self.reaches_others:
            self._tasks = [asyncio.create_task(self._run())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.reaches_others:
            await self._layer.flush()

    def send(self, signals: Sequence[Signal]) -> None:
        """Pass signals on to the other processes, soon."""
        if self.reaches_others:
            self._outgoing.extend(signals)
            self._send_wake.set()

    def follow(self, groups: Sequence[str]) -> None:
        """Want what is sent to these groups; `subscribed` is called when it begins to come."""
        if self.reaches_others:
            self._wanted.update(groups)
            self._groups_wake.set()
        else:
            self._subscribed(groups)

    def forget(self, groups: Sequence[str]) -> None:
        if self.reaches_others:
            self._wanted.difference_update(groups)
            self._groups_wake.set()

    # --- Background ---

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            # Sending needs no channel of our own: it begins although the layer may not answer yet.
            group.create_task(self._run_sender())
            group.create_task(self._run_reader())

    async def _run_reader(self) -> None:
        while not self._channel:
            try:
                self._channel = await self._layer.new_channel("hub")
            except Exception as error:
                logger.warning("the channel layer does not answer: %s", error)
                await asyncio.sleep(RETRY_S)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_receiver())
            group.create_task(self._run_groups())

    async def _run_sender(self) -> None:
        while True:
            await self._send_wake.wait()
            self._send_wake.clear()
            signals = list(self._outgoing)
            self._outgoing.clear()
            batches: dict[str, list[Signal]] = {}
            for signal in signals:
                batches.setdefault(_group_of(signal), []).append(signal)
            messages = [
                (group, {"type": "hub.signals", "origin": self._origin, "body": _encode(batch)})
                for group, batch in batches.items()
            ]
            try:
                await self._layer.group_send_many(messages)
            except Exception as error:
                logger.warning("%d signals did not reach the channel layer: %s", len(signals), error)

    async def _run_receiver(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except Exception:
                logger.exception("could not receive from the channel layer")
                await asyncio.sleep(RETRY_S)
                continue
            try:
                if message["origin"] != self._origin:
                    self._receive(_decode(message["body"]))
            except Exception:
                # Of another version of the program, say. What it told of is found in the database.
                logger.exception("could not take in what came over the channel layer")

    async def _run_groups(self) -> None:
        while True:
            await self._groups_wake.wait()
            self._groups_wake.clear()
            fresh, stale = list(self._wanted - self._joined), list(self._joined - self._wanted)
            try:
                if fresh:
                    await self._layer.groups_add(fresh, self._channel)
                    self._joined.update(fresh)
                    asyncio.get_running_loop().call_later(SUBSCRIBED_AFTER_S, self._subscribed, fresh)
                if stale:
                    await self._layer.groups_discard(stale, self._channel)
                    self._joined.difference_update(stale)
            except Exception as error:
                logger.warning("could not follow %d groups on the channel layer: %s", len(fresh), error)
                await asyncio.sleep(RETRY_S)
                self._groups_wake.set()


def _is_pipelined(layer: Any) -> bool:
    from realtime.layers import PipelinedRedisLayer

    return isinstance(layer, PipelinedRedisLayer)


def _group_of(signal: Signal) -> str:
    if isinstance(signal, News):
        return ALL
    return room_group(signal.room) if isinstance(signal, (Event, Glimpse, Glance)) else user_group(signal.user)
