"""Reactions: one person's emoji on a message, counted on the message itself."""

from __future__ import annotations

from uuid import UUID

import emoji as emoji_table
from django.db import connection

from accounts.models import User
from messaging.changing import MessageChange, changing_message
from messaging.models import EMOJI_MAX_LENGTH, NOTICES, Reaction
from messaging.wire import MessageOut
from realtime.errors import Conflict, Forbidden, Invalid
from rooms.permissions import Action


def react(actor: User, message_id: UUID, emoji: str) -> MessageOut:
    """Add the actor's emoji; return the message as it is then. Twice changes nothing.

    Invalid: it is no emoji. Conflict: the message has as many different ones as the room allows.
    Five queries.
    """
    emoji = check_emoji(emoji)
    with changing_message(actor, message_id) as change:
        _check_may_react(change)
        message = change.message
        counted = next((each for each in message.reactions if each["emoji"] == emoji), None)
        if counted is None and len(message.reactions) >= change.settings.reactions_max:
            raise Conflict("This message has as many different reactions as the room allows. Add to one of them.")
        if not _insert(change, emoji):
            return change.written()
        if counted is None:
            message.reactions.append({"emoji": emoji, "count": 1})
        else:
            counted["count"] += 1
        _tell_reaction(change, "reaction.added", emoji)
        return change.written()


def unreact(actor: User, message_id: UUID, emoji: str) -> MessageOut:
    """Take the actor's emoji back; return the message as it is then. Twice changes nothing."""
    emoji = check_emoji(emoji)
    with changing_message(actor, message_id) as change:
        _check_may_react(change)
        message = change.message
        gone, _ = Reaction.objects.filter(message=message, user=actor, emoji=emoji).delete()
        if not gone:
            return change.written()
        for each in message.reactions:
            if each["emoji"] == emoji:
                each["count"] -= 1
        message.reactions = [each for each in message.reactions if each["count"] > 0]
        _tell_reaction(change, "reaction.removed", emoji)
        return change.written()


def check_emoji(text: str) -> str:
    """Return the emoji, sequences and skin tones included, as it is kept. Invalid: it is none.

    Some can be written with and without the mark that asks for a picture (U+FE0F); they are kept
    in one way, so that they count together.
    """
    if len(text) <= EMOJI_MAX_LENGTH and emoji_table.is_emoji(text):
        return emoji_table.emojize(emoji_table.demojize(text))
    detail = "A reaction is one emoji."
    raise Invalid(detail, fields={"emoji": [detail]})


def _check_may_react(change: MessageChange) -> None:
    change.require_open()
    if change.message.kind in NOTICES:
        raise Forbidden("Notices of the room take no reactions.")
    change.require(Action.REACT)


def _insert(change: MessageChange, emoji: str) -> bool:
    """Write the row; False where it is there already. The ORM would not tell."""
    row = Reaction(message=change.message, user=change.actor, emoji=emoji, created_at=change.now)
    fields = [field for field in Reaction._meta.concrete_fields if not field.primary_key]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Reaction._meta.db_table} ({', '.join(str(field.column) for field in fields)})"
            f" VALUES ({', '.join(['%s'] * len(fields))}) ON CONFLICT DO NOTHING",
            [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields],
        )
        return bool(cursor.rowcount)


def _tell_reaction(change: MessageChange, kind: str, emoji: str) -> None:
    change.message.save(update_fields=["reactions"])
    count = next((each["count"] for each in change.message.reactions if each["emoji"] == emoji), 0)
    change.tell(kind, {"user": change.person, "emoji": emoji, "count": count})
