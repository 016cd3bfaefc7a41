"""What people do with a message: reactions, revisions, pins, mentions, threads that they follow.

Each row is somebody's act. What all members see of it together stands on the message as well.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from messaging.models.fields import MessageKey
from rooms.models import Room

EMOJI_MAX_LENGTH = 64  # a family of four with skin tones has 41 code points at most


class Reaction(models.Model):
    """One person's emoji on a message; one of each kind."""

    id = models.BigAutoField(primary_key=True)
    message = MessageKey(related_name="reaction_rows")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reactions")
    emoji = models.CharField(max_length=EMOJI_MAX_LENGTH)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # By emoji first: the list of who reacted with it is a range of this index.
            models.UniqueConstraint(fields=["message", "emoji", "user"], name="reaction_message_emoji_user")
        ]

    def __str__(self) -> str:
        return f"{self.emoji} of {self.user_id}"


class MessageRevision(models.Model):
    """A message's content as it stood until an edit."""

    id = models.BigAutoField(primary_key=True)
    message = MessageKey(related_name="revisions")
    # The log's number of the edit that replaced this content.
    seq = models.PositiveBigIntegerField()
    content = models.TextField()
    # Who wrote the edit that replaced it, and when.
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    replaced_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "seq"], name="revision_message_seq")]

    def __str__(self) -> str:
        return f"until {self.seq}"


class Pin(models.Model):
    """A message that a room keeps at hand."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="pins", db_index=False)
    message = MessageKey(related_name="pins")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message"], name="pin_message")]
        indexes = [models.Index(fields=["room", "-id"], name="pin_room")]

    def __str__(self) -> str:
        return f"pin of {self.message_id}"


class Mention(models.Model):
    """That a message calls somebody. One row for all where it calls the whole room: `user` is empty."""

    class Kind(models.TextChoices):
        USER = "user", "Person"
        ROOM = "room", "Everybody"
        HERE = "here", "Who is here"  # a row for each of those who were

    id = models.BigAutoField(primary_key=True)
    message = MessageKey(related_name="mention_rows")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.USER)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="mentions", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_message_user")]
        indexes = [
            # How many since a read position, and the inbox of a person, newest first.
            models.Index(fields=["user", "room", "number"], name="mention_user_room"),
            models.Index(fields=["user", "message"], name="mention_inbox"),
            models.Index(fields=["room", "number"], condition=models.Q(user__isnull=True), name="mention_whole_room"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.message_id}"


class ThreadFollow(models.Model):
    """Who is told of a thread's replies, and how far they have read it.

    Its author, those who reply and those who ask for it follow a thread; who stops stays in the
    table, so that the next reply does not bring them back.
    """

    id = models.BigAutoField(primary_key=True)
    root = MessageKey(related_name="followers")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="threads", db_index=False)
    following = models.BooleanField(default=True, db_default=True)
    read_index = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["root", "user"], name="threadfollow_root_user")]
        indexes = [models.Index(fields=["user", "-root"], condition=models.Q(following=True), name="threadfollow_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.root_id}"


class Receipt(models.Model):
    """That somebody received or read the messages of a room from one number to another, and when."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "Received"
        READ = "read", "Read"

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="receipts", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="receipts")
    kind = models.CharField(max_length=8, choices=Kind)
    from_number = models.PositiveBigIntegerField()
    to_number = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "kind", "user", "to_number"], name="receipt_room_kind_user"),
            models.CheckConstraint(
                condition=models.Q(from_number__lte=models.F("to_number")), name="receipt_ascending"
            ),
        ]
        indexes = [models.Index(fields=["room", "kind", "to_number"], name="receipt_message")]

    def __str__(self) -> str:
        return f"{self.kind} {self.from_number}–{self.to_number}"
