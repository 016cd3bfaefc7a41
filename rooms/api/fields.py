"""What comes in over REST is read in one way by all apps: `chat_project.api.fields`."""

from chat_project.api.fields import (
    BIGINT_MAX,
    CURSOR_MAX,
    PAGE_MAX,
    Cursor,
    Limit,
    Moment,
    Number,
    PageInput,
    Text,
    checked,
    cursor_of,
    key_of,
)

__all__ = [
    "BIGINT_MAX",
    "CURSOR_MAX",
    "PAGE_MAX",
    "Cursor",
    "Limit",
    "Moment",
    "Number",
    "PageInput",
    "Text",
    "checked",
    "cursor_of",
    "key_of",
]
