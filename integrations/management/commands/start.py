"""`manage.py start`: what `bin/run` runs. Prepare the installation, then serve it in this process."""

from __future__ import annotations

import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User


class Command(BaseCommand):
    help = "Migrate, fill a demo on the first run, print how to sign in, and serve."
    requires_system_checks: list[str] = []  # `check` has its own command; a start should be quick

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--empty", action="store_true", help="fill no demo")

    def handle(self, *, port: int, empty: bool, **options: Any) -> None:
        host = settings.HOST
        _check_free(host, port)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database …")
            call_command("migrate", verbosity=0, interactive=False)
        if not empty and not User.objects.exists():
            call_command("demo", stdout=self.stdout)
        connection.close()
        call_command("serve", host=host, port=port, announce=True, stdout=self.stdout)


def _check_free(host: str, port: int) -> None:
    """Say in plain words that somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another --port.") from None
