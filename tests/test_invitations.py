"""Ways into a room that one cannot find oneself: links and questions, also used by many at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Audience, Block
from accounts.privacy import change as change_privacy
from realtime.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from rooms import services
from rooms.models import Invitation, Kind, Membership, RoomHead
from tests.concurrency import at_once, raised
from tests.factories import Cast, make_room, make_user, membership_of

pytestmark = pytest.mark.django_db


def is_member(room: Any, user: Any) -> bool:
    return Membership.objects.current().filter(room=room, user=user).exists()


# --- Links -----------------------------------------------------------------------------------


def test_a_link_lets_in_whoever_has_it_and_coming_again_uses_nothing(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team)
    assert services.accept_link(cast.dave, link.code).role == "member"
    services.accept_link(cast.dave, link.code)
    link.refresh_from_db()
    assert (is_member(cast.team, cast.dave), link.uses) == (True, 1)


@pytest.mark.django_db(transaction=True)
def test_a_link_for_three_lets_in_three_of_ten_who_use_it_at_once(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team, uses_max=3)
    crowd = [make_user() for _ in range(10)]
    results = at_once([partial(services.accept_link, user, link.code) for user in crowd])
    assert {type(error) for error in raised(results)} == {Gone}
    assert sum(is_member(cast.team, user) for user in crowd) == 3
    link.refresh_from_db()
    assert link.uses == 3


@pytest.mark.django_db(transaction=True)
def test_nobody_comes_in_beyond_the_size_limit_by_links_and_adding_at_once(cast: Cast, settings: Any) -> None:
    settings.ROOM_SIZE_LIMITS = {**settings.ROOM_SIZE_LIMITS, "private": 6}
    room = cast.team  # four are in it
    link = services.invite_by_link(cast.alice, room)
    crowd = [make_user() for _ in range(8)]
    acts = [partial(services.accept_link, user, link.code) for user in crowd[:4]]
    acts += [partial(services.add_members, cast.alice, room, [user]) for user in crowd[4:]]
    results = at_once(acts)
    assert {type(error) for error in raised(results)} == {Conflict}
    assert RoomHead.objects.get(room=room).member_count == 6
    assert Membership.objects.current().filter(room=room).count() == 6


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_revoked_while_people_use_it_lets_nobody_in_afterwards(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team)
    crowd = [make_user() for _ in range(6)]
    acts = [partial(services.accept_link, user, link.code) for user in crowd]
    results = at_once([*acts[:3], partial(services.revoke, cast.alice, link), *acts[3:]])
    assert {type(error) for error in raised(results)} <= {Gone}
    link.refresh_from_db()
    assert link.uses == sum(is_member(cast.team, user) for user in crowd)
    with pytest.raises(Gone):
        services.accept_link(cast.dave, link.code)


def test_a_link_ends_by_its_time(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team, expires_at=timezone.now() + timedelta(hours=1))
    Invitation.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Gone):
        services.accept_link(cast.dave, link.code)
    assert not is_member(cast.team, cast.dave)


@pytest.mark.parametrize("limits", [{"uses_max": 0}, {"uses_max": 10**9}, {"expires_at": timezone.now()}])
def test_limits_that_no_link_can_have_are_refused(cast: Cast, limits: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        services.invite_by_link(cast.alice, cast.team, **limits)
    assert not Invitation.objects.exists()


def test_a_link_into_an_archived_or_deleted_room_leads_nowhere(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team)
    services.archive(cast.alice, cast.team)
    with pytest.raises(Gone):
        services.accept_link(cast.dave, link.code)
    services.delete_room(cast.alice, cast.team)
    with pytest.raises(Gone):
        services.link_of(link.code)


def test_guests_have_no_way_in_by_a_link(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team)
    with pytest.raises(Forbidden):
        services.accept_link(make_user(is_guest=True), link.code)


def test_a_member_revokes_their_own_links_and_not_those_of_others(cast: Cast) -> None:
    own, others = (services.invite_by_link(user, cast.team) for user in (cast.bob, cast.alice))
    services.revoke(cast.bob, own)
    with pytest.raises(Forbidden):
        services.revoke(cast.bob, others)
    with pytest.raises(NotFound):
        services.revoke(cast.mallory, others)
    services.revoke(cast.alice, services.invite_by_link(cast.bob, cast.team))


# --- Questions -------------------------------------------------------------------------------


def test_who_is_asked_comes_in_by_accepting_and_stays_out_by_declining(cast: Cast) -> None:
    asked = services.invite(cast.bob, cast.team, cast.dave)
    assert services.invite(cast.alice, cast.team, cast.dave) == asked
    assert list(Invitation.objects.waiting_for(cast.dave)) == [asked]
    assert services.answer(cast.dave, asked, accept=False) is None
    assert not is_member(cast.team, cast.dave)
    with pytest.raises(NotFound):
        services.answer(cast.dave, asked, accept=True)
    services.answer(cast.dave, services.invite(cast.bob, cast.team, cast.dave), accept=True)
    assert is_member(cast.team, cast.dave)
    assert not Invitation.objects.waiting_for(cast.dave).exists()


def test_nobody_accepts_what_another_was_asked(cast: Cast) -> None:
    asked = services.invite(cast.bob, cast.team, cast.dave)
    for user in (cast.mallory, cast.bob):
        with pytest.raises(NotFound):
            services.answer(user, asked, accept=True)
    assert not is_member(cast.team, cast.mallory)


def test_who_blocked_the_asker_is_not_asked_and_the_asker_is_not_told(cast: Cast) -> None:
    Block.objects.create(blocker=cast.dave, blocked=cast.bob)
    asked = services.invite(cast.bob, cast.team, cast.dave)
    assert asked.state == "open"
    assert not Invitation.objects.waiting_for(cast.dave).exists()
    with pytest.raises(NotFound):
        services.answer(cast.dave, asked, accept=True)


@pytest.mark.django_db(transaction=True)
def test_accepting_from_many_windows_at_once_joins_once(cast: Cast) -> None:
    asked = services.invite(cast.bob, cast.team, cast.dave)
    results = at_once([partial(services.answer, cast.dave, asked, accept=True) for _ in range(6)])
    assert {type(error) for error in raised(results)} == {NotFound}
    assert sum(isinstance(result, Membership) for result in results) == 1
    assert RoomHead.objects.get(room=cast.team).member_count == 5


def test_coming_in_by_another_way_answers_the_question(cast: Cast) -> None:
    services.invite(cast.bob, cast.team, cast.dave)
    services.add_members(cast.alice, cast.team, [cast.dave])
    assert not Invitation.objects.waiting_for(cast.dave).exists()


# --- Adding those who do not allow it -----------------------------------------------------------


@pytest.mark.parametrize("relation", ["setting", "block", "blocked"])
def test_who_does_not_allow_it_is_not_added_and_nobody_else_is(cast: Cast, relation: str) -> None:
    if relation == "setting":
        change_privacy(cast.dave, rooms=Audience.NOBODY)
    else:
        pair = (cast.dave, cast.alice) if relation == "block" else (cast.alice, cast.dave)
        Block.objects.create(blocker=pair[0], blocked=pair[1])
    with pytest.raises(Forbidden) as refused:
        services.add_members(cast.alice, cast.team, [cast.mallory, cast.dave])
    told = "You have blocked @dave." if relation == "blocked" else "@dave does not let you add them. Invite them."
    assert refused.value.fields["members"] == [told]
    assert not is_member(cast.team, cast.mallory)
    with pytest.raises(Forbidden):
        make_room(cast.alice, cast.dave, kind=Kind.PRIVATE)
    services.invite(cast.alice, cast.team, cast.dave)  # asking is allowed


def test_staff_add_whom_they_must(cast: Cast) -> None:
    change_privacy(cast.dave, rooms=Audience.NOBODY)
    services.add_members(services.Staff(cast.staff), cast.team, [cast.dave])
    assert membership_of(cast.team, cast.dave).is_current


# --- Over REST -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["%00", "a%00b", "%ED%A0%80", "é"])
def test_a_code_that_no_database_takes_is_no_invitation(code: str, cast: Cast, api: Any, client: Any) -> None:
    assert client.get(f"/invite/{code}/").status_code == 404
    assert api(cast.alice).get(f"/api/v1/invitations/links/{code}/").status_code == 404
    assert api(cast.alice).post(f"/api/v1/invitations/links/{code}/").status_code == 404


def test_the_way_of_a_link_over_rest(cast: Cast, api: Any) -> None:
    alice, dave = api(cast.alice), api(cast.dave)
    made = alice.post(f"/api/v1/rooms/{cast.team.pk}/invitations/", {"uses_max": 1})
    assert made.status_code == 201
    code = made.json()["code"]
    assert dave.get(f"/api/v1/invitations/links/{code}/").json()["room"]["name"] == "Team"
    assert dave.post(f"/api/v1/invitations/links/{code}/").json()["role"] == "member"
    assert api(cast.mallory).post(f"/api/v1/invitations/links/{code}/").status_code == 410
    assert api(cast.mallory).get("/api/v1/invitations/links/nothing/").status_code == 404


def test_the_way_of_a_question_over_rest(cast: Cast, api: Any) -> None:
    room = f"/api/v1/rooms/{cast.team.pk}/invitations/"
    asked = api(cast.bob).post(room, {"user": str(cast.dave.pk)}).json()
    assert api(cast.bob).post(room, {"user": str(cast.dave.pk), "uses_max": 3}).status_code == 400
    assert [each["id"] for each in api(cast.dave).get("/api/v1/invitations/").json()["results"]] == [asked["id"]]
    assert api(cast.mallory).patch(f"/api/v1/invitations/{asked['id']}/", {"state": "accepted"}).status_code == 404
    answered = api(cast.dave).patch(f"/api/v1/invitations/{asked['id']}/", {"state": "accepted"})
    assert (answered.status_code, answered.json()["state"]) == (200, "accepted")
    assert is_member(cast.team, cast.dave)


def test_a_room_lists_its_invitations_page_by_page_and_to_each_what_is_theirs(cast: Cast, api: Any) -> None:
    for _ in range(2):
        services.invite_by_link(cast.alice, cast.team)
    own = services.invite_by_link(cast.bob, cast.team)
    path = f"/api/v1/rooms/{cast.team.pk}/invitations/"
    first = api(cast.alice).get(f"{path}?limit=2").json()
    second = api(cast.alice).get(f"{path}?limit=2&cursor={first['next']}").json()
    assert len({each["id"] for each in first["results"] + second["results"]}) == 3
    assert [each["id"] for each in api(cast.bob).get(path).json()["results"]] == [str(own.pk)]
    assert api(cast.bob).delete(f"/api/v1/invitations/{own.pk}/").status_code == 204
    assert api(cast.bob).get(path).json()["results"] == []
