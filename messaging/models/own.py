"""What people keep for themselves: saved messages, drafts, messages to be sent later."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from messaging.models.fields import MessageKey
from rooms.models import Room

NOTE_MAX_LENGTH = 500


class SavedMessage(models.Model):
    """A message that somebody wants to find again, with a note of their own."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_messages", db_index=False
    )
    message = MessageKey(related_name="saved_by")
    note = models.CharField(max_length=NOTE_MAX_LENGTH, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "message"], name="saved_user_message")]
        indexes = [
            models.Index(fields=["user", "-id"], name="saved_user"),
            models.Index(fields=["message"], name="saved_message"),  # a purge looks by message
        ]

    def __str__(self) -> str:
        return f"{self.message_id} of {self.user_id}"


class ComposerDraft(models.Model):
    """What somebody has begun to write in a room, or in a thread of it, and not sent."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="drafts")
    thread_root = MessageKey(related_name="+", null=True)
    reply_to = MessageKey(related_name="+", null=True)
    content = models.TextField(blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "room"], condition=Q(thread_root__isnull=True), name="composerdraft_room"
            ),
            models.UniqueConstraint(
                fields=["user", "room", "thread_root"],
                condition=Q(thread_root__isnull=False),
                name="composerdraft_thread",
            ),
        ]
        indexes = [models.Index(fields=["user", "id"], name="composerdraft_user")]

    def __str__(self) -> str:
        return f"draft of {self.user_id} in {self.room_id}"


class ScheduledMessage(models.Model):
    """A message to be sent at a time to come. Its id is the send's `client_id`: it is stored once."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scheduled_messages", db_index=False
    )
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="scheduled_messages")
    content = models.TextField()
    reply_to = MessageKey(related_name="+", null=True)
    thread_root = MessageKey(related_name="+", null=True)
    silent = models.BooleanField(default=False)
    send_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    # Why it could not be sent, in words for its author.
    problem = models.CharField(max_length=500, blank=True)
    message = MessageKey(related_name="+", null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["send_at"], condition=Q(state="waiting"), name="scheduled_due"),
            models.Index(fields=["sender", "send_at", "id"], name="scheduled_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.state} for {self.send_at}"
