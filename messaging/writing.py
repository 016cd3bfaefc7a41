"""What a member can write in a room, as the composer must know it before anything is sent.

These facts only shape the page: every send is judged anew by `messaging.append`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.people import person_of
from accounts.privacy import IS_BLOCKED
from messaging import reach
from messaging.drafts import POLL_OPTION_MAX_LENGTH, POLL_OPTIONS_MAX
from messaging.wire import MessageOut
from rooms.models import Kind, Membership, Room
from rooms.permissions import RANK, Action, allows
from rooms.settings import RoomSettings, settings_of


@dataclass(frozen=True, slots=True)
class Silence:
    """Why somebody cannot write, in the composer's place: the name of an icon, and words."""

    icon: str
    words: str
    # It is the reader's own doing, and undone among their contacts.
    leads_to_contacts: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """A composer's facts. Times are whole seconds."""

    silence: Silence | None
    max_length: int
    may_poll: bool
    may_call: bool  # @room and @here
    members: int
    call_warning: int  # from so many members on, the client asks before everybody is called
    pause_s: int  # slow mode between two messages; 0 for those whom it does not bind
    wait_s: int  # of it, what is left now
    poll_options_max: int = POLL_OPTIONS_MAX
    poll_option_max_length: int = POLL_OPTION_MAX_LENGTH


def may(action: Action, room: Room, membership: Membership) -> bool:
    return allows(
        action, role=membership.role, kind=room.kind, settings=room.settings, overrides=membership.permissions
    )


def is_muted(membership: Membership) -> bool:
    """Whether a moderator has paused the member's writing, at this moment."""
    return membership.muted_until is not None and membership.muted_until > timezone.now()


def writing_of(room: Room, membership: Membership, *, in_thread: bool = False) -> Writing:
    """Return what the composer of a room, or of a thread in it, must know. `room.head` is loaded."""
    decided = settings_of(room.settings)
    members = room.head.member_count
    called_by_all = members <= settings.MENTION_ROOM_MAX_MEMBERS or RANK[membership.role] >= RANK["moderator"]
    pause = 0 if may(Action.DELETE_OTHERS, room, membership) else decided.slow_mode_s
    return Writing(
        silence=silence(room, membership, in_thread=in_thread),
        max_length=settings.MESSAGE_MAX_LENGTH,
        may_poll=may(Action.POLL, room, membership),
        may_call=may(Action.MENTION_ROOM, room, membership) and called_by_all,
        members=members,
        call_warning=settings.MENTION_WARN_MEMBERS,
        pause_s=pause,
        wait_s=_wait(membership, pause),
    )


def silence(room: Room, membership: Membership, *, in_thread: bool = False) -> Silence | None:
    """Why the member cannot write here, or None."""
    if room.archived_at is not None:
        return Silence("archive", "This room is archived. You can read it, and nobody can write in it.")
    if is_muted(membership):
        return Silence("alert", "You can read this room. A moderator has paused your writing here for now.")
    if closed := reach.refusal_of(reach.peer_in(room, membership.user_id)):
        return Silence("block", closed, leads_to_contacts=closed == IS_BLOCKED)
    if may(Action.REPLY if in_thread else Action.POST, room, membership):
        return None
    if room.kind == Kind.CHANNEL:
        return Silence("megaphone", "You follow this channel. Its moderators post here.")
    return Silence("lock", "You can read this room. Only some of its members can write here.")


def _wait(membership: Membership, pause: int) -> int:
    if not pause or membership.last_sent_at is None:
        return 0
    left = membership.last_sent_at + timedelta(seconds=pause) - timezone.now()
    return max(0, math.ceil(left.total_seconds()))


def blank_message(user: User, room: Room) -> MessageOut:
    """The message that the client clones for what it sends: the sender's own, still without a place."""
    return MessageOut(
        id="",
        room=str(room.pk),
        seq=0,
        number=0,
        kind="text",
        sender=person_of(user),
        content="",
        html="",
        client_id=None,
        reply_to=None,
        thread=None,
        attachments=[],
        reactions=[],
        mentions=[],
        poll=None,
        previews=[],
        metadata={},
        pinned=False,
        silent=False,
        in_flow=True,
        edited_seq=None,
        edited_at=None,
        deleted_at=None,
        created_at="",
    )


# --- How long, in words --------------------------------------------------------------------------

_UNITS = [(365 * 86_400, "year"), (30 * 86_400, "month"), (7 * 86_400, "week")]
_UNITS += [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]


def spell(seconds: int) -> str:
    """A duration in the largest unit that it is a whole number of: “7 days”, “90 minutes”."""
    if seconds == 7 * 86_400:
        return "7 days"
    size, name = next((unit for unit in _UNITS if seconds % unit[0] == 0), _UNITS[-1])
    count = seconds // size
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def retention_note(decided: RoomSettings) -> str:
    """What stands beside the room's name where messages do not stay; empty where they do."""
    return f"Messages disappear after {spell(decided.retention_s)}" if decided.retention_s else ""
