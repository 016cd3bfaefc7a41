"""Being added to rooms: to one that is there, and with one that is made. Being asked is another matter."""

from __future__ import annotations

from typing import Any

from accounts.models import Privacy
from realtime.errors import Forbidden
from rooms import services
from rooms.commands.members import member_add
from rooms.commands.reaching import OfMember
from rooms.commands.rooms import RoomCreate, room_create
from rooms.models import Kind, Membership, Room
from tests.privacy_paths import Scene, path

ROOMS = Privacy.ROOMS
V1 = "/api/v1"


def _own(scene: Scene) -> Room:
    return scene.other


def _is_in(scene: Scene, room: Room) -> bool:
    return Membership.objects.current().filter(room=room, user=scene.person).exists()


def _is_made(scene: Scene, name: str) -> bool:
    """Whether there is a room of that name; the person is in it, or there is none."""
    room = Room.objects.filter(name=name).first()
    assert room is None or _is_in(scene, room)
    return room is not None


def _tried(scene: Scene, verb: Any, *args: Any) -> bool:
    try:
        verb(scene.viewer, *args)
    except Forbidden:
        return False
    return True


@path(ROOMS, "POST rooms/{id}/members/", share=_own)
def over_rest(scene: Scene) -> bool:
    body = {"users": [str(scene.person.pk)]}
    answer = scene.api(scene.viewer).post(f"{V1}/rooms/{scene.other.pk}/members/", body)
    assert (answer.status_code == 200) == _is_in(scene, scene.other)
    return bool(answer.status_code == 200)


@path(ROOMS, "POST rooms/", share=_own)
def made_over_rest(scene: Scene) -> bool:
    body = {"kind": "private", "name": "Crew", "members": [str(scene.third.pk), str(scene.person.pk)]}
    answer = scene.api(scene.viewer).post(f"{V1}/rooms/", body)
    assert (answer.status_code == 201) == _is_made(scene, "Crew")
    return bool(answer.status_code == 201)


@path(ROOMS, "member.add", share=_own)
def over_the_socket(scene: Scene) -> bool:
    done = _tried(scene, member_add, OfMember(room=scene.other.pk, user=scene.person.pk))
    assert done == _is_in(scene, scene.other)
    return done


@path(ROOMS, "room.create")
def made_over_the_socket(scene: Scene) -> bool:
    done = _tried(scene, room_create, RoomCreate(kind=Kind.CHANNEL, name="Crew", members=[scene.person.pk]))
    assert done == _is_made(scene, "Crew")
    return done


@path(ROOMS, "the panel “Add people”", share=_own)
def in_the_panel(scene: Scene) -> bool:
    form = {"people": [str(scene.person.pk)]}
    answer = scene.browser(scene.viewer).post(f"/r/{scene.other.slug}/members/add/", form)
    assert answer.status_code in (302, 403)
    return _is_in(scene, scene.other)


@path(ROOMS, "the page of a new room")
def made_on_the_page(scene: Scene) -> bool:
    form = {"name": "Crew", "kind": "private", "people": "person, third"}
    scene.browser(scene.viewer).post("/rooms/new/", form)
    return _is_made(scene, "Crew")


@path(ROOMS, "rooms.services.add_members", share=_own)
def by_the_verb(scene: Scene) -> bool:
    return _tried(scene, services.add_members, scene.other, [scene.third, scene.person])
