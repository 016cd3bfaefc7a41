"""What the matrix plays on: a room of one kind, with somebody in each place that one can have towards it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from messaging.drafts import NewPoll
from messaging.models import Message
from messaging.wire import MessageOut
from rooms import services
from rooms.models import LISTED_KINDS, Kind, Role, Room
from tests.factories import make_direct, make_room, make_user, say, set_role

# Who asks: with a role in the room; once a member; never one; nobody that the server knows.
MEMBERS = (Role.OWNER.value, Role.ADMIN.value, Role.MODERATOR.value, Role.MEMBER.value)
FORMER, STRANGER, GUEST, ANONYMOUS = "former", "stranger", "guest", "anonymous"
OUTSIDERS = (FORMER, STRANGER, GUEST)
LINK = "https://example.org/page"


def askers(kind: str) -> list[str]:
    """Everybody in the play; a direct room has no roles, and nobody leaves it."""
    inside = [Role.MEMBER.value] if kind == Kind.DIRECT else list(MEMBERS)
    return [*inside, STRANGER, GUEST, ANONYMOUS] if kind == Kind.DIRECT else [*inside, *OUTSIDERS, ANONYMOUS]


@dataclass(slots=True)
class Stage:
    """`author` is a member on whom, and on whose messages, the others act.

    `message` and `poll` are the author's, and so are those that `others` has for each asker, where
    what one did is not undone before the next comes. `own` is each asker's own message.
    """

    kind: str
    room: Room
    people: dict[str, User]
    author: User
    message: MessageOut
    poll: MessageOut
    own: Mapping[str, MessageOut]
    others: Mapping[str, tuple[MessageOut, MessageOut]]
    other_room: Room
    outsider: User  # whom nobody has to do with
    victims: Mapping[str, User]  # for each asker a member below everybody else

    @property
    def message_id(self) -> UUID:
        return UUID(self.message.id)

    @property
    def is_listed(self) -> bool:
        return self.kind in LISTED_KINDS


def set_stage(kind: str) -> Stage:
    """Make the room and its people."""
    author = make_user(display_name="Author")
    people = {STRANGER: make_user(), GUEST: make_user(is_guest=True)}
    victims = {who: author if kind == Kind.DIRECT else make_user() for who in askers(kind)}
    if kind == Kind.DIRECT:
        people[Role.MEMBER] = make_user()
        room = make_direct(people[Role.MEMBER], author)
    else:
        people |= {who: make_user() for who in (*MEMBERS, FORMER)}
        room = make_room(
            people[Role.OWNER], *(people[who] for who in (*MEMBERS[1:], FORMER)), author, *victims.values(), kind=kind
        )
        for role in (Role.ADMIN, Role.MODERATOR):
            set_role(room, people[role], role)
        services.leave(people[FORMER], room)
    # As an import does, past what a member of a channel may write.
    said = {"imported_at": timezone.now() - timedelta(minutes=1)}

    def word() -> MessageOut:
        return say(room, author, f"Look at {LINK}", **said)

    def question() -> MessageOut:
        return say(room, author, "Tea?", poll=NewPoll(options=["Yes", "No"]), **said)

    message, others = word(), {who: (word(), question()) for who in people}
    preview = {"url": LINK, "title": "A page", "description": "", "site": ""}
    Message.objects.filter(room=room, content__contains=LINK).update(previews=[preview])
    own = {who: say(room, user, "Mine", **said) for who, user in people.items() if who in MEMBERS}
    return Stage(
        kind, room, people, author, message, question(), own, others, make_room(*people.values()), make_user(), victims
    )
