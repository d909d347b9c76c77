"""Where a webhook may go: the strict reading of its URL, and which addresses are refused. Dials nothing."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from core import errors

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_CHARACTERS = 2048
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

#: Never public, whatever `ipaddress.is_global` says. IANA special-purpose registries, and who else answers there.
DENIED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT, and Alibaba's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link-local, and most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",  # reserved and broadcast
        "::/8",  # unspecified, loopback, IPv4-compatible and -mapped, NAT64 of both prefixes
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",
        "3fff::/20",
        "5f00::/16",  # SRv6
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook URL, taken apart. `host` is a name in lower case or the canonical text of an address."""

    is_tls: bool
    host: str
    port: int
    path: str  #: with the query
    literal: Address | None  #: where `host` is an address

    @property
    def authority(self) -> str:
        """What goes into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """A webhook URL taken apart. Everything that two parsers could read differently is refused: `TargetRefused`."""
    if len(url) > MOST_CHARACTERS or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise errors.TargetRefused(f"url: at most {MOST_CHARACTERS} visible ASCII characters, and no backslash.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise errors.TargetRefused("url: this is no URL.") from None
    if parts.scheme not in {"https", "http"} or not url[len(parts.scheme) :].startswith("://"):
        raise errors.TargetRefused("url: it begins with https://")
    if "@" in parts.netloc or parts.fragment or port == 0:
        raise errors.TargetRefused("url: no user name, no fragment, and a port above 0.")
    host, literal = _host(parts.netloc, parts.hostname or "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), path, literal)


def must_be_allowed(target: Target, address: Address, allowed: Iterable[Network]) -> None:
    """Raises `TargetRefused` for an address that is not public, and for plain http outside what the operator allows."""
    if is_allowed(address, allowed):
        return
    if is_denied(address):
        raise errors.TargetRefused("url: webhooks go to public addresses only; the operator may allow others by CIDR.")
    if not target.is_tls:
        raise errors.TargetRefused("url: plain http goes only to addresses that the operator allows; use https.")


def must_be_plausible(url: str, allowed: Iterable[Network]) -> None:
    """What can be known of a URL before its name is resolved. Raises `TargetRefused`."""
    target = parse(url)
    networks = tuple(allowed)
    if target.literal is not None:
        must_be_allowed(target, target.literal, networks)
    elif not networks and (not target.is_tls or _is_local_name(target.host)):
        raise errors.TargetRefused


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether the operator has named a network with this address; an IPv4-mapped one counts as its IPv4 address."""
    plain = _unmapped(address)
    return any(plain.version == network.version and plain in network for network in allowed)


def is_denied(address: Address) -> bool:
    """Whether an address may not be dialled unless it is allowed."""
    return any(address.version == network.version and address in network for network in DENIED)


@lru_cache(maxsize=8)
def networks(text: str) -> tuple[Network, ...]:
    """`CIDR,CIDR` as networks. Raises ValueError that names the setting."""
    try:
        return tuple(ipaddress.ip_network(item.strip()) for item in text.split(",") if item.strip())
    except ValueError as error:
        raise ValueError(f"IDMILL_WEBHOOK_ALLOW: {error}") from None


def _host(netloc: str, host: str) -> tuple[str, Address | None]:
    if netloc.startswith("["):
        try:
            six = ipaddress.IPv6Address(host)
        except ValueError:
            six = None
        if six is None or six.scope_id:
            raise errors.TargetRefused("url: what stands in brackets is no IPv6 address.")
        return str(six), six
    name = host.removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):  # WHATWG URL, 3.5: a host that ends in a number is an address
        try:
            four = ipaddress.IPv4Address(name)
        except ValueError:
            raise errors.TargetRefused("url: an IPv4 address is written with four decimal numbers.") from None
        return str(four), four
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise errors.TargetRefused("url: the host is no DNS name; write international names in punycode.")
    return name, None


def _is_local_name(name: str) -> bool:
    return "." not in name or name.endswith((".localhost", ".local", ".internal", ".home.arpa", ".lan"))


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
