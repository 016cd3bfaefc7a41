"""Whether a draft may be stored: what the sender may do, as the database stood under the lock.

Drafts themselves are checked before (`drafts.Draft.check`); these checks need the facts of room,
membership and sender that a batch of `append` reads.
"""

from __future__ import annotations

from datetime import timedelta

from messaging import mentions, reach
from messaging.drafts import Draft, check_client_time
from messaging.mentions import Called
from messaging.models import NOTICES
from messaging.store.rows import Facts
from realtime.errors import Forbidden, Invalid, NotFound, ReadOnly, SlowMode
from rooms.log import Head
from rooms.permissions import Action, allows

# A poll that is open for longer is forgotten before it closes.
POLL_LONGEST = timedelta(days=366)


def check_may_append(draft: Draft, fact: Facts) -> None:
    """Raise why the sender may not store this draft, as the database stood under the lock."""
    if fact.room_kind is None or fact.username is None:
        raise NotFound("There is no such room.")
    if draft.reply_to is not None and fact.reply_id is None:
        raise NotFound("The message that this replies to is not in this room.")
    if draft.thread is not None:
        _check_thread(fact)
    check_is_member(draft, fact)
    if draft.imported_at is not None:
        return
    if not fact.is_active or (fact.suspended_at and (fact.suspended_until is None or fact.suspended_until > fact.now)):
        raise Forbidden("This account is suspended.")
    if fact.archived_at is not None:
        raise ReadOnly("This room is archived.")
    if fact.muted_until is not None and fact.muted_until > fact.now:
        raise ReadOnly(
            "A moderator has muted you in this room.", retry_after=(fact.muted_until - fact.now).total_seconds()
        )
    reach.check(fact.peer)
    if not _may(Action.REPLY if draft.reply_to or draft.thread else Action.POST, fact):
        raise ReadOnly("You can read this room but not write in it.")
    if draft.poll is not None:
        if not _may(Action.POLL, fact):
            raise Forbidden("Your role in this room does not allow polls.")
        if draft.poll.closes_at is not None and not fact.now < draft.poll.closes_at <= fact.now + POLL_LONGEST:
            detail = f"A poll closes at a time to come, within {POLL_LONGEST.days} days."
            raise Invalid(detail, fields={"poll": [detail]})
    if draft.client_time is not None:
        check_client_time(draft.client_time, fact.now)


def check_is_member(draft: Draft, fact: Facts) -> None:
    """Raise `NotFound` where the room is not, or no longer, one of the sender's; an import asks no such thing."""
    is_member = fact.membership_id is not None and fact.left_at is None and fact.deleted_at is None
    if draft.imported_at is None and not is_member:
        raise NotFound("There is no such room.")


def _may(action: Action, fact: Facts) -> bool:
    assert fact.role is not None, "asked of members only"
    assert fact.room_kind is not None, "a member's room exists"
    return allows(action, role=fact.role, kind=fact.room_kind, settings=fact.room_settings, overrides=fact.overrides)


def _check_thread(fact: Facts) -> None:
    if fact.thread_id is None:
        raise NotFound("The message whose thread this replies in is not in this room.")
    if fact.thread_root_id is not None or fact.thread_kind in NOTICES:
        detail = "A thread begins at a message that is no reply in a thread and no notice."
        raise Invalid(detail, fields={"thread": [detail]})


def check_may_call(called: Called, fact: Facts, head: Head) -> None:
    """Raise `Forbidden` where the sender may not call the whole room."""
    assert fact.role is not None, "a member's"
    assert fact.room_kind is not None, "a member's"
    mentions.check_may_call(
        called,
        role=fact.role,
        kind=fact.room_kind,
        settings_kept=fact.room_settings,
        overrides=fact.overrides,
        members=head.member_count,
    )


def check_pace(fact: Facts, *, sent_now: bool) -> None:
    """Raise `SlowMode` until the room's pause since the sender's last message is over."""
    pause = (fact.room_settings or {}).get("slow_mode_s", 0)
    if not pause or _may(Action.DELETE_OTHERS, fact):  # who moderates has to answer
        return
    last = fact.now if sent_now else fact.last_sent_at
    if last is not None and (wait := (last + timedelta(seconds=pause) - fact.now).total_seconds()) > 0:
        raise SlowMode("Slow mode is on in this room. Wait before you write again.", retry_after=wait)
