"""Rooms and messages in the admin: what staff do there reaches the log and the audit record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEntry
from messaging import services as messages
from messaging.models import Mention, Message, MessageRevision, Pin, Reaction, ThreadFollow
from rooms import services
from rooms.models import Kind, LogEntry, Membership, Role, Room, RoomHead
from tests.factories import Cast, make_direct, make_room, make_user, membership_of, say, set_role

pytestmark = pytest.mark.django_db

LISTS = [
    "rooms_room",
    "rooms_membership",
    "rooms_roomhead",
    "rooms_logentry",
    "rooms_logepoch",
    "messaging_message",
    "messaging_reaction",
    "messaging_pin",
    "messaging_messagerevision",
    "messaging_mention",
    "messaging_threadfollow",
]


@pytest.fixture
def staff(cast: Cast) -> Client:
    return signed_in(cast.staff)


@pytest.fixture(autouse=True)
def _no_raw_write(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when the admin saves or deletes by itself what a service has to."""
    from django.forms import BaseModelForm

    def refuse(self: Any, *_: Any, **__: Any) -> None:
        raise AssertionError("a row was saved or deleted past the services")

    monkeypatch.setattr(BaseModelForm, "_save_m2m", refuse)
    for model in (Room, Membership, RoomHead, LogEntry, Message):
        monkeypatch.setattr(model, "delete", refuse)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


def page_of(thing: Model, page: str = "change") -> str:
    meta = thing._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[thing.pk])


def save(client: Client, thing: Model, **changes: Any) -> Any:
    """Send back the object's page as a browser would, with these changes."""
    form = client.get(page_of(thing)).context["adminform"].form
    values = {}
    for field in form:
        value = changes.pop(field.name, field.value())
        if hasattr(value, "date"):
            values |= {f"{field.name}_0": f"{value:%Y-%m-%d}", f"{field.name}_1": f"{value:%H:%M:%S}"}
        elif value is not None:
            values[field.name] = value
    assert not changes, f"the page has no {', '.join(changes)}"
    return client.post(page_of(thing), values)


def act(client: Client, action: str, *chosen: Model) -> Any:
    meta = chosen[0]._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return client.post(url, {"action": action, "_selected_action": [str(thing.pk) for thing in chosen]})


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def listed(client: Client, page: str, **query: Any) -> list[Any]:
    response = client.get(reverse(f"admin:{page}_changelist"), query)
    assert response.status_code == 200, f"{page} with {query} leads to {response.headers.get('Location')}"
    return list(response.context["cl"].result_list)


def lively(room: Room, user: User) -> Message:
    """A message with everything that people do with one."""
    message = Message.objects.get(pk=say(room, user, "Hello @alice and @bob").id)
    messages.edit(user, message.pk, "Hello @bob and @alice!")
    messages.react(user, message.pk, "👍")
    messages.pin(user, message.pk)
    messages.follow(user, message.pk)
    return message


def kinds_of(room: Room) -> list[str]:
    return list(LogEntry.objects.filter(room=room).order_by("seq").values_list("kind", flat=True))


def recorded() -> list[str]:
    """What the audit record says that staff did in the admin, in order."""
    acts = AuditEntry.objects.filter(actor_name="staff").exclude(action__startswith="session.")
    return list(acts.order_by("id").values_list("action", flat=True))


# --- Rooms -----------------------------------------------------------------------------------


def test_a_room_is_made_for_its_owner_and_the_record_names_who_made_it(cast: Cast, staff: Client) -> None:
    fields = {"owner": cast.bob.pk, "kind": "private", "name": "Plans", "slug": "", "topic": "May"}
    assert staff.post(reverse("admin:rooms_room_add"), fields).status_code == 302
    room = Room.objects.get()
    assert (room.slug, room.owner, room.created_by) == ("plans", cast.bob, cast.bob)
    assert Message.objects.get(room=room).metadata == {"by": str(cast.staff.pk)}
    assert recorded() == ["room.created"]


