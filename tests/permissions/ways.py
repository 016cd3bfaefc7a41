"""Every way from outside to a room or a message: calls of the API, pages, commands of the socket.

A way names the actions of `rooms.permissions` that it takes. What the matrix expects of it follows
from that table alone; what is not listed here fails `test_matrix.test_every_…`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from rooms.models import Kind
from rooms.permissions import Action
from tests.permissions.stage import LINK, Stage

Body = Callable[[Stage], Any]


@dataclass(frozen=True, slots=True)
class Way:
    """`own`: it is about the asker's own message. `outside`: what a listed room answers to who is no member.

    `about`: a value of the address by its name, where it is not the stage's. `kinds`: where it exists.
    """

    method: str
    route: str
    actions: tuple[Action, ...] = ()
    body: Body | None = None
    own: bool = False
    outside: str = "missing"
    about: Mapping[str, Callable[[Stage], Any]] | None = None
    kinds: tuple[str, ...] = tuple(Kind.values)

    def __str__(self) -> str:
        return f"{self.method} {self.route}{' (own)' if self.own else ''}"


@dataclass(frozen=True, slots=True)
class Say:
    """A command of the socket: its type, its fields, and how it is answered when it is done."""

    kind: str
    fields: Callable[[Stage, str], dict[str, Any]]
    actions: tuple[Action, ...] = ()
    own: bool = False
    done: str = "ack"


def _tomorrow() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


def _poll_id(stage: Stage) -> str:
    return stage.poll.id


ROOMS_WITH_ROLES = (Kind.PUBLIC.value, Kind.PRIVATE.value, Kind.CHANNEL.value)
LISTED = (Kind.PUBLIC.value, Kind.CHANNEL.value)
_ROOM, _MESSAGE = "rooms/<uuid:room_id>/", "messages/<uuid:message_id>/"

CALLS = [
    Way("GET", _ROOM, outside="done"),
    Way("PATCH", _ROOM, (Action.EDIT_ROOM,), lambda _: {"topic": "Other"}, outside="refused"),
    Way("DELETE", _ROOM, (Action.DELETE_ROOM,), outside="refused"),
    Way("POST", f"{_ROOM}join/", outside="done"),
    Way("POST", f"{_ROOM}leave/", (Action.LEAVE,), kinds=ROOMS_WITH_ROLES),
    Way("GET", f"{_ROOM}me/"),
    Way("PATCH", f"{_ROOM}me/", body=lambda _: {"favourite": True}),
    Way("GET", f"{_ROOM}members/"),
    Way("POST", f"{_ROOM}members/", (Action.INVITE,), lambda stage: {"users": [str(stage.author.pk)]}),
    Way("PATCH", f"{_ROOM}members/<uuid:user_id>/", (Action.MUTE_MEMBER,), lambda _: {"muted_until": _tomorrow()}),
    Way("DELETE", f"{_ROOM}members/<uuid:user_id>/", (Action.REMOVE_MEMBER,)),
    Way("PUT", f"{_ROOM}owner/", (Action.TRANSFER,), lambda stage: {"user": str(stage.author.pk)}),
    Way("GET", f"{_ROOM}messages/", (Action.READ,)),
    Way("POST", f"{_ROOM}messages/", (Action.POST,), lambda _: {"content": "Hello"}),
    Way("GET", f"{_ROOM}log/", (Action.READ,)),
    Way("POST", f"{_ROOM}read/", (Action.READ,), lambda _: {"number": 1}),
    Way("PUT", f"{_ROOM}draft/", (Action.READ,), lambda _: {"content": "Half a"}),
    Way("DELETE", f"{_ROOM}draft/", (Action.READ,)),
    Way("GET", f"{_ROOM}pins/", (Action.READ,)),
    Way("GET", _MESSAGE, (Action.READ,)),
    Way("PATCH", _MESSAGE, (Action.EDIT_OWN, Action.POST), lambda _: {"content": "Other"}, own=True),
    Way("DELETE", _MESSAGE, (Action.DELETE_OWN,), own=True),
    Way("DELETE", _MESSAGE, (Action.DELETE_OTHERS,)),
    Way("GET", f"{_MESSAGE}revisions/", (Action.SEE_REVISIONS,)),
    Way("GET", f"{_MESSAGE}reactions/", (Action.READ,)),
    Way("PUT", f"{_MESSAGE}reactions/<str:emoji>/", (Action.REACT,)),
    Way("DELETE", f"{_MESSAGE}reactions/<str:emoji>/", (Action.REACT,)),
    Way("PUT", f"{_MESSAGE}pin/", (Action.PIN,)),
    Way("DELETE", f"{_MESSAGE}pin/", (Action.PIN,)),
    Way("DELETE", f"{_MESSAGE}previews/<int:index>/", (Action.DELETE_OTHERS,)),
    Way("DELETE", f"{_MESSAGE}previews/", (Action.DELETE_OTHERS,)),
    Way("GET", f"{_MESSAGE}thread/", (Action.READ,)),
    Way("POST", f"{_MESSAGE}thread/read/", (Action.READ,), lambda _: {"index": 0}),
    Way("PUT", f"{_MESSAGE}follow/", (Action.READ,)),
    Way("DELETE", f"{_MESSAGE}follow/", (Action.READ,)),
    Way("GET", f"{_MESSAGE}receipts/", (Action.READ,)),
    Way("PUT", f"{_MESSAGE}saved/", (Action.READ,), lambda _: {"note": "For later"}),
    Way("POST", f"{_MESSAGE}forward/", (Action.READ,), lambda stage: {"rooms": [str(stage.other_room.pk)]}),
    Way("GET", f"{_MESSAGE}vote/", (Action.READ,), about={"message_id": _poll_id}),
    Way("PUT", f"{_MESSAGE}vote/", (Action.READ,), lambda _: {"options": [0]}, about={"message_id": _poll_id}),
    Way("GET", f"{_MESSAGE}votes/", (Action.READ,), about={"message_id": _poll_id}),
    Way("POST", f"{_MESSAGE}poll/close/", (Action.DELETE_OTHERS,), about={"message_id": _poll_id}),
    Way(
        "POST",
        "scheduled/",
        (Action.POST,),
        lambda stage: {"room": str(stage.room.pk), "content": "Later", "send_at": _tomorrow()},
    ),
]  # fmt: skip

# What is the asker's own: there is nobody else's to reach. It takes signing in, and nothing more.
PERSONAL_CALLS = {
    ("GET", "me/"): None,
    ("GET", "me/privacy/"): None,
    ("GET", "me/sections/"): None,
    ("GET", "rooms/"): None,
    ("GET", "rooms/directory/"): None,
    ("GET", "drafts/"): None,
    ("GET", "threads/"): None,
    ("GET", "mentions/"): None,
    ("GET", "saved/"): None,
    ("GET", "scheduled/"): None,
    ("GET", "search/"): "q=hello",
}
# Tried by tests of their own, for the reason given.
ELSEWHERE_CALLS = {
    ("PATCH", "me/privacy/"): "changes the asker's own settings: tests/receipts/test_rules.py",
    ("POST", "me/sections/"): "makes a section of the asker's own: tests/test_preferences.py",
    ("PATCH", "me/sections/<uuid:section_id>/"): "finds the asker's own only: tests/test_preferences.py",
    ("DELETE", "me/sections/<uuid:section_id>/"): "finds the asker's own only: tests/test_preferences.py",
    ("POST", "rooms/"): "makes a room: tests/test_rest.py",
    (
        "DELETE",
        f"{_MESSAGE}saved/",
    ): "takes off one's own list, also what is hidden by now: tests/test_saved.py",
    ("PATCH", "scheduled/<uuid:scheduled_id>/"): "finds the sender's own only: tests/test_scheduled.py",
    ("DELETE", "scheduled/<uuid:scheduled_id>/"): "finds the sender's own only: tests/test_scheduled.py",
    ("GET", "schema/"): "describes the API to everybody",
}

_PAGE = "r/<slug:slug>/"
# Pages that a member of any role may open. What their forms do are the verbs that the calls name.
PAGES = [
    Way("GET", _PAGE, outside="done"),
    Way("GET", f"{_PAGE}<int:number>/", outside="done"),
    Way("GET", f"{_PAGE}messages/"),
    Way("GET", f"{_PAGE}pins/"),
    Way("GET", f"{_PAGE}thread/<int:number>/"),
    Way("GET", f"{_PAGE}thread/<int:number>/messages/"),
    Way("GET", f"{_PAGE}settings/", kinds=ROOMS_WITH_ROLES),
    Way("POST", f"{_PAGE}join/", outside="done"),
    Way("POST", f"{_PAGE}leave/"),
    Way("GET", "m/<uuid:message_id>/"),
    Way("GET", "m/<uuid:message_id>/receipts/"),
    Way("GET", "m/<uuid:message_id>/revisions/"),
    Way("GET", "m/<uuid:message_id>/reactions/"),
]
PERSONAL_PAGES = {
    *("", "rooms/", "rooms/new/", "direct/new/", "threads/", "mentions/", "drafts/", "search/", "saved/"),
    *("scheduled/", "settings/privacy/"),
}
ELSEWHERE_PAGES = {"accounts/theme/": "a cookie of the device"}


def _room(stage: Stage, _: str) -> dict[str, Any]:
    return {"room": str(stage.room.pk)}


def _message(stage: Stage, who: str) -> dict[str, Any]:
    return {"message": stage.others[who][0].id}


def _mine(stage: Stage, who: str) -> dict[str, Any]:
    """The asker's own message; who has none asks for another's."""
    return {"message": stage.own.get(who, stage.message).id}


def _asked(stage: Stage, who: str) -> dict[str, Any]:
    return {"message": stage.others[who][1].id}


COMMANDS = [
    Say("view", _room, done="viewing"),
    Say(
        "message.send",
        lambda stage, who: _room(stage, who) | {"ref": str(uuid4()), "content": "Hello"},
        (Action.POST,),
    ),
    Say("message.edit", lambda stage, who: _mine(stage, who) | {"content": "Other"}, (Action.EDIT_OWN, Action.POST)),
    Say("message.pin", _message, (Action.PIN,)),
    Say("message.unpin", _message, (Action.PIN,)),
    Say("reaction.add", lambda stage, who: _message(stage, who) | {"emoji": "👍"}, (Action.REACT,)),
    Say("reaction.remove", lambda stage, who: _message(stage, who) | {"emoji": "👍"}, (Action.REACT,)),
    Say("poll.vote", lambda stage, who: _asked(stage, who) | {"options": [0]}),
    Say("preview.dismiss", lambda stage, who: _message(stage, who) | {"url": LINK}, (Action.DELETE_OTHERS,)),
    Say("draft.set", lambda stage, who: _room(stage, who) | {"content": "Half a"}),
    Say("read", lambda stage, who: _room(stage, who) | {"number": 1}),
    Say("poll.close", _asked, (Action.DELETE_OTHERS,)),
    Say("message.delete", _mine, (Action.DELETE_OWN,)),
    Say("message.delete", _message, (Action.DELETE_OTHERS,)),
]  # fmt: skip
ELSEWHERE_COMMANDS = {
    "hello": "begins: tests/test_socket.py",
    "resume": "asks for rooms by cursor; others' are not answered: tests/test_resume.py",
    "ping": "concerns no room",
    "presence": "says of oneself how one is",
    "typing": "answers nothing; who is told of it: tests/test_socket.py",
    "received": "answers nothing; others' rooms are passed over: tests/receipts/test_socket.py",
}
