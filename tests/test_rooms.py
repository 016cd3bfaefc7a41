"""Rooms: who may do what to whom, and what holds when many do it at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEntry
from messaging.models import Message
from realtime import bus
from realtime.errors import Conflict, Forbidden, Gone, Invalid, NotFound, ReadOnly
from realtime.events import Event, Recheck
from rooms import services
from rooms.models import Kind, LogEntry, Membership, Role, Room, RoomHead
from rooms.permissions import RANK, TABLE, Action, allows
from rooms.summaries import summaries
from tests.concurrency import at_once, raised
from tests.factories import Cast, make_direct, make_room, make_user, membership_of, say, set_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def signals(django_capture_on_commit_callbacks: Any) -> Any:
    """Run what follows COMMIT and collect what the hubs of this process would get."""

    class Collector:
        def __init__(self) -> None:
            self.got: list[Any] = []

        def accept(self, signals: Any) -> None:
            self.got.extend(signals)

        def wants_fragment(self, room: str) -> bool:
            return False

        def of(self, act: Any) -> list[Any]:
            """Return the signals that follow from `act`."""
            self.got.clear()
            with django_capture_on_commit_callbacks(execute=True):
                act()
            return self.got

    collector = Collector()
    bus.attach(collector)
    yield collector
    bus.detach(collector)


def head_of(room: Room) -> RoomHead:
    return RoomHead.objects.get(room=room)


def events_of(room: Room) -> list[str]:
    """What the room's log holds, in order: kinds of entries and of messages."""
    rows = [*LogEntry.objects.filter(room=room).values_list("seq", "kind")]
    rows += [*Message.objects.filter(room=room).values_list("seq", "kind")]
    return [kind for _, kind in sorted(rows)]


def assert_consistent(room: Room) -> None:
    """The log is dense and the head knows how many members there are."""
    head = head_of(room)
    seqs = [*LogEntry.objects.filter(room=room).values_list("seq", flat=True)]
    seqs += [*Message.objects.filter(room=room).values_list("seq", flat=True)]
    assert sorted(seqs) == list(range(1, head.last_seq + 1))
    assert head.member_count == room.memberships.current().count()


def roles_of(room: Room) -> dict[str, str]:
    return dict(room.memberships.current().values_list("user__username", "role"))


def rev_of(user: User) -> int:
    return User.objects.values_list("rev", flat=True).get(pk=user.pk)


# --- Making ----------------------------------------------------------------------------------


def test_who_makes_a_room_owns_it_and_the_others_are_told_of_as_joining(cast: Cast) -> None:
    room = services.create_room(
        cast.alice, kind=Kind.PRIVATE, name="  Plans \n for  May ", members=[cast.bob.pk, cast.bob]
    )
    assert room.name == "Plans for May"
    assert roles_of(room) == {"alice": Role.OWNER, "bob": Role.MEMBER}
    assert events_of(room) == ["join", "join"]
    assert_consistent(room)


def test_new_members_have_nothing_unread_and_stand_at_the_head(cast: Cast) -> None:
    room = make_room(cast.alice)
    say(room, cast.alice)
    services.add_members(cast.alice, room, [cast.bob])
    head, bob = head_of(room), membership_of(room, cast.bob)
    assert (bob.read_number, bob.read_index) == (head.last_number, head.last_index) == (3, 1)
    assert [(row.unread, row.last_read_number) for row in summaries(cast.bob.pk)] == [(0, 3)]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("General", "general"),
        ("Größe & Maß", "grosse-mass"),
        ("Łódź — Ørsted", "lodz-orsted"),
        ("Привет, мир", "privet-mir"),
        ("Ωραία νέα", "oraia-nea"),
        ("東京", "room"),
        ("---", "room"),
        ("x" * 100, "x" * 60),
    ],
)
def test_the_address_is_made_of_the_name(cast: Cast, name: str, slug: str) -> None:
    assert services.create_room(cast.alice, kind=Kind.PUBLIC, name=name).slug == slug


def test_rooms_of_one_name_get_addresses_of_their_own(cast: Cast) -> None:
    slugs = [services.create_room(cast.alice, kind=Kind.PUBLIC, name="General").slug for _ in range(11)]
    assert slugs[:9] == ["general", *(f"general-{number}" for number in range(2, 10))]
    assert len(set(slugs)) == 11


