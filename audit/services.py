"""The one verb of the audit record: `record`. Nothing is ever changed or removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models

from audit import origin
from audit.models import ACTION_MAX, NAME_MAX, USER_AGENT_MAX, AuditEntry, Severity

ACTION_SHAPE = re.compile(r"[a-z_]+(\.[a-z_]+)+")

# Details tell what happened; they are no archive. What is longer is cut, so that no input, however
# large, can make recording fail or fill the disk.
DETAIL_TEXT_MAX = 1_000  # characters
DETAIL_ITEMS_MAX = 100  # of a list or a mapping
DETAIL_DEPTH_MAX = 5


def record(
    action: str,
    *,
    actor: Any = None,
    target: models.Model | None = None,
    severity: str = Severity.INFO,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Insert an entry in the current transaction: it stays if, and only if, the change does.

    `action` is a dotted name, noun first: `user.suspended`. `actor` is a user; None (or somebody
    not signed in) is the system. `details` may hold what JSON can and ids, times and the like,
    which become text, as do floats: databases write those in different ways, and the seal covers
    what is read back. IP and user agent are those of the request or command being served.

    ValueError: the action or the severity is misspelt.
    """
    if not ACTION_SHAPE.fullmatch(action) or len(action) > ACTION_MAX:
        raise ValueError(f"{action!r} is not a dotted action name")
    came_from = origin.current()
    known = actor is not None and isinstance(actor.pk, UUID)
    return AuditEntry.objects.create(
        action=action,
        severity=Severity(severity),
        actor_id=actor.pk if known else None,
        actor_name=_name(actor) if known else "",
        target_type=target._meta.label_lower if target is not None else "",
        target_id=_text(str(target.pk), 64) if target is not None else "",
        target_name=_name(target) if target is not None else "",
        ip=came_from.ip,
        user_agent=_text(came_from.user_agent, USER_AGENT_MAX),
        details=_plain(dict(details or {})),
    )


def _name(thing: Any) -> str:
    """What a thing is called now. Users by their usernames: display names can be anybody's."""
    return _text(thing.get_username() if hasattr(thing, "get_username") else str(thing), NAME_MAX)


def _text(value: str, limit: int) -> str:
    """Cut to `limit` characters and replace what a database refuses: NUL and lone surrogates."""
    return value[:limit].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any, depth: int = 0) -> Any:
    """Return `value` as JSON that both databases give back just as it went in."""
    if value is None or isinstance(value, bool | int):
        return value
    if depth < DETAIL_DEPTH_MAX:
        if isinstance(value, Mapping):
            items = list(value.items())[:DETAIL_ITEMS_MAX]
            return {_text(str(key), DETAIL_TEXT_MAX): _plain(item, depth + 1) for key, item in items}
        if isinstance(value, list | tuple | set | frozenset):
            items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
            return [_plain(item, depth + 1) for item in items[:DETAIL_ITEMS_MAX]]
    return _text(str(value), DETAIL_TEXT_MAX)
