"""Polls: a message's question with options to choose from, and who chose what."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from messaging.models.fields import MessageKey


class Poll(models.Model):
    """What a message asks. The question is the message's content; the counts stand on the message."""

    message = models.OneToOneField(
        "messaging.Message",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="poll_row",
    )
    options = models.JSONField()  # the texts, in order; votes name them by their place
    multiple = models.BooleanField(default=False)
    anonymous = models.BooleanField(default=False)
    closes_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["closes_at"], condition=Q(closed_at__isnull=True, closes_at__isnull=False), name="poll_closing"
            )
        ]

    def __str__(self) -> str:
        return f"poll of {self.message_id}"


class PollVote(models.Model):
    """One person's choice of one option. Kept of anonymous polls too, and shown to nobody there."""

    id = models.BigAutoField(primary_key=True)
    message = MessageKey(related_name="votes")
    option = models.PositiveSmallIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="votes")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user", "option"], name="pollvote_message_user_option")
        ]

    def __str__(self) -> str:
        return f"{self.option} of {self.user_id}"