def test_what_people_chose_for_their_side_bar_is_shown_and_is_theirs(cast: Cast, staff: Client) -> None:
    section = services.create_section(cast.bob, "Clients")
    services.set_preferences(cast.bob, cast.team, favourite=True, section=section.id)
    page = staff.get(page_of(membership_of(cast.team, cast.bob)))
    assert "Clients" in page.content.decode()
    shown = page.context["adminform"].readonly_fields
    assert {"is_favourite", "section", "sidebar_position", "notifications_muted_until"} <= set(shown)
    person = staff.get(page_of(cast.bob))
    assert "Clients" in person.content.decode()
    assert "sections" in person.context["adminform"].readonly_fields


def test_a_room_that_cannot_be_made_says_why(cast: Cast, staff: Client) -> None:
    fields = {"owner": make_user("guest", is_guest=True).pk, "kind": "private", "name": "x", "slug": "", "topic": ""}
    response = staff.post(reverse("admin:rooms_room_add"), fields)
    assert "Guests cannot make rooms." in said(response)
    assert not Room.objects.exists()


def test_an_edit_goes_into_the_log_and_the_record(cast: Cast, staff: Client) -> None:
    room = cast.team
    save(staff, room, name="Crew", settings='{"permissions": {"invite": "admin"}}')
    room.refresh_from_db()
    assert (room.name, room.settings) == ("Crew", {"permissions": {"invite": "admin"}})
    assert kinds_of(room)[-1] == "room.changed"
    assert recorded() == ["room.edited"]


def test_a_page_sent_back_as_it_was_changes_nothing(cast: Cast, staff: Client) -> None:
    before = kinds_of(cast.team), Room.objects.filter(pk=cast.team.pk).values().get()
    assert save(staff, cast.team).status_code == 302
    assert (kinds_of(cast.team), Room.objects.filter(pk=cast.team.pk).values().get()) == before
    assert recorded() == []


def test_settings_that_mean_nothing_are_refused_with_a_reason(cast: Cast, staff: Client) -> None:
    response = save(staff, cast.team, settings='{"permissions": {"fly": "admin"}}')
    assert "“fly” is not an action" in said(response)
    assert kinds_of(cast.team) == ["member.changed"]


def test_archiving_deleting_and_restoring_by_action(cast: Cast, staff: Client) -> None:
    room, other = cast.team, cast.lobby
    act(staff, "archive", room, other)
    act(staff, "unarchive", room)
    act(staff, "archive", room)
    assert kinds_of(room)[1:] == ["room.changed"] * 3
    assert "Rooms restored: 1." in said(act(staff, "restore", room)), "a room that was not deleted stays as it is"
    assert recorded() == ["room.archived", "room.archived", "room.unarchived", "room.archived"]


def test_deleting_asks_first_takes_the_room_out_of_sight_and_keeps_every_row(cast: Cast, staff: Client) -> None:
    room = cast.team
    say(room, cast.alice, "precious")
    url = page_of(room, "delete")
    assert "until it is restored" in staff.get(url).content.decode()
    staff.post(url, {"post": "yes"})
    room.refresh_from_db()
    assert room.deleted_at is not None
    assert Message.objects.filter(content="precious").exists()
    assert LogEntry.objects.filter(room=room).latest("seq").payload["deleted"] is True
    assert staff.get(url).status_code == 403, "what is deleted already is not deleted again"
    act(staff, "restore", room)
    assert cast.bob in User.objects.filter(memberships__room__in=Room.objects.live())
    assert recorded() == ["room.deleted", "room.restored"]


def test_deleting_the_chosen_rooms_goes_through_the_service_too(cast: Cast, staff: Client) -> None:
    rooms = [make_room(cast.alice), make_room(cast.alice)]
    url = reverse("admin:rooms_room_changelist")
    chosen = {"action": "delete_selected", "_selected_action": [str(room.pk) for room in rooms]}
    assert "until it is restored" in staff.post(url, chosen).content.decode()
    staff.post(url, {**chosen, "post": "yes"})
    assert Room.objects.filter(deleted_at__isnull=False).count() == 2
    assert recorded() == ["room.deleted", "room.deleted"]


