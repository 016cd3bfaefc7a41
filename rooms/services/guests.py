"""Guests without an account: in by a name, out when they leave or their time is up."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts import names
from accounts import services as accounts
from accounts.guests import NAME_MAX, NAME_MIN
from accounts.models import User
from realtime.errors import Invalid, NotFound
from rooms.models import Kind, Membership, Room, RoomQuerySet
from rooms.permissions import SETTABLE, Action
from rooms.services.change import NO_ROOM, Staff, changing
from rooms.services.membership import admit, leave

# Seen wherever the name is, so that a guest is taken for nobody else.
MARK = " (guest)"
USERNAME_PREFIX, USERNAME_RANDOM = "guest-", 12
# What a guest may do of what a room can grant; of what comes to be, nothing.
MAY = frozenset({Action.POST, Action.REPLY, Action.EDIT_OWN, Action.DELETE_OWN, Action.REACT})
WITHOUT_RIGHTS = {str(action): False for action in sorted(SETTABLE - MAY)}


def open_to_guests() -> RoomQuerySet:
    """The rooms that anybody may enter with a name: none, unless the installation has guests."""
    rooms: RoomQuerySet = Room.objects.all()
    if not settings.GUESTS:
        return rooms.none()
    return rooms.live().filter(archived_at__isnull=True, settings__guests=True).exclude(kind=Kind.DIRECT)


def enter_as_guest(room: Room, name: str) -> User:
    """Make a guest of that name and let them into the room; return who they are.

    Invalid: the name is too short or long, deceives, or is a member's. NotFound: the room has no
    guests. Conflict: it is full.
    """
    name = names.check_display_name(name)
    if not NAME_MIN <= len(name) <= NAME_MAX:
        raise _refusal(f"Use {NAME_MIN} to {NAME_MAX} characters.")
    with changing(room, Staff()) as change:
        if not open_to_guests().filter(pk=room.pk).exists():
            raise NotFound(NO_ROOM)
        people = Membership.objects.current().of_room(room)
        same = Q(user__username__iexact=name) | Q(user__display_name__iexact=name)
        if people.filter(same | Q(user__display_name__iexact=name + MARK)).exists():
            raise _refusal("Somebody in this room is called that. Choose another name.")
        guest = accounts.create_user(
            f"{USERNAME_PREFIX}{get_random_string(USERNAME_RANDOM).lower()}",
            display_name=name + MARK,
            is_guest=True,
            visiting_until=timezone.now() + timedelta(hours=settings.GUEST_HOURS),
        )
        membership = admit(change, [guest])[0]
        membership.permissions = WITHOUT_RIGHTS
        membership.save(update_fields=["permissions"])
        change.record("room.guest_entered", user=guest.username, name=name)
    return guest


def show_out() -> None:
    """End the stay of guests whose time is up, or whose room has none any more. Every process may."""
    allowed = open_to_guests().filter(memberships__user=OuterRef("pk"), memberships__left_at__isnull=True)
    guests = User.objects.filter(visiting_until__isnull=False, is_active=True)
    over = guests.filter(Q(visiting_until__lte=timezone.now()) | ~Exists(allowed))
    for guest in over:
        with transaction.atomic():
            rooms = Room.objects.joined_by(guest)
            for room in rooms:
                leave(guest, room)
            if not rooms.exists():
                accounts.deactivate(guest)


def _refusal(message: str) -> Invalid:
    return Invalid(message, fields={"name": [message]})
