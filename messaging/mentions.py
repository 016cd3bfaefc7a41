"""Mentions: whom a message calls, and how many calls somebody has not read yet.

`@name` calls a member of the room, `@room` all of them, `@here` those who are there now. Names
are looked up before the transaction that stores the message, one query for a whole batch; what
came of it decides about HTML, rows and event alike. Who has blocked the sender is not called, though
their name reads as everybody's does: a blocked person is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from accounts.models import Block
from messaging import rendering
from messaging.models import Mention, Message
from messaging.store.rows import MentionRow, MessageRow
from realtime.errors import Forbidden
from rooms import summaries
from rooms.models import Membership, Role
from rooms.permissions import RANK, Action, allows

ROOM, HERE = "room", "here"
WORDS = frozenset({ROOM, HERE})

# What a text calls: by name (lower case), the id of a user, or one of the words.
Called = Mapping[str, str]
NOBODY: Called = {}


def resolve(texts: Iterable[tuple[UUID, str]]) -> list[Called]:
    """For each text of a room, whom it calls there. At most one query, none without an “@”."""
    asked = [(room_id, rendering.mentioned_names(content)) for room_id, content in texts]
    names = {name for _, several in asked for name in several} - WORDS
    members: dict[tuple[UUID, str], str] = {}
    if names:
        found = (
            Membership.objects.current()
            .filter(room_id__in={room_id for room_id, several in asked if several})
            .alias(name=Lower("user__username"))
            .filter(name__in=names)
            .values_list("room_id", Lower("user__username"), "user_id")
        )
        members = {(room_id, name): str(user_id) for room_id, name, user_id in found}
    return [
        {name: name if name in WORDS else members[room_id, name]
         for name in several if name in WORDS or (room_id, name) in members}
        for room_id, several in asked
    ]  # fmt: skip


def deaf_to(calls: Iterable[tuple[UUID, Called, Collection[UUID]]]) -> dict[UUID, set[UUID]]:
    """Of each sender, who of those that they call has blocked them. A call: its sender, whom it names, who is here.

    At most one query, none where nobody is called.
    """
    meant: dict[UUID, set[UUID]] = defaultdict(set)
    for sender_id, called, here in calls:
        meant[sender_id] |= {UUID(each) for each in called.values() if each not in WORDS} | set(here)
    people = {each for several in meant.values() for each in several}
    if not people:
        return {}
    deaf: dict[UUID, set[UUID]] = defaultdict(set)
    for blocker, blocked in Block.objects.filter(blocked__in=meant, blocker__in=people).values_list(
        "blocker_id", "blocked_id"
    ):
        deaf[blocked].add(blocker)
    return deaf


def check_may_call(
    called: Called, *, role: str, kind: str, settings_kept: Mapping[str, Any] | None, overrides: Any, members: int
) -> None:
    """Forbidden: the sender may not call the whole room, or it is too large for that."""
    if not WORDS & called.keys():
        return
    if not allows(Action.MENTION_ROOM, role=role, kind=kind, settings=settings_kept, overrides=overrides):
        raise Forbidden("You may not call everybody here. Write @room and @here without the “@”.")
    if members > settings.MENTION_ROOM_MAX_MEMBERS and RANK[role] < RANK[Role.MODERATOR]:
        raise Forbidden(
            f"In a room of more than {settings.MENTION_ROOM_MAX_MEMBERS:,} members only moderators may call everybody."
            " Write @room and @here without the “@”."
        )


def people_of(called: Called) -> list[str]:
    """The mentions of a message as PROTOCOL lists them: ids of users, and the words; sorted, so that they compare."""
    return sorted(set(called.values()))


def rows_of(
    called: Called, here: Collection[UUID], message: MessageRow | Message, deaf: Collection[UUID] = ()
) -> list[MentionRow]:
    """The rows of a message's calls: one a person, or one for all where it calls the whole room.

    Nobody has two, so that counting rows counts messages; the `deaf` have none of their own.
    """
    people: dict[UUID | None, str] = dict.fromkeys(here, Mention.Kind.HERE)
    people |= {UUID(each): Mention.Kind.USER for each in called.values() if each not in WORDS}
    people.pop(message.sender_id, None)  # nobody calls themselves
    for each in deaf:
        people.pop(each, None)
    if ROOM in called:
        people = {None: Mention.Kind.ROOM}
    return [
        MentionRow(message.id, message.room_id, message.number, str(kind), user_id) for user_id, kind in people.items()
    ]


def call_anew(message: Message, called: Called, here: Collection[UUID], deaf: Collection[UUID] = ()) -> None:
    """Make the rows of an edited message those of what it calls now; who was called stays called once."""
    wanted = {row.user_id: row for row in rows_of(called, here, message, deaf)}
    held = dict(Mention.objects.filter(message=message).values_list("user_id", "pk"))
    gone = Mention.objects.filter(pk__in=[pk for user_id, pk in held.items() if user_id not in wanted])
    if HERE in called:  # whom it called at the time stays called while the word stands
        gone = gone.exclude(kind=Mention.Kind.HERE)
    gone.delete()
    Mention.objects.bulk_create(
        Mention(message_id=row.message_id, room_id=row.room_id, number=row.number, kind=row.kind, user_id=row.user_id)
        for user_id, row in wanted.items()
        if user_id not in held
    )


# --- Who is here: a fact of `presence`, which is above this app ----------------------------------

_Present = Callable[[UUID, UUID], Collection[UUID]]
_present: _Present | None = None


def on_here(present: _Present) -> None:
    """Register who knows which members of a room are there now. Asked outside of transactions."""
    global _present
    _present = present


def present_in(room_id: UUID, sender_id: UUID) -> Collection[UUID]:
    """The members who are there now for the sender; none where nobody registered who knows."""
    return _present(room_id, sender_id) if _present else ()


# --- Counting ------------------------------------------------------------------------------------

# A call of the whole room is one row for all: who has blocked its sender passes it over here.
_NOT_BLOCKED = """
       AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = m.user_id
                          AND EXISTS (SELECT 1 FROM messaging_message g
                                       WHERE g.id = x.message_id AND g.sender_id = b.blocked_id))
