"""The rule itself, for every setting: the condition that all other paths have in their queries."""

from __future__ import annotations

from functools import partial

from accounts import privacy
from accounts.models import Privacy
from rooms.models import Membership
from tests.privacy_paths import Scene, path


def _allowed(what: Privacy, scene: Scene) -> bool:
    return privacy.who_allow(scene.viewer, what, [scene.person.pk]) == {scene.person.pk}


def _allowed_by_a_path(what: Privacy, scene: Scene) -> bool:
    condition = privacy.allowing(scene.viewer.pk, what, "user__")
    return Membership.objects.filter(condition, room=scene.room, user=scene.person).exists()


for _what in Privacy:
    path(_what, "accounts.privacy.who_allow")(partial(_allowed, _what))
    path(_what, "accounts.privacy.allowing, of members", share=lambda scene: scene.room)(
        partial(_allowed_by_a_path, _what)
    )
