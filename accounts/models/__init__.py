"""Users, where they are signed in, what they let others know and do, what two of them are to each other."""

from accounts.models.privacy import DEFAULTS, Audience, Privacy, PrivacySettings
from accounts.models.relations import Block, Contact, ContactRequest
from accounts.models.sessions import DeviceSession
from accounts.models.user import (
    USERNAME_MAX,
    USERNAME_MIN,
    Availability,
    User,
    UserManager,
    UserQuerySet,
    username_validators,
)

__all__ = [
    "DEFAULTS",
    "USERNAME_MAX",
    "USERNAME_MIN",
    "Audience",
    "Availability",
    "Block",
    "Contact",
    "ContactRequest",
    "DeviceSession",
    "Privacy",
    "PrivacySettings",
    "User",
    "UserManager",
    "UserQuerySet",
    "username_validators",
]
