"""Who `@here` calls: the members of a room who are at their keyboards now.

Online and not away. Whoever does not want to be disturbed is called all the same, so that they find
it among their mentions, and is not notified; the invisible are not here, nor is anybody for whom
they have blocked, or who has blocked them.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from accounts import relations
from accounts.models import Availability
from messaging import mentions
from presence import asking
from presence.states import ONLINE
from rooms.models import Membership


def members_here(room_id: UUID, sender_id: UUID) -> Collection[UUID]:
    """The ids of the room's members who are online, in any process, for the sender.

    Asked by the thread that stores messages, outside of its transaction.
    """
    members = Membership.objects.current().filter(room_id=room_id).values_list("user_id", flat=True)
    hidden = relations.circles([sender_id])[sender_id].hidden
    users = {str(user_id): user_id for user_id in members if str(user_id) not in hidden}
    return [
        users[user]
        for user, state in sorted(asking.states(list(users)).items())
        if state.status == ONLINE and state.availability != Availability.INVISIBLE
    ]


mentions.on_here(members_here)
