"""How rows refer to messages."""

from __future__ import annotations

from typing import Any

from django.db import models


class MessageKey(models.ForeignKey):  # type: ignore[type-arg]
    """A message's id, without a constraint: PostgreSQL could otherwise not detach a partition.

    Nothing is deleted along with the message by the database or by Django: a purge removes what
    refers to a range of ids.
    """

    def __init__(self, to: Any = "messaging.Message", **options: Any) -> None:
        options |= {"on_delete": models.DO_NOTHING, "db_constraint": False, "db_index": False}
        super().__init__(to, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.ForeignKey", list(args), options
