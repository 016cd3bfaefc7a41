"""`manage.py seal_audit`: seal what waits for it. The server does so itself every few seconds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from audit.sealer import seal_all


class Command(BaseCommand):
    help = "Seal all audit entries that wait for it (the running server does so itself)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{seal_all()} audit entries sealed.")
