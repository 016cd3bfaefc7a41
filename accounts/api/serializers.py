"""How the REST API shows a user to themselves, and what they may change. Others see a `accounts.people.Person`."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import addresses, pictures
from accounts.models import Privacy, PrivacySettings, User
from accounts.people import avatar_url
from chat_project.api.fields import Moment, Strict, Text

MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"  # RFC 3339 in UTC with microseconds, as everywhere in the contract


class MeSerializer(serializers.ModelSerializer[User]):
    display_name = serializers.CharField(source="name", help_text="What others see: the username where none is set.")
    email = serializers.SerializerMethodField(help_text="The main address, confirmed or not.")
    avatar = serializers.SerializerMethodField(help_text="URL of the picture, 128 pixels wide and high.")
    avatars = serializers.SerializerMethodField(help_text="URLs of the picture by size in pixels.")
    status = serializers.SerializerMethodField(help_text="What the user says of themselves now.")
    status_emoji = serializers.SerializerMethodField(help_text="`status.emoji`, or nothing.")
    status_text = serializers.SerializerMethodField(help_text="`status.text`, or nothing.")
    created_at = serializers.DateTimeField(format=MOMENT)

    class Meta:
        model = User
        fields: ClassVar[list[str]] = [
            *("id", "username", "display_name", "avatar", "avatars", "email", "phone", "bio"),
            *("status", "status_text", "status_emoji", "locale", "time_zone"),
            *("is_staff", "is_bot", "is_guest", "is_verified", "created_at"),
        ]
        read_only_fields = fields

    def get_email(self, user: User) -> str | None:
        return addresses.main_of(user)

    def get_avatar(self, user: User) -> str | None:
        return avatar_url(user.avatar.name or "")

    def get_avatars(self, user: User) -> dict[str, str] | None:
        return pictures.urls(user.avatar.name or "")

    @extend_schema_field({"oneOf": [{"$ref": "#/components/schemas/Status"}, {"type": "null"}]})
    def get_status(self, user: User) -> dict[str, Any] | None:
        return msgspec.to_builtins(user.status) if user.status else None

    def get_status_emoji(self, user: User) -> str:
        return user.status.emoji if user.status else ""

    def get_status_text(self, user: User) -> str:
        return user.status.text if user.status else ""


class ProfileChange(Strict):
    """What is left out stays as it is; an empty string takes away what was there."""

    display_name = Text(required=False, help_text="Up to 100 characters in one line. Empty: the username is shown.")
    bio = Text(required=False, help_text="Up to 1,000 characters.")
    phone = Text(required=False, allow_null=True, help_text="With its country: +351912345678. In use once only.")
    locale = Text(required=False, help_text="A language that the interface is there in.")
    time_zone = Text(required=False, help_text="Of the time zone database, such as Europe/Lisbon.")


class StatusChange(Strict):
    """One emoji, some words, or both."""

    emoji = Text(required=False)
    text = Text(required=False, help_text="Up to 100 characters.")
    until = Moment(required=False, allow_null=True, help_text="When it ends by itself; null: never.")


class AvatarUpload(Strict):
    avatar = serializers.FileField(help_text="JPEG, PNG, WebP or GIF, up to 10 MB. Cut to a square around its middle.")


class PrivacySerializer(serializers.ModelSerializer[PrivacySettings]):
    """What the user lets others know and do. A field that is left out stays as it is."""

    class Meta:
        model = PrivacySettings
        fields: ClassVar[list[str]] = [str(what) for what in Privacy]
