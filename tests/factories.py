"""The small cast that all tests share, and the rooms they meet in.

Alice owns what she makes, Bob and Carol are her members, Dave comes later, Erin moderates, and
Mallory belongs to nothing: she is the one who tries. Everything is made through the services, so
that a test begins in a state that the product can reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any
from uuid import uuid4

from accounts.models import User
from messaging.append import append
from messaging.drafts import Draft
from messaging.wire import MessageOut
from rooms import services
from rooms.models import Kind, Membership, Role, Room

_serial = count(1)


def make_user(username: str = "", **fields: Any) -> User:
    """Make a user; without a `password` nobody can sign in as them (and no time goes into hashing)."""
    username = username or f"user-{next(_serial)}"
    fields = {"display_name": username.title(), **fields}
    return User.objects.create_user(username, f"{username}@example.org", **fields)


def make_room(owner: User, *members: User, kind: str = Kind.PRIVATE, name: str = "", **fields: Any) -> Room:
    """Make a room of `owner` with these members."""
    return services.create_room(owner, kind=kind, name=name or f"Room {next(_serial)}", members=members, **fields)


def make_direct(user: User, *others: User) -> Room:
    """Return the direct room of these people."""
    return services.direct_room(user, others)[0]


def set_role(room: Room, user: User, role: str) -> Membership:
    """Give a member a role below the owner's."""
    return services.change_role(services.Staff(), room, user, role)


def membership_of(room: Room, user: User) -> Membership:
    """Read the membership as the database has it now, be it current or ended."""
    return Membership.objects.get(room=room, user=user)


def say(room: Room, sender: User, content: str = "Hello", **fields: Any) -> MessageOut:
    """Send a message through the one write path; the refusal, if it is refused."""
    fields = {"client_id": uuid4(), **fields}
    outcome = append([Draft(room_id=room.pk, sender_id=sender.pk, content=content, **fields)])[0]
    if outcome.error is not None:
        raise outcome.error
    assert outcome.message is not None
    return outcome.message


@dataclass
class Cast:
    """The people, each made when first named."""

    @cached_property
    def alice(self) -> User:
        return make_user("alice")

    @cached_property
    def bob(self) -> User:
        return make_user("bob")

    @cached_property
    def carol(self) -> User:
        return make_user("carol")

    @cached_property
    def dave(self) -> User:
        return make_user("dave")

    @cached_property
    def erin(self) -> User:
        return make_user("erin")

    @cached_property
    def mallory(self) -> User:
        return make_user("mallory")

    @cached_property
    def staff(self) -> User:
        """A moderator of the installation, with every right in the admin."""
        return make_user("staff", is_staff=True, is_superuser=True)

    @cached_property
    def team(self) -> Room:
        """A private room: Alice owns it, Erin moderates, Bob and Carol are members."""
        room = make_room(self.alice, self.bob, self.carol, self.erin, name="Team")
        set_role(room, self.erin, Role.MODERATOR)
        return room

    @cached_property
    def lobby(self) -> Room:
        """A public room: Alice owns it, Bob is a member."""
        return make_room(self.alice, self.bob, kind=Kind.PUBLIC, name="Lobby")

    @cached_property
    def news(self) -> Room:
        """A channel: Alice owns it, Bob follows it."""
        return make_room(self.alice, self.bob, kind=Kind.CHANNEL, name="News")
