"""The tokens of an app's session: what they look like, and what proves that they are ours.

Both name their session. They are signed with the server's key and the session's own secret, so
that neither alone forges one, and hold only as long as the session stands: nothing here says that.

The refresh token's random part is a chain: each is the HMAC of the one before. Of the one that is
good now its SHA-256 is stored. Who shows the one before gets, for a while, the same next one again,
though that is stored nowhere in clear.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import DeviceSession

# Scanners of code and logs find leaked tokens by their prefix; ours tell them apart by it.
ACCESS_PREFIX, REFRESH_PREFIX, SIGN_IN_PREFIX = "chata_", "chatr_", "chats_"
CHAIN_BYTES = 32
TAG_BYTES = 32
_ACCESS = struct.Struct(">16sQ")
_REFRESH = struct.Struct(f">16sI{CHAIN_BYTES}s")


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says: whose session, and until when (seconds since 1970)."""

    device_id: UUID
    expires: int
    body: bytes
    tag: bytes

    def is_of(self, device: DeviceSession) -> bool:
        """Whether we made it for this session."""
        return constant_time_compare(self.tag, _tag("access", device, self.body))


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh token says: whose session, the how many-th it is, and its link of the chain."""

    device_id: UUID
    generation: int
    link: bytes
    body: bytes
    tag: bytes

    def is_of(self, device: DeviceSession) -> bool:
        return constant_time_compare(self.tag, _tag("refresh", device, self.body))

    @property
    def digest(self) -> bytes:
        return digest_of(self.link)


def write_access(device: DeviceSession, expires: int) -> str:
    body = _ACCESS.pack(device.pk.bytes, expires)
    return ACCESS_PREFIX + _text(body + _tag("access", device, body))


def read_access(token: str) -> Access | None:
    """What the token says; None if it is none. Ask `is_of` before it is believed."""
    data = _data(token, ACCESS_PREFIX, _ACCESS.size)
    if data is None:
        return None
    body, tag = data
    device, expires = _ACCESS.unpack(body)
    return Access(UUID(bytes=device), expires, body, tag)


def first_link() -> bytes:
    return secrets.token_bytes(CHAIN_BYTES)


def digest_of(link: bytes) -> bytes:
    """What is stored of the refresh token that is good now."""
    return hashlib.sha256(link).digest()


def next_link(device: DeviceSession, link: bytes) -> bytes:
    return salted_hmac(f"chat.refresh.link.{bytes(device.secret).hex()}", link, algorithm="sha256").digest()


def write_refresh(device: DeviceSession, generation: int, link: bytes) -> str:
    body = _REFRESH.pack(device.pk.bytes, generation, link)
    return REFRESH_PREFIX + _text(body + _tag("refresh", device, body))


def read_refresh(token: str) -> Refresh | None:
    """What the token says; None if it is none. Ask `is_of` before it is believed."""
    data = _data(token, REFRESH_PREFIX, _REFRESH.size)
    if data is None:
        return None
    body, tag = data
    device, generation, link = _REFRESH.unpack(body)
    return Refresh(UUID(bytes=device), generation, link, body, tag)


def _tag(purpose: str, device: DeviceSession, body: bytes) -> bytes:
    key = salted_hmac(f"chat.{purpose}", bytes(device.secret), algorithm="sha256").digest()
    return hmac.digest(key, body, "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _data(token: str, prefix: str, size: int) -> tuple[bytes, bytes] | None:
    """The body and tag of a token of that prefix and size."""
    if not token.startswith(prefix) or not token.isascii():
        return None
    text = token.removeprefix(prefix)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return (data[:size], data[size:]) if len(data) == size + TAG_BYTES else None
