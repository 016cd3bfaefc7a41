"""Whether somebody is here: asked over REST, in the answers to `view` and `watch`, told in frames, by typing.

Pages leave a place for it, which the client fills by `watch`. What a process says of the person in
these probes is as of before they decided anything, so that what the database says is what holds;
and for the frames it is what their own socket says by then.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import AsyncMock, Mock, patch

from asgiref.sync import async_to_sync, sync_to_async

from accounts import models
from accounts.models import Privacy
from accounts.people import person_of
from presence import commands as typing
from presence import looking
from presence.audience import Audience
from presence.states import OFFLINE, ONLINE, State, seen
from presence.store import Open
from realtime.connection import Connection
from realtime.events import Glimpse
from realtime.hub import Hub
from realtime.limits import Buckets
from tests.privacy_paths import Scene, path, published, socket_of

PRESENCE = Privacy.PRESENCE


def _is_here(scene: Scene) -> AbstractContextManager[Any]:
    stale = {str(scene.person.pk): State(ONLINE, audience=models.Audience.EVERYONE)}
    return patch("presence.asking.states_in_process", lambda users: stale)


def _state(scene: Scene) -> State:
    """As the tracker sums it up: what the person's own sockets stand for."""
    socket = socket_of(scene.person)
    return State(ONLINE, audience=socket.manner.audience)


@path(PRESENCE, "GET users/{id}/presence/", share=lambda scene: scene.room)
def over_rest(scene: Scene) -> bool:
    with _is_here(scene):
        answer = scene.api(scene.viewer).get(f"/api/v1/users/{scene.person.pk}/presence/")
    return bool(answer.json()["status"] != OFFLINE)


@path(PRESENCE, "GET users/presence/", share=lambda scene: scene.room)
def of_many_over_rest(scene: Scene) -> bool:
    with _is_here(scene):
        answer = scene.api(scene.viewer).get(f"/api/v1/users/presence/?user={scene.third.pk}&user={scene.person.pk}")
    third, person = answer.json()["results"]
    assert third["status"] == OFFLINE
    return bool(person["status"] != OFFLINE)


def _look(scene: Scene, room: str) -> looking.Look:
    person = str(scene.person.pk)
    return looking.look(room, str(scene.viewer.pk), picked=[person], writing=[person], named=[person])


@path(PRESENCE, "the answer to view", share=lambda scene: scene.room)
def in_the_answer_to_view(scene: Scene) -> bool:
    return str(scene.person.pk) in _look(scene, str(scene.room.pk)).allowed


@path(PRESENCE, "the answer to view, of a direct room", share=lambda scene: scene.direct)
def in_the_answer_to_view_of_a_direct_room(scene: Scene) -> bool:
    return str(scene.person.pk) in _look(scene, str(scene.direct.pk)).allowed


@path(PRESENCE, "the answer to view, of who types", share=lambda scene: scene.room)
def among_those_who_type(scene: Scene) -> bool:
    return str(scene.person.pk) in [each.id for each in _look(scene, str(scene.room.pk)).typists]


@path(PRESENCE, "the answer to watch", share=lambda scene: scene.direct)
def in_the_answer_to_watch(scene: Scene) -> bool:
    met = looking.meeting(str(scene.viewer.pk), [scene.person.pk])
    return str(scene.person.pk) in looking.allowed(str(scene.viewer.pk), met)


@path(PRESENCE, "frames of presence", share=lambda scene: scene.room)
def in_frames(scene: Scene) -> bool:
    viewer = socket_of(scene.viewer)
    return seen(str(scene.person.pk), _state(scene), viewer, viewer.identity.user_id) != OFFLINE


@path(PRESENCE, "who has a room open", share=lambda scene: scene.room)
def among_those_who_have_the_room_open(scene: Scene) -> bool:
    person = str(scene.person.pk)
    shown = Audience(Mock(), Mock())
    shown._known[person] = _state(scene)
    told = shown.participants_for(socket_of(scene.viewer), Open(1, (person,)), {person: person_of(scene.person)})
    assert told["count"] == len(told["people"])
    return bool(told["people"])


@path(PRESENCE, "frames of typing", share=lambda scene: scene.room)
def in_frames_of_typing(scene: Scene) -> bool:
    """What the command of the person's socket publishes, shown by a hub to a socket of the viewer's."""
    room, writer, reader = str(scene.room.pk), socket_of(scene.person), socket_of(scene.viewer)
    writer.rooms, told, said = {room: 0}, Mock(), _state(scene)
    tracker = Mock(state=lambda user: said, store=Mock(write_typing=AsyncMock()))
    with (
        published() as signals,
        patch.multiple(typing, get_tracker=lambda: tracker, TYPING_BUCKETS=Buckets(rate=1, burst=1)),
        # In this thread, whose transaction it is, in place of the pool's.
        patch.object(typing.pool, "run", sync_to_async(lambda work, *args: work(*args))),
    ):
        async_to_sync(typing.typing)(writer, typing.Typing(room=scene.room.pk, on=True))
    with patch.object(Connection, "send", told):
        for glimpse in signals:
            assert isinstance(glimpse, Glimpse)
            Hub._show(Mock(_viewers=lambda room: [reader]), glimpse)
    return bool(told.called)
