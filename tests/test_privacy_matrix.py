"""Every privacy setting × audience × relation × path: who gets through, and nobody else.

The paths are a table of their own (`tests/privacy_paths`), to which each part of the product adds.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts import privacy
from accounts.models import DEFAULTS, Audience, Privacy, User
from accounts.services import blocks
from tests.privacy_paths import PATHS, Path, Scene
from tests.relations.conftest import befriend

pytestmark = pytest.mark.django_db

CONTACT, STRANGER, BLOCKED, BLOCKER = "contact", "stranger", "blocked", "blocker"
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


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.parametrize("path", ALL, ids=str)
def test_a_path_lets_through_whom_the_person_lets_and_nobody_else(path: Path, audience: str, relation: str) -> None:
    scene = Scene()
    path.share(scene)
    privacy.change(scene.person, **{path.what: audience})
    RELATIONS[relation](scene.person, scene.viewer)
    assert path.probe(scene) == expected(audience, relation)


@pytest.mark.parametrize("relation", [CONTACT, STRANGER])
@pytest.mark.parametrize("path", ALL, ids=str)
def test_who_never_decided_has_the_defaults(path: Path, relation: str) -> None:
    scene = Scene()
    path.share(scene)
    RELATIONS[relation](scene.person, scene.viewer)
    assert path.probe(scene) == expected(DEFAULTS[path.what], relation)


def test_every_setting_has_a_path() -> None:
    assert set(PATHS) == set(Privacy)
