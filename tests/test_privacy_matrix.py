"""Every privacy setting × audience × relation × path: who gets through, and nobody else.

The paths are a table of their own (`tests/privacy_paths`), to which each part of the product adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from django.db import transaction

from accounts import privacy
from accounts.models import DEFAULTS, Audience, Privacy, User
from accounts.services import blocks
from tests.factories import say
from tests.privacy_paths import PATHS, Path, Scene
from tests.privacy_paths.profiles import meet
from tests.relations.conftest import befriend

pytestmark = pytest.mark.django_db

CONTACT, STRANGER, BLOCKED, BLOCKER = "contact", "stranger", "blocked", "blocker"
UNDECIDED = "undecided"  # has the defaults
# What the viewer is to the person, and how they come to be that.
RELATIONS: dict[str, Callable[[User, User], object]] = {
    CONTACT: lambda person, viewer: befriend(viewer, person),
    STRANGER: lambda person, viewer: None,
    BLOCKED: lambda person, viewer: blocks.block(person, viewer),
    BLOCKER: lambda person, viewer: blocks.block(viewer, person),
}
ALL = [each for paths in PATHS.values() for each in paths]


def expected(audience: str, relation: str) -> bool:
    return relation not in (BLOCKED, BLOCKER) and (
        audience == Audience.EVERYONE or (audience == Audience.CONTACTS and relation == CONTACT)
    )


@pytest.mark.parametrize("path", ALL, ids=str)
def test_a_path_lets_through_whom_the_person_lets_and_nobody_else(path: Path) -> None:
    scene = Scene()
    path.share(scene)
    wrong = {}
    for audience, relation in product((*Audience.values, UNDECIDED), RELATIONS):
        with _undone():
            if audience != UNDECIDED:
                privacy.change(scene.person, **{path.what: audience})
            RELATIONS[relation](scene.person, scene.viewer)
            came = _came_of(path, scene.again(), f"{audience}, {relation}")
        wanted = expected(DEFAULTS[path.what] if audience == UNDECIDED else audience, relation)
        if came != wanted:
            wrong[audience, relation] = {"wanted": wanted, "came": came}
    assert wrong == {}


def _came_of(path: Path, scene: Scene, case: str) -> bool:
    try:
        return path.probe(scene)
    except Exception as error:
        error.add_note(case)
        raise


@contextmanager
def _undone() -> Iterator[None]:
    """A savepoint that is rolled back: each case begins with what was shared, and none is made anew for it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_setting_has_a_path() -> None:
    assert set(PATHS) == set(Privacy)


# Where people are listed, or stand beside what they did. That of a profile alone tells phone and last visit.
LISTS = [
    "/api/v1/rooms/",
    "/api/v1/rooms/{room}/",
    "/api/v1/rooms/{room}/members/",
    "/api/v1/rooms/{room}/messages/",
    "/api/v1/rooms/{room}/members/?q=person",
    "/api/v1/rooms/directory/",
    "/api/v1/contacts/",
    "/api/v1/search/?q=tea",
    "/api/v1/rooms/{room}/log/",
    "/api/v1/contacts/requests/?direction=incoming",
    "/api/v1/blocks/",
    "/search/?q=tea",
    "/r/{slug}/",
    "/r/{slug}/members/",
    "/r/{slug}/members/?q=person",
    "/r/{slug}/members/{person}/",
    "/contacts/",
    "/contacts/?username=person",
    "/direct/new/?q=person",
    "/r/{slug}/members/add/?q=person",
]


def test_nothing_but_a_profile_tells_a_phone_number_or_a_last_visit() -> None:
    """Nobody has to be kept from these then: not even a contact reads there what they may know."""
    scene = Scene()
    meet(scene)
    say(scene.direct, scene.person, "Tea?")
    say(scene.room, scene.person, "Tea for all")
    privacy.change(scene.person, phone="everyone", last_seen="everyone")
    befriend(scene.viewer, scene.person)
    names = {"room": scene.room.pk, "slug": scene.room.slug, "person": scene.person.pk}
    told = {}
    for address in LISTS:
        client = scene.api(scene.viewer) if address.startswith("/api/") else scene.browser(scene.viewer)
        answer = client.get(address.format(**names))
        assert answer.status_code == 200, address
        text = answer.content.decode()
        told[address] = [each for each in ("901820", "2026-03-02T17:00", "2 March 2026, 17:00") if each in text]
    assert {address: words for address, words in told.items() if words} == {}
