"""`manage.py bench_setup`: users, rooms and tokens for load clients, in bulk."""

from __future__ import annotations

import json
import os
import secrets
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from audit.services import record
from integrations.models import ApiToken
from integrations.tokens import digest_of, hint_of, new_token_text
from rooms.models import Kind, Membership, Role, Room, RoomHead

# Rows of one INSERT: a few dozen columns each stay far below what both databases accept.
BATCH = 1_000
# Runs are told apart by 24 random bits, so that one installation can be set up many times.
RUN_BYTES = 3


class Command(BaseCommand):
    help = (
        "Make users and rooms for load tests and write a JSON line per membership: "
        '{"user", "username", "token", "room", "slug"}. The users are exempt from rate limits.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--users", type=int, required=True, help="how many users to make")
        parser.add_argument("--rooms", type=int, required=True, help="how many rooms to make")
        parser.add_argument("--members", type=int, required=True, help="members of each room, users taken in turn")
        parser.add_argument("--kind", choices=[Kind.PRIVATE.value, Kind.PUBLIC.value], default=Kind.PRIVATE.value)
        parser.add_argument("--out", required=True, metavar="FILE", help="where the lines go; it holds live tokens")

    def handle(self, *, users: int, rooms: int, members: int, kind: str, out: str, **options: Any) -> None:
        if users < 1 or rooms < 1 or members < 1:
            raise CommandError("--users, --rooms and --members must each be at least 1.")
        if members > users:
            raise CommandError(f"A room of {members} members needs as many users; --users is {users}.")
        # Opened before anything is made: a path that cannot be written leaves nothing behind.
        try:
            file = os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w")
        except OSError as error:
            raise CommandError(f"Cannot write {out}: {error.strerror}.") from error
        with file:
            os.fchmod(file.fileno(), 0o600)
            with transaction.atomic():
                lines = list(set_up(users, rooms, members, Kind(kind)))
            file.writelines(json.dumps(line) + "\n" for line in lines)
        self.stdout.write(f"{users:,} users, {rooms:,} rooms, {len(lines):,} memberships: {out}")


def set_up(user_count: int, room_count: int, members: int, kind: Kind) -> Iterator[dict[str, str]]:
    """Make everything in the current transaction; give a line per membership, room after room."""
    run = secrets.token_hex(RUN_BYTES)
    users = [
        User(username=f"bench-{run}-{place}", password=make_password(None), unthrottled=True)
        for place in range(1, user_count + 1)
    ]
    tokens = [new_token_text() for _ in users]
    rooms = [
        Room(slug=f"bench-{run}-{place}", kind=kind, name=f"Benchmark {run} {place}", created_by=users[0])
        for place in range(1, room_count + 1)
    ]
    # The members of a room by their places among the users, who are dealt out like cards.
    places = [[(room * members + turn) % user_count for turn in range(members)] for room in range(room_count)]

    User.objects.bulk_create(users, BATCH)
    Room.objects.bulk_create(rooms, BATCH)
    RoomHead.objects.bulk_create([RoomHead(room=room, member_count=members) for room in rooms], BATCH)
    Membership.objects.bulk_create(
        [
            Membership(room=room, user=users[place], role=Role.OWNER if place == dealt[0] else Role.MEMBER)
            for room, dealt in zip(rooms, places, strict=True)
            for place in dealt
        ],
        BATCH,
    )
    ApiToken.objects.bulk_create(
        [
            ApiToken(user=user, name=f"bench {run}", hint=hint_of(token), digest=digest_of(token))
            for user, token in zip(users, tokens, strict=True)
        ],
        BATCH,
    )
    record(
        "benchmark.prepared",
        severity="notice",  # accounts without rate limits came to be
        details={"run": run, "users": user_count, "rooms": room_count, "members": members, "kind": kind},
    )
    for room, dealt in zip(rooms, places, strict=True):
        for place in dealt:
            user = users[place]
            yield {
                "user": str(user.pk),
                "username": user.username,
                "token": tokens[place],
                "room": str(room.pk),
                "slug": room.slug,
            }
