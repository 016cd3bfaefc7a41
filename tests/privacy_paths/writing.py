"""Writing to somebody first: making the conversation, and sending into one in which they never wrote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import Privacy
from accounts.privacy import IS_BLOCKED, TAKES_NO_MESSAGES
from messaging import scheduled
from messaging.append import append
from messaging.drafts import Draft, NewPoll
from messaging.models import Message, ScheduledMessage
from messaging.scheduled import Plan
from realtime.errors import Forbidden
from rooms.commands.rooms import RoomCreate, room_create
from rooms.models import Kind, Room
from rooms.services import direct_room
from tests.factories import say
from tests.privacy_paths import Scene, path

WRITING = Privacy.MESSAGES
V1 = "/api/v1"


def passes(verb: Callable[[], Any]) -> bool:
    """Whether it is done, and not refused in one of the two ways that there are."""
    try:
        verb()
    except Forbidden as refusal:
        if refusal.detail not in (TAKES_NO_MESSAGES, IS_BLOCKED):
            raise
        return False
    return True


def _is_done(answer: Any) -> bool:
    if answer.status_code < 400:
        return True
    assert (answer.status_code, answer.json()["detail"]) in ((403, TAKES_NO_MESSAGES), (403, IS_BLOCKED))
    return False


def _has_written(scene: Scene) -> None:
    """The viewer has, when the other let them: what they try now is about that message."""
    say(scene.direct, scene.viewer, "Hello")


def _has_asked(scene: Scene) -> None:
    say(scene.direct, scene.viewer, "Tea?", poll=NewPoll(options=["yes", "no"]))


def _own(scene: Scene) -> str:
    return str(Message.objects.in_room(scene.direct).filter(sender=scene.viewer).latest("number").pk)


@path(WRITING, "POST rooms/ {kind: direct}")
def make_over_rest(scene: Scene) -> bool:
    body = {"kind": "direct", "members": [str(scene.person.pk)]}
    return _is_done(scene.api(scene.viewer).post(f"{V1}/rooms/", body))


@path(WRITING, "POST rooms/ {kind: direct}, of three")
def make_of_three_over_rest(scene: Scene) -> bool:
    body = {"kind": "direct", "members": [str(scene.person.pk), str(scene.third.pk)]}
    answer = scene.api(scene.viewer).post(f"{V1}/rooms/", body)
    assert answer.status_code in (201, 403)
    return bool(answer.status_code == 201)


@path(WRITING, "room.create {kind: direct}")
def make_over_the_socket(scene: Scene) -> bool:
    return passes(lambda: room_create(scene.viewer, RoomCreate(kind=Kind.DIRECT, members=[scene.person.pk])))


@path(WRITING, "the page of a new message")
def make_on_the_page(scene: Scene) -> bool:
    answer = scene.browser(scene.viewer).post("/direct/new/", {"people": [str(scene.person.pk)]})
    assert answer.status_code in (200, 302)
    return bool(answer.status_code == 302)


@path(WRITING, "rooms.services.direct_room")
def make_by_the_verb(scene: Scene) -> bool:
    return passes(lambda: direct_room(scene.viewer, [scene.person]))


@path(WRITING, "POST rooms/{id}/messages/", share=lambda scene: scene.direct)
def send_over_rest(scene: Scene) -> bool:
    return _is_done(scene.api(scene.viewer).post(f"{V1}/rooms/{scene.direct.pk}/messages/", {"content": "Hello"}))


@path(WRITING, "the composer without a script", share=lambda scene: scene.direct)
def send_on_the_page(scene: Scene) -> bool:
    form = {"content": "Hello", "client_id": str(uuid4())}
    return bool(scene.browser(scene.viewer).post(f"/r/{scene.direct.slug}/messages/", form).status_code == 302)


@path(WRITING, "whether the page has a composer", share=lambda scene: scene.direct)
def write_on_the_page(scene: Scene) -> bool:
    return 'id="composer"' in scene.browser(scene.viewer).get(f"/r/{scene.direct.slug}/").content.decode()


@path(WRITING, "message.send, as the socket's writer does it", share=lambda scene: scene.direct)
def send_in_a_batch(scene: Scene) -> bool:
    """Together with a draft of another room, whose sends nothing stands in the way of."""
    rooms: list[Room] = [scene.direct, direct_room(scene.viewer, [scene.third])[0]]
    drafts = [Draft(room_id=room.pk, sender_id=scene.viewer.pk, content="Hello", client_id=uuid4()) for room in rooms]
    outcomes = append(drafts)
    assert outcomes[1].status == "stored"
    return outcomes[0].status == "stored"


@path(WRITING, "POST messages/{id}/forward/", share=lambda scene: (scene.direct, say(scene.room, scene.third, "News")))
def forward(scene: Scene) -> bool:
    news = Message.objects.in_room(scene.room).latest("number")
    body = {"rooms": [str(scene.direct.pk)], "client_id": str(uuid4())}
    (result,) = scene.api(scene.viewer).post(f"{V1}/messages/{news.pk}/forward/", body).json()["results"]
    return result["message"] is not None


@path(WRITING, "POST scheduled/", share=lambda scene: scene.direct)
def schedule(scene: Scene) -> bool:
    at = (timezone.now() + timedelta(hours=1)).isoformat()
    body = {"room": str(scene.direct.pk), "content": "Good morning", "send_at": at}
    return _is_done(scene.api(scene.viewer).post(f"{V1}/scheduled/", body))


def _has_scheduled(scene: Scene) -> None:
    at = timezone.now() + timedelta(hours=1)
    scheduled.create(scene.viewer, Plan(room_id=scene.direct.pk, content="Good morning", send_at=at))


@path(WRITING, "what was scheduled before, when its time comes", share=_has_scheduled)
def send_what_was_scheduled(scene: Scene) -> bool:
    row = ScheduledMessage.objects.get(sender=scene.viewer)
    ScheduledMessage.objects.update(send_at=timezone.now() - timedelta(seconds=1))
    scheduled.send.func(str(row.pk))
    row.refresh_from_db()
    assert (row.state == "sent") == (row.problem == "")
    return row.state == "sent"


@path(WRITING, "PATCH messages/{id}/", share=_has_written)
def edit(scene: Scene) -> bool:
    return _is_done(scene.api(scene.viewer).patch(f"{V1}/messages/{_own(scene)}/", {"content": "Other words"}))


@path(WRITING, "PUT messages/{id}/reactions/{emoji}/", share=_has_written)
def react(scene: Scene) -> bool:
    return _is_done(scene.api(scene.viewer).put(f"{V1}/messages/{_own(scene)}/reactions/👍/"))


@path(WRITING, "PUT messages/{id}/pin/", share=_has_written)
def pin(scene: Scene) -> bool:
    return _is_done(scene.api(scene.viewer).put(f"{V1}/messages/{_own(scene)}/pin/"))


@path(WRITING, "PUT messages/{id}/vote/", share=_has_asked)
def vote(scene: Scene) -> bool:
    return _is_done(scene.api(scene.viewer).put(f"{V1}/messages/{_own(scene)}/vote/", {"options": [0]}))


@path(WRITING, "POST rooms/{id}/messages/ {thread}", share=_has_written)
def reply_in_a_thread(scene: Scene) -> bool:
    body = {"content": "And …", "thread": _own(scene)}
    return _is_done(scene.api(scene.viewer).post(f"{V1}/rooms/{scene.direct.pk}/messages/", body))
