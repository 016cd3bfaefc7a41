"""The socket commands on contacts and blocks: thin, each ends in a service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from accounts import relations
from accounts.models import User
from accounts.relations import BlockOut, RequestOut
from accounts.search import whom
from accounts.services import blocks, contacts
from realtime import pool
from realtime.commands import Command, command
from realtime.connection import Connection
from realtime.errors import RateLimited
from realtime.frames import ack, encode_json
from realtime.limits import Buckets

# A person decides about people once in a while.
_BUCKETS = Buckets(rate=1, burst=20)


class ContactAsk(Command, kw_only=True):
    user: UUID | None = None
    username: str | None = None
    note: str = ""


class OfRequest(Command, kw_only=True):
    request: UUID


class OfPerson(Command, kw_only=True):
    user: UUID


class BlockAdd(Command, kw_only=True):
    user: UUID
    reason: str = ""


@command("contact.request", ContactAsk, scope="write")
async def contact_request(connection: Connection, fields: ContactAsk) -> None:
    await _do(connection, fields, _ask, fields.user, fields.username, fields.note)


@command("contact.accept", OfRequest, scope="write")
async def contact_accept(connection: Connection, fields: OfRequest) -> None:
    await _do(connection, fields, _decided, contacts.accept, fields.request)


@command("contact.decline", OfRequest, scope="write")
async def contact_decline(connection: Connection, fields: OfRequest) -> None:
    await _do(connection, fields, _decided, contacts.decline, fields.request)


@command("contact.cancel", OfRequest, scope="write")
async def contact_cancel(connection: Connection, fields: OfRequest) -> None:
    await _do(connection, fields, _decided, contacts.cancel, fields.request)


@command("contact.remove", OfPerson, scope="write")
async def contact_remove(connection: Connection, fields: OfPerson) -> None:
    await _do(connection, fields, contacts.remove, fields.user)


@command("block.add", BlockAdd, scope="write")
async def block_add(connection: Connection, fields: BlockAdd) -> None:
    await _do(connection, fields, _block, fields.user, fields.reason)


@command("block.remove", OfPerson, scope="write")
async def block_remove(connection: Connection, fields: OfPerson) -> None:
    await _do(connection, fields, blocks.unblock, fields.user)


async def _do(connection: Connection, command: Command, verb: Callable[..., Any], *args: Any) -> None:
    """Have the socket's user do it, and answer with what the verb returns: how things stand then."""
    identity = connection.identity
    if not identity.unthrottled and (wait := _BUCKETS.take(identity.user_id)):
        raise RateLimited("You are changing very much at once. Wait a moment.", retry_after=round(wait, 3))
    written = await pool.run(_as_user, identity.user_id, verb, args)
    connection.send(ack(command.ref or "", encode_json(written)))


def _as_user(user_id: str, verb: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    return verb(User.objects.active().get(pk=user_id), *args)


def _ask(user: User, user_id: UUID | None, username: str | None, note: str) -> RequestOut:
    return relations.request_out(contacts.request(user, whom(user, user_id, username), note)[0])


def _decided(user: User, verb: Callable[[User, UUID], Any], request_id: UUID) -> RequestOut:
    return relations.request_out(verb(user, request_id))


def _block(user: User, user_id: UUID, reason: str) -> BlockOut:
    return relations.block_out(blocks.block(user, user_id, reason))
