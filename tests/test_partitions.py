"""Partitions of the messages: there before anybody needs them, and asked for without waiting for who makes others."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from messaging import partitions

pytestmark = [pytest.mark.needs_postgres, pytest.mark.django_db(transaction=True)]


def the_last_coming() -> partitions.Month:
    month = partitions.month_of(timezone.now())
    for _ in range(partitions.MONTHS_AHEAD):
        month = partitions.following(month)
    return month


def test_migrate_leaves_the_coming_months_partitions() -> None:
    names = [partitions.name_of(the_last_coming(), table) for table in (partitions.TABLE, partitions.SEARCH_TABLE)]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relispartition AND relname = ANY(%s)", [names])
        assert sorted(name for (name,) in cursor.fetchall()) == sorted(names)


def test_a_partition_that_is_there_is_not_waited_for_while_others_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "_known", set())
    maker = connection.copy()
    try:
        with maker.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [partitions._LOCK_KEY])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            assert partitions.ensure([partitions.month_of(timezone.now())]) == []
    finally:
        maker.close()
