"""Ids and times as they travel, on the socket and over REST, and what their JSON Schema says of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

Id = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
Timestamp = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "format": "date-time",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$",
        }
    ),
]


def timestamp(moment: datetime) -> Timestamp:
    """RFC 3339 in UTC with microseconds, also where they are zero: as text, times sort as they follow."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
