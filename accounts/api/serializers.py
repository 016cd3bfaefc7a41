"""How the REST API shows a user to themselves. Others see a `accounts.people.Person`."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from accounts import addresses
from accounts.models import Privacy, PrivacySettings, User
from accounts.people import avatar_url

MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"  # RFC 3339 in UTC with microseconds, as everywhere in the contract


class MeSerializer(serializers.ModelSerializer[User]):
    display_name = serializers.CharField(source="name", help_text="What others see: the username where none is set.")
    avatar = serializers.SerializerMethodField(help_text="URL of the picture.")
    email = serializers.SerializerMethodField(help_text="The main address, confirmed or not.")
    created_at = serializers.DateTimeField(format=MOMENT)

    class Meta:
        model = User
        fields: ClassVar[list[str]] = [
            *("id", "username", "display_name", "avatar", "email", "bio"),
            *("status_text", "status_emoji", "locale", "time_zone"),
            *("is_staff", "is_bot", "is_guest", "is_verified", "created_at"),
        ]
        read_only_fields = fields

    def get_email(self, user: User) -> str | None:
        return addresses.main_of(user)

    def get_avatar(self, user: User) -> str | None:
        return avatar_url(user.avatar.name or "")


class PrivacySerializer(serializers.ModelSerializer[PrivacySettings]):
    """What the user lets others know and do. A field that is left out stays as it is."""

    class Meta:
        model = PrivacySettings
        fields: ClassVar[list[str]] = [str(what) for what in Privacy]
