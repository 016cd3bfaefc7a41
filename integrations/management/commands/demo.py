"""`manage.py demo`: fill a new installation with a small community, to look around in."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from integrations.demo.fill import Login, fill, is_filled

FILE_NAME = "demo-logins.txt"


class Command(BaseCommand):
    help = (
        "Fill a demo community and print who can sign in. The passwords are made up for this installation; "
        f"they are also written to {FILE_NAME} in the data folder, which only its owner can read."
    )
    requires_system_checks: list[str] = []  # `check` has its own command; a first start should be quick

    def add_arguments(self, parser: ArgumentParser) -> None:
        # Not an argument: other users of the machine can read those.
        parser.add_argument(
            "--password-stdin", action="store_true", help="read one password for all logins from standard input"
        )

    def handle(self, *, password_stdin: bool, **options: Any) -> None:
        path = settings.DATA_DIR / FILE_NAME
        if is_filled():
            where = f" Its logins are in {path}." if path.exists() else ""
            self.stdout.write(f"The demo is there already.{where}")
            return
        if User.objects.exists():
            # Among them would be an administrator that nobody here asked for.
            raise CommandError("This installation has accounts of its own. The demo is for an empty one.")
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
        if password == "":
            raise CommandError("Standard input held no password.")
        with transaction.atomic():
            text = _described(fill(password))
            _write(path, text)  # before COMMIT: a demo whose passwords nobody knows would be of no use
        self.stdout.write(text)
        self.stdout.write(f"(also in {path})")


def _described(logins: list[Login]) -> str:
    width = max(len(login.username) for login in logins)
    lines = [
        f"  {login.username:{width}}  {login.password}{'  (administrator, /admin/)' if login.is_admin else ''}"
        for login in logins
    ]
    return "\n".join(["The demo community is ready. Sign in as", *lines])


def _write(path: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text + "\n")
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
