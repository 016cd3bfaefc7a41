"""Every path by which privacy settings and blocks can be asked: each probe says whether the viewer gets through.

    @path(Privacy.PHONE, "GET users/{id}/")
    def phone_in_the_profile(scene: Scene) -> bool:
        return scene.api(scene.viewer).get(f"/api/v1/users/{scene.person.pk}/").json()["phone"] is not None

`tests/test_privacy_matrix.py` runs each of them under every audience and relation. A part of the
product that shows or does one of these things adds a module beside this one; it is found by itself.
"""

from __future__ import annotations

import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

from django.test import Client, TestCase

from accounts.models import Privacy, User
from messaging.journal import Journal
from realtime import bus
from realtime.connection import Connection
from realtime.events import Glance, Signal
from realtime.frames import Bundle
from realtime.identity import Identity
from rooms.models import Room
from tests.contract import ContractClient
from tests.factories import make_direct, make_room, make_user

PHONE = "+49 30 901820"


@dataclass
class Scene:
    """A person, who has decided, and a viewer, who tries; and a third who is in it all.

    What they share is made before the person decides and before they are what they are to each
    other (`share`), as it would be between people who have known each other.
    """

    person: User = field(default_factory=lambda: make_user("person", phone=PHONE))
    viewer: User = field(default_factory=lambda: make_user("viewer"))
    third: User = field(default_factory=lambda: make_user("third"))

    @cached_property
    def room(self) -> Room:
        """A private room of the three; the third owns it."""
        return make_room(self.third, self.person, self.viewer)

    @cached_property
    def direct(self) -> Room:
        """The conversation of person and viewer, in which nobody has written yet."""
        return make_direct(self.viewer, self.person)

    @cached_property
    def other(self) -> Room:
        """A private room of the viewer's own, in which the third is and the person is not."""
        return make_room(self.viewer, self.third)

    def again(self) -> Scene:
        """The same, with everybody as the database has them; what is made from now on is not in this one."""
        scene = copy(self)
        scene.person, scene.viewer, scene.third = (
            User.objects.get(pk=each.pk) for each in (self.person, self.viewer, self.third)
        )
        return scene

    def api(self, user: User) -> ContractClient:
        made = ContractClient()
        made.force_authenticate(user)
        return made

    def browser(self, user: User) -> Client:
        made = Client()
        made.force_login(user)
        return made


Probe = Callable[[Scene], bool]
Share = Callable[[Scene], Any]


@dataclass(frozen=True, slots=True)
class Path:
    """`share` is what there is before anybody decides anything."""

    what: Privacy
    name: str
    probe: Probe
    share: Share

    def __str__(self) -> str:
        return f"{self.what}: {self.name}"


@contextmanager
def published() -> Iterator[list[Signal]]:
    """Collect what would go to the hubs, COMMIT included."""
    listener = _Listener()
    bus.attach(listener)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            yield listener.signals
    finally:
        bus.detach(listener)


class _Listener:
    def __init__(self) -> None:
        self.signals: list[Signal] = []

    def accept(self, signals: Sequence[Signal]) -> None:
        self.signals += signals

    def wants_fragment(self, room: str) -> bool:
        return False


def socket_of(user: User) -> Connection:
    """A socket of the user's, standing as the database says."""
    identity = Identity(str(user.pk), user.username, user.rev, "session:x", "session")
    socket = Connection(identity, _NoWriter())
    socket.regard(Journal().standings({identity.user_id: [identity.credential]})[identity.user_id])
    return socket


def is_told(scene: Scene, glance: Glance) -> bool:
    """Whether a socket of the viewer's, standing as the database says, is told of the person."""
    return str(scene.person.pk) in socket_of(scene.viewer).sees(glance)


class _NoWriter:
    """The way out of a socket that nothing is sent on."""

    def write(self, text: bytes) -> None: ...
    def write_bundle(self, bundle: Bundle) -> None: ...
    def end(self, code: int, reason: str) -> None: ...
    async def drained(self) -> None: ...
    async def finish(self) -> None: ...

    def buffered(self) -> int:
        return 0


PATHS: dict[Privacy, list[Path]] = defaultdict(list)


def _nothing(scene: Scene) -> None:
    pass


def path(what: Privacy, name: str, *, share: Share = _nothing) -> Callable[[Probe], Probe]:
    """Register a path: `name` says what is called, as a person would look for it."""

    def register(probe: Probe) -> Probe:
        PATHS[what].append(Path(what, name, probe, share))
        return probe

    return register


for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
