"""UUIDv7 (RFC 9562) as ids that sort in the order in which a room gave them out."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL_BITS = 62
_TAIL_MASK = (1 << _TAIL_BITS) - 1


def _pack(clock: int, tail: int) -> UUID:
    """Lay out 60 bits of time (48 of milliseconds, 12 of their fraction) and 62 of tail."""
    return UUID(int=(clock >> 12) << 80 | 0x7 << 76 | (clock & 0xFFF) << 64 | 0b10 << 62 | tail)


def _unpack(value: UUID) -> tuple[int, int]:
    number = value.int
    return (number >> 80) << 12 | (number >> 64) & 0xFFF, number & _TAIL_MASK


def clock_of(moment: datetime) -> int:
    """Return a moment as the 60 bits of an id: milliseconds, and 12 bits of their fraction."""
    micros = (moment - EPOCH) // timedelta(microseconds=1)
    millis, fraction = divmod(micros, 1000)
    return millis << 12 | fraction * 4096 // 1000  # RFC 9562 §6.2, method 3


def uuid7(moment: datetime, after: UUID | None = None) -> UUID:
    """Return an id of that moment, or the one right after `after` where that is greater."""
    fresh = _pack(clock_of(moment), secrets.randbits(_TAIL_BITS))
    if after is None or fresh.int > after.int:
        return fresh
    clock, tail = _unpack(after)
    if tail == _TAIL_MASK:
        return _pack(clock + 1, 0)
    return _pack(clock, tail + 1)


def floor_of(moment: datetime) -> UUID:
    """Return the least id of that moment: the bound of a partition or of a purge."""
    return _pack(clock_of(moment), 0)


def at_moment(value: UUID, moment: datetime) -> UUID:
    """Return the id as if it had been made at that moment: unique like itself, and in that place."""
    return _pack(clock_of(moment), _unpack(value)[1])


def moment_of_clock(clock: int) -> datetime:
    """Return the time that `clock_of` gave, to the millisecond."""
    return EPOCH + timedelta(milliseconds=clock >> 12)


def moment_of(value: UUID) -> datetime:
    """Return the time in an id, to the millisecond."""
    return EPOCH + timedelta(milliseconds=value.int >> 80)
