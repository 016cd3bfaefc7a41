"""Receipts: whether the viewer sees how far the person has read. The viewer lets everybody see their own."""

from __future__ import annotations

from accounts.models import Privacy
from messaging.models import Message
from messaging.receipts import TOPIC, asking, recording
from realtime.events import Glance
from tests.factories import say
from tests.privacy_paths import Scene, is_told, path, published

RECEIPTS = Privacy.READ_RECEIPTS
V1 = "/api/v1"


def _has_read(scene: Scene) -> None:
    number = say(scene.room, scene.viewer, "Hello").number
    for reader in (scene.person, scene.third):
        recording.note(reader.pk, scene.room.pk, read=number)


def _message(scene: Scene) -> Message:
    return Message.objects.in_room(scene.room).filter(sender=scene.viewer).latest("number")


@path(RECEIPTS, "GET messages/{id}/receipts/", share=_has_read)
def over_rest(scene: Scene) -> bool:
    page = scene.api(scene.viewer).get(f"{V1}/messages/{_message(scene).pk}/receipts/").json()
    names = {each["user"]["username"] for each in page["results"]}
    assert "third" in names
    assert page["counts"] == {"read": len(names), "received": len(names), "of": len(names)}
    return "person" in names


@path(RECEIPTS, "the panel “Seen by”", share=_has_read)
def in_the_panel(scene: Scene) -> bool:
    page = scene.browser(scene.viewer).get(f"/m/{_message(scene).pk}/receipts/", headers={"X-Panel": "1"})
    return "Person" in page.content.decode()


@path(RECEIPTS, "the answer to view", share=_has_read)
def in_the_answer_to_view(scene: Scene) -> bool:
    return str(scene.person.pk) in asking.watermarks(scene.room.pk, scene.viewer.pk)


@path(RECEIPTS, "frames of receipts as they come", share=_has_read)
def in_frames(scene: Scene) -> bool:
    with published() as signals:
        number = say(scene.room, scene.third).number
        recording.note(scene.person.pk, scene.room.pk, read=number)
    glances = [each for each in signals if isinstance(each, Glance) and each.topic == TOPIC]
    return any(is_told(scene, each) for each in glances)
