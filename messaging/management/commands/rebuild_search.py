"""`manage.py rebuild_search`: write the search index of all messages anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from messaging import search

BATCH = 500  # messages in one transaction: some 50 ms during which those cannot be edited


class Command(BaseCommand):
    help = (
        "Write the search index of all messages anew, oldest first. Needed once after an update from a version "
        "without search; the server may run meanwhile. Cut short, it goes on with --after."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--after", type=UUID, metavar="ID", help="go on behind the message of this id")
        parser.add_argument("--batch", type=int, default=BATCH, help=f"messages in one transaction ({BATCH})")

    def handle(self, *args: Any, after: UUID | None, batch: int, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch must be 1 or more.")
        place, total = after, 0
        while True:
            place, count = search.rebuild(place, batch)
            total += count
            if place is None:
                break
            if options["verbosity"] > 1:
                self.stdout.write(f"{total:,} messages, last {place}")
        if astray := search.remove_astray(batch):
            self.stdout.write(f"Removed {astray:,} entries of messages that do not exist.")
        self.stdout.write(self.style.SUCCESS(f"Indexed {total:,} messages."))
