"""Messages and the record of every send.

References to messages carry no database constraint: PostgreSQL could otherwise not drop or
detach a partition. A purge removes what refers to a range of ids.

What all members see of a message is on its row, counts included, written under the lock of the
room's head: pages, events and replays read one row and join nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models

from rooms.models import Membership, Room

if TYPE_CHECKING:
    from accounts.models import User


class Kind(models.TextChoices):
    TEXT = "text", "Text"
    IMAGE = "image", "Image"
    VIDEO = "video", "Video"
    AUDIO = "audio", "Audio"
    FILE = "file", "File"
    SYSTEM = "system", "System"
    JOIN = "join", "Join"
    LEAVE = "leave", "Leave"


# Kinds that tell of the room itself: they do not count as unread, and members cannot delete them.
NOTICES = frozenset({Kind.SYSTEM, Kind.JOIN, Kind.LEAVE})


class MessageQuerySet(models.QuerySet["Message"]):
    """Paging reads as a sentence: `Message.objects.in_room(room).before(number).newest(50)`."""

    def in_room(self, room: Room | UUID) -> MessageQuerySet:
        return self.filter(room_id=room.id if isinstance(room, Room) else room)

    def reachable_by(self, user: User) -> MessageQuerySet:
        """Messages of the rooms that the user is a member of now: the root of every look-up.

        What lies below a room's floor is gone, also while a purge is still removing its rows.
        """
        mine = Membership.objects.filter(user=user, left_at__isnull=True, room__deleted_at__isnull=True)
        return self.filter(room_id__in=mine.values("room_id")).above_the_floor()

    def above_the_floor(self) -> MessageQuerySet:
        """Those that a purge has not taken, though it may still be removing the rows of others."""
        return self.filter(number__gt=models.F("room__head__floor_number"))

    def in_the_flow(self) -> MessageQuerySet:
        """Those that stand in the room itself, not only in a thread."""
        return self.filter(in_flow=True)

    def before(self, number: int) -> MessageQuerySet:
        return self.filter(number__lt=number)

    def after(self, number: int) -> MessageQuerySet:
        return self.filter(number__gt=number)

    def newest(self, limit: int) -> MessageQuerySet:
        return self.order_by("-number")[:limit]

    def oldest(self, limit: int) -> MessageQuerySet:
        return self.order_by("number")[:limit]


class Message(models.Model):
    """One message of a room, in the room's order by `seq`, `number` and `id` alike."""

    # UUIDv7: within a room, id order is seq order is commit order, whatever the clocks do.
    id = models.UUIDField(primary_key=True, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.PositiveBigIntegerField(editable=False)
    # Dense among the messages of the room; permalinks, paging and receipts speak in numbers.
    number = models.PositiveBigIntegerField(editable=False)
    # How many messages that count as unread the room has had, up to and including this one.
    unread_index = models.PositiveBigIntegerField(editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="messages", db_index=False
    )
    content = models.TextField(blank=True)
    html = models.TextField(blank=True)
    client_id = models.UUIDField(null=True)
    client_time = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict, blank=True)
    reply_to = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="replies"
    )
    thread_root = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="thread"
    )
    # Of a thread's root: how many replies it has. Of a reply: which of them it is, dense from 1.
    thread_count = models.PositiveIntegerField(default=0, db_default=0)
    thread_index = models.PositiveIntegerField(null=True)
    # False for a reply that stands in its thread only; it does not count as unread in the room.
    in_flow = models.BooleanField(default=True, db_default=True)
    # Notifies nobody, and does not count as unread.
    silent = models.BooleanField(default=False, db_default=False)
    # Ids of those whom it mentions, and the words “room” and “here”.
    mentions = models.JSONField(default=list, db_default=[], blank=True)
    # [{"emoji", "count"}] in the order of their first use.
    reactions = models.JSONField(default=list, db_default=[], blank=True)
    # Its poll as all see it (`wire.PollOut`); the votes are rows of their own.
    poll = models.JSONField(null=True)
    # [{"url", "title", "description", "site"}] of links that it has.
    previews = models.JSONField(default=list, db_default=[], blank=True)
    pinned_at = models.DateTimeField(null=True)
    # The renderer that made `html`: what an older one made is made anew in the background.
    html_version = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    # The log's number of the newest edit: an editor who knew less has overlooked one.
    edited_seq = models.PositiveBigIntegerField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Message]] = MessageQuerySet.as_manager()

    class Meta:
        # On PostgreSQL the table is partitioned by month of `id`; there each partition holds these
        # as unique indexes of its own. The lock on the room's head keeps them unique overall.
        indexes = [
            models.Index(fields=["room", "number"], name="message_room_number"),
            models.Index(fields=["room", "seq"], name="message_room_seq"),
            models.Index(fields=["sender", "id"], name="message_sender"),
            models.Index(
                fields=["thread_root", "thread_index"],
                condition=models.Q(thread_root__isnull=False),
                name="message_thread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class SendRecord(models.Model):
    """What became of a client's send, kept for good: a retry however late finds its message here."""

    pk = models.CompositePrimaryKey("sender_id", "client_id")
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="send_records"
    )
    client_id = models.UUIDField()
    message_id = models.UUIDField()
    room_id = models.UUIDField()
    # SHA-256 of the draft as it was sent; another draft under the same client_id is a conflict.
    digest = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.client_id} of {self.sender_id}"
