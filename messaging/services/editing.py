"""Editing a message: new content in its place, the old one kept as a revision."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from accounts.models import User
from messaging import mentions, rendering, search
from messaging.changing import NO_MESSAGE, MessageChange, changing_message
from messaging.drafts import FORWARDED, check_content
from messaging.mentions import Called
from messaging.models import NOTICES, Message, MessageRevision
from messaging.previews import work as previews
from messaging.wire import MessageOut
from realtime.errors import Conflict, Forbidden, NotFound
from rooms.permissions import Action


def edit(actor: User, message_id: UUID, content: str, *, base_seq: int | None = None) -> MessageOut:
    """Give a message of one's own other content; return it as it is then.

    `base_seq` is the newest edit that the editor knew (`edited_seq`, or else `seq`); a later
    number of the log does as well. Content that is the same already changes nothing, whatever the
    base. Conflict: there is a newer edit. Forbidden: it is another's, or too late. Five queries,
    and some where it calls people.
    """
    check_content(content)
    called, here, deaf = _called(actor, message_id, content)
    html = rendering.render(content, called)
    with changing_message(actor, message_id) as change:
        change.require_open()
        _check_may_edit(change)
        message = change.message
        if content == message.content:
            return change.written()
        if base_seq is not None and (message.edited_seq or message.seq) > base_seq:
            raise Conflict("This message has been edited meanwhile. Look at it as it is now and edit it again.")
        _check_may_call(change, called)
        seq = change.head.last_seq + 1  # of the entry that ends this change
        MessageRevision.objects.create(
            message=message, seq=seq, content=message.content, editor=actor, replaced_at=change.now
        )
        calls = message.mentions
        message.content, message.html, message.html_version = content, html, rendering.RENDERER_VERSION
        message.mentions, message.edited_at, message.edited_seq = mentions.people_of(called), change.now, seq
        message.previews = previews.kept_after_edit(message.previews, html)
        previews.ask([(message.pk, html)])
        search.save(message, ["content", "html", "html_version", "previews", "mentions", "edited_at", "edited_seq"])
        if calls != message.mentions:
            mentions.call_anew(message, called, here, deaf)
        return change.tell_whole("message.edited")


def _called(actor: User, message_id: UUID, content: str) -> tuple[Called, Collection[UUID], Collection[UUID]]:
    """Whom the content calls in the message's room, who is there, and who of all these has blocked the
    actor; looked up before its lock is held."""
    if not rendering.mentioned_names(content):
        return mentions.NOBODY, (), ()
    room_id = Message.objects.filter(pk=message_id).values_list("room_id", flat=True).first()
    if room_id is None:
        raise NotFound(NO_MESSAGE)
    called = mentions.resolve([(room_id, content)])[0]
    here = mentions.present_in(room_id, actor.pk) if mentions.HERE in called else ()
    return called, here, mentions.deaf_to([(actor.pk, called, here)]).get(actor.pk, ())


def _check_may_edit(change: MessageChange) -> None:
    if change.message.kind in NOTICES:
        raise Forbidden("Notices of the room stay: they tell what happened.")
    if not change.is_own:
        raise Forbidden("You can edit your own messages only.")
    if FORWARDED in change.message.metadata:
        raise Forbidden("These are somebody else's words. Delete your copy, or write beside it.")
    change.require(Action.EDIT_OWN)
    # Who may not write here any more does not write by rewriting either.
    is_reply = change.message.reply_to_id is not None or change.message.thread_root_id is not None
    change.require(Action.REPLY if is_reply else Action.POST)
    window = change.settings.edit_window_s
    if window is not None and change.now > change.message.created_at + timedelta(seconds=window):
        raise Forbidden("It is too late to edit this message: this room allows it for a while after sending.")


def _check_may_call(change: MessageChange, called: Called) -> None:
    """What an edit calls anew is as if it were sent; what was called before may stay."""
    mentions.check_may_call(
        {name: each for name, each in called.items() if each not in change.message.mentions},
        role=change.role or "",
        kind=change.message.room.kind,
        settings_kept=change.message.room.settings,
        overrides=change.overrides,
        members=change.head.member_count,
    )
