"""Keeping people out of a room, and what single members may do besides their role."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from realtime.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from rooms import services
from rooms.models import Ban, LogEntry, Membership, Role, Room
from rooms.permissions import GIVABLE, Action
from tests.concurrency import at_once, raised
from tests.factories import Cast, make_user, membership_of, say, set_role

pytestmark = pytest.mark.django_db


def test_who_is_banned_is_out_and_comes_in_by_no_way(cast: Cast) -> None:
    lobby, link = cast.lobby, services.invite_by_link(cast.alice, cast.lobby)
    services.ban(cast.alice, lobby, cast.bob, reason="Spam")
    assert not membership_of(lobby, cast.bob).is_current
    ways = [
        partial(services.join, cast.bob, lobby),
        partial(services.accept_link, cast.bob, link.code),
        partial(services.add_members, cast.alice, lobby, [cast.bob]),
        partial(services.invite, cast.alice, lobby, cast.bob),
        partial(services.add_members, services.Staff(cast.staff), lobby, [cast.bob]),
    ]
    for way in ways:
        with pytest.raises(Forbidden):
            way()
    services.unban(cast.alice, lobby, cast.bob)
    assert services.join(cast.bob, lobby).is_current


def test_a_ban_ends_by_its_time_and_one_given_before_keeps_out_who_was_never_in(cast: Cast) -> None:
    services.ban(cast.alice, cast.lobby, cast.dave, until=timezone.now() + timedelta(hours=1))
    with pytest.raises(Forbidden, match="until"):
        services.join(cast.dave, cast.lobby)
    Ban.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert services.join(cast.dave, cast.lobby).is_current


def test_a_ban_ends_the_question_that_was_asked(cast: Cast) -> None:
    asked = services.invite(cast.alice, cast.team, cast.dave)
    services.ban(cast.erin, cast.team, cast.dave)
    with pytest.raises(NotFound):
        services.answer(cast.dave, asked, accept=True)


def test_a_member_who_is_suspended_is_banned_as_well(cast: Cast) -> None:
    room = cast.team
    accounts.suspend(cast.bob, reason="Spam", until=timezone.now() + timedelta(hours=1))
    services.ban(cast.alice, room, cast.bob)
    assert not membership_of(room, cast.bob).is_current


def test_nobody_bans_themselves_nor_whom_they_do_not_outrank(cast: Cast) -> None:
    for actor, user, kind in (
        (cast.erin, cast.erin, Conflict),
        (cast.erin, cast.alice, Forbidden),
        (cast.bob, cast.carol, Forbidden),
        (cast.mallory, cast.bob, NotFound),
    ):
        with pytest.raises(kind):
            services.ban(actor, cast.team, user)
    assert not Ban.objects.exists()
    with pytest.raises(Forbidden):
        services.ban(cast.alice, services.direct_room(cast.alice, [cast.bob])[0], cast.bob)


@pytest.mark.django_db(transaction=True)
def test_who_is_banned_while_they_join_is_not_in_it_in_the_end(cast: Cast) -> None:
    crowd = [make_user() for _ in range(4)]
    joins = [partial(services.join, user, cast.lobby) for user in crowd]
    bans = [partial(services.ban, cast.alice, cast.lobby, user) for user in crowd]
    results = at_once([act for pair in zip(joins, bans, strict=True) for act in pair])
    assert {type(error) for error in raised(results)} <= {Forbidden}
    assert not Membership.objects.current().filter(room=cast.lobby, user__in=crowd).exists()


def test_bans_over_rest(cast: Cast, api: Any) -> None:
    path = f"/api/v1/rooms/{cast.team.pk}/bans/"
    made = api(cast.erin).put(f"{path}{cast.bob.pk}/", {"reason": "Spam"})
    assert (made.status_code, made.json()["reason"], made.json()["until"]) == (200, "Spam", None)
    assert [each["user"]["username"] for each in api(cast.erin).get(path).json()["results"]] == ["bob"]
    assert api(cast.carol).get(path).status_code == 403
    assert api(cast.bob).get(path).status_code == 404
    assert api(cast.erin).put(f"{path}{cast.dave.pk}/", {"until": "2020-01-01T00:00:00Z"}).status_code == 400
    assert api(cast.erin).delete(f"{path}{cast.bob.pk}/").status_code == 204
    assert api(cast.erin).get(path).json()["results"] == []


def test_that_bans_have_changed_is_in_the_log_and_not_whose(cast: Cast) -> None:
    services.ban(cast.erin, cast.team, cast.dave, reason="Spam")
    services.ban(cast.erin, cast.team, cast.dave, reason="Spam")  # as it is already
    services.unban(cast.erin, cast.team, cast.dave)
    services.unban(cast.erin, cast.team, cast.dave)
    told = LogEntry.objects.filter(room=cast.team, kind="bans.changed")
    assert [(entry.actor, entry.payload) for entry in told] == [(None, {})] * 2


# --- Permissions of a single member ------------------------------------------------------------


def test_a_member_is_given_and_taken_what_their_role_says_otherwise(cast: Cast, api: Any) -> None:
    path = f"/api/v1/rooms/{cast.team.pk}/members/{cast.bob.pk}/"
    given = api(cast.alice).patch(path, {"permissions": {"post": False, "edit_room": True}})
    assert given.json()["permissions"] == {"edit_room": True, "post": False}
    with pytest.raises(Refusal):
        say(cast.team, cast.bob)
    services.update_room(cast.bob, cast.team, topic="Bob was here")
    assert api(cast.alice).patch(path, {"permissions": {}}).json()["permissions"] == {}
    say(cast.team, cast.bob)


@pytest.mark.parametrize(
    "permissions", [{"fly": True}, {"read": False}, {"leave": False}, {"post": "no"}, {"transfer": True}]
)
def test_permissions_that_cannot_be_are_refused(cast: Cast, permissions: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        services.set_permissions(cast.alice, cast.team, cast.bob, permissions)
    assert membership_of(cast.team, cast.bob).permissions == {}


def test_nobody_gives_what_they_may_not_do_themselves(cast: Cast) -> None:
    set_role(cast.team, cast.carol, Role.ADMIN)
    with pytest.raises(Forbidden):
        services.set_permissions(cast.carol, cast.team, cast.bob, {"delete_room": True})
    with pytest.raises(Forbidden):
        services.set_permissions(cast.erin, cast.team, cast.bob, {"post": False})
    services.set_permissions(cast.alice, cast.team, cast.bob, {"delete_room": True})


def _escalations(room: Room, admin: User, owner: User) -> list[Any]:
    return [
        partial(services.change_role, admin, room, owner, Role.MEMBER),
        partial(services.change_role, admin, room, admin, Role.OWNER),
        partial(services.remove_member, admin, room, owner),
        partial(services.mute_member, admin, room, owner, timezone.now() + timedelta(hours=1)),
        partial(services.ban, admin, room, owner),
        partial(services.set_permissions, admin, room, owner, {"post": False}),
        partial(services.set_permissions, admin, room, admin, {"transfer": True}),
        partial(services.transfer, admin, room, admin),
        partial(services.delete_room, admin, room),
        partial(services.update_room, admin, room, settings={"permissions": {"post": "owner"}}),
    ]


@pytest.mark.parametrize("place", range(10))
def test_an_admin_gets_nowhere_over_the_owner(cast: Cast, place: int) -> None:
    set_role(cast.team, cast.carol, Role.ADMIN)
    # Not even with everything that an override can give.
    everything = {str(action): True for action in GIVABLE - {Action.DELETE_ROOM}}
    services.set_permissions(services.Staff(cast.staff), cast.team, cast.carol, everything)
    with pytest.raises(Refusal):
        _escalations(cast.team, cast.carol, cast.alice)[place]()
    cast.team.refresh_from_db()
    assert cast.team.owner == cast.alice
    assert membership_of(cast.team, cast.carol).role == Role.ADMIN
    assert cast.team.deleted_at is None
    say(cast.team, cast.alice)


@pytest.mark.django_db(transaction=True)
def test_two_transfers_at_once_leave_one_owner(cast: Cast) -> None:
    results = at_once([partial(services.transfer, cast.alice, cast.team, user) for user in (cast.bob, cast.carol)])
    assert {type(error) for error in raised(results)} <= {Forbidden}
    owners = Membership.objects.current().filter(room=cast.team, role=Role.OWNER)
    assert owners.count() == 1
