"""Where an action comes from: the client's IP address and user agent, for the time of a request.

A context variable carries it, so that services need no request to record it. Pages and the REST
API get it from `audit.middleware`; a socket wraps the handling of a command in `arising_from`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.conf import settings


class Origin(NamedTuple):
    ip: str | None
    user_agent: str


NOWHERE = Origin(None, "")  # a command, a job: nobody is on the other end

_current: ContextVar[Origin] = ContextVar("audit_origin", default=NOWHERE)


def current() -> Origin:
    """Return where what is being done now comes from."""
    return _current.get()


@contextmanager
def arising_from(origin: Origin) -> Iterator[None]:
    """Say that what is done inside comes from there."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def of_request(meta: Mapping[str, Any]) -> Origin:
    """Return the origin of an HTTP request from its `META`."""
    address = client_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""))
    return Origin(address, meta.get("HTTP_USER_AGENT", ""))


def of_scope(scope: Mapping[str, Any]) -> Origin:
    """Return the origin of an ASGI connection (a socket's handshake) from its scope."""
    headers: dict[bytes, str] = {}
    for name, value in scope.get("headers", ()):
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]},{text}" if name in headers else text
    peer = scope.get("client") or ("",)
    address = client_address(peer[0] or "", headers.get(b"x-forwarded-for", ""))
    return Origin(address, headers.get(b"user-agent", ""))


def client_address(peer: str, forwarded_for: str) -> str | None:
    """Return the client's IP address, or None where nothing says it (a Unix socket without proxy).

    Anybody can send X-Forwarded-For, so only what our own proxies wrote in it counts. Each of
    the `TRUSTED_PROXIES` appends the address that called it: the outermost one's word stands that
    many places from the right. A header with fewer places did not come through all of them.
    """
    proxies = settings.TRUSTED_PROXIES
    if proxies and forwarded_for:
        hops = forwarded_for.split(",")
        if len(hops) >= proxies:
            return _address(hops[-proxies])
    return _address(peer)


def _address(text: str) -> str | None:
    """Read `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`; None for the rest."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])  # without the zone of fe80::1%eth0
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)
