"""`manage.py work`: a worker process of its own, beside servers that run none (`JOBS_IN_SERVER=0`)."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from jobs.worker import Worker, run_due


class Command(BaseCommand):
    help = "Run background jobs until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run what is due now, then end")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            self.stdout.write(f"Jobs run: {run_due()}.")
            return
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        worker = Worker()
        worker.start()
        self.stdout.write("Working — stop with Ctrl+C.")
        self.stdout.flush()
        stopped.wait()
        worker.stop()
