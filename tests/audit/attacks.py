"""SQL past the program."""

from __future__ import annotations

from django.db import connection, transaction


def run_sql(statement: str, *parameters: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
