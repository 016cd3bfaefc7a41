"""Slack's conversations as rooms here, with their members and where those stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from integrations.slack.export import Place
from integrations.slack.people import BATCH, NAMESPACE, People
from integrations.slack.shapes import Conversation, Remark
from rooms import log, naming
from rooms.models import Kind, Membership, Role, Room, RoomHead
from rooms.services import direct_key
from rooms.services.change import touch


def settle(place: Place, people: People) -> Room:
    """Find or make the room of a conversation, and add those of its members who never were in it.

    A room that is here already keeps its name, its topic and its people: those who left it here
    do not come back because they were in it there.
    """
    conversation = place.conversation
    members = _members(conversation, people)
    with transaction.atomic():
        room = _found(place, members) or _make(place, members, people)
        head = log.lock([room.pk])[room.pk]
        _admit(room, head, members, conversation, people)
        log.advance([head])
    return room


def catch_up(room: Room) -> None:
    """Move those who have nothing unread to the end: what was imported is nobody's news."""
    with transaction.atomic():
        head = log.lock([room.pk])[room.pk]
        rows = room.memberships.current().filter(read_index__gte=head.last_index, read_number__lt=head.last_number)
        if moved := list(rows.values_list("user_id", flat=True)):
            rows.update(read_number=head.last_number)
            touch(moved)


def _members(conversation: Conversation, people: People) -> list[User]:
    """Each once: two of Slack's people may be one person here."""
    return list({user.pk: user for user in map(people.member, conversation.members)}.values())


def _found(place: Place, members: list[User]) -> Room | None:
    """The room that an earlier run made; or the one in which these people write to each other here."""
    room = Room.objects.filter(pk=_id(place.conversation)).first()
    if room is None and _is_direct(place, members):
        room = Room.objects.filter(direct_key=direct_key(user.pk for user in members)).first()
    return room


def _make(place: Place, members: list[User], people: People) -> Room:
    conversation = place.conversation
    creator = people.by_slack_id.get(conversation.creator or "")
    room = Room(id=_id(conversation), created_by=creator, created_at=_created_at(conversation))
    if _is_direct(place, members):
        room.kind, room.slug = Kind.DIRECT, f"direct-{room.pk.hex}"
        room.direct_key = direct_key(user.pk for user in members)
    else:
        # More people than a direct room holds, or nobody that the export names, meet in a private one.
        room.kind = Kind.PRIVATE if place.kind == Kind.DIRECT else place.kind
        room.name = _name(conversation, members)
        room.slug = naming.free_slug(room.name)
        room.topic = _topic(conversation.topic, conversation.purpose)
        room.archived_at = timezone.now() if conversation.is_archived else None
    room.save(force_insert=True)
    RoomHead.objects.create(room=room)
    return room


def _admit(room: Room, head: log.Head, members: list[User], conversation: Conversation, people: People) -> None:
    """Insert memberships without notices: the export has its own. They stand at the head."""
    assert head.now is not None, "heads come from lock()"
    known = set(room.memberships.filter(user__in=members).values_list("user_id", flat=True))
    newcomers = [user for user in members if user.pk not in known]
    if not newcomers:
        return
    owner = None
    if room.kind != Kind.DIRECT and not room.memberships.current().filter(role=Role.OWNER).exists():
        owner = _owner(newcomers, people.by_slack_id.get(conversation.creator or ""))
    Membership.objects.bulk_create(
        [
            Membership(
                room=room,
                user=user,
                role=Role.OWNER if user == owner else Role.MEMBER,
                joined_at=room.created_at if head.last_seq == 0 else head.now,
                read_number=head.last_number,
                read_index=head.last_index,
            )
            for user in newcomers
        ],
        BATCH,
    )
    head.member_count += len(newcomers)
    head.changed = True
    touch([user.pk for user in newcomers])


def _owner(members: Iterable[User], creator: User | None) -> User | None:
    """Who answers for the room: its creator, or else the first member who can."""
    able = [user for user in members if user.is_active and not user.is_bot and not user.is_guest]
    return creator if creator in able else next(iter(able), None)


def _created_at(conversation: Conversation) -> datetime:
    now = timezone.now()
    said = conversation.created or 0
    return datetime.fromtimestamp(said, UTC) if 0 < said < now.timestamp() else now


def _id(conversation: Conversation) -> UUID:
    return uuid5(NAMESPACE, f"room/{conversation.id}")


def _is_direct(place: Place, members: list[User]) -> bool:
    return place.kind == Kind.DIRECT and 1 <= len(members) <= settings.ROOM_SIZE_LIMITS[Kind.DIRECT]


def _name(conversation: Conversation, members: list[User]) -> str:
    """The channel's name; of a conversation without one, who is in it."""
    name = conversation.name or ""
    if not name or name.startswith("mpdm-"):
        name = ", ".join(sorted(user.name for user in members)) or name or conversation.id
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[: naming.NAME_MAX] or conversation.id


def _topic(*remarks: Remark | None) -> str:
    """Topic and purpose, which are one field here."""
    values = dict.fromkeys(remark.value.strip() for remark in remarks if remark and remark.value)
    return " — ".join(filter(None, values))[: naming.TOPIC_MAX]
