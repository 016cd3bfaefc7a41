"""What becomes of the rooms whose owner's account is closed."""

from __future__ import annotations

import pytest

from accounts import services as accounts
from audit.models import AuditEntry
from jobs.worker import run_due
from messaging.models import Message
from rooms import services
from rooms.models import Role
from tests.factories import Cast, make_direct, make_room, membership_of, set_role

pytestmark = pytest.mark.django_db


def test_the_rooms_of_a_closed_account_go_to_the_next_in_line(cast: Cast) -> None:
    room, alone = cast.team, make_room(cast.alice)
    set_role(room, cast.carol, Role.ADMIN)
    make_direct(cast.alice, cast.bob)
    accounts.deactivate(cast.alice)
    run_due()
    assert (room.owner, alone.owner) == (cast.carol, cast.alice)
    assert membership_of(room, cast.alice).role == Role.ADMIN
    said = Message.objects.in_room(room).filter(kind="system").latest("number")
    assert said.metadata == {"what": "role", "user": "Carol", "user_id": str(cast.carol.pk), "role": "owner"}
    recorded = AuditEntry.objects.get(action="room.inherited")
    assert recorded.details == {"before": "alice", "after": "carol"}


def test_an_account_that_is_open_again_by_then_keeps_its_rooms(cast: Cast) -> None:
    room = cast.team
    accounts.deactivate(cast.alice)
    accounts.reactivate(cast.alice)
    run_due()
    assert room.owner == cast.alice


def test_a_deleted_room_is_inherited_as_well_and_has_an_owner_when_it_is_back(cast: Cast) -> None:
    room = cast.team
    services.delete_room(cast.alice, room)
    accounts.deactivate(cast.alice)
    run_due()
    services.restore_room(services.Staff(), room)
    assert room.owner == cast.erin
