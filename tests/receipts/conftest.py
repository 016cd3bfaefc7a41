"""What the tests of receipts share: reading and receiving as a client says it, in a process without sockets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import TestCase

from accounts.models import User
from messaging.receipts import recording
from messaging.services import mark_read
from rooms.models import Room

Hears = Callable[[User, Room, int], None]


@pytest.fixture
def reads() -> Hears:
    """`reads(bob, room, 7)`: Bob has read the room up to number 7."""

    def read(user: User, room: Room, number: int) -> None:
        with TestCase.captureOnCommitCallbacks(execute=True):
            mark_read(user, room.pk, number=number)

    return read


@pytest.fixture
def receives() -> Hears:
    """`receives(bob, room, 7)`: a device of Bob's has received the room up to number 7."""

    def receive(user: User, room: Room, number: int) -> None:
        recording.note(user.pk, room.pk, received=number)

    return receive