def test_a_chosen_address_that_is_taken_is_a_conflict_even_with_a_room_one_cannot_see(cast: Cast) -> None:
    make_room(cast.alice, name="Secret", slug="plans")
    with pytest.raises(Conflict) as refusal:
        make_room(cast.mallory, name="Plans", slug="plans")
    assert "slug" in refusal.value.fields


@pytest.mark.parametrize(
    ("fields", "culprit"),
    [
        ({"name": ""}, "name"),
        ({"name": " \n\t "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\x1bb"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"topic": "x" * 1001}, "topic"),
        ({"topic": "\udfff"}, "topic"),
        ({"slug": "Not a slug"}, "slug"),
        ({"slug": "-x"}, "slug"),
        ({"slug": "x" * 101}, "slug"),
        ({"kind": "direct"}, "kind"),
        ({"kind": "group"}, "kind"),
        ({"kind": ""}, "kind"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named_and_nothing_is_made(
    cast: Cast, fields: dict[str, str], culprit: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        services.create_room(cast.alice, **{"kind": Kind.PUBLIC, "name": "Fine", **fields})
    assert list(refusal.value.fields) == [culprit]
    assert not Room.objects.exists()


def test_nobody_is_added_to_a_new_room_when_one_of_the_people_is_suspended(cast: Cast) -> None:
    suspended = make_user("suspended", suspended_at=timezone.now())
    with pytest.raises(NotFound) as refusal:
        make_room(cast.alice, cast.bob, suspended)
    assert "members" in refusal.value.fields
    assert not Room.objects.exists()


def test_guests_make_no_rooms_and_begin_no_conversations(cast: Cast) -> None:
    guest = make_user("guest", is_guest=True)
    with pytest.raises(Forbidden):
        services.create_room(guest, kind=Kind.PUBLIC, name="Mine")
    with pytest.raises(Forbidden):
        services.direct_room(guest, [cast.alice])


# --- Direct rooms ----------------------------------------------------------------------------


def test_a_direct_room_is_found_again_whoever_asks_and_in_whatever_order(cast: Cast) -> None:
    room, created = services.direct_room(cast.alice, [cast.bob, cast.carol])
    again, created_again = services.direct_room(cast.carol, [cast.bob.pk, cast.alice.pk, cast.bob.pk])
    assert (created, created_again) == (True, False)
    assert room == again
    assert set(roles_of(room).values()) == {Role.MEMBER}
    assert_consistent(room)


def test_other_people_are_another_direct_room(cast: Cast) -> None:
    assert make_direct(cast.alice, cast.bob) != make_direct(cast.alice, cast.bob, cast.carol)


def test_a_direct_room_with_nobody_else_is_for_notes(cast: Cast) -> None:
    room, _ = services.direct_room(cast.alice, [])
    assert services.direct_room(cast.alice, [cast.alice]) == (room, False)
    assert [row.name for row in summaries(cast.alice.pk)] == ["Notes to self"]
    say(room, cast.alice, "Buy milk")


def test_a_direct_room_holds_no_more_people_than_the_setting_says(cast: Cast) -> None:
    limit = settings.ROOM_SIZE_LIMITS[Kind.DIRECT]
    crowd = [make_user() for _ in range(limit)]
    assert services.direct_room(cast.alice, crowd[: limit - 1])[1]
    with pytest.raises(Invalid):
        services.direct_room(cast.alice, crowd)


@pytest.mark.parametrize(
    "absent", [{"is_active": False}, {"suspended_at": timezone.now()}, None], ids=["inactive", "suspended", "unknown"]
)
def test_nobody_begins_a_conversation_with_one_who_is_not_there(cast: Cast, absent: dict[str, Any] | None) -> None:
    other = uuid4() if absent is None else make_user("absent", **absent).pk
    with pytest.raises(NotFound):
        services.direct_room(cast.alice, [other])
    assert not Room.objects.exists()


def test_a_conversation_stays_findable_after_the_other_was_suspended(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    User.objects.filter(pk=cast.bob.pk).update(suspended_at=timezone.now())
    assert services.direct_room(cast.alice, [cast.bob]) == (room, False)


def test_a_direct_room_that_staff_removed_is_not_made_anew(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    services.delete_room(services.Staff(cast.staff), room)
    with pytest.raises(Gone):
        services.direct_room(cast.bob, [cast.alice])
    services.restore_room(services.Staff(cast.staff), room)
    assert services.direct_room(cast.bob, [cast.alice]) == (room, False)


def test_nobody_leaves_changes_or_enlarges_a_direct_room(cast: Cast) -> None:
    room = make_direct(cast.alice, cast.bob)
    by_staff = services.Staff(cast.staff)
    for act in [
        partial(services.leave, cast.alice, room),
        partial(services.add_members, cast.alice, room, [cast.carol]),
        partial(services.remove_member, cast.alice, room, cast.bob),
        partial(services.change_role, cast.alice, room, cast.bob, Role.ADMIN),
        partial(services.mute_member, cast.alice, room, cast.bob, timezone.now() + timedelta(days=1)),
        partial(services.transfer, cast.alice, room, cast.bob),
        partial(services.update_room, cast.alice, room, name="Ours"),
        partial(services.archive, cast.alice, room),
        partial(services.delete_room, cast.alice, room),
        partial(services.add_members, by_staff, room, [cast.carol]),
        partial(services.remove_member, by_staff, room, cast.bob),
        partial(services.transfer, by_staff, room, cast.bob),
        partial(services.update_room, by_staff, room, name="Theirs"),
    ]:
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound):
        services.join(cast.mallory, room)
    assert roles_of(room) == {"alice": Role.MEMBER, "bob": Role.MEMBER}


@pytest.mark.django_db(transaction=True)
def test_twenty_who_write_to_each_other_at_once_get_one_room(cast: Cast) -> None:
    alice, bob = cast.alice, cast.bob
    asks = [partial(services.direct_room, *pair) for pair in [(alice, [bob]), (bob, [alice])] * 10]
    results = at_once(asks)
    assert not raised(results)
    assert len({room.pk for room, _ in results}) == 1
    assert sum(created for _, created in results) == 1
    assert Room.objects.count() == 1
    assert_consistent(Room.objects.get())


# --- Joining and leaving ---------------------------------------------------------------------


def test_anyone_joins_a_listed_room_and_a_second_join_leaves_no_trace(cast: Cast) -> None:
    for room in (cast.lobby, cast.news):
        first = services.join(cast.dave, room)
        before, rev = events_of(room), rev_of(cast.dave)
        assert services.join(cast.dave, room) == first
        assert (events_of(room), rev_of(cast.dave)) == (before, rev)
        assert_consistent(room)


def test_joining_a_private_room_by_its_id_finds_no_room(cast: Cast) -> None:
    with pytest.raises(NotFound):
        services.join(cast.mallory, cast.team)
    assert "mallory" not in roles_of(cast.team)


def test_a_guest_joins_nothing(cast: Cast) -> None:
    with pytest.raises(NotFound):
        services.join(make_user("guest", is_guest=True), cast.lobby)


def test_coming_back_takes_up_the_old_membership_at_the_head_and_as_a_plain_member(cast: Cast) -> None:
    room = cast.lobby
    set_role(room, cast.bob, Role.ADMIN)
    before = membership_of(room, cast.bob)
    services.leave(cast.bob, room)
    say(room, cast.alice, "while he was away")
    services.join(cast.bob, room)
    after, head = membership_of(room, cast.bob), head_of(room)
    assert after.pk == before.pk
    assert (after.role, after.left_at, after.read_number) == (Role.MEMBER, None, head.last_number)
    assert after.joined_at > before.joined_at
    assert [row.unread for row in summaries(cast.bob.pk)] == [0]


def test_a_muted_member_does_not_shake_it_off_by_leaving_and_coming_back(cast: Cast) -> None:
    room = cast.lobby
    services.mute_member(cast.alice, room, cast.bob, timezone.now() + timedelta(days=1))
    services.leave(cast.bob, room)
    services.join(cast.bob, room)
    with pytest.raises(ReadOnly):
        say(room, cast.bob, "I am back")


def test_rights_given_to_one_member_end_with_the_membership_and_those_taken_do_not(cast: Cast) -> None:
    room = cast.lobby
    Membership.objects.filter(room=room, user=cast.bob).update(permissions={"delete_others": True, "invite": False})
    services.leave(cast.bob, room)
    services.join(cast.bob, room)
    assert membership_of(room, cast.bob).permissions == {"invite": False}


def test_nobody_joins_or_is_added_to_an_archived_room_but_all_may_leave_it(cast: Cast) -> None:
    room = cast.lobby
    services.archive(cast.alice, room)
    with pytest.raises(ReadOnly):
        services.join(cast.dave, room)
    with pytest.raises(ReadOnly):
        services.add_members(cast.alice, room, [cast.dave])
    with pytest.raises(ReadOnly):
        say(room, cast.bob, "hello?")
    services.leave(cast.bob, room)
    assert roles_of(room) == {"alice": Role.OWNER}


def test_who_has_left_can_neither_write_nor_leave_again(cast: Cast) -> None:
    services.leave(cast.bob, cast.team)
    with pytest.raises(NotFound):
        say(cast.team, cast.bob, "one more thing")
    with pytest.raises(NotFound):
        services.leave(cast.bob, cast.team)
    assert_consistent(cast.team)


@pytest.mark.parametrize(
    ("roles", "heir"),
    [
        ({"bob": Role.MEMBER, "carol": Role.MEMBER}, "bob"),
        ({"bob": Role.MEMBER, "carol": Role.MODERATOR}, "carol"),
        ({"bob": Role.MODERATOR, "carol": Role.ADMIN, "dave": Role.ADMIN}, "carol"),
    ],
)
def test_the_room_of_an_owner_who_leaves_goes_to_the_next_in_line(
    cast: Cast, roles: dict[str, Role], heir: str
) -> None:
    room = make_room(cast.alice)
    for name, role in roles.items():
        services.add_members(cast.alice, room, [getattr(cast, name)])
        set_role(room, getattr(cast, name), role)
    rev = rev_of(getattr(cast, heir))
    services.leave(cast.alice, room)
    assert {name for name, role in roles_of(room).items() if role == Role.OWNER} == {heir}
    assert events_of(room)[-3:] == ["leave", "member.changed", "system"]
    assert rev_of(getattr(cast, heir)) > rev
    assert_consistent(room)


def test_neither_a_bot_nor_a_suspended_member_nor_a_guest_inherits_a_room(cast: Cast) -> None:
    room = make_room(
        cast.alice, make_user("bot", is_bot=True), cast.carol, make_user("guest", is_guest=True), cast.dave
    )
    User.objects.filter(pk=cast.carol.pk).update(suspended_at=timezone.now())
    services.leave(cast.alice, room)
    assert room.owner == cast.dave
    services.leave(cast.dave, room)
    assert room.owner is None


def test_the_last_to_leave_leaves_a_room_without_owner_that_staff_can_give_to_another(cast: Cast) -> None:
    room = make_room(cast.alice, kind=Kind.PUBLIC)
    services.leave(cast.alice, room)
    assert (roles_of(room), head_of(room).member_count) == ({}, 0)
    services.join(cast.bob, room)
    services.transfer(services.Staff(cast.staff), room, cast.bob)
    assert room.owner == cast.bob


@pytest.mark.django_db(transaction=True)
def test_many_who_join_at_once_never_exceed_the_size_limit(cast: Cast, settings: Any) -> None:
    settings.ROOM_SIZE_LIMITS = {**settings.ROOM_SIZE_LIMITS, "public": 5}
    room = make_room(cast.alice, kind=Kind.PUBLIC)
    crowd = [make_user() for _ in range(10)]
    results = at_once([partial(services.join, user, room) for user in crowd])
    assert {type(error) for error in raised(results)} == {Conflict}
    assert len(raised(results)) == 6
    assert_consistent(room)
    assert head_of(room).member_count == 5


@pytest.mark.django_db(transaction=True)
def test_one_who_joins_from_many_windows_at_once_joins_once(cast: Cast) -> None:
    room, dave = cast.lobby, cast.dave
    results = at_once([partial(services.join, dave, room) for _ in range(10)])
    assert not raised(results)
    assert len({membership.pk for membership in results}) == 1
    assert events_of(room).count("join") == 3
    assert_consistent(room)


@pytest.mark.django_db(transaction=True)
def test_all_leave_at_once_and_there_is_never_a_second_owner(cast: Cast) -> None:
    crowd = [make_user() for _ in range(6)]
    room = make_room(cast.alice, *crowd)
    results = at_once([partial(services.leave, user, room) for user in [cast.alice, *crowd[:5]]])
    assert not raised(results)
    assert roles_of(room) == {crowd[5].username: Role.OWNER}
    assert_consistent(room)


@pytest.mark.django_db(transaction=True)
def test_rooms_that_add_the_same_people_at_once_do_not_lock_each_other_out(cast: Cast) -> None:
    crowd = [make_user() for _ in range(8)]
    rooms = [make_room(cast.alice) for _ in range(4)]
    orders = [crowd, crowd[::-1], crowd[4:] + crowd[:4], crowd[::-1]]
    acts = [partial(services.add_members, cast.alice, *each) for each in zip(rooms, orders, strict=True)]
    assert not raised(at_once(acts))
    for room in rooms:
        assert head_of(room).member_count == 9
        assert_consistent(room)
    assert all(rev_of(user) == 4 for user in crowd)


# --- Adding, removing, roles -----------------------------------------------------------------


def test_adding_names_who_did_it_and_adding_again_changes_nothing(cast: Cast) -> None:
    room = cast.team
    services.add_members(cast.bob, room, [cast.dave, cast.carol])
    notice = Message.objects.filter(room=room).latest("seq")
    assert (notice.kind, notice.sender, notice.metadata) == ("join", cast.dave, {"by": str(cast.bob.pk)})
    before = events_of(room)
    services.add_members(cast.bob, room, [cast.dave])
    assert events_of(room) == before
    assert_consistent(room)


def test_a_stranger_adds_nobody_to_a_room_not_even_themselves(cast: Cast) -> None:
    with pytest.raises(NotFound):
        services.add_members(cast.mallory, cast.team, [cast.mallory])
    with pytest.raises(Forbidden):
        services.add_members(cast.mallory, cast.lobby, [cast.mallory])
    assert "mallory" not in roles_of(cast.team) | roles_of(cast.lobby)


def test_a_follower_of_a_channel_adds_nobody_to_it(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        services.add_members(cast.bob, cast.news, [cast.dave])


def test_adding_more_than_fit_adds_nobody(cast: Cast, settings: Any) -> None:
    settings.ROOM_SIZE_LIMITS = {**settings.ROOM_SIZE_LIMITS, "private": 5}
    room = cast.team
    with pytest.raises(Conflict):
        services.add_members(cast.alice, room, [cast.dave, cast.mallory])
    assert len(roles_of(room)) == 4
    assert_consistent(room)


def test_a_removed_member_is_out_at_once_and_the_room_is_told(cast: Cast, signals: Any) -> None:
    room, erin, bob = cast.team, cast.erin, cast.bob
    got = signals.of(lambda: services.remove_member(erin, room, bob))
    assert Recheck(str(bob.pk)) in got
    left = next(signal for signal in got if isinstance(signal, Event))
    assert (left.kind, left.subject) == ("member.left", str(bob.pk))
    with pytest.raises(NotFound):
        say(room, bob, "still here?")
    with pytest.raises(NotFound):
        services.join(bob, room)
    assert not Room.objects.visible_to(bob).exists()


@pytest.mark.parametrize("act", ["remove", "role", "mute"])
def test_an_admin_cannot_touch_the_owner_nor_another_admin(cast: Cast, act: str) -> None:
    room = cast.team
    set_role(room, cast.bob, Role.ADMIN)
    set_role(room, cast.carol, Role.ADMIN)
    acts = {
        "remove": lambda user: services.remove_member(cast.bob, room, user),
        "role": lambda user: services.change_role(cast.bob, room, user, Role.MEMBER),
        "mute": lambda user: services.mute_member(cast.bob, room, user, timezone.now() + timedelta(hours=1)),
    }
    before = roles_of(room)
    for target in (cast.alice, cast.carol):
        with pytest.raises(Forbidden):
            acts[act](target)
    assert roles_of(room) == before
    assert membership_of(room, cast.alice).muted_until is None


def test_nobody_raises_anybody_to_their_own_rank_or_above(cast: Cast) -> None:
    room = cast.team
    set_role(room, cast.bob, Role.ADMIN)
    services.change_role(cast.bob, room, cast.carol, Role.MODERATOR)
    with pytest.raises(Forbidden):
        services.change_role(cast.bob, room, cast.carol, Role.ADMIN)
    with pytest.raises(Forbidden):
        services.change_role(cast.bob, room, cast.bob, Role.MODERATOR)
    for role in (Role.OWNER, "king", ""):
        with pytest.raises(Invalid):
            services.change_role(cast.alice, room, cast.carol, role)
    services.change_role(cast.alice, room, cast.carol, Role.ADMIN)
    assert roles_of(room)["carol"] == Role.ADMIN


def test_a_right_given_to_one_member_does_not_lift_them_above_others(cast: Cast) -> None:
    room = cast.team
    Membership.objects.filter(room=room, user=cast.bob).update(permissions={"change_role": True, "remove_member": True})
    for target in (cast.carol, cast.erin, cast.alice):
        with pytest.raises(Forbidden):
            services.change_role(cast.bob, room, target, Role.MEMBER)
        with pytest.raises(Forbidden):
            services.remove_member(cast.bob, room, target)


def test_a_role_that_is_given_again_leaves_no_entry(cast: Cast, signals: Any) -> None:
    room, alice, erin = cast.team, cast.alice, cast.erin
    assert signals.of(lambda: services.change_role(alice, room, erin, Role.MODERATOR)) == []


def test_a_change_of_role_is_told_in_full_to_the_room_and_rechecked(cast: Cast, signals: Any) -> None:
    room, alice, bob = cast.team, cast.alice, cast.bob
    rev = rev_of(bob)
    event, notice, recheck = signals.of(lambda: services.change_role(alice, room, bob, Role.ADMIN))
    assert notice.kind == "message.created"
    notices = Message.objects.filter(room=room, kind="system", sender=alice)
    assert notices.latest("seq").metadata == {"what": "role", "user": "Bob", "user_id": str(bob.pk), "role": "admin"}
    assert (event.kind, event.subject, recheck) == ("member.changed", str(bob.pk), Recheck(str(bob.pk)))
    entry = LogEntry.objects.get(room=room, seq=event.seq)
    assert entry.payload == {"user": str(bob.pk), "role": "admin", "muted_until": None, "permissions": {}}
    assert rev_of(bob) == rev + 1


def test_muting_ends_by_itself_and_can_be_lifted(cast: Cast) -> None:
    room = cast.team
    with pytest.raises(Invalid):
        services.mute_member(cast.erin, room, cast.bob, timezone.now() - timedelta(minutes=1))
    services.mute_member(cast.erin, room, cast.bob, timezone.now() + timedelta(hours=1))
    with pytest.raises(ReadOnly) as refusal:
        say(room, cast.bob)
    assert 3_500 < (refusal.value.retry_after or 0) <= 3_600
    services.mute_member(cast.erin, room, cast.bob, None)
    say(room, cast.bob)


def test_who_is_no_member_cannot_be_acted_upon(cast: Cast) -> None:
    room = cast.team
    services.leave(cast.bob, room)
    for act in [
        partial(services.remove_member, cast.alice, room, cast.bob),
        partial(services.change_role, cast.alice, room, cast.bob, Role.ADMIN),
        partial(services.transfer, cast.alice, room, cast.mallory),
        partial(services.mute_member, cast.alice, room, uuid4(), None),
    ]:
        with pytest.raises(NotFound):
            act()


def test_removing_oneself_is_called_leaving(cast: Cast) -> None:
    with pytest.raises(Conflict):
        services.remove_member(cast.alice, cast.team, cast.alice)
    assert cast.team.owner == cast.alice


# --- Ownership -------------------------------------------------------------------------------


def test_a_transfer_makes_the_former_owner_an_admin(cast: Cast) -> None:
    room = cast.team
    services.transfer(cast.alice, room, cast.bob)
    roles = roles_of(room)
    assert (roles["bob"], roles["alice"]) == (Role.OWNER, Role.ADMIN)
    assert events_of(room)[-4:] == ["member.changed", "system"] * 2
    with pytest.raises(Forbidden):
        services.transfer(cast.alice, room, cast.alice)


def test_a_room_is_not_transferred_to_a_bot(cast: Cast) -> None:
    bot = make_user("bot", is_bot=True)
    room = make_room(cast.alice, bot)
    with pytest.raises(Conflict):
        services.transfer(cast.alice, room, bot)


@pytest.mark.django_db(transaction=True)
def test_two_transfers_at_once_leave_one_owner(cast: Cast) -> None:
    room, alice = cast.team, cast.alice
    for _ in range(3):
        results = at_once([partial(services.transfer, alice, room, user) for user in (cast.bob, cast.carol)])
        assert [type(error) for error in raised(results)] == [Forbidden]
        assert sorted(roles_of(room).values()).count(Role.OWNER) == 1
        services.transfer(services.Staff(), room, alice)
    assert_consistent(room)


def test_the_database_itself_refuses_a_second_owner(cast: Cast) -> None:
    room = cast.team
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(room=room, user=cast.bob).update(role=Role.OWNER)


# --- The room itself -------------------------------------------------------------------------


def test_an_edit_is_told_in_full_and_one_that_changes_nothing_is_not(cast: Cast, signals: Any) -> None:
    room, alice = cast.team, cast.alice
    event, *notices = signals.of(lambda: services.update_room(alice, room, name="Crew", topic="Sailing"))
    assert [event.kind, *(notice.kind for notice in notices)] == ["room.changed", "message.created", "message.created"]
    told = Message.objects.filter(room=room, kind="system", seq__gt=event.seq).order_by("seq")
    assert [message.metadata for message in told] == [
        {"what": "renamed", "before": "Team", "name": "Crew"},
        {"what": "topic", "topic": "Sailing"},
    ]
    assert LogEntry.objects.get(room=room, seq=event.seq).payload == {
        "slug": "team",
        "kind": "private",
        "name": "Crew",
        "topic": "Sailing",
        "avatar": None,
        "settings": {},
        "archived": False,
        "deleted": False,
    }
    assert signals.of(lambda: services.update_room(alice, room, name=" Crew ", topic="Sailing", settings={})) == []
    assert AuditEntry.objects.filter(action="room.edited").count() == 1


def test_an_edit_to_an_address_that_is_taken_is_a_conflict_and_changes_nothing_else(cast: Cast) -> None:
    make_room(cast.bob, slug="crew")
    with pytest.raises(Conflict):
        services.update_room(cast.alice, cast.team, name="Crew", slug="crew")
    assert Room.objects.get(pk=cast.team.pk).name == "Team"
    assert_consistent(cast.team)


def test_only_admins_edit_and_archive_and_only_the_owner_deletes(cast: Cast) -> None:
    room = cast.team
    set_role(room, cast.bob, Role.ADMIN)
    for user in (cast.carol, cast.erin):
        for act in (services.archive, services.unarchive, services.delete_room, services.update_room):
            with pytest.raises(Forbidden):
                act(user, room)
    services.archive(cast.bob, room)
    services.unarchive(cast.bob, room)
    with pytest.raises(Forbidden):
        services.delete_room(cast.bob, room)
    services.delete_room(cast.alice, room)


def test_archiving_twice_leaves_one_entry(cast: Cast) -> None:
    room = cast.team
    services.archive(cast.alice, room)
    services.archive(cast.alice, room)
    assert events_of(room).count("room.changed") == 1
    services.unarchive(cast.alice, room)
    services.unarchive(cast.alice, room)
    assert events_of(room).count("room.changed") == 2
    say(room, cast.bob, "open again")


def test_a_deleted_room_exists_for_nobody_and_the_last_event_says_so(cast: Cast, signals: Any) -> None:
    room, alice = cast.team, cast.alice
    got = signals.of(lambda: services.delete_room(alice, room))
    assert [signal.final for signal in got if isinstance(signal, Event)] == [True]
    for user in (cast.alice, cast.bob):
        assert not Room.objects.visible_to(user).exists()
        assert summaries(user.pk) == []
        with pytest.raises(NotFound):
            say(room, user)
        with pytest.raises(NotFound):
            services.leave(user, room)
    with pytest.raises(NotFound):
        services.delete_room(cast.alice, room)


def test_a_restored_room_comes_back_to_all_of_its_members(cast: Cast, signals: Any) -> None:
    room, alice, staff = cast.team, cast.alice, services.Staff(cast.staff)
    services.delete_room(alice, room)
    revs = {user.pk: user.rev for user in User.objects.all()}
    got = signals.of(lambda: services.restore_room(staff, room))
    members = {cast.alice.pk, cast.bob.pk, cast.carol.pk, cast.erin.pk}
    assert {UUID(signal.user) for signal in got if isinstance(signal, Recheck)} == members
    assert {user.pk for user in User.objects.all() if user.rev > revs[user.pk]} == members
    say(room, cast.bob, "we are back")
    assert signals.of(lambda: services.restore_room(staff, room)) == []


def test_a_stale_copy_of_a_room_does_not_bring_back_what_changed_since(cast: Cast) -> None:
    stale = Room.objects.get(pk=cast.team.pk)
    services.update_room(cast.alice, cast.team, topic="New topic")
    services.archive(cast.alice, stale)
    room = Room.objects.get(pk=stale.pk)
    assert (room.topic, room.archived_at is not None) == ("New topic", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"permissions": {"read": "owner"}},
        {"permissions": {"leave": "owner"}},
        {"permissions": {"fly": "member"}},
        {"permissions": {"post": "king"}},
        {"permissions": {"post": ["owner"]}},
        {"permissions": ["post"]},
        {"anything": 1},
        ["permissions"],
        "permissions",
    ],
)
def test_settings_hold_nothing_that_is_not_known(cast: Cast, wrong: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        services.update_room(cast.alice, cast.team, settings=wrong)
    assert list(refusal.value.fields) == ["settings"]


def test_settings_raise_what_an_action_takes_but_not_above_who_sets_them(cast: Cast) -> None:
    room = cast.team
    set_role(room, cast.bob, Role.ADMIN)
    services.update_room(cast.bob, room, settings={"permissions": {"post": "moderator"}})
    with pytest.raises(ReadOnly):
        say(room, cast.carol)
    say(room, cast.erin)
    with pytest.raises(Forbidden):
        services.update_room(cast.bob, room, settings={"permissions": {"invite": "owner"}})
    services.update_room(cast.alice, room, settings={"permissions": {"invite": "owner"}})
    with pytest.raises(Forbidden):
        services.update_room(cast.bob, room, settings={})
    with pytest.raises(Forbidden):
        services.add_members(cast.bob, room, [cast.dave])
    services.add_members(cast.alice, room, [cast.dave])


# --- Staff -----------------------------------------------------------------------------------


def test_nobody_becomes_staff_by_calling_themselves_so(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        services.Staff(cast.mallory)
    with pytest.raises(Forbidden):
        services.Staff(make_user("former", is_staff=True, is_active=False))


def test_staff_have_no_rights_in_a_room_while_they_act_as_people(cast: Cast) -> None:
    with pytest.raises(NotFound):
        services.remove_member(cast.staff, cast.team, cast.bob)
    with pytest.raises(NotFound):
        services.update_room(cast.staff, cast.team, name="Mine")


def test_staff_act_on_all_and_the_record_says_who(cast: Cast) -> None:
    room, staff = cast.team, services.Staff(cast.staff)
    services.update_room(staff, room, name="Crew")
    services.change_role(staff, room, cast.bob, Role.ADMIN)
    services.mute_member(staff, room, cast.alice, timezone.now() + timedelta(hours=1))
    services.remove_member(staff, room, cast.alice)
    services.archive(staff, room)
    services.delete_room(staff, room)
    services.restore_room(staff, room)
    assert roles_of(room)["bob"] == Role.OWNER
    recorded = AuditEntry.objects.filter(actor_id=cast.staff.pk, target_id=str(room.pk)).order_by("id")
    assert list(recorded.values_list("action", flat=True)) == [
        "room.edited",
        "room.role_changed",
        "room.member_muted",
        "room.inherited",
        "room.member_removed",
        "room.archived",
        "room.deleted",
        "room.restored",
    ]
    assert_consistent(room)


def test_a_refused_act_leaves_neither_entry_nor_record(cast: Cast) -> None:
    room = cast.team
    before, recorded = events_of(room), AuditEntry.objects.count()
    with pytest.raises(Forbidden):
        services.remove_member(cast.bob, room, cast.carol)
    assert (events_of(room), AuditEntry.objects.count()) == (before, recorded)


# --- The table -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.parametrize("action", list(Action))
def test_a_higher_role_may_do_all_that_a_lower_one_may(kind: str, action: Action) -> None:
    allowed = [allows(action, role=role, kind=kind) for role in sorted(RANK, key=RANK.__getitem__)]
    assert allowed == sorted(allowed)


@pytest.mark.parametrize("role", list(TABLE))
@pytest.mark.parametrize("action", list(Action))
def test_an_override_takes_away_anything_but_reading_and_leaving(role: str, action: Action) -> None:
    stays = action in (Action.READ, Action.LEAVE)
    assert allows(action, role=role, kind=Kind.PRIVATE, overrides={action: False}) is stays
