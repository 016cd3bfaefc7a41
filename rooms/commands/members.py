"""Who is in a room, over the socket: members, bans and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from accounts.doing import does, given
from accounts.models import User
from realtime.commands import Command
from realtime.errors import Invalid
from rooms import services
from rooms.api import shapes
from rooms.commands.reaching import PACE, OfMember, joined
from rooms.invitations import asked_of, within_reach

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class MemberChange(Command, kw_only=True):
    room: UUID
    user: UUID
    role: Literal["admin", "moderator", "member"] | None = None
    # null lets them write again; left out, it stays.
    muted_until: _Moment | UnsetType | None = UNSET
    permissions: dict[str, bool] | None = None


class MemberBan(Command, kw_only=True):
    room: UUID
    user: UUID
    reason: str = ""
    until: _Moment | None = None


class Invite(Command, kw_only=True):
    room: UUID
    # Whom to ask; without it a link is made, with these limits.
    user: UUID | None = None
    expires_at: _Moment | None = None
    uses_max: int | None = None


class Answer(Command, kw_only=True):
    invitation: UUID
    accept: bool


class OfInvitation(Command, kw_only=True):
    invitation: UUID


class OfLink(Command, kw_only=True):
    code: str


@does("member.add", OfMember, pace=PACE)
def member_add(user: User, fields: OfMember) -> shapes.Member:
    return shapes.members(services.add_members(user, joined(user, fields.room), [fields.user]))[0]


@does("member.change", MemberChange, pace=PACE)
def member_change(user: User, fields: MemberChange) -> shapes.Member:
    changes = given(fields, "muted_until")
    changes |= {name: value for name in ("role", "permissions") if (value := getattr(fields, name)) is not None}
    return shapes.members([services.change_member(user, joined(user, fields.room), fields.user, **changes)])[0]


@does("member.remove", OfMember, pace=PACE)
def member_remove(user: User, fields: OfMember) -> None:
    services.remove_member(user, joined(user, fields.room), fields.user)


@does("member.ban", MemberBan, pace=PACE)
def member_ban(user: User, fields: MemberBan) -> None:
    services.ban(user, joined(user, fields.room), fields.user, reason=fields.reason, until=fields.until)


@does("member.unban", OfMember, pace=PACE)
def member_unban(user: User, fields: OfMember) -> None:
    services.unban(user, joined(user, fields.room), fields.user)


@does("room.invite", Invite, pace=PACE)
def room_invite(user: User, fields: Invite) -> shapes.InvitationOut:
    room = joined(user, fields.room)
    if fields.user is None:
        made = services.invite_by_link(user, room, expires_at=fields.expires_at, uses_max=fields.uses_max)
        return shapes.invitation(made)
    if fields.expires_at is not None or fields.uses_max is not None:
        raise Invalid("An invitation of one person takes no limits: give “user” alone.")
    return shapes.invitation(services.invite(user, room, fields.user))


@does("invitation.answer", Answer, pace=PACE)
def invitation_answer(user: User, fields: Answer) -> shapes.InvitationOut:
    asked = asked_of(user, fields.invitation)
    services.answer(user, asked, accept=fields.accept)
    return shapes.invitation(asked)


@does("invitation.revoke", OfInvitation, pace=PACE)
def invitation_revoke(user: User, fields: OfInvitation) -> None:
    services.revoke(user, within_reach(user, fields.invitation))


@does("link.accept", OfLink, pace=PACE)
def link_accept(user: User, fields: OfLink) -> shapes.RoomDetail | shapes.ListedRoom:
    return shapes.detail(user, services.accept_link(user, fields.code).room)
