"""`python -m benchmarks.members COUNT`: time the list of a room's members, in a room of COUNT people.

Makes the room if there is none of that size. Times what the panel reads: the first page of 50, the
page behind the 5,000th member, the newest one, a search that finds one person and one that finds a
tenth of them (of which it shows 50). With what Python makes of the rows; prints JSON, in milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings")
django.setup()

# ruff: noqa: E402 (models need the settings)
from django.db import connection
from django.utils import timezone

from accounts.models import User
from benchmarks.timing import timed
from chat_project.api.fields import cursor_of
from rooms.models import Kind, Membership, Role, Room, RoomHead
from rooms.roster import listing

SLUG = "members-benchmark"
LEADERS = 10  # admins and moderators each
ROWS_PER_INSERT = 1_000
GIVEN_NAMES = ["Ada", "Ben", "Chen", "Dara", "Emil", "Fatma", "Goran", "Hana", "Ivo", "Jun"]


def fill(count: int) -> Room:
    """Make a channel of that many people, who joined one after another."""
    now = timezone.now()
    people = [
        User(
            username=f"member-{n:06}",
            email=f"member-{n:06}@example.org",
            display_name=f"{GIVEN_NAMES[n % len(GIVEN_NAMES)]} Person{n:06}",
        )
        for n in range(count)
    ]
    User.objects.bulk_create(people, batch_size=ROWS_PER_INSERT)
    room = Room.objects.create(slug=SLUG, kind=Kind.CHANNEL, name="Members", created_by=people[0])
    RoomHead.objects.create(room=room, member_count=count)
    roles = [Role.OWNER, *[Role.ADMIN] * LEADERS, *[Role.MODERATOR] * LEADERS]
    Membership.objects.bulk_create(
        (
            Membership(
                room=room,
                user=user,
                role=roles[n] if n < len(roles) else Role.MEMBER,
                joined_at=now - timedelta(seconds=count - n),
            )
            for n, user in enumerate(people)
        ),
        batch_size=ROWS_PER_INSERT,
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # as autovacuum does soon after
            cursor.execute("ANALYZE")
    return Room.objects.select_related("head").get(pk=room.pk)


def key_of_nth(room: Room, n: int) -> str:
    """The key of the page behind the n-th member."""
    row = Membership.objects.filter(room=room, role=Role.MEMBER).order_by("joined_at", "id")[n - 2 * LEADERS - 1]
    return cursor_of(str(row.role), row.joined_at, row.pk)


def main(count: int) -> dict[str, Any]:
    room = Room.objects.select_related("head").filter(slug=SLUG, head__member_count=count).first() or fill(count)
    middle, last = key_of_nth(room, count // 2), key_of_nth(room, count - listing.PAGE - 1)
    asked: dict[str, tuple[Callable[[], listing.Members], int]] = {
        "first": (lambda: listing.page_of(room), listing.PAGE),
        "middle": (lambda: listing.page_of(room, middle), listing.PAGE),
        "last": (lambda: listing.page_of(room, last), listing.PAGE),
        "one": (lambda: listing.search(room, f"Person{count - 1:06}"), 1),
        "many": (lambda: listing.search(room, "ada"), listing.PAGE),
    }
    figures: dict[str, Any] = {"members": count}
    for name, (ask, expected) in asked.items():
        found = len(ask().rows)
        if found != expected:
            raise RuntimeError(f"{name} found {found} members, and not {expected}")
        figures[f"{name}_ms"] = timed(ask)
    return figures


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
