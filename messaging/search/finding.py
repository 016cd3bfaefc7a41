"""`find`: from a query to messages that the user may see, with what was found in them.

The index proposes, the messages' own rows decide: whatever the index says, a hit is shown only
if its message is there, is not deleted, and stands above its room's floor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from time import thread_time
from typing import NamedTuple
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from chat_project.api.fields import cursor_of, key_of
from messaging import rendering
from messaging.models import NOTICES, Message
from messaging.search.engine import Found, Patience, engine
from messaging.search.highlight import EXCERPT_LENGTH, Excerpt, excerpt
from messaging.search.query import Query, Term, invalid
from messaging.search.scope import Hint, Place, Scope, scope_of
from messaging.wire import MessageOut, messages_out
from realtime.errors import RateLimited
from realtime.limits import Buckets
from rooms.models import Kind, Membership
from rooms.summaries import direct_name

LIMIT_DEFAULT, LIMIT_MAX = 20, 100
# How many of the newest hits are compared when the best are wanted.
RANKED = 1_000
# As much of a long message is looked through for the excerpt.
PLAIN_MAX = 10_000
# What the excerpts of a page may cost, in seconds of the thread's own time: honest hits take a fiftieth of it.
EXCERPTS_S = 0.25
# Seconds: a search that has found too little by then says how far back it came.
SOFT_S, HARD_S = 0.06, 0.5


# A person who types asks once or twice a second at most; what asks more often is a program in a loop.
_TURNS = Buckets(rate=2, burst=30)


def take_turn(user: User) -> None:
    """Count a search. RateLimited: there were too many of this user's."""
    if not user.unthrottled and (wait := _TURNS.take(str(user.pk))):
        raise RateLimited("You are searching very fast. Wait a moment.", retry_after=wait)


class Sort(StrEnum):
    NEW = "new"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, the room it is in, and the part of it that shows why."""

    message: MessageOut
    room: Place
    excerpt: Excerpt

    @property
    def markup(self) -> SafeString:
        """The excerpt for templates: it has been escaped where it was made."""
        return mark_safe(self.excerpt.html)  # noqa: S308


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits. `next` goes on behind it. Without hits, `hints` may say which filter is to blame.

    `searched_to`: the search was long and ended there, before the page was full; `next` goes on.
    """

    hits: list[Hit] = field(default_factory=list)
    next: str | None = None
    hints: list[Hint] = field(default_factory=list)
    searched_to: datetime | None = None


class _NewCursor(NamedTuple):
    sort: str
    below: str


class _BestCursor(NamedTuple):
    """The newest hit of the set that is compared, and the last that was shown, by score and place."""

    sort: str
    newest: str
    score: float
    place: str


def find(
    user: User,
    query: Query,
    *,
    sort: Sort = Sort.NEW,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
    zone: tzinfo = UTC,
) -> Results:
    """Return what of the user's rooms matches, newest or best first.

    Invalid (by field): nothing is asked for, a filter or the cursor is not right.
    """
    if not query.alternatives and not query.filters:
        raise invalid("Type a word to look for, or a filter like “from:name”.")
    scope = scope_of(user, query, zone)
    if scope.hints or not scope.matching.rooms:
        return Results(hints=scope.hints)
    if sort == Sort.BEST and query.alternatives:
        return _best(user, scope, query, cursor, limit)
    return _newest(user, scope, query, cursor, limit)


def _newest(user: User, scope: Scope, query: Query, cursor: str | None, limit: int) -> Results:
    below = _place(key_of(cursor, _NewCursor).below) if cursor else None
    found = _look(scope, below, limit + 1)
    shown = found.hits[:limit]
    last = shown[-1].place if len(found.hits) > limit else found.reached
    return Results(
        hits=_hits(user, scope, query, [hit.message_id for hit in shown]),
        next=None if last is None else cursor_of(*_NewCursor(Sort.NEW, f"{last:x}")),
        searched_to=None if last is None or len(found.hits) > limit else engine().moment_at(last),
    )


def _best(user: User, scope: Scope, query: Query, cursor: str | None, limit: int) -> Results:
    """Compare the newest hits. Pages of one question compare the same ones, whatever comes meanwhile."""
    key = key_of(cursor, _BestCursor) if cursor else None
    found = _look(scope, _place(key.newest) + 1 if key else None, RANKED)
    if not found.hits:
        return Results()
    ids = {hit.place: hit.message_id for hit in found.hits}
    scores = engine().rank(scope.matching, list(ids))
    ranked = sorted((-scores.get(place, 0.0), -place) for place in ids)
    if key is not None:
        ranked = [each for each in ranked if each > (-key.score, -_place(key.place))]
    shown = ranked[:limit]
    more = None
    if len(ranked) > limit:
        score, place = shown[-1]
        more = cursor_of(*_BestCursor(Sort.BEST, f"{found.hits[0].place:x}", -score, f"{-place:x}"))
    return Results(hits=_hits(user, scope, query, [ids[-place] for _, place in shown]), next=more)


def _look(scope: Scope, below: int | None, limit: int) -> Found:
    return engine().find(scope.matching, below=below, limit=limit, patience=Patience(SOFT_S, HARD_S))


def _place(text: str) -> int:
    try:
        place = int(text, 16)
    except ValueError:
        place = -1
    if not 0 <= place < 1 << 128:
        raise invalid("This is not a cursor of this list. Begin without one.", "cursor")
    return place


def _hits(user: User, scope: Scope, query: Query, ids: list[UUID]) -> list[Hit]:
    """Read the messages and keep those that the user may see, in the order of their ids given."""
    messages = Message.objects.filter(id__in=ids, deleted_at__isnull=True).exclude(kind__in=NOTICES)
    allowed = [
        message
        for message in messages.select_related("sender")
        if (room := scope.rooms.get(message.room_id))
        and message.number > room.floor
        and message.sender_id not in scope.hidden
    ]
    written = {UUID(message.id): message for message in messages_out(allowed)}
    shown = [written[each] for each in ids if each in written]
    places = _named(user, {(room := scope.rooms[UUID(message.room)]).id: room for message in shown})
    sought = query.sought
    until = thread_time() + EXCERPTS_S
    return [Hit(message, places[UUID(message.room)], _excerpt(message.content, sought, until)) for message in shown]


def _excerpt(content: str, sought: Sequence[Term], until: float) -> Excerpt:
    """The part of a message that shows why it was found; when time is up, its beginning.

    What a message costs to be read is its writer's choice, and a page has a hundred of them.
    """
    if thread_time() < until:
        return excerpt(rendering.plain(content, PLAIN_MAX), sought)
    is_cut = len(content) > EXCERPT_LENGTH
    return excerpt(rendering.plain(content[:EXCERPT_LENGTH], EXCERPT_LENGTH, is_cut=is_cut), sought)


def _named(user: User, rooms: dict[UUID, Place]) -> dict[UUID, Place]:
    """The rooms with their names as the user knows them: a direct room is its other people."""
    direct = [key for key, room in rooms.items() if room.kind == Kind.DIRECT]
    if not direct:
        return rooms
    people: dict[UUID, list[User]] = defaultdict(list)
    for row in Membership.objects.filter(room_id__in=direct).exclude(user=user).select_related("user"):
        people[row.room_id].append(row.user)
    return rooms | {key: rooms[key]._replace(name=direct_name(people[key])) for key in direct}
