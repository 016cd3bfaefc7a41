"""What a profile says of phone and last visit, on every way to one. The two share a room, so the viewer reaches it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from accounts.models import Privacy, User
from tests.privacy_paths import PHONE, Scene, path

LAST_SEEN_AT = datetime(2026, 3, 2, 17, 0, 58, tzinfo=UTC)
ON_A_PAGE = {Privacy.PHONE: "901820", Privacy.LAST_SEEN: "2 March 2026, 17:00"}
FIELDS = {Privacy.PHONE: "phone", Privacy.LAST_SEEN: "last_seen_at"}


def meet(scene: Scene) -> None:
    """They share a room, and the person was here once."""
    scene.room.refresh_from_db()
    User.objects.filter(pk=scene.person.pk).update(last_seen_at=LAST_SEEN_AT, phone=PHONE.replace(" ", ""))


def _in_json(what: Privacy, pick: Callable[[Any], Any], address: str, scene: Scene) -> bool:
    answer = scene.api(scene.viewer).get(f"/api/v1/{address.format(id=scene.person.pk)}")
    assert answer.status_code == 200
    return pick(answer.json())[FIELDS[what]] is not None


def _on_a_page(what: Privacy, address: str, headers: dict[str, str], scene: Scene) -> bool:
    page = scene.browser(scene.viewer).get(address.format(id=scene.person.pk), headers=headers)
    assert page.status_code == 200
    assert "Person" in page.content.decode()
    return ON_A_PAGE[what] in page.content.decode()


for _what in FIELDS:
    path(_what, "GET users/{id}/", share=meet)(partial(_in_json, _what, lambda one: one, "users/{id}/"))
    path(_what, "GET users/?username=", share=meet)(
        partial(_in_json, _what, lambda found: found["results"][0], "users/?username=person")
    )
    path(_what, "the profile by id", share=meet)(partial(_on_a_page, _what, "/people/{id}/", {}))
    path(_what, "the profile by name", share=meet)(partial(_on_a_page, _what, "/u/person/", {}))
    path(_what, "the card", share=meet)(partial(_on_a_page, _what, "/people/{id}/", {"X-Panel": "1"}))

path(Privacy.LAST_SEEN, "GET users/{id}/presence/", share=meet)(
    partial(_in_json, Privacy.LAST_SEEN, lambda one: one, "users/{id}/presence/")
)
path(Privacy.LAST_SEEN, "GET users/presence/", share=meet)(
    partial(_in_json, Privacy.LAST_SEEN, lambda found: found["results"][0], "users/presence/?user={id}")
)
