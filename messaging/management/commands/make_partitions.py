"""`manage.py make_partitions`: make the coming months' partitions ahead of time."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from messaging import partitions


class Command(BaseCommand):
    help = "Make the messages table's partitions for this month and the coming ones (PostgreSQL)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--months", type=int, default=partitions.MONTHS_AHEAD, help="how many months beyond this one"
        )

    def handle(self, *, months: int, **options: Any) -> None:
        if not partitions.is_partitioned():
            self.stdout.write("SQLite keeps all messages in one table: nothing to do.")
            return
        made = partitions.ensure_coming(months)
        self.stdout.write("\n".join(made) if made else "All partitions are there already.")
