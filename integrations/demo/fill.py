"""Writing the demo: accounts, rooms and messages as they would stand after some months of use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import Contact, ContactRequest, User
from audit.services import record
from integrations.demo import standup
from integrations.demo.cast import CONTACTS, LOGINS, PEOPLE, PLACES, REQUESTS, Line, Person, Place, Scene
from integrations.demo.talk import TALK
from messaging import polls
from messaging import services as messages
from messaging.append import append
from messaging.drafts import Draft, NewPoll
from messaging.models import Kind as MessageKind
from messaging.models import Message
from rooms import log
from rooms.models import Kind, Membership, Role, Room, RoomHead
from rooms.services import direct_key

# Everything has its id from this and its name, so that the demo is recognised where it is.
NAMESPACE = UUID("c5a8b0a4-40c2-4a3f-8f0a-6f1e8f1f7d52")
PASSWORD_LENGTH = 14  # letters and digits: 83 bits, and still to be typed from a terminal
SATURDAY = 5
BATCH = 200


@dataclass(frozen=True, slots=True)
class Login:
    """Who can sign in, and with what. The password is kept nowhere else but as its hash."""

    username: str
    password: str
    is_admin: bool


def is_filled() -> bool:
    found: bool = User.objects.filter(pk__in=[_id("user", person.username) for person in PEOPLE]).exists()
    return found


def fill(password: str | None = None, *, now: datetime | None = None) -> list[Login]:
    """Write the demo in the current transaction or one of its own; return who can sign in.

    Each of them gets a password made up here, unless one is given for all. `now` is when the
    newest of it was said.
    """
    logins = [
        Login(person.username, password or get_random_string(PASSWORD_LENGTH), person.is_admin)
        for person in PEOPLE
        if person.username in LOGINS
    ]
    now = timezone.localtime(now or timezone.now(), datetime.now().astimezone().tzinfo)
    hashes = {login.username: make_password(login.password) for login in logins}
    with transaction.atomic():
        people = _people(hashes, now)
        for place in PLACES:
            _Room(place, people, now).write()
        _relate(people, now)
        record("demo.filled", severity="notice", details={"logins": [login.username for login in logins]})
    return logins


def _id(kind: str, name: str) -> UUID:
    return uuid5(NAMESPACE, f"{kind}/{name}")


def _people(hashes: Mapping[str, str], now: datetime) -> dict[str, User]:
    users = [_user(person, hashes.get(person.username) or make_password(None), now) for person in PEOPLE]
    User.objects.bulk_create(users)
    # No mail reaches them, and whoever tries the demo shall come in with any setting.
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in users if user.email
    )
    return {user.username: user for user in users}


def _relate(people: Mapping[str, User], now: datetime) -> None:
    """Write who are contacts, and who waits for an answer since yesterday."""
    pairs = [pair for one, other in CONTACTS for pair in ((one, other), (other, one))]
    Contact.objects.bulk_create(
        Contact(user=people[one], other=people[other], created_at=now - timedelta(days=100)) for one, other in pairs
    )
    ContactRequest.objects.bulk_create(
        ContactRequest(
            id=_id("request", f"{sender}/{receiver}"),
            sender=people[sender],
            receiver=people[receiver],
            note=note,
            created_at=now - timedelta(days=1),
        )
        for sender, receiver, note in REQUESTS
    )


def _user(person: Person, password_hash: str, now: datetime) -> User:
    emoji, status = person.status
    return User(
        id=_id("user", person.username),
        username=person.username,
        email=None if person.is_bot else f"{person.username}@harbourlane.example",
        password=password_hash,
        display_name=person.display_name,
        bio=person.bio,
        time_zone=person.time_zone,
        status_emoji=emoji,
        status_text=status,
        is_staff=person.is_admin,
        is_superuser=person.is_admin,
        is_bot=person.is_bot,
        created_at=now - timedelta(days=200),
    )


class _Room:
    """One room on its way into the database."""

    def __init__(self, place: Place, people: Mapping[str, User], now: datetime) -> None:
        self._place, self._people, self._now = place, people, now
        scenes = standup.scenes(_working_days(now, standup.MORNINGS)) if place.slug == "stand-up" else TALK[place.slug]
        self._lines = list(_timed(scenes, now))

    def write(self) -> None:
        """Insert the room and what is said in it, and set where its members stand."""
        room = self._make()
        ids = self._say(room)
        self._count(room)
        for (line, _), message_id in zip(self._lines, ids, strict=True):
            self._live(line, message_id)

    def _live(self, line: Line, message_id: UUID) -> None:
        """Do to a message what its people did to it."""
        for emoji, names in line.reactions:
            for name in names:
                messages.react(self._people[name], message_id, emoji)
        for name, option in line.votes:
            polls.vote(self._people[name], message_id, [option])
        if line.pinned_by:
            messages.pin(self._people[line.pinned_by], message_id)
        if line.deleted:
            messages.delete(self._people[line.who], message_id)

    def _make(self) -> Room:
        place = self._place
        members = [self._people[name] for name in place.members]
        room = Room(
            id=_id("room", place.slug),
            kind=place.kind,
            slug=place.slug,
            name=place.name,
            topic=place.topic,
            created_by=members[0],
            created_at=self._lines[0][1] - timedelta(hours=1),
        )
        if place.kind == Kind.DIRECT:
            room.slug, room.direct_key = f"direct-{room.pk.hex}", direct_key(user.pk for user in members)
        if place.archived_days_ago:
            room.archived_at = self._now - timedelta(days=place.archived_days_ago)
        room.save(force_insert=True)
        RoomHead.objects.create(room=room, member_count=len(members))
        joined = {line.who: at for line, at in self._lines if line.joins}
        Membership.objects.bulk_create(
            Membership(
                room=room, user=user, role=self._role(user), joined_at=joined.get(user.username, room.created_at)
            )
            for user in members
        )
        return room

    def _role(self, user: User) -> Role:
        if self._place.kind == Kind.DIRECT:
            return Role.MEMBER
        if user.username == self._place.members[0]:
            return Role.OWNER
        return Role.MODERATOR if user.username in self._place.moderators else Role.MEMBER

    def _say(self, room: Room) -> list[UUID]:
        """Append the lines with the times that they were said at; return the messages' ids."""
        ids: list[UUID] = []
        named: dict[str, UUID] = {}
        waiting: list[tuple[Line, datetime]] = []

        def store() -> None:
            drafts = [self._draft(room, line, at, number, named) for number, (line, at) in enumerate(waiting, len(ids))]
            for (line, at), outcome in zip(waiting, append(drafts), strict=True):
                if outcome.error is not None:
                    raise outcome.error
                assert outcome.message is not None
                ids.append(UUID(outcome.message.id))
                if line.name:
                    named[line.name] = ids[-1]
                if line.edited:
                    Message.objects.filter(pk=ids[-1]).update(edited_at=at + timedelta(minutes=1))
            waiting.clear()

        for line, at in self._lines:
            # What is answered has an id when it is stored.
            if len(waiting) >= BATCH or any(name and name not in named for name in (line.answers, line.thread)):
                store()
            waiting.append((line, at))
        store()
        return ids

    def _draft(self, room: Room, line: Line, at: datetime, number: int, named: Mapping[str, UUID]) -> Draft:
        metadata: dict[str, Any] = {"imported": "demo"}
        return Draft(
            room_id=room.pk,
            sender_id=self._people[line.who].pk,
            content=line.text,
            client_id=_id("message", f"{self._place.slug}/{number}"),
            reply_to=named[line.answers] if line.answers else None,
            thread=named[line.thread] if line.thread else None,
            poll=NewPoll(options=list(line.poll)) if line.poll else None,
            kind=MessageKind.JOIN if line.joins else MessageKind.TEXT,
            metadata=metadata,
            imported_at=at,
        )

    def _count(self, room: Room) -> None:
        """Number the newest messages as `append` would have, had they been sent when they were said.

        What is imported is nobody's unread; here somebody has some, and stands right before them.
        """
        newest = max(self._place.unread.values(), default=0)
        head = log.lock([room.pk])[room.pk]
        for index in range(1, newest + 1):
            number = head.last_number - newest + index
            Message.objects.in_room(room).filter(number=number).update(unread_index=index)
        head.last_index, head.changed = newest, True
        log.advance([head])
        for user in (self._people[name] for name in self._place.members):
            unread = self._place.unread.get(user.username, 0)
            Membership.objects.filter(room=room, user=user).update(
                read_number=head.last_number - unread,
                read_index=newest - unread,
                last_read_at=self._lines[-1 - unread][1],
            )


def _working_days(now: datetime, count: int) -> list[int]:
    """The last `count` days before today that are no weekend, as days ago, oldest first."""
    days = (days for days in range(1, 2 * count + 2) if (now - timedelta(days=days)).weekday() < SATURDAY)
    return [next(days) for _ in range(count)][::-1]


def _timed(scenes: tuple[Scene, ...], now: datetime) -> Iterator[tuple[Line, datetime]]:
    """Give each line its time."""
    for scene in scenes:
        if scene.at:
            day = (now - timedelta(days=scene.days_ago)).date()
            at = datetime.combine(day, time.fromisoformat(scene.at), now.tzinfo)
        else:
            at = now - timedelta(minutes=scene.minutes_ago)
        for line in scene.lines:
            at += timedelta(minutes=line.after)
            yield line, at