def test_nothing_of_a_direct_room_can_be_typed_over(cast: Cast, staff: Client) -> None:
    direct = make_direct(cast.alice, cast.bob)
    assert not staff.get(page_of(direct)).context["adminform"].form.fields
    staff.post(page_of(direct), {"name": "Ours", "topic": "x"})
    direct.refresh_from_db()
    assert (direct.name, direct.topic) == ("", "")
    membership = membership_of(direct, cast.bob)
    assert staff.post(page_of(membership), {"role": "owner"}).status_code == 403
    assert staff.post(page_of(membership, "delete"), {"post": "yes"}).status_code == 403


# --- Memberships -----------------------------------------------------------------------------


def test_a_role_a_mute_and_a_transfer_go_into_the_log_and_the_record(cast: Cast, staff: Client) -> None:
    room = cast.team
    bob = membership_of(room, cast.bob)
    save(staff, bob, role=Role.ADMIN, muted_until=timezone.now() + timedelta(hours=1))
    save(staff, bob, role=Role.OWNER)
    bob.refresh_from_db()
    assert (bob.role, bob.muted_until is not None, membership_of(room, cast.alice).role) == ("owner", True, "admin")
    assert kinds_of(room) == ["member.changed"] * 5
    assert recorded() == ["room.role_changed", "room.member_muted", "room.transferred"]


def test_the_owner_is_not_made_less_without_another(cast: Cast, staff: Client) -> None:
    response = save(staff, membership_of(cast.team, cast.alice), role=Role.MEMBER)
    assert "keeps their role until" in said(response)
    assert cast.team.owner == cast.alice


def test_a_refused_part_takes_the_other_parts_back(cast: Cast, staff: Client) -> None:
    bob = membership_of(cast.team, cast.bob)
    response = save(staff, bob, role=Role.ADMIN, muted_until=timezone.now() - timedelta(hours=1))
    assert "Choose a later time." in said(response)
    bob.refresh_from_db()
    assert bob.role == Role.MEMBER
    assert kinds_of(cast.team) == ["member.changed"]
    assert recorded() == []


def test_removing_ends_the_membership_and_keeps_its_row(cast: Cast, staff: Client) -> None:
    bob = membership_of(cast.team, cast.bob)
    assert "removed from the room" in staff.get(page_of(bob, "delete")).content.decode()
    staff.post(page_of(bob, "delete"), {"post": "yes"})
    bob.refresh_from_db()
    assert bob.left_at is not None
    assert RoomHead.objects.get(room=cast.team).member_count == 3
    assert Message.objects.filter(room=cast.team).latest("seq").kind == "leave"
    assert recorded() == ["room.member_removed"]
    assert staff.post(page_of(bob), {"role": "admin"}).status_code == 403, "what has ended stays as it is"


def test_adding_a_member_goes_through_the_service(cast: Cast, staff: Client) -> None:
    url, room = reverse("admin:rooms_membership_add"), cast.team
    staff.post(url, {"room": room.pk, "user": cast.dave.pk})
    assert membership_of(room, cast.dave).is_current
    assert Message.objects.filter(room=room).latest("seq").kind == "join"
    assert recorded() == ["room.members_added"]


# --- Messages --------------------------------------------------------------------------------


def test_deleting_messages_leaves_tombstones_events_and_records(cast: Cast, staff: Client) -> None:
    first, second = (say(cast.team, cast.bob, text) for text in ("spam", "more spam"))
    rows = list(Message.objects.filter(pk__in=[first.id, second.id]))
    assert "Messages deleted: 2." in said(act(staff, "delete_messages", *rows))
    for row in rows:
        row.refresh_from_db()
        assert (row.content, row.html, row.deleted_at is not None) == ("", "", True)
    assert kinds_of(cast.team)[-2:] == ["message.deleted"] * 2
    assert recorded() == ["message.deleted"] * 2


