"""`manage.py new_epoch`: after a restore or a failover that may have lost commits."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from audit.services import record
from rooms.models import LogEpoch


class Command(BaseCommand):
    help = "Begin a new epoch of all logs: clients then read anew instead of resuming from lost entries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="restored from a backup")

    def handle(self, *, reason: str, **options: Any) -> None:
        with transaction.atomic():
            epoch = LogEpoch.objects.create(reason=reason)
            record("log.epoch_begun", target=epoch, severity="warning", details={"reason": reason})
        self.stdout.write(f"Epoch {epoch}. Connected clients reconnect within seconds.")
