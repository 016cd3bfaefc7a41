"""What a person lets others know of them, and lets them do."""

from __future__ import annotations

from django.db import models

from accounts.models.user import User


class Audience(models.TextChoices):
    """Who may know something of a person, or do something towards them. Nobody who is blocked, ever."""

    EVERYONE = "everyone", "Everyone"
    CONTACTS = "contacts", "My contacts"
    NOBODY = "nobody", "Nobody"


class Privacy(models.TextChoices):
    """What a person decides about: the fields of `PrivacySettings`, by name."""

    LAST_SEEN = "last_seen", "When I was last here"
    PRESENCE = "presence", "Whether I am here"
    PHONE = "phone", "My phone number"
    READ_RECEIPTS = "read_receipts", "What I have received and read"
    MESSAGES = "messages", "Write to me first"
    ROOMS = "rooms", "Add me to rooms"


# What holds for who never changed it. A number is given to a server, not to all who use it.
DEFAULTS: dict[Privacy, Audience] = {
    **dict.fromkeys(Privacy, Audience.EVERYONE),
    Privacy.PHONE: Audience.CONTACTS,
}


def _audience(what: Privacy, help_text: str = "") -> models.CharField[str, str]:
    return models.CharField(
        max_length=8, choices=Audience, default=DEFAULTS[what], verbose_name=what.label, help_text=help_text
    )


class PrivacySettings(models.Model):
    """A row of the person's decisions. Who has no row has the defaults."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="privacy")
    last_seen = _audience(Privacy.LAST_SEEN)
    presence = _audience(Privacy.PRESENCE)
    phone = _audience(Privacy.PHONE)
    read_receipts = _audience(
        Privacy.READ_RECEIPTS, help_text="Whoever does not see yours does not show you theirs, and the other way round."
    )
    messages = _audience(Privacy.MESSAGES, help_text="Whoever you have answered may go on writing.")
    rooms = _audience(Privacy.ROOMS, help_text="Others can send you an invitation, which you accept or not.")

    class Meta:
        verbose_name_plural = "privacy settings"

    def __str__(self) -> str:
        return f"privacy of {self.user_id}"
