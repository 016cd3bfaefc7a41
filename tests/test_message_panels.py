"""The panels about one message: its history, and who reacted to it."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from messaging import services
from messaging.panels import message as message_panels
from rooms.models import Role
from rooms.services import update_room
from tests.factories import Cast, say

pytestmark = pytest.mark.django_db


def panel(user: object, path: str) -> tuple[int, str]:
    client = Client()
    client.force_login(user)
    answer = client.get(path, headers={"X-Panel": "1"})
    return answer.status_code, answer.content.decode()


def test_the_history_shows_what_was_said_before_as_text(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "<b>first</b>")
    services.edit(cast.bob, UUID(sent.id), "second")
    services.edit(cast.bob, UUID(sent.id), "third")
    status, page = panel(cast.alice, f"/m/{sent.id}/revisions/")
    assert status == 200
    assert "<b>first" not in page
    assert page.index("third") < page.index("second") < page.index("&lt;b&gt;first&lt;/b&gt;")


def test_a_long_history_goes_on_by_key(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_panels, "REVISIONS_PAGE", 2)
    sent = say(cast.team, cast.bob, "version 0")
    for number in range(1, 5):
        services.edit(cast.bob, UUID(sent.id), f"version {number}")
    _, page = panel(cast.bob, f"/m/{sent.id}/revisions/")
    assert [number for number in range(5) if f"version {number}" in page] == [2, 3, 4]
    address = page.split('data-more href="')[1].split('"')[0]
    _, rest = panel(cast.bob, address)
    assert [number for number in range(5) if f"version {number}" in rest] == [0, 1]
    assert "data-more" not in rest


def test_the_history_is_for_whom_the_room_lets_see_it(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "before")
    services.edit(cast.bob, UUID(sent.id), "after")
    update_room(cast.alice, cast.team, settings={"permissions": {"see_revisions": Role.MODERATOR}})
    path = f"/m/{sent.id}/revisions/"
    statuses = [panel(user, path)[0] for user in (cast.bob, cast.alice, cast.carol, cast.mallory)]
    assert statuses == [200, 200, 403, 404]
    assert "before" not in panel(cast.carol, path)[1]


def test_nothing_is_shown_of_a_deleted_message(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "teapot")
    services.edit(cast.bob, UUID(sent.id), "kettle")
    services.react(cast.alice, UUID(sent.id), "👍")
    services.delete(cast.bob, UUID(sent.id))
    for page in ("revisions", "reactions"):
        status, text = panel(cast.bob, f"/m/{sent.id}/{page}/")
        assert status == 200
        assert not any(word in text for word in ("teapot", "kettle", "👍"))


def test_reactions_are_listed_by_emoji_with_their_people(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_panels, "REACTORS_MAX", 1)
    sent = say(cast.team, cast.bob, "Well?")
    services.react(cast.carol, UUID(sent.id), "🎉")
    services.react(cast.alice, UUID(sent.id), "👍")
    services.react(cast.bob, UUID(sent.id), "👍")
    _, page = panel(cast.bob, f"/m/{sent.id}/reactions/")
    party, thumbs = page.split("👍", 1)[0], page.split("👍", 1)[1]
    assert "Carol" in party
    assert "Alice" in thumbs
    assert "and 1 more" in thumbs
    assert panel(cast.mallory, f"/m/{sent.id}/reactions/")[0] == 404
