"""Deleting a message: a tombstone stays where it was."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from messaging import search
from messaging.changing import MessageChange, changing_message
from messaging.events import IMPORTED
from messaging.models import NOTICES, Mention, Message, MessageRevision, Pin, Poll, PollVote, Reaction
from messaging.wire import MessageOut
from realtime.errors import Forbidden
from rooms.permissions import Action
from rooms.services import Actor

# What hangs on a message and goes with its content. Later apps add theirs (`on_delete`).
_HANGING = (Mention, MessageRevision, Pin, Poll, PollVote, Reaction)

_removers: list[Callable[[Message], object]] = []


def on_delete(remove: Callable[[Message], object]) -> None:
    """Register what else goes with a message's content; called in the transaction that deletes it."""
    _removers.append(remove)


def delete(actor: Actor, message_id: UUID) -> MessageOut:
    """Leave a tombstone where the message was; its content is gone from the database.

    One's own, or another's as the room's table allows; staff any. Deleting twice changes nothing.
    NotFound, Forbidden.
    """
    with changing_message(actor, message_id) as change:
        _check_may_delete(change)
        message = change.message
        if message.deleted_at is not None:
            return change.written()
        message.deleted_at = change.now
        message.content = message.html = ""
        message.mentions, message.reactions, message.previews = [], [], []
        message.poll = message.pinned_at = None
        # A notice of another system's past stays one: it would end or begin a membership here.
        message.metadata = {name: value for name, value in message.metadata.items() if name == IMPORTED}
        message.save(
            update_fields=[
                *("deleted_at", "content", "html", "mentions", "reactions", "previews", "poll", "pinned_at"),
                "metadata",
            ]
        )
        search.remove(message)
        for model in _HANGING:
            model._default_manager.filter(message_id=message.pk).delete()
        for remove in _removers:
            remove(message)
        if not change.is_own:
            change.record("message.deleted")
        return change.tell_whole("message.deleted")


def _check_may_delete(change: MessageChange) -> None:
    if change.is_staff:
        return  # those who run the installation answer for what is on it
    if change.message.kind in NOTICES:
        raise Forbidden("Notices of the room stay: they tell what happened.")
    if not change.may(Action.DELETE_OWN if change.is_own else Action.DELETE_OTHERS):
        raise Forbidden("You may not delete this message.")
