"""Invitations and bans in the web client: made, followed, answered, taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Audience, User
from accounts.privacy import change
from rooms import services
from rooms.models import Ban, Invitation, Role
from tests.factories import Cast, make_user, membership_of
from tests.test_members_pages import about, act, of, text

pytestmark = pytest.mark.django_db


def browser(user: User | None = None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def test_a_link_is_made_with_limits_listed_and_revoked(cast: Cast) -> None:
    client, url = of(cast.alice), f"/r/{cast.team.slug}/invitations/"
    assert client.post(url, {"act": "link", "expires": "1d", "uses": "5"}).status_code == 302
    link = Invitation.objects.get()
    assert link.uses_max == 5
    assert link.expires_at is not None
    assert timedelta(hours=23) < link.expires_at - timezone.now() <= timedelta(days=1)
    shown = text(client.get(url))
    assert f"http://testserver/invite/{link.code}/" in shown
    assert "0 of 5 used" in shown
    # Another member sees their own only, and revokes no other's.
    bob = of(cast.bob)
    assert str(link.code) not in text(bob.get(url))
    assert "Your role" in text(bob.post(url, {"act": "revoke", "invitation": str(link.pk)}), 403)
    client.post(url, {"act": "revoke", "invitation": str(link.pk)})
    assert Invitation.objects.get().state == Invitation.State.REVOKED
    assert client.post(url, {"act": "else"}).status_code == 400
    assert client.post(url, {"act": "revoke", "invitation": "x"}).status_code == 404


def test_an_invitation_of_another_room_is_not_revoked_here(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.lobby)
    answer = of(cast.alice).post(f"/r/{cast.team.slug}/invitations/", {"act": "revoke", "invitation": str(link.pk)})
    assert answer.status_code == 404


def test_who_follows_a_link_sees_where_it_leads_and_comes_in(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team, uses_max=1)
    dave = browser(cast.dave)
    shown = text(dave.get(f"/invite/{link.code}/"))
    assert "Team" in shown
    assert "4 members" in shown
    assert cast.alice.name in shown
    assert not cast.team.memberships.filter(user=cast.dave).exists()  # looking is not joining
    assert dave.post(f"/invite/{link.code}/").headers["Location"] == f"/r/{cast.team.slug}/"
    assert membership_of(cast.team, cast.dave).is_current
    assert dave.get(f"/invite/{link.code}/").status_code == 410  # used up
    assert dave.get("/invite/nonsense/").status_code == 404


def test_who_is_in_the_room_is_led_into_it(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team)
    assert browser(cast.bob).get(f"/invite/{link.code}/").headers["Location"] == f"/r/{cast.team.slug}/"


def test_who_is_not_signed_in_does_that_and_comes_back(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team)
    client = browser()
    url = f"/invite/{link.code}/"
    shown = text(client.get(url))
    assert f"/accounts/login/?next={url}" in shown
    assert f"/accounts/signup/?next={url}" in shown
    assert client.post(url).status_code == 200  # it is asked for again, and does nothing
    assert not Invitation.objects.get().uses
    # Also by a way that forgets the address, as a mail that confirms theirs does.
    client.force_login(cast.dave)
    assert client.get("/").headers["Location"] == url
    assert client.get(url).status_code == 200
    assert client.get("/").headers["Location"] == "/rooms/"  # once


def test_a_dead_link_of_a_stranger_leads_nowhere_and_is_not_kept(cast: Cast) -> None:
    link = services.invite_by_link(cast.alice, cast.team)
    services.revoke(cast.alice, link)
    client = browser()
    answer = client.get(f"/invite/{link.code}/")
    assert "leads nowhere" in text(answer, 410)
    assert "Team" not in answer.content.decode()


def test_one_who_is_banned_does_not_come_in_by_a_link(cast: Cast) -> None:
    services.ban(cast.alice, cast.team, cast.dave)
    link = services.invite_by_link(cast.alice, cast.team)
    assert browser(cast.dave).post(f"/invite/{link.code}/").status_code == 403
    assert not cast.team.memberships.filter(user=cast.dave).exists()


def test_whoever_refuses_to_be_added_is_invited_and_answers(cast: Cast) -> None:
    change(cast.dave, rooms=Audience.NOBODY)
    url = f"/r/{cast.team.slug}/members/add/"
    alice = of(cast.alice)
    assert f'name="invite" value="{cast.dave.pk}"' in text(alice.get(url))
    assert "can accept or decline" in text(alice.post(url, {"invite": str(cast.dave.pk)}))
    assert f'name="invite" value="{cast.dave.pk}" disabled' in text(alice.get(url))
    assert alice.post(url, {"invite": "x"}).status_code == 404

    dave = of(cast.dave)
    asked = Invitation.objects.get()
    assert ">1</span>" in browser(cast.dave).get("/rooms/").content.decode()  # in the side bar
    shown = text(dave.get("/invitations/"))
    assert "Team" in shown
    assert cast.alice.name in shown
    answer = dave.post("/invitations/", {"invitation": str(asked.pk), "answer": "accept"})
    assert answer.headers["X-Panel-Away"] == f"/r/{cast.team.slug}/"
    assert membership_of(cast.team, cast.dave).is_current
    assert "No invitations" in text(dave.get("/invitations/"))


def test_an_invitation_is_declined_and_nobody_answers_anothers(cast: Cast) -> None:
    asked = services.invite(cast.alice, cast.team, cast.dave)
    mallory = of(cast.mallory)
    assert mallory.post("/invitations/", {"invitation": str(asked.pk), "answer": "accept"}).status_code == 404
    of(cast.dave).post("/invitations/", {"invitation": str(asked.pk), "answer": "decline"})
    assert not cast.team.memberships.filter(user=cast.dave).exists()
    # Once more: it is not there any more.
    again = of(cast.dave).post("/invitations/", {"invitation": str(asked.pk), "answer": "accept"})
    assert again.status_code == 404


def test_a_member_is_banned_from_their_page_and_the_ban_is_lifted(cast: Cast) -> None:
    answer = act(cast.team, cast.alice, cast.bob, act="ban", reason="Spam", **{"for": "7d"})
    assert answer.headers["Location"] == f"/r/{cast.team.slug}/members/"
    assert not membership_of(cast.team, cast.bob).is_current
    ban = Ban.objects.get()
    assert ban.until is not None
    client, url = of(cast.erin), f"/r/{cast.team.slug}/bans/"
    shown = text(client.get(url))
    assert "Spam" in shown
    assert f"@{cast.bob.username}" in shown
    client.post(url, {"act": "unban", "user": str(cast.bob.pk)})
    assert not Ban.objects.exists()
    assert of(cast.carol).get(url).status_code == 403


def test_somebody_who_is_not_in_the_room_is_banned_by_name(cast: Cast) -> None:
    client, url = of(cast.erin), f"/r/{cast.team.slug}/bans/"
    client.post(url, {"act": "ban", "username": f"@{cast.mallory.username.upper()}", "reason": ""})
    assert Ban.objects.get().user == cast.mallory
    assert "Nobody here is called" in text(client.post(url, {"act": "ban", "username": "no\0body"}), 404)
    refused = text(client.post(url, {"act": "ban", "username": cast.alice.username, "reason": "Mutiny"}), 403)
    assert "Mutiny" in refused  # what was typed stays


def test_permissions_of_a_single_member_are_given_and_taken(cast: Cast) -> None:
    act(cast.team, cast.alice, cast.bob, act="permissions", may_post="no", may_pin="", may_delete_others="yes")
    assert membership_of(cast.team, cast.bob).permissions == {"post": False, "delete_others": True}
    shown = about(cast.team, cast.alice, cast.bob)
    assert '<option value="no" selected>' in shown
    # What the page does not offer stays.
    services.set_permissions(cast.alice, cast.team, cast.bob, {"reply": False})
    act(cast.team, cast.alice, cast.bob, act="permissions")
    assert membership_of(cast.team, cast.bob).permissions == {"reply": False}
    assert act(cast.team, cast.erin, cast.bob, act="permissions", may_post="no").status_code == 403


def test_the_lists_turn_pages(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rooms.roster.inviting.PAGE", 2)
    monkeypatch.setattr("rooms.roster.banning.PAGE", 2)
    for _ in range(3):
        services.invite(cast.alice, cast.team, make_user())
        services.ban(cast.alice, cast.team, make_user())
    assert membership_of(cast.team, cast.alice).role == Role.OWNER
    for page in ("invitations", "bans"):
        url = f"/r/{cast.team.slug}/{page}/"
        first = text(of(cast.alice).get(url))
        assert first.count("data-key=") == 2, page
        rest = text(of(cast.alice).get(first.split("data-more href=")[1].split('"')[1]))
        assert rest.count("data-key=") == 1, page
        assert of(cast.alice).get(f"{url}?after=x").status_code == 400, page
