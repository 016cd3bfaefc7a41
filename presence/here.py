"""Who `@here` calls: the members of a room who are at their keyboards now.

Asked by the thread that stores messages, outside of its transaction. Redis is a hint and must
not hold up a send: it has little time to answer, and after a failure it is left alone for a
while; the sockets of this process are known in any case.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from functools import cache
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from messaging import mentions
from presence.store import ONLINE, key_of, sum_of
from presence.tracker import statuses_in_process
from rooms.models import Membership

logger = logging.getLogger(__name__)

# What a send that calls `@here` may wait for Redis, and how long after a failure none does.
TIMEOUT_S = 0.1
PAUSE_S = 10.0

_paused_until = 0.0


def members_here(room_id: UUID) -> Collection[UUID]:
    """The ids of the room's members who are online, in any process."""
    members = Membership.objects.current().filter(room_id=room_id).values_list("user_id", flat=True)
    users = {str(user_id): user_id for user_id in members}
    online = {user for user, status in statuses_in_process(list(users)).items() if status == ONLINE}
    online.update(_online_elsewhere(list(users.keys() - online)))
    return [users[user] for user in sorted(online)]


def _online_elsewhere(users: list[str]) -> list[str]:
    global _paused_until
    if not settings.REDIS_URL or not users or time.monotonic() < _paused_until:
        return []
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            for user in users:
                pipeline.hvals(key_of(settings.REDIS_PREFIX, user))
            answers = pipeline.execute()
    except RedisError as error:
        _paused_until = time.monotonic() + PAUSE_S
        logger.warning("@here calls only those whom this process knows: %s", error)
        return []
    now = time.time()
    return [user for user, values in zip(users, answers, strict=True) if sum_of(values, now) == ONLINE]


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)


mentions.on_here(members_here)
