"""Threads: who follows one, and how far they have read it. Replies come to be in `append`."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.models import User
from messaging.changing import NO_MESSAGE
from messaging.events import thread_note
from messaging.models import NOTICES, Message, ThreadFollow
from realtime import bus
from realtime.errors import Invalid, NotFound
from rooms import log


def follow(user: User, root_id: UUID) -> ThreadFollow:
    """Have the user told of the thread's replies; what it has by now counts as read."""
    return _set(user, root_id, following=True)


def unfollow(user: User, root_id: UUID) -> ThreadFollow:
    """Have them told no longer; replying again does not bring them back."""
    return _set(user, root_id, following=False)


def mark_thread_read(user: User, root_id: UUID, index: int) -> ThreadFollow:
    """Move how far the user has read the thread; never back. Who does not follow it has no such place.

    Invalid: the thread has no such reply yet.
    """
    with transaction.atomic():
        root = thread_root(user, root_id)
        if not 0 <= index <= root.thread_count:
            detail = f"The thread's replies go up to {root.thread_count}."
            raise Invalid(detail, fields={"index": [detail]})
        held = ThreadFollow.objects.select_for_update(no_key=True).filter(root=root, user=user).first()
        if held is None:
            return ThreadFollow(root=root, room_id=root.room_id, user=user, following=False, read_index=index)
        if index > held.read_index:
            held.read_index = index
            held.save(update_fields=["read_index"])
            _tell(held, root)
    return held


def thread_root(user: User, root_id: UUID) -> Message:
    """The message as the root of a thread, if the user may see it. NotFound, Invalid."""
    root = Message.objects.reachable_by(user).filter(pk=root_id).select_related("sender").first()
    if root is None:
        raise NotFound(NO_MESSAGE)
    if root.thread_root_id is not None or root.kind in NOTICES:
        detail = "A thread begins at a message that is no reply in a thread and no notice."
        raise Invalid(detail, fields={"thread": [detail]})
    return root


def _set(user: User, root_id: UUID, *, following: bool) -> ThreadFollow:
    with transaction.atomic():
        # No purge takes the message away between the look at it and the row that refers to it.
        log.wait_for(Message.objects.filter(pk=root_id).values("room_id"))
        root = thread_root(user, root_id)
        held, made = ThreadFollow.objects.select_for_update(no_key=True).get_or_create(
            root=root,
            user=user,
            defaults={"room_id": root.room_id, "following": following, "read_index": root.thread_count},
        )
        if not made and held.following != following:
            held.following = following
            held.read_index = max(held.read_index, root.thread_count if following else 0)
            held.save(update_fields=["following", "read_index"])
        _tell(held, root)
    return held


def _tell(held: ThreadFollow, root: Message) -> None:
    """Tell the user's devices where they stand."""
    note = thread_note(
        held.user_id,
        held.room_id,
        root.pk,
        following=held.following,
        read=held.read_index,
        count=root.thread_count,
    )
    bus.publish_on_commit([note])
