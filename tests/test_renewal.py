"""HTML of an older renderer is made anew in the background, and nothing else is touched."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from jobs.tasks import scheduled
from messaging import services
from messaging.models import Message
from messaging.rendering import RENDERER_VERSION, renewal
from rooms.models import RoomHead
from tests.factories import Cast, say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def old(cast: Cast) -> list[UUID]:
    """Messages as a renderer left them that knew no mark-up; the newest is of today's."""
    ids = [UUID(say(cast.team, cast.bob, f"**{number}** @alice").id) for number in range(7)]
    Message.objects.filter(pk__in=ids[:6]).update(html="**old** @alice", html_version=0)
    return ids


def rows(ids: list[UUID]) -> list[dict[str, Any]]:
    return list(Message.objects.filter(pk__in=ids).order_by("pk").values())


def renew(**options: Any) -> int:
    return renewal.renew(**{"batch": 2, "pause_s": 0, **options})


def test_old_html_is_made_anew_and_nothing_else_changes(cast: Cast, old: list[UUID]) -> None:
    before, head = rows(old), RoomHead.objects.values().get(room=cast.team)
    assert renewal.is_due()
    assert renew() == 6
    after = rows(old)
    for number, row in enumerate(after[:6]):
        assert (row.pop("html"), row.pop("html_version")) == (
            f"<p><strong>{number}</strong> @alice</p>",
            RENDERER_VERSION,
        )
    assert after[6] == before[6]
    assert after[:6] == [{k: v for k, v in row.items() if k not in ("html", "html_version")} for row in before[:6]]
    assert RoomHead.objects.values().get(room=cast.team) == head
    assert not renewal.is_due()
    assert renew() == 0


def test_a_walk_that_was_killed_is_finished_by_the_next(old: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("messaging.rendering.renewal.time.sleep", killed)
        with pytest.raises(KeyboardInterrupt):
            renew()
    assert [row["html_version"] for row in rows(old)] == [0, 0, 0, 0, 1, 1, 1]  # the newest first
    assert renewal.is_due()
    assert renew() == 4
    assert not renewal.is_due()


def test_a_walk_ends_in_time_and_goes_on_in_the_next_run(old: list[UUID]) -> None:
    assert [renew(run_s=-1) for _ in range(4)] == [2, 2, 2, 0]


def test_what_is_edited_or_deleted_meanwhile_stays_as_it_has_become(cast: Cast, old: list[UUID]) -> None:
    edited, deleted = old[5], old[4]
    stale = list(Message.objects.filter(pk__in=[edited, deleted]))
    services.edit(cast.bob, edited, "*newer*")
    services.delete(cast.bob, deleted)
    assert renewal._write(stale) == 0
    assert Message.objects.get(pk=edited).html == "<p><em>newer</em></p>"
    assert Message.objects.get(pk=deleted).html == ""
    assert renew() == 4


def test_messages_without_html_stay_without(cast: Cast, old: list[UUID]) -> None:
    services.delete(cast.bob, old[0])
    Message.objects.filter(pk=old[1]).update(content="b3BhcXVl", html="")  # as what is encrypted end to end
    assert renew() == 4
    assert [row["html"] for row in rows(old[:2])] == ["", ""]
    assert not renewal.is_due()


def test_a_mention_keeps_whom_it_meant(cast: Cast) -> None:
    sent = say(cast.team, cast.bob, "Hi @Carol and @alice")
    assert sent.html.count("mention") == 2
    Message.objects.update(html_version=0)
    type(cast.carol).objects.filter(pk=cast.carol.pk).update(username="caroline")
    assert renew() > 0
    row = Message.objects.get(pk=sent.id)
    assert (row.html, row.html_version) == (sent.html, RENDERER_VERSION)


def test_it_is_on_the_schedule() -> None:
    assert renewal.renew_html in scheduled
    renewal.renew_html.call()
