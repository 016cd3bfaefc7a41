"""What the calls about messages take. Types are checked here, rules by `append` and the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from chat_project.api.fields import Limit, Moment, Number, Text
from messaging.pages import PAGE_DEFAULT

# Log pages are read by programs that follow a room; a hundred is a quiet day of it.
LOG_PAGE_DEFAULT = 100


class PageQuery(serializers.Serializer[Mapping[str, Any]]):
    before = Number(required=False, help_text="Messages with a lower number than this, the newest of them.")
    after = Number(required=False, help_text="Messages with a higher number than this, the oldest of them.")
    around = Number(required=False, help_text="Messages on both sides of this number.")
    at = Moment(required=False, help_text="Messages on both sides of the first one said at or after this moment.")
    limit = Limit(default=PAGE_DEFAULT)


class Poll(serializers.Serializer[Mapping[str, Any]]):
    options = serializers.ListField(child=Text(), help_text="2 to 12 different ones, of up to 100 characters.")
    multiple = serializers.BooleanField(default=False)
    anonymous = serializers.BooleanField(default=False, help_text="Nobody learns who chose what.")
    closes_at = Moment(required=False, allow_null=True)


class MessageEdit(serializers.Serializer[Mapping[str, Any]]):
    content = Text()
    base_seq = Number(
        required=False, help_text="The newest `edited_seq` (or else `seq`) that the editor knew; or as `If-Match`."
    )


class NewMessage(serializers.Serializer[Mapping[str, Any]]):
    content = Text()
    client_id = serializers.UUIDField(
        required=False, help_text="Names the send: repeated with the same id, it is stored once."
    )
    reply_to = serializers.UUIDField(required=False, allow_null=True, help_text="A message of the same room.")
    thread = serializers.UUIDField(
        required=False, allow_null=True, help_text="The message whose thread this replies in."
    )
    silent = serializers.BooleanField(default=False, help_text="Notify nobody.")
    poll = Poll(required=False, allow_null=True, help_text="What the message asks; its content is the question.")
    attachments = serializers.ListField(child=serializers.JSONField(), required=False, max_length=0)
    client_time = Moment(required=False, allow_null=True, help_text="Within five minutes of the server's clock.")
    attempt = Number(
        required=False, allow_null=True, min_value=1, max_value=1000, help_text="Which try this is; kept in `metadata`."
    )


class LogQuery(serializers.Serializer[Mapping[str, Any]]):
    after = Number(default=0, help_text="The last `seq` that is known.")
    limit = Limit(default=LOG_PAGE_DEFAULT)
    epoch = serializers.UUIDField(required=False, help_text="The epoch that `after` is of.")


class NewPosition(serializers.Serializer[Mapping[str, Any]]):
    number = Number(required=False, help_text="Read up to this message; never moves back.")
    unread_from = Number(required=False, min_value=1, help_text="Unread from this message on; moves back.")


class NewReceived(serializers.Serializer[Mapping[str, Any]]):
    number = Number(min_value=1, help_text="Received up to this message. One that does not exist yet is passed over.")
