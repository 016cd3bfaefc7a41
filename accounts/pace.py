"""How often one person may change what others see of them, and ask for people by name.

Buckets of the process: each costs nothing while nobody hurries. Staff acts on others without them.
"""

from __future__ import annotations

from accounts.models import User
from realtime.errors import RateLimited
from realtime.limits import Buckets

# Each change reaches all who have the person before their eyes.
PROFILE = Buckets(rate=0.5, burst=30)
# Decoding a picture, be it of a person or of a room, takes a second of a processor at worst.
_PICTURE = Buckets(rate=1 / 30, burst=10)
# Whether a number is taken must not become a way to find out who is here.
_PHONE = Buckets(rate=1 / 600, burst=5)
# By name one finds whom one knows, and does not draw up a list of who is here.
_LOOK_UP = Buckets(rate=0.5, burst=30)


def profile(user: User) -> None:
    """RateLimited: the person changes their profile too often."""
    _take(PROFILE, user)


def picture(user: User) -> None:
    """RateLimited: the person uploads too many pictures."""
    _take(_PICTURE, user)


def phone(user: User) -> None:
    _take(_PHONE, user)


def look_up(user: User) -> None:
    """RateLimited: the person asks for people by name too often."""
    _take(_LOOK_UP, user)


def _take(buckets: Buckets, user: User) -> None:
    if not user.unthrottled and (wait := buckets.take(str(user.pk))):
        raise RateLimited("You are doing this too often. Wait a moment.", retry_after=wait)
