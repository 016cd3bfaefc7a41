"""What a Slack export holds, as far as it is read: everything else in it is ignored.

Fields that Slack leaves out or sets to null have defaults. `attachments`, `blocks` and `files`
stay dictionaries: their contents differ from app to app, and whatever is odd there is skipped.
"""

from __future__ import annotations

from typing import Any

import msgspec

Fields = dict[str, Any]


class Profile(msgspec.Struct):
    display_name: str | None = None
    real_name: str | None = None
    email: str | None = None
    title: str | None = None
    bot_id: str | None = None


class SlackUser(msgspec.Struct):
    """An entry of `users.json`."""

    id: str
    name: str | None = None
    real_name: str | None = None
    tz: str | None = None
    deleted: bool | None = False
    is_bot: bool | None = False
    is_restricted: bool | None = False
    is_ultra_restricted: bool | None = False
    profile: Profile = msgspec.field(default_factory=Profile)


class Remark(msgspec.Struct):
    """A topic or a purpose."""

    value: str | None = None


class Conversation(msgspec.Struct):
    """An entry of `channels.json`, `groups.json`, `mpims.json` or `dms.json`."""

    id: str
    name: str | None = None
    created: int | None = None  # Unix seconds; old exports write a string
    creator: str | None = None
    is_archived: bool | None = False
    members: list[str] = []
    topic: Remark | None = None
    purpose: Remark | None = None


class SlackMessage(msgspec.Struct):
    """An entry of a day's file. `ts` is both its time and its name within the conversation."""

    ts: str
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    text: str | None = None
    thread_ts: str | None = None
    edited: Fields | None = None
    file: Fields | None = None  # exports before 2018
    files: list[Fields] | None = None
    comment: Fields | None = None
    attachments: list[Fields] | None = None
    blocks: list[Fields] | None = None
    reactions: list[Fields] | None = None
    user_profile: Fields | None = None
    bot_profile: Fields | None = None

    def author(self) -> str | None:
        """The Slack id of the person who wrote it, if a person did."""
        if self.user:
            return self.user
        commenter = (self.comment or {}).get("user")
        return commenter if isinstance(commenter, str) else None
