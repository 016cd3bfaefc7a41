"""What the calls about messages take. Types are checked here, rules by `append` and the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from messaging.pages import PAGE_DEFAULT
from rooms.api.fields import Limit, Moment, Number, Text

# Log pages are read by programs that follow a room; a hundred is a quiet day of it.
LOG_PAGE_DEFAULT = 100


class PageQuery(serializers.Serializer[Mapping[str, Any]]):
    before = Number(required=False, help_text="Messages with a lower number than this, the newest of them.")
    after = Number(required=False, help_text="Messages with a higher number than this, the oldest of them.")
    around = Number(required=False, help_text="Messages on both sides of this number.")
    limit = Limit(default=PAGE_DEFAULT)


class NewMessage(serializers.Serializer[Mapping[str, Any]]):
    content = Text()
    client_id = serializers.UUIDField(
        required=False, help_text="Names the send: repeated with the same id, it is stored once."
    )
    reply_to = serializers.UUIDField(required=False, allow_null=True, help_text="A message of the same room.")
    attachments = serializers.ListField(child=serializers.JSONField(), required=False, max_length=0)
    client_time = Moment(required=False, allow_null=True, help_text="Within five minutes of the server's clock.")


class LogQuery(serializers.Serializer[Mapping[str, Any]]):
    after = Number(default=0, help_text="The last `seq` that is known.")
    limit = Limit(default=LOG_PAGE_DEFAULT)
    epoch = serializers.UUIDField(required=False, help_text="The epoch that `after` is of.")


class NewPosition(serializers.Serializer[Mapping[str, Any]]):
    number = Number(required=False, help_text="Read up to this message; never moves back.")
    unread_from = Number(required=False, min_value=1, help_text="Unread from this message on; moves back.")
