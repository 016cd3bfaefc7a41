"""Who hears that somebody has another name, picture or status: those who have them before their eyes.

That is whoever has a room of theirs in view (frames of it to its viewers), whoever has them in the
side bar (the people of their direct rooms), and they themselves. Changes are gathered for a second:
a crowd whose statuses end at midnight costs each viewer of a room one frame, not one a person.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from uuid import UUID

from accounts import announcing, relations
from accounts.models import User
from accounts.people import PersonNow, person_now
from realtime import bus
from realtime.events import Glance, Note, Seen, Signal
from realtime.frames import encode_json, frame
from rooms.models import Kind, Membership

GATHER_S = 1.0
# People told of at once: more are told of a second later.
PEOPLE_MAX = 500

_waiting: dict[UUID, None] = {}
_guard = threading.Lock()


def tell_later(user_id: UUID) -> None:
    """Have the next round tell of this user. From any thread, after COMMIT."""
    with _guard:
        _waiting[user_id] = None


def tell_now() -> int:
    """Tell of those who have changed since the last round; returns how many. Four queries, none without any."""
    with _guard:
        chosen = list(_waiting)[:PEOPLE_MAX]
        for user_id in chosen:
            del _waiting[user_id]
    if not chosen:
        return 0
    people = {user.pk: person_now(user) for user in User.objects.filter(pk__in=chosen)}
    bus.publish(_signals(people))
    return len(people)


def _signals(people: dict[UUID, PersonNow]) -> list[Signal]:
    by_room: dict[UUID, list[UUID]] = defaultdict(list)
    direct: set[UUID] = set()
    memberships = Membership.objects.current().filter(user_id__in=people, room__deleted_at__isnull=True)
    for room_id, user_id, kind in memberships.values_list("room_id", "user_id", "room__kind"):
        by_room[room_id].append(user_id)
        if kind == Kind.DIRECT:
            direct.add(room_id)
    encoded = {user_id: Seen(encode_json(person)) for user_id, person in people.items()}
    signals: list[Signal] = [
        Glance(str(room_id), "user.changed", "users", {str(user_id): encoded[user_id] for user_id in user_ids})
        for room_id, user_ids in by_room.items()
    ]
    # Of whom each reader of a side bar is told: oneself, and the others of one's direct rooms.
    told: dict[UUID, set[UUID]] = {user_id: {user_id} for user_id in people}
    hidden = relations.circles(list(people))
    readers = Membership.objects.current().filter(room_id__in=direct).values_list("room_id", "user_id")
    for room_id, reader in readers if direct else ():
        shown = {user_id for user_id in by_room[room_id] if str(reader) not in hidden[user_id].hidden}
        told.setdefault(reader, set()).update(shown)
    signals.extend(
        Note(str(reader), frame("user.changed", users={str(user_id): people[user_id] for user_id in sorted(shown)}))
        for reader, shown in told.items()
        if shown
    )
    return signals


announcing.on_change(tell_later)
