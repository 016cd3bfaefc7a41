"""How rooms come to be: made by somebody, or found again where people write to each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import privacy
from accounts.models import User
from realtime.errors import Forbidden, Gone, Invalid
from rooms import log, naming
from rooms.models import Kind, Membership, Room, RoomHead
from rooms.services.change import Actor, Change, Staff, entering, touch
from rooms.services.membership import ADDED_AT_ONCE_MAX, admit, check_may_add, find_people


def make_room(user: User, *, kind: str, members: Iterable[UUID] = (), **fields: Any) -> tuple[Room, bool]:
    """Make a room of any kind, as `create_room` and `direct_room` do; whether it was made now."""
    if kind == Kind.DIRECT:
        return direct_room(user, members)
    return create_room(user, kind=kind, members=members, **{"name": "", **fields}), True


def create_room(
    user: User,
    *,
    kind: str,
    name: str,
    slug: str | None = None,
    topic: str = "",
    members: Iterable[User | UUID] = (),
    by: Staff | None = None,
) -> Room:
    """Make a room that the user owns, with these people in it (users or their ids).

    `by` is who makes it for them, where it is not they themselves.

    Without a `slug`, the address is made of the name. Invalid: a field breaks its rule. Conflict:
    the slug is taken, or there are more people than fit. NotFound: nobody may meet one of them.
    Forbidden: one of them does not let the user add them to rooms.
    """
    if user.is_guest:
        raise Forbidden("Guests cannot make rooms.")
    if kind not in (Kind.PUBLIC, Kind.PRIVATE, Kind.CHANNEL):
        detail = "Choose public, private or channel."
        raise Invalid(detail, fields={"kind": [detail]})
    room = Room(kind=Kind(kind), name=naming.check_name(name), topic=naming.check_topic(topic), created_by=user)
    room.slug = naming.check_slug(slug) if slug else ""
    with transaction.atomic():
        others = [each for each in find_people(members) if each.pk != user.pk]
        if len(others) > ADDED_AT_ONCE_MAX:
            detail = f"Add up to {ADDED_AT_ONCE_MAX} people at once; others can be added later."
            raise Invalid(detail, fields={"members": [detail]})
        _insert(room)
        change = _begin(room, by or user)
        check_may_add(change, others)
        admit(change, [user, *others], owner=user)
        change.record("room.created", kind=room.kind, owner=user.username, members=[each.username for each in others])
        log.advance([change.head])
    return room


def direct_room(user: User, others: Iterable[User | UUID]) -> tuple[Room, bool]:
    """Return the room of exactly these people (users or their ids), and whether it was made now.

    With nobody else it is the user's notes to themselves. NotFound: nobody may meet one of the
    others. Invalid: more people than a direct room holds. Gone: moderators removed it. Forbidden: one
    of the others does not let the user write to them first; a room that is found again stays theirs.
    """
    ids = {user.pk} | {each.pk if isinstance(each, User) else each for each in others}
    if len(ids) > settings.ROOM_SIZE_LIMITS[Kind.DIRECT]:
        detail = (
            f"A direct conversation holds up to {settings.ROOM_SIZE_LIMITS[Kind.DIRECT]} people. Make a room instead."
        )
        raise Invalid(detail, fields={"members": [detail]})
    key = direct_key(ids)
    if found := _found_again(key):
        return found, False
    if user.is_guest:
        raise Forbidden("Guests cannot begin conversations.")
    try:
        return _make_direct(user, ids, key), True
    except IntegrityError:
        # Somebody else made it since we looked: the key is unique, so theirs is the one.
        if found := _found_again(key):
            return found, False
        raise


def direct_key(user_ids: Iterable[UUID]) -> str:
    """What the database knows a direct room by: its people, in one order."""
    return ".".join(sorted(user_id.hex for user_id in user_ids))


def _found_again(key: str) -> Room | None:
    room = Room.objects.filter(direct_key=key).first()
    if room is not None and room.deleted_at is not None:
        raise Gone("The moderators removed this conversation.")
    return room


def _make_direct(user: User, ids: Iterable[UUID], key: str) -> Room:
    """Insert the room. Nobody is told by a notice: its people learn of it by what they gained."""
    with transaction.atomic():
        people = find_people(sorted(ids))
        privacy.check_may_write_first(user, people)
        pk = uuid4()
        room = Room.objects.create(pk=pk, kind=Kind.DIRECT, slug=f"direct-{pk.hex}", direct_key=key, created_by=user)
        RoomHead.objects.create(room_id=room.pk, member_count=len(people))
        Membership.objects.bulk_create(Membership(room=room, user=each) for each in people)
        touch([each.pk for each in people])
    return room


def _begin(room: Room, actor: Actor) -> Change:
    """Make the room's head and lock it, as every change of a room begins."""
    RoomHead.objects.create(room_id=room.pk)
    return entering(room, log.lock([room.pk])[room.pk], actor)


def _insert(room: Room) -> None:
    """Insert the room under the slug that it has, or under a free one made of its name."""
    chosen = room.slug
    while True:
        room.slug = chosen or naming.free_slug(room.name)
        try:
            with transaction.atomic():
                return room.save(force_insert=True)
        except IntegrityError:
            if not Room.objects.filter(slug=room.slug).exists():
                raise  # it was not about the slug
            if chosen:
                raise naming.slug_taken() from None
            # Another took it between the look and the INSERT. Look again: it is seen as taken now.
