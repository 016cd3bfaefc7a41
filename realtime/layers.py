"""The channel layer between processes: channels_redis's pub/sub layer, pipelined.

Its own `group_send` takes a lock and a round trip a group; one commit of a batch concerns many
groups. Here many groups are sent to, joined and left in one round trip, publishing has a
connection of its own with a time limit, and the reader's has none: redis-py 8 gives sockets a
default timeout, which would break a reader that rightly waits.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _close_redis, _wrap_close, create_pool, decode_hosts
from redis import asyncio as aioredis

# A Redis that doesn't answer within this is treated as down: events are delayed, not lost.
PUBLISH_TIMEOUT_S = 1.0
CONNECT_TIMEOUT_S = 2.0
# How often the reader asks whether its connection still lives, so that a silent cut is noticed.
READER_HEALTH_CHECK_S = 5


class PipelinedRedisLayer(RedisPubSubChannelLayer):
    """channels_redis's pub/sub layer with `group_send_many`, `groups_add` and `groups_discard`."""

    def _get_layer(self) -> PipelinedLoopLayer:
        loop = asyncio.get_running_loop()
        layer: PipelinedLoopLayer | None = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = PipelinedLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return layer


class PipelinedLoopLayer(RedisPubSubLoopLayer):
    """The layer of one event loop."""

    def __init__(self, hosts: Any = None, **options: Any) -> None:
        super().__init__(hosts=hosts, **options)
        self._shards = [PipelinedShard(host, self) for host in decode_hosts(hosts)]

    async def group_send_many(self, messages: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Send each message to its group; one round trip for all that lie on one server."""
        by_shard: dict[PipelinedShard, list[tuple[str, bytes]]] = defaultdict(list)
        for group, message in messages:
            channel = self._get_group_channel_name(group)
            by_shard[self._get_shard(channel)].append((channel, self.channel_layer.serialize(message)))
        for shard, batch in by_shard.items():
            await shard.publish_many(batch)

    async def groups_add(self, groups: Iterable[str], channel: str) -> None:
        """Add the channel to all the groups."""
        by_shard: dict[PipelinedShard, list[str]] = defaultdict(list)
        for group in groups:
            name = self._get_group_channel_name(group)
            self.groups.setdefault(name, set()).add(channel)
            by_shard[self._get_shard(name)].append(name)
        for shard, names in by_shard.items():
            await shard.subscribe_many(names)

    async def groups_discard(self, groups: Iterable[str], channel: str) -> None:
        """Take the channel out of all the groups that it is in."""
        by_shard: dict[PipelinedShard, list[str]] = defaultdict(list)
        for group in groups:
            name = self._get_group_channel_name(group)
            channels = self.groups.get(name, set())
            channels.discard(channel)
            if not channels:
                self.groups.pop(name, None)
                by_shard[self._get_shard(name)].append(name)
        for shard, names in by_shard.items():
            await shard.unsubscribe_many(names)


class PipelinedShard(RedisSingleShardConnection):
    """The connections to one Redis server: one that reads without a limit, one that publishes."""

    _redis: aioredis.Redis | None
    _publisher: aioredis.Redis | None = None

    def _ensure_redis(self) -> None:
        if self._redis is None:
            reader = {
                "socket_timeout": None,
                "socket_connect_timeout": CONNECT_TIMEOUT_S,
                "health_check_interval": READER_HEALTH_CHECK_S,
            }
            self._redis = aioredis.Redis(connection_pool=create_pool({**self.host, **reader}))
            self._pubsub = self._redis.pubsub()

    def _ensure_publisher(self) -> aioredis.Redis:
        if self._publisher is None:
            limits = {"socket_timeout": PUBLISH_TIMEOUT_S, "socket_connect_timeout": CONNECT_TIMEOUT_S}
            self._publisher = aioredis.Redis(connection_pool=create_pool({**self.host, **limits}))
        return self._publisher

    async def publish(self, channel: str, message: bytes) -> None:
        await self.publish_many([(channel, message)])

    async def publish_many(self, batch: list[tuple[str, bytes]]) -> None:
        async with self._ensure_publisher().pipeline(transaction=False) as pipeline:
            for channel, message in batch:
                pipeline.publish(channel, message)
            await pipeline.execute()

    async def subscribe_many(self, channels: list[str]) -> None:
        async with self._lock:
            fresh = [channel for channel in channels if channel not in self._subscribed_to]
            if fresh:
                self._ensure_redis()
                self._ensure_receiver()
                await self._pubsub.subscribe(*fresh)
                self._subscribed_to.update(fresh)

    async def unsubscribe_many(self, channels: list[str]) -> None:
        async with self._lock:
            stale = [channel for channel in channels if channel in self._subscribed_to]
            if stale:
                self._ensure_redis()
                self._ensure_receiver()
                await self._pubsub.unsubscribe(*stale)
                self._subscribed_to.difference_update(stale)

    async def flush(self) -> None:
        await super().flush()
        if self._publisher is not None:
            await _close_redis(self._publisher)
            self._publisher = None
