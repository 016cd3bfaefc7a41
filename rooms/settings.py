"""A room's settings: what its admins decide about writing, threads, and how long messages stay.

Kept as JSON on `Room.settings`, without what is at its default; read through `settings_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from realtime.errors import Forbidden, Invalid
from rooms.models import Role
from rooms.permissions import RANK, SETTABLE

HOUR_S, DAY_S = 3_600, 86_400
SLOW_MODE_MAX_S = 6 * HOUR_S
# Messages that go sooner would be gone before people in another time zone are awake.
RETENTION_MIN_S, RETENTION_MAX_S = HOUR_S, 3_650 * DAY_S
EDIT_WINDOW_MAX_S = 365 * DAY_S
REACTIONS_MAX = 100


class RoomSettings(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a room's admins decide; a direct room has the defaults."""

    # The least role that an action takes, where it is more than the table asks for.
    permissions: dict[str, str] = {}
    # How long after sending a message can be edited; None: always, 0: never.
    edit_window_s: Annotated[int, msgspec.Meta(ge=0, le=EDIT_WINDOW_MAX_S)] | None = None
    # Seconds between two messages of one member; those who moderate are exempt.
    slow_mode_s: Annotated[int, msgspec.Meta(ge=0, le=SLOW_MODE_MAX_S)] = 0
    # Whether replies in threads also stand in the room's flow, or in their thread only.
    threads: Literal["flow", "only"] = "flow"
    # How many different emoji one message takes.
    reactions_max: Annotated[int, msgspec.Meta(ge=0, le=REACTIONS_MAX)] = 20
    # How long messages stay before they disappear; None: for good.
    retention_s: Annotated[int, msgspec.Meta(ge=RETENTION_MIN_S, le=RETENTION_MAX_S)] | None = None
    # Runs of joins and leaves are shown as one line.
    fold_joins: bool = True
    # Whether people enter with a name and no account, where the installation has guests.
    guests: bool = False
    # Links get previews, where the installation makes any.
    previews: bool = True


def settings_of(kept: Mapping[str, Any] | None) -> RoomSettings:
    """Read what is kept of a room's settings; what an older or newer program wrote is left out."""
    if not kept:
        return _DEFAULTS
    try:
        return msgspec.convert(kept, RoomSettings)
    except msgspec.ValidationError:
        known = {name: value for name, value in kept.items() if name in RoomSettings.__struct_fields__}
        return msgspec.convert(known, RoomSettings)


_DEFAULTS = RoomSettings()


def check_settings(settings: Any, *, before: Mapping[str, Any], role: str | None) -> dict[str, Any]:
    """Return a room's settings, all of them, as they are kept.

    Invalid: a value breaks its rule. Forbidden: they set or lift a demand above `role`, that of
    whoever changes them (None: staff, whom it does not bind).
    """
    try:
        wanted = msgspec.convert(settings, RoomSettings)
    except msgspec.ValidationError as error:
        raise _refused(f"The settings cannot be read: {error}.") from None
    for action, least in wanted.permissions.items():
        if action not in SETTABLE:
            raise _refused(f"“{action}” is not an action whose role can be set.")
        if least not in RANK:
            raise _refused(f"The least role for “{action}” must be one of: {', '.join(RANK)}.")
    held = before.get("permissions", {})
    changed = {
        action
        for action in wanted.permissions.keys() | held.keys()
        if wanted.permissions.get(action) != held.get(action)
    }
    for action in changed:
        demands = (wanted.permissions.get(action, Role.MEMBER), held.get(action, Role.MEMBER))
        if role is not None and any(RANK[demand] > RANK[role] for demand in demands):
            raise Forbidden(f"You can only set what “{action}” asks for up to your own role.")
    kept: dict[str, Any] = msgspec.to_builtins(wanted)
    return kept


def _refused(detail: str) -> Invalid:
    return Invalid(detail, fields={"settings": [detail]})