"""
_UNREAD = f"""
SELECT user_id, room_id, count(*) FROM (
    SELECT m.user_id, m.room_id
      FROM rooms_membership m JOIN messaging_mention x
        ON x.user_id = m.user_id AND x.room_id = m.room_id AND x.number > m.read_number
     WHERE m.left_at IS NULL AND m.user_id IN ({{users}}) {_NOT_BLOCKED}
     UNION ALL
    SELECT m.user_id, m.room_id
      FROM rooms_membership m JOIN messaging_mention x
        ON x.user_id IS NULL AND x.room_id = m.room_id AND x.number > m.read_number
     WHERE m.left_at IS NULL AND m.user_id IN ({{users}}) {_NOT_BLOCKED}
) AS called GROUP BY user_id, room_id
"""


def unread_of_users(user_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], int]:
    """By user and room, how many messages call them behind their read position; one statement."""
    if not user_ids:
        return {}
    keys = [Membership._meta.get_field("user").get_db_prep_value(user_id, connection) for user_id in user_ids]
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD.format(users=", ".join(["%s"] * len(keys))), keys + keys)
        rows = cursor.fetchall()
    counts: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for user_id, room_id, count in rows:
        counts[_uuid(user_id), _uuid(room_id)] += count
    return counts


def unread_in(user_id: UUID, room_id: UUID, number: int) -> int:
    """How many messages of the room beyond `number` call the user."""
    mine = Mention.objects.filter(room_id=room_id, number__gt=number).filter(not_of_blocked(user_id))
    return mine.filter(user_id=user_id).count() + mine.filter(user__isnull=True).count()


def not_of_blocked(user_id: UUID) -> Q:
    """A condition on mentions: whoever wrote the message is not blocked by the user."""
    blocks = Block.objects.filter(blocker=user_id, blocked=OuterRef("sender_id"))
    return ~Q(Exists(Message.objects.filter(Exists(blocks), pk=OuterRef("message_id"))))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


summaries.on_mentions(unread_of_users)
