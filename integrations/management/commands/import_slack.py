"""`manage.py import_slack FILE.zip`: bring a Slack workspace here."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.slack.export import BadExport
from integrations.slack.importer import REASONS_SHOWN, Interrupted, Report, RoomReport, import_export


class Command(BaseCommand):
    help = (
        "Import people, rooms and messages of a Slack export (the zip archive as Slack gives it). "
        "Can be run again: with the same file it adds nothing, with a newer one what is new."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.zip", help="the export")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            report = import_export(file, told=self._tell)
        except BadExport as error:
            raise CommandError(str(error)) from error
        except Interrupted as error:
            raise CommandError(f"{error} What was imported stays; run the command again to go on.") from error
        self._sum_up(report)

    def _tell(self, room: RoomReport) -> None:
        more = f", {room.purged:,} removed here since" if room.purged else ""
        self.stdout.write(
            f"{room.title} → /r/{room.room.slug}/ ({room.room.kind}, {room.members:,} members): "
            f"{room.stored:,} messages added, {room.known:,} already here{more}"
        )

    def _sum_up(self, report: Report) -> None:
        totals = report.totals()
        self.stdout.write(
            f"{report.users:,} accounts made. {totals['rooms']:,} rooms. {totals['stored']:,} messages added, "
            f"{totals['known']:,} already here."
        )
        if report.users:
            self.stdout.write("New accounts have no password: their people choose one by “Forgot password?”.")
        if report.recognised:
            self.stdout.write(f"Recognised by e-mail address: {', '.join(report.recognised)}.")
        for what in report.left_out:
            self.stderr.write(f"Left out: {what}.")
        for reason in report.refused[:REASONS_SHOWN]:
            self.stderr.write(f"Not stored: {reason}")
        if len(report.refused) > REASONS_SHOWN:
            self.stderr.write(f"… and {len(report.refused) - REASONS_SHOWN:,} more that could not be stored.")
