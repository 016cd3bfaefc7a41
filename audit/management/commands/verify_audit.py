"""`manage.py verify_audit`: has anybody changed, removed or inserted anything in the audit record?"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.chain import Verdict, verify


def _hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise ArgumentTypeError("a head is 64 hexadecimal digits, as this command prints it")
    return value


class Command(BaseCommand):
    help = (
        "Walk the chain of seals over the audit record. Exit code 1 where it is broken or entries are without "
        "a seal. Keep the head that is printed in a place that the database's owner cannot write to, and give "
        "it to the next run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head", type=_hash, metavar="HEXHASH", help="a head noted earlier: it must still be in the chain"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify(options["head"])
        if not verdict.intact:
            raise CommandError(self._complaint(verdict))
        self.stdout.write(f"{verdict.sealed} audit entries are sealed and unchanged.")
        self.stdout.write(f"Head: {verdict.head.hex()}")

    @staticmethod
    def _complaint(verdict: Verdict) -> str:
        lines = [f"The audit record is not intact. {verdict.sealed} entries from the start of the chain are."]
        if verdict.broken_at is not None:
            lines.append(f"Position {verdict.broken_at}: {verdict.reason}.")
        if verdict.unsealed_count:
            listed = ", ".join(map(str, verdict.unsealed)) + (
                " …" if verdict.unsealed_count > len(verdict.unsealed) else ""
            )
            lines.append(f"{verdict.unsealed_count} entries older than a minute have no seal: {listed}")
            lines.append("If no server has run lately, run `manage.py seal_audit` and verify again.")
        if verdict.broken_at is None and not verdict.found_noted_head:
            lines.append("The head that was noted is not in the chain: its end was cut off, or it was made anew.")
        lines.append(f"Head of the part that is intact: {verdict.head.hex()}")
        return "\n".join(lines)
