"""`manage.py check_messages`: look for rows that refer to messages which do not exist."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.models import Message
from messaging.orphans import orphans


class Command(BaseCommand):
    help = "Find rows that refer to messages which do not exist (reads whole tables). Fails if there are any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove them, and clear such columns of messages")

    def handle(self, *, remove: bool, **options: Any) -> None:
        found = 0
        for each in orphans():
            count = each.rows.count()
            if not count:
                continue
            found += count
            self.stdout.write(f"{each.table}.{each.column}: {count}")
            if not remove:
                continue
            astray = each.rows.model._default_manager.filter(pk__in=list(each.rows.values_list("pk", flat=True)))
            if each.rows.model is Message:
                astray.update(**{each.column: None})
            else:
                astray.delete()
        if not found:
            self.stdout.write("All references to messages are right.")
        elif remove:
            self.stdout.write(f"Removed: {found}.")
        else:
            raise CommandError(f"{found} references name no message. `--remove` removes them.")