def test_no_more_messages_are_deleted_at_once_than_a_page_can_wait_for(
    cast: Cast, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.admin.messages.DELETED_AT_ONCE_MAX", 2)
    for _ in range(3):
        say(cast.team, cast.bob)
    url = reverse("admin:messaging_message_changelist")
    response = staff.post(url, {"action": "delete_messages", "select_across": "1", "_selected_action": ["x"]})
    assert "Choose up to 2 messages" in said(response)
    assert not Message.objects.filter(deleted_at__isnull=False).exists()


def test_a_message_is_neither_edited_nor_made_nor_removed_in_the_admin(cast: Cast, staff: Client) -> None:
    message = Message.objects.get(pk=say(cast.team, cast.bob, "as it was").id)
    assert staff.get(page_of(message)).status_code == 200
    assert staff.post(page_of(message), {"content": "as it was not"}).status_code == 403
    assert staff.get(reverse("admin:messaging_message_add")).status_code == 403
    assert staff.post(page_of(message, "delete"), {"post": "yes"}).status_code == 403
    response = act(staff, "delete_selected", message)
    assert "No action selected" in said(response)
    assert Message.objects.get(pk=message.pk).content == "as it was"


def test_staff_who_may_only_look_delete_nothing(cast: Cast) -> None:
    viewer = make_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    message = Message.objects.get(pk=say(cast.team, cast.bob, "stays").id)
    client = signed_in(viewer)
    assert listed(client, "messaging_message")
    for thing, action in [(message, "delete_messages"), (cast.team, "archive"), (cast.team, "restore")]:
        act(client, action, thing)
    assert client.post(page_of(cast.team), {"name": "Mine"}).status_code == 403
    assert Message.objects.get(pk=message.pk).deleted_at is None
    assert kinds_of(cast.team) == ["member.changed"]


@pytest.mark.parametrize("page", LISTS)
def test_who_is_not_staff_sees_nothing(cast: Cast, page: str) -> None:
    response = signed_in(cast.alice).get(reverse(f"admin:{page}_changelist"))
    assert response.status_code == 302


# --- Lists -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", LISTS)
def test_lists_count_nothing_whole_and_ask_as_much_for_many_rows_as_for_few(
    cast: Cast, staff: Client, page: str
) -> None:
    url = reverse(f"admin:{page}_changelist")
    make_direct(cast.alice, cast.bob)
    lively(cast.team, cast.bob)
    staff.get(url)  # content types and the like are looked up once
    with CaptureQueriesContext(
        connection,
    ) as few:
        staff.get(url)
    for _ in range(5):
        lively(make_room(cast.alice, cast.bob), cast.alice)
    with CaptureQueriesContext(connection) as many:
        assert staff.get(url).status_code == 200
    assert len(many) == len(few)
    assert b"_facets" not in staff.get(url).content
    counts = [query["sql"] for query in many if "COUNT(" in query["sql"].upper()]
    assert all("LIMIT" in sql for sql in counts), counts


def test_searches_find_by_what_staff_have_in_hand(cast: Cast, staff: Client) -> None:
    team, lobby = cast.team, cast.lobby
    named = make_room(cast.dave, name="Größe & Maß")
    message, other = say(team, cast.bob, "one"), say(lobby, cast.alice, "two")
    assert listed(staff, "rooms_room", q=str(team.pk)) == [team]
    assert listed(staff, "rooms_room", q="Größe") == [named]
    assert listed(staff, "rooms_room", q="tea") == [team]
    assert set(listed(staff, "rooms_room", q="@bob")) == {team, lobby}
    assert listed(staff, "rooms_room", q="@nobody") == []
    assert listed(staff, "rooms_room", q="東京") == []
    assert {row.user for row in listed(staff, "rooms_membership", q="lobby")} == {cast.alice, cast.bob}
    assert {row.room for row in listed(staff, "rooms_membership", q="@BOB")} == {team, lobby}
    assert [str(row.pk) for row in listed(staff, "messaging_message", q=message.id)] == [message.id]
    assert [row.number for row in listed(staff, "messaging_message", q=str(lobby.pk))] == [3, 2, 1]
    by_alice = listed(staff, "messaging_message", q="@alice")
    assert {row.sender for row in by_alice} == {cast.alice}
    assert str(by_alice[0].pk) == other.id
    for nothing in ("hello world", str(uuid4()), "@"):
        assert listed(staff, "messaging_message", q=nothing) == []
    assert [row.seq for row in listed(staff, "rooms_logentry", q="team")] == [5]
    assert listed(staff, "rooms_roomhead", q="team")[0].room == team


def test_what_people_do_with_messages_is_found_by_the_message_and_the_person(cast: Cast, staff: Client) -> None:
    message = lively(cast.team, cast.bob)
    other = lively(cast.lobby, cast.alice)
    acts = {
        "messaging_reaction": Reaction.objects.get(message=message),
        "messaging_pin": Pin.objects.get(message=message),
        "messaging_messagerevision": MessageRevision.objects.get(message=message),
        "messaging_threadfollow": ThreadFollow.objects.get(root=message),
        "messaging_mention": Mention.objects.get(message=message),
    }
    for page, act_ in acts.items():
        assert listed(staff, page, q=str(message.pk)) == [act_]
        assert len(listed(staff, page)) == 2
        assert staff.get(page_of(act_)).status_code == 200
        for nothing in ("Hello", str(uuid4()), "@"):
            assert listed(staff, page, q=nothing) == []
    for page in ("messaging_reaction", "messaging_pin", "messaging_threadfollow"):
        assert listed(staff, page, q="@bob") == [acts[page]]
    assert [row.message_id for row in listed(staff, "messaging_mention", q="@bob")] == [other.pk]
    assert listed(staff, "messaging_pin", q="team") == [acts["messaging_pin"]]
    shown = staff.get(page_of(message)).content.decode()
    assert "👍" in shown
    assert f"/admin/messaging/messagerevision/?q={message.pk}" in shown
    assert "Hello @alice and @bob" in staff.get(page_of(acts["messaging_messagerevision"])).content.decode()


def test_staff_let_go_of_pins_by_the_service(cast: Cast, staff: Client) -> None:
    message = lively(cast.team, cast.bob)
    act(staff, "unpin", Pin.objects.get(message=message))
    message.refresh_from_db()
    assert (message.pinned_at, Pin.objects.count()) == (None, 0)
    assert kinds_of(cast.team)[-1] == "message.unpinned"
    viewer = make_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    other = lively(cast.lobby, cast.alice)
    act(signed_in(viewer), "unpin", Pin.objects.get(message=other))
    assert Pin.objects.filter(message=other).exists()


def test_rooms_are_filtered_by_kind_and_standing(cast: Cast, staff: Client) -> None:
    team, lobby = cast.team, cast.lobby
    services.archive(cast.alice, lobby)
    services.delete_room(cast.alice, team)
    assert listed(staff, "rooms_room", kind__exact=Kind.PUBLIC) == [lobby]
    assert listed(staff, "rooms_room", standing="archived") == [lobby]
    assert listed(staff, "rooms_room", standing="deleted") == [team]
    assert listed(staff, "rooms_room", standing="open") == []
    assert [row.user for row in listed(staff, "rooms_membership", standing="past")] == []
    assert len(listed(staff, "rooms_membership", standing="current")) == 6
    assert listed(staff, "rooms_membership", muted="now") == []
    set_role(lobby, cast.bob, Role.MODERATOR)
    assert [row.user for row in listed(staff, "rooms_membership", role__exact="moderator")] == [cast.bob, cast.erin]


def test_people_and_rooms_are_picked_by_autocompletion(cast: Cast, staff: Client) -> None:
    found = staff.get(
        reverse("admin:autocomplete"),
        {"app_label": "rooms", "model_name": "membership", "field_name": "room", "term": cast.team.slug[:2]},
    )
    assert [row["text"] for row in found.json()["results"]] == ["Team"]
