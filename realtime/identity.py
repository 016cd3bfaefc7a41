"""Who a socket belongs to, as an authenticator found it at the handshake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Identity:
    """The user behind a socket and the credential that opened it.

    `credential` is `session:<session key>` or `token:<uuid>`: rechecks ask whether it still
    stands. `rev` is the user's as it was read, so that a change since then is noticed.
    """

    user_id: str
    username: str
    rev: int
    credential: str
    via: Literal["session", "token"]
    scopes: frozenset[str] = frozenset()
    unthrottled: bool = False
    # All that the user may say, where that is little (a guest); None: every command.
    commands: frozenset[str] | None = None

    def may_say(self, kind: str) -> bool:
        """Whether the command is one of those that the user may give."""
        return self.commands is None or kind in self.commands

    def may(self, scope: str) -> bool:
        """Whether the credential covers `scope`; one without scopes covers all."""
        return not self.scopes or scope in self.scopes
