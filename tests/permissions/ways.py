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
    outside: str = "missing"
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
    Way(
        "PATCH",
        f"{_ROOM}members/<uuid:user_id>/",
        (Action.SET_PERMISSIONS, Action.PIN),
        lambda _: {"permissions": {"pin": False}},
    ),
    Way("GET", f"{_ROOM}bans/", (Action.BAN_MEMBER,)),
    Way("PUT", f"{_ROOM}bans/<uuid:user_id>/", (Action.BAN_MEMBER,), lambda _: {"reason": "Spam"}),
    Way("DELETE", f"{_ROOM}bans/<uuid:user_id>/", (Action.BAN_MEMBER,)),
    Way("GET", f"{_ROOM}invitations/", (Action.INVITE,)),
    Way("POST", f"{_ROOM}invitations/", (Action.INVITE,), lambda _: {"uses_max": 3}),
    Way("POST", f"{_ROOM}invitations/", (Action.INVITE,), lambda stage: {"user": str(stage.outsider.pk)}),
    Way("PUT", f"{_ROOM}owner/", (Action.TRANSFER,), lambda stage: {"user": str(stage.author.pk)}),
    Way("GET", f"{_ROOM}messages/", (Action.READ,)),
    Way("POST", f"{_ROOM}messages/", (Action.POST,), lambda _: {"content": "Hello"}),
    Way("GET", f"{_ROOM}log/", (Action.READ,)),
    Way("POST", f"{_ROOM}read/", (Action.READ,), lambda _: {"number": 1}),
    Way("PUT", f"{_ROOM}draft/", (Action.READ,), lambda _: {"content": "Half a"}),
    Way("DELETE", f"{_ROOM}draft/", (Action.READ,)),
    Way("POST", f"{_ROOM}received/", (Action.READ,), lambda _: {"number": 1}),
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
    ("GET", "invitations/"): None,
    ("GET", "me/availability/"): None,
    ("GET", "me/sessions/"): None,
    ("GET", "me/relations/"): None,
    ("GET", "contacts/"): None,
    ("GET", "contacts/requests/"): "direction=incoming",
    ("GET", "blocks/"): None,
    ("GET", "users/"): "username=alice",
}
# Tried by tests of their own, for the reason given.
ELSEWHERE_CALLS = {
    ("PUT", f"{_ROOM}avatar/"): "takes a file: tests/test_room_pictures.py",
    ("DELETE", f"{_ROOM}avatar/"): "with the upload: tests/test_room_pictures.py",
    ("PATCH", "me/privacy/"): "changes the asker's own settings: tests/relations/test_rest.py",
    **dict.fromkeys(
        [
            ("POST", "contacts/requests/"),
            ("PATCH", "contacts/requests/<uuid:request_id>/"),
            ("DELETE", "contacts/requests/<uuid:request_id>/"),
            ("DELETE", "contacts/<uuid:user_id>/"),
            ("PUT", "blocks/<uuid:user_id>/"),
            ("DELETE", "blocks/<uuid:user_id>/"),
        ],
        "between two people: tests/relations/test_rest.py",
    ),
    ("PUT", "me/availability/"): "the asker's own: tests/presence/test_pages.py",
    ("PATCH", "me/sessions/<uuid:session>/"): "finds the asker's own only: tests/accounts/test_devices.py",
    ("DELETE", "me/sessions/<uuid:session>/"): "finds the asker's own only: tests/accounts/test_devices.py",
    ("DELETE", "me/sessions/"): "ends the asker's own: tests/accounts/test_devices.py",
    **dict.fromkeys(
        [("GET", "users/<uuid:user_id>/presence/"), ("GET", "users/presence/")],
        "goes by what two people are to each other: tests/test_privacy_matrix.py",
    ),
    ("PATCH", "me/"): "changes the asker's own profile: tests/accounts/test_profiles.py",
    ("PUT", "me/status/"): "the asker's own: tests/accounts/test_profiles.py",
    ("DELETE", "me/status/"): "the asker's own: tests/accounts/test_profiles.py",
    ("PUT", "me/avatar/"): "the asker's own: tests/accounts/test_pictures.py",
    ("DELETE", "me/avatar/"): "the asker's own: tests/accounts/test_pictures.py",
    ("GET", "users/<uuid:user_id>/"): "goes by what two people are to each other: tests/test_people.py",
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
    ("PATCH", "invitations/<uuid:invitation_id>/"): "finds what the asker was asked only: tests/test_invitations.py",
    ("DELETE", "invitations/<uuid:invitation_id>/"): "one's own, or others' by role: tests/test_invitations.py",
    ("GET", "invitations/links/<str:code>/"): "takes the code of a link: tests/test_invitations.py",
    ("POST", "invitations/links/<str:code>/"): "takes the code of a link: tests/test_invitations.py",
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
    Way("GET", f"{_PAGE}members/"),
    Way("GET", f"{_PAGE}members/<uuid:user_id>/"),
    Way("GET", f"{_PAGE}members/add/", (Action.INVITE,)),
    Way("GET", f"{_PAGE}delete/", (Action.DELETE_ROOM,)),
    Way("GET", f"{_PAGE}invitations/", (Action.INVITE,)),
    Way("GET", f"{_PAGE}bans/", (Action.BAN_MEMBER,)),
    Way("POST", f"{_PAGE}picture/"),
    Way("POST", f"{_PAGE}archive/"),
    Way("POST", f"{_PAGE}join/", outside="done"),
    Way("POST", f"{_PAGE}leave/"),
    Way("GET", "m/<uuid:message_id>/"),
    Way("GET", "m/<uuid:message_id>/receipts/"),
    Way("GET", "m/<uuid:message_id>/revisions/"),
    Way("GET", "m/<uuid:message_id>/reactions/"),
]
PERSONAL_PAGES = {
    *("", "rooms/", "rooms/new/", "direct/new/", "threads/", "mentions/", "drafts/", "search/", "saved/"),
    *(
        "scheduled/",
        "settings/privacy/",
        "contacts/",
        "invitations/",
        "settings/",
        "settings/profile/",
        "settings/security/",
        "settings/tokens/",
        "settings/tokens/new/",
    ),
}
ELSEWHERE_PAGES = {
    "accounts/theme/": "a cookie of the device",
    "settings/availability/": "a form of one's own: tests/presence/test_pages.py",
    "guest/<slug:slug>/": "for whoever has no account: tests/accounts/test_guests.py",
    **dict.fromkeys(
        [
            *("settings/security/devices/end-others/", "settings/security/devices/<uuid:device>/end/"),
            "settings/security/devices/<uuid:device>/name/",
        ],
        "forms of one's own: tests/accounts/test_devices.py",
    ),
    "settings/profile/picture/": "a form of one's own: tests/accounts/test_profiles.py",
    "settings/profile/status/": "a form of one's own: tests/accounts/test_profiles.py",
    "settings/tokens/<uuid:token>/revoke/": "a form of one's own: tests/test_token_pages.py",
    "people/<uuid:user_id>/": "goes by what two people are to each other: tests/test_people.py",
    "u/<slug:username>/": "goes by what two people are to each other: tests/test_people.py",
    "media/<path:name>": "pictures whose address cannot be guessed: tests/accounts/test_pictures.py",
    "invite/<str:code>/": "for whoever has the code: tests/test_invitation_pages.py",
}


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
    Say("thread.follow", _message),
    Say("thread.read", lambda stage, who: _message(stage, who) | {"index": 0}),
    Say("thread.unfollow", _message),
    Say("message.save", _message),
    Say("message.forward", lambda stage, who: _message(stage, who) | {"rooms": [str(stage.other_room.pk)]}),
    Say(
        "scheduled.create",
        lambda stage, who: _room(stage, who) | {"ref": str(uuid4()), "content": "Later", "send_at": _tomorrow()},
        (Action.POST,),
    ),
    Say("room.change", lambda stage, who: _room(stage, who) | {"topic": who}, (Action.EDIT_ROOM,), outside="refused"),
    Say("room.invite", lambda stage, who: _room(stage, who) | {"uses_max": 3}, (Action.INVITE,)),
    Say("member.add", lambda stage, who: _room(stage, who) | {"user": str(stage.author.pk)}, (Action.INVITE,)),
    Say(
        "member.change",
        lambda stage, who: _room(stage, who) | {"user": str(stage.author.pk), "muted_until": _tomorrow()},
        (Action.MUTE_MEMBER,),
    ),
    Say("member.ban", lambda stage, who: _room(stage, who) | {"user": str(stage.outsider.pk)}, (Action.BAN_MEMBER,)),
    Say("member.unban", lambda stage, who: _room(stage, who) | {"user": str(stage.outsider.pk)}, (Action.BAN_MEMBER,)),
    Say(
        "member.remove",
        lambda stage, who: _room(stage, who) | {"user": str(stage.victims[who].pk)},
        (Action.REMOVE_MEMBER,),
    ),
    Say("room.prefer", lambda stage, who: _room(stage, who) | {"favourite": True}),
    Say("message.delete", _mine, (Action.DELETE_OWN,)),
    Say("message.delete", _message, (Action.DELETE_OTHERS,)),
]  # fmt: skip
# After which the room is another's, or gone: each has a stage of its own, and the owner comes last.
FINAL_COMMANDS = [
    Say(
        "room.transfer",
        lambda stage, who: _room(stage, who) | {"user": str(stage.author.pk)},
        (Action.TRANSFER,),
    ),
    Say("room.delete", _room, (Action.DELETE_ROOM,), outside="refused"),
]  # fmt: skip
ELSEWHERE_COMMANDS = {
    "hello": "begins: tests/test_socket.py",
    "resume": "asks for rooms by cursor; others' are not answered: tests/test_resume.py",
    "ping": "concerns no room",
    "presence": "says of oneself how one is",
    "typing": "answers nothing; who is told of it: tests/test_socket.py",
    "message.unsave": "takes off one's own list, also what is hidden by now: tests/test_own_commands.py",
    "availability.set": "says of oneself how one is: tests/presence/test_live.py",
    "watch": "passes over whom the asker may not meet: tests/presence/test_live.py",
    "room.join": "ends the being outside of who asks: tests/test_room_commands.py",
    "room.leave": "ends the membership of who asks: tests/test_room_commands.py",
    "invitation.answer": "finds what the asker was asked only: tests/test_invitations.py",
    "invitation.revoke": "one's own, or others' by role: tests/test_room_commands.py",
    "link.accept": "takes the code of a link: tests/test_room_commands.py",
    "room.create": "makes a room: tests/test_room_commands.py",
    **dict.fromkeys(
        ["section.create", "section.change", "section.delete"],
        "finds the asker's own only: tests/test_room_commands.py",
    ),
    **dict.fromkeys(
        ["profile.change", "status.set", "status.clear", "privacy.change"],
        "the asker's own: tests/accounts/test_commands.py",
    ),
    "scheduled.change": "finds the sender's own only: tests/test_own_commands.py",
    "scheduled.cancel": "finds the sender's own only: tests/test_own_commands.py",
    **dict.fromkeys(
        [
            *("contact.request", "contact.accept", "contact.decline", "contact.cancel", "contact.remove"),
            *("block.add", "block.remove"),
        ],
        "between two people: tests/relations/test_socket.py",
    ),
    "received": "answers nothing; others' rooms are passed over: tests/receipts/test_socket.py",
}


