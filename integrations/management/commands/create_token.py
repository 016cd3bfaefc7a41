"""`manage.py create_token USERNAME`: make an API token. Standard output holds the token and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from integrations.scopes import Scope
from integrations.services import create_token
from realtime.errors import Refusal


class Command(BaseCommand):
    help = "Make an API token for a user and print it. It can't be printed again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            choices=[str(scope) for scope in Scope],
            help="limit the token; give it several times for several scopes (none: all that the user may do)",
        )
        parser.add_argument("--days", type=int, help="how long it lasts (unless given, until it is revoked)")
        parser.add_argument("--name", default="", help="what it is for, to tell tokens apart later")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.named(options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        try:
            _, token = create_token(user, name=options["name"], scopes=options["scope"], days=options["days"])
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(token)
