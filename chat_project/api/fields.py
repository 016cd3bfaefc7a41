"""What comes in over REST: strict fields, limits, and cursors of keyset pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from rest_framework import serializers

from realtime.errors import Invalid

T = TypeVar("T")

PAGE_MAX = 500
# Numbers and seqs are bigints in the database; what is larger names nothing.
BIGINT_MAX = 2**63 - 1
CURSOR_MAX = 1_000  # characters; ours have some two hundred


def checked(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return the input as the serializer understands it. ValidationError: what is wrong, by field."""
    bound = serializer(data=data)
    bound.is_valid(raise_exception=True)
    fields: dict[str, Any] = bound.validated_data
    return fields


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not have: a misspelt one would otherwise change nothing, in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({str(name): ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string as it was sent: neither trimmed nor made of a number. Its rules are the services'."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class Number(serializers.IntegerField):
    """A whole number, from 0 to what the database can hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": BIGINT_MAX, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        # `true` is 1 and "٣" is 3 to Python; neither is what a program means that sends it.
        if isinstance(data, bool) or not str(data).isascii():
            self.fail("invalid")
        number: int = super().to_internal_value(data)
        return number


class Limit(Number):
    """How many results a page has at most."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": PAGE_MAX, "required": False, **kwargs})


class Moment(serializers.DateTimeField):
    """A time with its offset from UTC: without one, nobody knows when it is."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise serializers.ValidationError("Give the time with its offset, for example 2025-01-31T09:30:00Z.")
        moment: datetime = super().enforce_timezone(value)
        return moment


class Cursor(serializers.CharField):
    """Where a keyset page begins: `next` of the page before, and opaque to clients."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": CURSOR_MAX, **kwargs})


def cursor_of(*key: Any) -> str:
    """Write the last row's key as a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def key_of(cursor: str, shape: type[T]) -> T:
    """Read a cursor back into a key of that shape. Invalid: it is not one of ours."""
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        key = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=shape)
        for part in key:  # type: ignore[attr-defined]
            if isinstance(part, str) and "\0" in part:
                raise ValueError("NUL")
            if isinstance(part, datetime):
                if part.tzinfo is None:
                    raise ValueError("no moment")
                part.astimezone(UTC)  # OverflowError: databases keep times in UTC
        return key
    except (ValueError, OverflowError, binascii.Error, msgspec.DecodeError) as error:
        detail = "This is not a cursor of this list. Begin without one."
        raise Invalid(detail, fields={"cursor": [detail]}) from error


class PageInput(serializers.Serializer[Mapping[str, Any]]):
    cursor = Cursor(help_text="`next` of the page before.")
    limit = Limit(default=100)