# Each call that writes, and the command that does the same.
BOTH_WAYS = {
    ("PATCH", "me/"): "profile.change",
    ("PUT", "me/status/"): "status.set",
    ("DELETE", "me/status/"): "status.clear",
    ("PATCH", "me/privacy/"): "privacy.change",
    ("PUT", "me/availability/"): "availability.set",
    ("POST", "me/sections/"): "section.create",
    ("PATCH", "me/sections/<uuid:section_id>/"): "section.change",
    ("DELETE", "me/sections/<uuid:section_id>/"): "section.delete",
    ("POST", "contacts/requests/"): "contact.request",
    ("PATCH", "contacts/requests/<uuid:request_id>/"): "contact.accept",  # or contact.decline
    ("DELETE", "contacts/requests/<uuid:request_id>/"): "contact.cancel",
    ("DELETE", "contacts/<uuid:user_id>/"): "contact.remove",
    ("PUT", "blocks/<uuid:user_id>/"): "block.add",
    ("DELETE", "blocks/<uuid:user_id>/"): "block.remove",
    ("POST", "rooms/"): "room.create",
    ("PATCH", _ROOM): "room.change",
    ("DELETE", _ROOM): "room.delete",
    ("PATCH", f"{_ROOM}me/"): "room.prefer",
    ("POST", f"{_ROOM}join/"): "room.join",
    ("POST", f"{_ROOM}leave/"): "room.leave",
    ("PUT", f"{_ROOM}owner/"): "room.transfer",
    ("POST", f"{_ROOM}members/"): "member.add",
    ("PATCH", f"{_ROOM}members/<uuid:user_id>/"): "member.change",
    ("DELETE", f"{_ROOM}members/<uuid:user_id>/"): "member.remove",
    ("PUT", f"{_ROOM}bans/<uuid:user_id>/"): "member.ban",
    ("DELETE", f"{_ROOM}bans/<uuid:user_id>/"): "member.unban",
    ("POST", f"{_ROOM}invitations/"): "room.invite",
    ("PATCH", "invitations/<uuid:invitation_id>/"): "invitation.answer",
    ("DELETE", "invitations/<uuid:invitation_id>/"): "invitation.revoke",
    ("POST", "invitations/links/<str:code>/"): "link.accept",
    ("POST", f"{_ROOM}messages/"): "message.send",
    ("POST", f"{_ROOM}read/"): "read",
    ("POST", f"{_ROOM}received/"): "received",
    ("PUT", f"{_ROOM}draft/"): "draft.set",
    ("DELETE", f"{_ROOM}draft/"): "draft.set",
    ("PATCH", _MESSAGE): "message.edit",
    ("DELETE", _MESSAGE): "message.delete",
    ("PUT", f"{_MESSAGE}reactions/<str:emoji>/"): "reaction.add",
    ("DELETE", f"{_MESSAGE}reactions/<str:emoji>/"): "reaction.remove",
    ("PUT", f"{_MESSAGE}pin/"): "message.pin",
    ("DELETE", f"{_MESSAGE}pin/"): "message.unpin",
    ("DELETE", f"{_MESSAGE}previews/"): "preview.dismiss",
    ("DELETE", f"{_MESSAGE}previews/<int:index>/"): "preview.dismiss",
    ("POST", f"{_MESSAGE}thread/read/"): "thread.read",
    ("PUT", f"{_MESSAGE}follow/"): "thread.follow",
    ("DELETE", f"{_MESSAGE}follow/"): "thread.unfollow",
    ("PUT", f"{_MESSAGE}saved/"): "message.save",
    ("DELETE", f"{_MESSAGE}saved/"): "message.unsave",
    ("POST", f"{_MESSAGE}forward/"): "message.forward",
    ("PUT", f"{_MESSAGE}vote/"): "poll.vote",
    ("POST", f"{_MESSAGE}poll/close/"): "poll.close",
    ("POST", "scheduled/"): "scheduled.create",
    ("PATCH", "scheduled/<uuid:scheduled_id>/"): "scheduled.change",
    ("DELETE", "scheduled/<uuid:scheduled_id>/"): "scheduled.cancel",
}
