"""`manage.py create_user NAME`: make an account from the shell, where sign-up is closed or for the first one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.crypto import get_random_string

from accounts import services
from realtime.errors import Refusal

PASSWORD_LENGTH = 16  # of letters and digits: 95 bits


class Command(BaseCommand):
    help = "Make a user. Prints the password that was made up, unless one is given."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email")
        parser.add_argument("--display-name", default="")
        parser.add_argument("--staff", action="store_true", help="may enter the administration")
        parser.add_argument("--superuser", action="store_true", help="may do everything there")
        # Not an argument: other users of the machine can read those.
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        given = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        password = given if given is not None else get_random_string(PASSWORD_LENGTH)
        try:
            validate_password(password)
            services.create_user(
                options["username"],
                email=options["email"],
                password=password,
                display_name=options["display_name"],
                is_staff=options["staff"],
                is_superuser=options["superuser"],
                # Whoever runs the server must come in also when its mails do not go out yet.
                address_is_theirs=True,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        if given is None:
            self.stdout.write(password)
