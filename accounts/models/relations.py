"""What two people are to each other: contacts, requests to become that, blocks."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.user import User


class Contact(models.Model):
    """One direction of a pair: `other` is among the contacts of `user`. There are always both rows, or none."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contacts")
    other = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "other"], name="contact_user_other"),
            models.CheckConstraint(condition=~Q(user=F("other")), name="contact_not_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.other_id} of {self.user_id}"


class ContactRequestQuerySet(models.QuerySet["ContactRequest"]):
    def open(self) -> ContactRequestQuerySet:
        return self.filter(state=ContactRequest.State.PENDING)

    def received_by(self, user: User) -> ContactRequestQuerySet:
        """Those that wait for the user's word. One from somebody whom they blocked is not shown, nor refused."""
        blocked = Block.objects.filter(blocker=user).values("blocked_id")
        return self.open().filter(receiver=user, sender__is_active=True).exclude(sender__in=blocked)

    def sent_by(self, user: User) -> ContactRequestQuerySet:
        return self.open().filter(sender=user)


class ContactRequest(models.Model):
    """Somebody asks to be a contact of somebody. Once decided, it stays as it was decided."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sender = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contact_requests_sent")
    receiver = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contact_requests_received")
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[ContactRequest]] = ContactRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "receiver"], condition=Q(state="pending"), name="contactrequest_one_open"
            ),
            models.CheckConstraint(condition=~Q(sender=F("receiver")), name="contactrequest_not_oneself"),
        ]
        indexes = [
            models.Index(
                fields=["receiver", "created_at"], condition=Q(state="pending"), name="contactrequest_waiting"
            ),
            # Of one sender within an hour; and for staff, who look at the newest.
            models.Index(fields=["sender", "-created_at"], name="contactrequest_of_sender"),
            models.Index(F("created_at").desc(), name="contactrequest_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.sender_id} to {self.receiver_id}: {self.state}"


class Block(models.Model):
    """One wants nothing to do with another. The other is not told."""

    id = models.BigAutoField(primary_key=True)
    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=500, blank=True, help_text="For the person who blocks, and for moderators.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_blocker_blocked"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_not_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"
