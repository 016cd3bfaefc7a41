"""Rooms, memberships and the state of each room's log.

Messages live in `messaging`; the numbers that order them are given out here, because joins and
changes of a room need them too (see `rooms/log.py`).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

slug_validator = RegexValidator(r"\A[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\Z", "Use lower-case letters, digits, “-” and “_”.")


class Kind(models.TextChoices):
    PUBLIC = "public", "Public"
    PRIVATE = "private", "Private"
    DIRECT = "direct", "Direct"
    CHANNEL = "channel", "Channel"  # few post, many read; listed like a public room


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MODERATOR = "moderator", "Moderator"
    MEMBER = "member", "Member"


class NotificationLevel(models.TextChoices):
    ALL = "all", "All messages"
    MENTIONS = "mentions", "Mentions only"
    NONE = "none", "Nothing"


LISTED_KINDS = [Kind.PUBLIC, Kind.CHANNEL]
# How long the key of a direct room of exactly two is: two ids of 32 digits, and what stands between.
KEY_OF_TWO = 65


class RoomQuerySet(models.QuerySet["Room"]):
    """The only ways from user input to a room; what is not in here does not exist for the user."""

    def live(self) -> RoomQuerySet:
        return self.filter(deleted_at__isnull=True)

    def joined_by(self, user: User) -> RoomQuerySet:
        """Rooms that the user is a member of now."""
        return self.live().filter(memberships__user=user, memberships__left_at__isnull=True)

    def listed(self) -> RoomQuerySet:
        """Rooms that anyone signed in may find and join."""
        return self.live().filter(kind__in=LISTED_KINDS)

    def visible_to(self, user: User) -> RoomQuerySet:
        """Rooms whose existence the user may know of: theirs and the listed ones."""
        mine = Membership.objects.filter(user=user, left_at__isnull=True).values("room_id")
        if user.is_guest:
            return self.live().filter(id__in=mine)
        return self.live().filter(Q(kind__in=LISTED_KINDS) | Q(id__in=mine))


class Room(models.Model):
    """A conversation. Its numbers are in `RoomHead`, so that saving a room can't hand one out twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=100, unique=True, validators=[slug_validator])
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=100, blank=True, help_text="Empty for direct rooms: they show their people.")
    topic = models.CharField(max_length=1000, blank=True)
    avatar = models.ImageField(upload_to="rooms/", blank=True)
    # The sorted ids of a direct room's people: the database finds the room again under concurrency.
    direct_key = models.CharField(max_length=400, unique=True, null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Last of the fields: in a class body it hides Django's settings from the lines below it.
    settings = models.JSONField(default=dict, blank=True)

    objects: ClassVar[models.Manager[Room]] = RoomQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=Kind.DIRECT, direct_key__isnull=False)
                | (~Q(kind=Kind.DIRECT) & Q(direct_key__isnull=True) & ~Q(name="")),
                name="room_direct_has_key_others_have_name",
            ),
        ]
        # The directory: listed rooms by name, page after page.
        indexes = [
            models.Index(
                Lower("name"),
                "id",
                condition=Q(deleted_at__isnull=True, kind__in=LISTED_KINDS),
                name="room_directory_by_name",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.slug

    @property
    def is_of_two(self) -> bool:
        """Whether it is the conversation of exactly two people, as it will ever be."""
        return len(self.direct_key or "") == KEY_OF_TWO

    @property
    def owner(self) -> User | None:
        """The member whose role is owner; direct rooms have none."""
        held = self.memberships.filter(role=Role.OWNER, left_at__isnull=True).select_related("user").first()
        return held.user if held else None


class RoomHead(models.Model):
    """Where a room's log stands. One narrow row a room, written under its lock by the log only."""

    room = models.OneToOneField(Room, on_delete=models.CASCADE, primary_key=True, related_name="head")
    last_seq = models.PositiveBigIntegerField(default=0)
    last_number = models.PositiveBigIntegerField(default=0)
    last_index = models.PositiveBigIntegerField(default=0)
    last_id = models.UUIDField(null=True)
    last_message_at = models.DateTimeField(null=True)
    floor_seq = models.PositiveBigIntegerField(default=0)
    floor_number = models.PositiveBigIntegerField(default=0)
    floor_index = models.PositiveBigIntegerField(default=0)
    # Counted under the same lock, so that a size limit holds when many join at once.
    member_count = models.PositiveIntegerField(default=0)

    # No index but the key: PostgreSQL then writes a new version of the row without touching any.

    def __str__(self) -> str:
        return f"{self.room_id} at {self.last_seq}"


class LogEntry(models.Model):
    """A durable change of a room that is not the creation of a message."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="log_entries")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="logentry_room_seq")]
        verbose_name_plural = "log entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"


class LogEpoch(models.Model):
    """The age of all logs: a new row begins after a restore or a failover that may have lost commits.

    Cursors of an older epoch may name entries that no longer exist, so they mean nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    began_at = models.DateTimeField(default=timezone.now, editable=False)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-began_at"]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def current(cls) -> str:
        """The newest epoch's id; the first migration made one."""
        return str(cls.objects.values_list("id", flat=True).order_by("-began_at")[0])


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> MembershipQuerySet:
        return self.filter(left_at__isnull=True)

    def of_room(self, room: Room) -> MembershipQuerySet:
        return self.filter(room=room)


class Membership(models.Model):
    """A user's place in a room: role, limits, and how far they have read."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=9, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True, help_text="May read but not write until then.")
    permissions = models.JSONField(default=dict, blank=True, help_text='Overrides of the table, e.g. {"post": false}.')
    notification_level = models.CharField(max_length=8, choices=NotificationLevel, default=NotificationLevel.ALL)
    notifications_muted_until = models.DateTimeField(null=True, blank=True)

    # The private read position: moves both ways. In numbers, and in messages that count as unread.
    read_number = models.PositiveBigIntegerField(default=0)
    read_index = models.PositiveBigIntegerField(default=0)
    last_read_at = models.DateTimeField(null=True, blank=True)
    # When the member wrote last: slow mode counts from then.
    last_sent_at = models.DateTimeField(null=True, blank=True)
    # What others may know: up to which number the member's devices received and they read. Only
    # ever forward, and not at all while they keep their receipts to themselves.
    received_upto = models.PositiveBigIntegerField(default=0, db_default=0)
    read_upto = models.PositiveBigIntegerField(default=0, db_default=0)
    # They tell of messages behind this one only: not of those from before the member joined, nor
    # of those from a time in which they kept their receipts to themselves.
    receipts_since = models.PositiveBigIntegerField(default=0, db_default=0)
    # Where the room stands in the member's own side bar: NULL is by name, or by activity.
    is_favourite = models.BooleanField(default=False, db_default=False)
    section = models.ForeignKey(
        "SidebarSection", on_delete=models.SET_NULL, null=True, blank=True, related_name="memberships"
    )
    sidebar_position = models.FloatField(null=True, blank=True)

    objects: ClassVar[models.Manager[Membership]] = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="membership_room_user"),
            models.UniqueConstraint(
                fields=["room"], condition=Q(role=Role.OWNER, left_at__isnull=True), name="membership_one_owner"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "room"], condition=Q(left_at__isnull=True), name="membership_rooms_of_user"),
            models.Index(
                fields=["room", "joined_at", "id"], condition=Q(left_at__isnull=True), name="membership_seniority"
            ),
            # Lists of members, and who inherits a room: by role, and in each by seniority.
            models.Index(
                fields=["room", "role", "joined_at", "id"],
                condition=Q(left_at__isnull=True),
                name="membership_by_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"

    @property
    def is_current(self) -> bool:
        return self.left_at is None


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Those that can still be used, as far as their own row says; the room is another matter."""
        return (
            self.filter(state=Invitation.State.OPEN)
            .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
            .filter(Q(uses_max__isnull=True) | Q(uses__lt=models.F("uses_max")))
        )

    def waiting_for(self, user: User) -> InvitationQuerySet:
        """Those on which the user's word is awaited. Those made by people whom they blocked are not shown."""
        blocked = user.blocks.values("blocked_id")
        rooms = Room.objects.filter(deleted_at__isnull=True, archived_at__isnull=True)
        return self.open().filter(user=user, room__in=rooms).exclude(made_by__in=blocked)


class Invitation(models.Model):
    """A way into a room that is not listed for one: a link for whoever has it, or a question to one person.

    The code of a link is kept as it is, since those who manage a room have to copy it again. It opens
    no more than what whoever reads the database has read already.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        REVOKED = "revoked", "Revoked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="invitations")
    code = models.CharField(max_length=32, unique=True, null=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    expires_at = models.DateTimeField(null=True, blank=True)
    uses_max = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Invitation]] = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__isnull=True, user__isnull=False) | Q(code__isnull=False, user__isnull=True),
                name="invitation_link_or_person",
            ),
            models.UniqueConstraint(
                fields=["room", "user"], condition=Q(state="open", user__isnull=False), name="invitation_one_open"
            ),
        ]
        indexes = [models.Index(fields=["room", "-created_at", "id"], name="invitation_of_room")]

    def __str__(self) -> str:
        return f"{self.room}: {'link' if self.code else self.user}"


class BanQuerySet(models.QuerySet["Ban"]):
    def standing(self) -> BanQuerySet:
        """Those that keep out now; others have ended by their time."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=timezone.now()))


class Ban(models.Model):
    """Somebody who may not come into a room, whoever lets them in. Lifting it removes the row."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="bans")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until lifted.")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Ban]] = BanQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="ban_room_user")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


SECTION_NAME_MAX_LENGTH = 50


class SidebarSection(models.Model):
    """A heading of somebody's own in their side bar."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sidebar_sections")
    name = models.CharField(max_length=SECTION_NAME_MAX_LENGTH)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["user", "position"], name="sidebarsection_order")]

    def __str__(self) -> str:
        return self.name
