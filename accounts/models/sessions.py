"""Where somebody is signed in: what people see of a session and what keeps it.

Django's session row is the session. This one stands beside it, follows its key, and goes with it
(`accounts.session_store`). The tokens of an app's session are bound to it.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.user import User
from accounts.user_agents import describe

# Half a SHA-256 would do; whoever has neither this nor SECRET_KEY forges no token.
SECRET_BYTES = 32
IN_USE = timedelta(minutes=3)


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


class DeviceSessionQuerySet(models.QuerySet["DeviceSession"]):
    def of(self, user: User) -> DeviceSessionQuerySet:
        """The user's sessions, the last used first. Whether each still stands its session row tells."""
        return self.filter(user=user, replaced_at__isnull=True).order_by("-last_used_at", "-created_at")


class DeviceSession(models.Model):
    """One device (a browser, an app) on which a user is signed in."""

    class Kind(models.TextChoices):
        BROWSER = "browser", "Browser"
        APP = "app", "App"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="device_sessions")
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.BROWSER)
    name = models.CharField(max_length=60, blank=True, help_text="Empty: made of the user agent.")
    ip = models.GenericIPAddressField(null=True, blank=True, verbose_name="IP address")
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)
    # A newer session took its place (single-session mode). Kept for a while, so that its sockets are told.
    replaced_at = models.DateTimeField(null=True, blank=True)

    # Of an app: what its tokens are signed with beside the server's key, how often they were
    # renewed, and what the refresh token of now is known by (its SHA-256).
    secret = models.BinaryField(max_length=SECRET_BYTES, default=new_secret, editable=False)
    generation = models.PositiveIntegerField(default=0, editable=False)
    refresh_digest = models.BinaryField(max_length=32, null=True, editable=False)
    rotated_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[models.Manager[DeviceSession]] = DeviceSessionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["user", "-last_used_at"], condition=Q(replaced_at__isnull=True), name="devicesession_of"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_in_use(self) -> bool:
        """Whether it was used in the last minutes: an open socket is noted once a minute."""
        return self.last_used_at > timezone.now() - IN_USE

    @property
    def label(self) -> str:
        """What the person calls the device, or else what it calls itself."""
        return self.name or describe(self.user_agent)
