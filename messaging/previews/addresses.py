"""Where the server may go for others: names and ports of the web, at public addresses only.

Whoever writes a link chooses where this server connects to. It stands behind firewalls and beside
databases that trust their network, so everything is refused that is not plainly a public web server:
the name as it is written, and every single address that the name has when it is looked up.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

IPAddress = IPv4Address | IPv6Address

URL_MAX = 2_000
NAME_MAX = 253
WEB_PORTS = frozenset({80, 443})

# Of the registries of special-purpose addresses (IANA) and of RFC 5735 and 6890: all that is not
# somebody's public unicast address. Ranges that lead elsewhere by translation or relay included.
_NOT_PUBLIC_4 = [
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
# IPv6 hands out public addresses of this range only; outside are loopback, mapped and compatible
# IPv4, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), ULA, link-local, site-local, multicast and the rest.
_GLOBAL_6 = ip_network("2000::/3")
# Within it: protocol assignments with Teredo, benchmarks and ORCHID; documentation; 6to4; AS112.
_NOT_PUBLIC_6 = [
    ip_network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]
# Names as the domain name system has them, in their ASCII form.
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# A last label of this look is a number to whoever parses addresses in the old, generous way.
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BRACKETED = re.compile(r"\[[0-9a-fA-F:.]+\](:[0-9]*)?")
# Nothing of these belongs into an address; some programs drop them, others do not.
_NEVER_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")


class Refused(Exception):
    """This address is not gone to, or what was found there is not used; says why."""


def is_public(address: IPAddress) -> bool:
    """Whether the address is that of a public host, as far as addresses tell."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return (
        address.scope_id is None
        and address in _GLOBAL_6
        and not any(address in network for network in _NOT_PUBLIC_6)
    )  # fmt: skip


def look_up(name: str, port: int) -> list[str]:
    """All addresses of a name, by the system's resolver. OSError: it has none."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True)
class Policy:
    """Where the server may go. The default is the product's; tests bring names and servers of their own."""

    look_up: Callable[[str, int], Sequence[str]] = look_up
    is_public: Callable[[IPAddress], bool] = is_public
    ports: frozenset[int] = WEB_PORTS


@dataclass(frozen=True, slots=True)
class Target:
    """An address of the web, taken apart and put together again by one program: this one."""

    url: str
    secure: bool
    host: str  # in ASCII; an IPv6 address without brackets
    port: int
    path: str  # with the query, as the request says it

    @property
    def authority(self) -> str:
        """The value of `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def target_of(url: str, policy: Policy) -> Target:
    """Take an address apart. Refused: it is not plainly one of the public web."""
    if len(url) > URL_MAX or _NEVER_IN_URL.search(url):
        raise Refused("The address is malformed.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("The address is malformed.") from None
    if parts.scheme not in ("http", "https"):
        raise Refused("The address is not one of the web.")
    if "@" in parts.netloc or "%" in parts.netloc:
        raise Refused("The address names more than a host.")
    secure = parts.scheme == "https"
    port = port or (443 if secure else 80)
    if port not in policy.ports:
        raise Refused("The port is not one of the web.")
    host = _host(parts)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    made = Target("", secure, host, port, urlunsplit(("", "", path, query, "")))
    return Target(f"{parts.scheme}://{made.authority}{made.path}", secure, host, port, made.path)


def _host(parts: SplitResult) -> str:
    """The host in ASCII: an address in its one proper form, or a name of the domain name system."""
    written = parts.hostname or ""
    if ":" in written:
        if not _BRACKETED.fullmatch(parts.netloc):
            raise Refused("The host is malformed.")
        try:
            return str(IPv6Address(written))
        except ValueError:
            raise Refused("The host is malformed.") from None
    try:
        # Also turns full-width digits and dots into what they stand for, before they are judged.
        host = written.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise Refused("The host is malformed.") from None
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))  # four decimal numbers, none with a zero before it
        except ValueError:
            raise Refused("The host is malformed.") from None
    if len(host) > NAME_MAX or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise Refused("The host is not a name of the public web.")
    return host


def check_addresses(host: str, found: Sequence[str], policy: Policy) -> list[str]:
    """Return the addresses to connect to. Refused: not every one of them is public.

    Every one, since which of them an attacker's name server puts first is the attacker's choice.
    """
    if not found:
        raise Refused("The host has no address.")
    for each in found:
        try:
            address = ip_address(each)
        except ValueError:
            raise Refused("The host's address is malformed.") from None
        if not policy.is_public(address):
            raise Refused("The host is not on the public web.")
    return list(found)
