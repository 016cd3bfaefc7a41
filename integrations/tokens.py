"""What an API token looks like and what is stored of it."""

from __future__ import annotations

import hashlib
import secrets

# Scanners of code and logs find leaked tokens by their prefix.
TOKEN_PREFIX = "chat_"  # noqa: S105 (not a secret)
# 256 bits: a token is never guessed, so a plain hash of it is enough at rest.
TOKEN_BYTES = 32
# The prefix and some characters: tells an owner's tokens apart and gives nothing away.
HINT_LENGTH = 12


def new_token_text() -> str:
    """Return a fresh token: `chat_` and 43 characters that are safe in URLs and headers."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """Return what is stored in place of the token: its SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


def hint_of(token: str) -> str:
    """Return the part of the token that lists show."""
    return token[:HINT_LENGTH]
