"""`manage.py seal_audit`: seal what waits for it. The server does so itself every few seconds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from audit.models import AuditPending
from audit.sealer import seal_pending


class Command(BaseCommand):
    help = "Seal all audit entries that wait for it (the running server does so itself)."

    def handle(self, *args: Any, **options: Any) -> None:
        sealed = 0
        while AuditPending.objects.exists():
            sealed += seal_pending()
        self.stdout.write(f"{sealed} audit entries sealed.")
