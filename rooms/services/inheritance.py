"""The rooms of somebody whose account has been closed: each goes to the next in line."""

from __future__ import annotations

from uuid import UUID

from accounts import services as accounts
from jobs.tasks import job
from rooms.models import Membership, Role, Room
from rooms.services.change import Staff, changing
from rooms.services.membership import hand_over, heir


@job()
def pass_on(user_id: str) -> None:
    """Give the rooms of a closed account to their heirs; one without anybody to inherit it stays as it is.

    Each room is a transaction of its own, and none of them that of the closing: heads are locked
    before users. Who is back by the time keeps them.
    """
    owned = Membership.objects.current().filter(user=UUID(user_id), role=Role.OWNER).values("room_id")
    for room in Room.objects.filter(pk__in=owned):
        with changing(room, Staff(), deleted=True) as change:
            held = room.memberships.current().filter(role=Role.OWNER, user=UUID(user_id), user__is_active=False)
            owner = held.select_related("user").first()
            if owner is not None and (successor := heir(room)):
                hand_over(change, owner, successor)
                change.record("room.inherited", before=owner.user.username, after=successor.user.username)


def on_closed(user_id: UUID) -> None:
    pass_on.using(key=f"pass-on:{user_id}").enqueue(str(user_id))


accounts.on_closed(on_closed)
