"""Users: who somebody is, and whether they may come in. Sessions are allauth's."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import statuses

USERNAME_MIN, USERNAME_MAX = 3, 50

username_validators: list[Callable[[str], None]] = [
    MinLengthValidator(USERNAME_MIN),
    RegexValidator(r"\A[A-Za-z0-9_-]+\Z", "Use only letters, digits, “_” and “-”."),
]


class Availability(models.TextChoices):
    """What people say of whether they may be disturbed. Whether they are here is presence."""

    AUTOMATIC = "automatic", "As I am"
    DO_NOT_DISTURB = "dnd", "Do not disturb"
    INVISIBLE = "invisible", "Invisible"


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        """Those who may sign in now: not deactivated and not suspended."""
        return self.filter(is_active=True).exclude(
            Q(suspended_at__isnull=False) & (Q(suspended_until__isnull=True) | Q(suspended_until__gt=timezone.now()))
        )

    def with_accounts(self) -> UserQuerySet:
        """Without those who came by a name alone, for an hour: nobody adds them, writes to them or finds them."""
        return self.filter(visiting_until__isnull=True)

    def named(self, username: str) -> UserQuerySet:
        """The user of that name, without regard to case. (`iexact` compares UPPER, which has no index.)"""
        return self.alias(name_key=Lower("username")).filter(name_key=username.lower())

    def touch_rev(self) -> int:
        """Say that what these users may see or do, or where they stand, has changed.

        Call it in the transaction of the change: hubs compare `rev` and recheck the sockets.
        """
        return self.update(rev=F("rev") + 1)


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's manager (create_user, create_superuser) with this product's vocabulary."""

    def get_by_natural_key(self, username: str) -> User:
        return self.named(username).get()

    @classmethod
    def normalize_email(cls, email: str | None) -> str | None:
        """Lower case throughout, as allauth looks addresses up; none is NULL, for two empty ones would clash."""
        return email.strip().lower() or None if email else None


class User(AbstractBaseUser, PermissionsMixin):
    """A person, a bot or a guest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=USERNAME_MAX, validators=username_validators)
    email = models.EmailField(max_length=255, null=True, blank=True)
    phone = models.CharField(max_length=20, null=True, blank=True, unique=True)

    display_name = models.CharField(max_length=100, blank=True)
    avatar = models.ImageField(upload_to="avatars/", blank=True)
    bio = models.TextField(max_length=1000, blank=True)
    status_emoji = models.CharField(max_length=40, blank=True)
    status_text = models.CharField(max_length=100, blank=True)
    status_until = models.DateTimeField(null=True, blank=True)
    availability = models.CharField(max_length=9, choices=Availability, default=Availability.AUTOMATIC)
    availability_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until changed.")
    locale = models.CharField(max_length=12, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)

    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_verified = models.BooleanField(default=False)
    is_bot = models.BooleanField(default=False)
    is_guest = models.BooleanField(default=False)
    # A guest who came by a name alone, into one room: until when. None: an account like any other.
    visiting_until = models.DateTimeField(null=True, blank=True, editable=False)
    unthrottled = models.BooleanField(default=False, help_text="Exempt from rate limits (load tests, bridges).")
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until lifted.")
    suspension_reason = models.CharField(max_length=500, blank=True)

    # Goes up in the transaction that changes what the user may see or do or where they stand.
    rev = models.PositiveBigIntegerField(default=0, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("username"), name="user_username_unique", violation_error_message="This name is taken."
            ),
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", violation_error_message="This e-mail address is in use."
            ),
        ]
        indexes = [
            models.Index(fields=["email"], name="user_email"),  # allauth looks addresses up as they are
            models.Index(F("last_seen_at").desc(), name="user_last_seen"),
            models.Index(F("created_at").desc(), name="user_created"),
            # Looked at every few seconds, for those that have ended.
            models.Index(fields=["status_until"], condition=Q(status_until__isnull=False), name="user_status_until"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self.email = UserManager.normalize_email(self.email)

    @property
    def name(self) -> str:
        """What people see: the display name, or else the username."""
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def is_visitor(self) -> bool:
        """A guest without an account, who sees one room and has no right besides."""
        return self.visiting_until is not None

    @property
    def status(self) -> statuses.Status | None:
        """What the person says of themselves now. The columns may still hold what has ended."""
        return statuses.current(self.status_emoji, self.status_text, self.status_until)

    @property
    def is_suspended(self) -> bool:
        if self.suspended_at is None:
            return False
        return self.suspended_until is None or self.suspended_until > timezone.now()
