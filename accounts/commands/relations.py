"""The socket commands on contacts and blocks: thin, each ends in a service."""

from __future__ import annotations

from uuid import UUID

from accounts import relations
from accounts.doing import does, paced
from accounts.models import User
from accounts.relations import BlockOut, RequestOut
from accounts.search import whom
from accounts.services import blocks, contacts
from realtime.commands import Command
from realtime.limits import Buckets

# A person decides about people once in a while.
_PACE = paced(Buckets(rate=1, burst=20))


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


@does("contact.request", ContactAsk, pace=_PACE)
def contact_request(user: User, fields: ContactAsk) -> RequestOut:
    other = whom(user, fields.user, fields.username)
    return relations.request_out(contacts.request(user, other, fields.note)[0])


@does("contact.accept", OfRequest, pace=_PACE)
def contact_accept(user: User, fields: OfRequest) -> RequestOut:
    return relations.request_out(contacts.accept(user, fields.request))


@does("contact.decline", OfRequest, pace=_PACE)
def contact_decline(user: User, fields: OfRequest) -> RequestOut:
    return relations.request_out(contacts.decline(user, fields.request))


@does("contact.cancel", OfRequest, pace=_PACE)
def contact_cancel(user: User, fields: OfRequest) -> RequestOut:
    return relations.request_out(contacts.cancel(user, fields.request))


@does("contact.remove", OfPerson, pace=_PACE)
def contact_remove(user: User, fields: OfPerson) -> None:
    contacts.remove(user, fields.user)


@does("block.add", BlockAdd, pace=_PACE)
def block_add(user: User, fields: BlockAdd) -> BlockOut:
    return relations.block_out(blocks.block(user, fields.user, fields.reason))


@does("block.remove", OfPerson, pace=_PACE)
def block_remove(user: User, fields: OfPerson) -> None:
    blocks.unblock(user, fields.user)
