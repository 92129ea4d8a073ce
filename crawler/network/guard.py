"""Decision where a crawl may connect: to the public web, and to addresses that a person allows.

Strangers write the links, feeds and redirects that a crawl follows, and this machine reaches
services that those strangers cannot reach (SSRF). `ConnectionGuard` decides, without network
access; `crawler.network.downloader` enforces it. docs/safety.md explains it to users. The blocked
ports are those of https://fetch.spec.whatwg.org/#port-blocking, the networks those of the
registries that RFC 6890 set up (known to `ipaddress`) and a few that `ipaddress` lacks.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.settings import BaseSettings

from archive.errors import UsageError

ALLOW_ADDRESSES_SETTING = "DATELINE_ALLOW_ADDRESSES"

DEFAULT_PORTS = {"http": 80, "https": 443}
BLOCKED_PORTS_TEXT = """
0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137
139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720
1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
"""
BLOCKED_PORTS = frozenset(map(int, BLOCKED_PORTS_TEXT.split()))
"""Ports of mail, files, names and chat, to which browsers send no request either."""

INTERNAL_TOP_LEVEL_NAMES = (
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "onion",
)
"""Top-level names outside the public DNS: RFC 6761, 6762 (appendix G), 7686, 8375, and
ICANN's `internal`.
"""
PUBLIC_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{2,63}"
)
"""A host name with at least one dot, in lower case and punycode."""

UNLISTED_SPECIAL_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # metadata service of Azure
        "192.0.0.0/24",  # metadata service of Oracle's cloud
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # Teredo and other tunnels
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
"""Networks that are not public, although `ipaddress` calls them global."""
GLOBAL_IPV6_NETWORK = ip_network("2000::/3")
"""The part of IPv6 that is in use between networks (RFC 4291)."""
NAT64_NETWORK = ip_network("64:ff9b::/96")
"""Addresses that carry an IPv4 address through NAT64 (RFC 6052)."""


# -- addresses and names ---------------------------------------------------------------------------


def is_public_address(address: str) -> bool:
    """Return whether an IP address leads to the public internet.

    False for addresses of this machine, of its network, and of tunnels into one.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return is_public_address(str(ip.ipv4_mapped))
        if ip in NAT64_NETWORK:
            return is_public_address(socket.inet_ntoa(ip.packed[-4:]))
        if ip not in GLOBAL_IPV6_NETWORK:
            return False
    if not ip.is_global or ip.is_multicast:
        return False
    return not any(ip in network for network in UNLISTED_SPECIAL_NETWORKS)


def is_own_address(address: str) -> bool:
    """Return whether this machine has the IP address itself; public ones count as well."""
    # where a socket may have any address, as on some hosts, it can be bound to these as well
    documentation_address = "2001:db8::1" if ":" in address else "192.0.2.1"
    return _can_bind(address) and not _can_bind(documentation_address)


def _is_public_name(host: str) -> bool:
    """Return whether a host name can stand in the public DNS."""
    internal = tuple(f".{name}" for name in INTERNAL_TOP_LEVEL_NAMES)
    return PUBLIC_HOST_NAME.fullmatch(host) is not None and not host.endswith(internal)


def _refusal_of_host(host: str) -> str | None:
    """Return why a host is not of the public internet, by its name or IP address, or None."""
    address = ip_literal(host)
    if address is not None:
        return None if is_public_address(address) else not_public_reason(address)
    if _is_public_name(host):
        return None
    return f"{host[:80]} is not a public host name; {ALLOW_ADDRESSES_SETTING} can allow it"


def _refusal_of_port(port: int) -> str | None:
    """Return why a port is not requested, or None."""
    if port in BLOCKED_PORTS:
        return f"port {port} is not allowed; {ALLOW_ADDRESSES_SETTING} can allow it"
    return None


def not_public_reason(address: str) -> str:
    """Return the reason that is recorded for an address outside the public internet."""
    return f"{address}, not on the public internet; {ALLOW_ADDRESSES_SETTING} can allow it"


def _can_bind(address: str) -> bool:
    """Return whether a socket of this machine can be bound to an IP address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def ip_literal(host: str) -> str | None:
    """Return the IP address that a host spells out, or None for a name.

    All spellings that C libraries understand count: `127.1`, `0x7f000001`, `2130706433`.
    """
    with suppress(ValueError):
        return str(ip_address(host.partition("%")[0]))
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except (OSError, UnicodeError):
        return None


@dataclass(frozen=True, slots=True)
class AllowedAddress:
    """A host or network that a person allows, at one port or at all ports of the web."""

    host: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def has(self, host: str, port: int) -> bool:
        """Return whether a host (a name in lower case, or an IP address) and port are allowed
        here."""
        if self.port is not None and port != self.port:
            return False
        if self.port is None and port in BLOCKED_PORTS:
            return False
        if self.network is None:
            return host == self.host
        address = ip_literal(host)
        return address is not None and ip_address(address) in self.network


def parse_allowed_addresses(text: str) -> tuple[AllowedAddress, ...]:
    """Parse DATELINE_ALLOW_ADDRESSES: entries separated by commas or blanks.

    Raises UsageError for an entry that is neither a host nor HOST:PORT nor a network.
    """
    return tuple(_parse_allowed_address(entry) for entry in text.replace(",", " ").split())


def _parse_allowed_address(entry: str) -> AllowedAddress:
    """Parse one entry; raises UsageError."""
    with suppress(ValueError):
        return AllowedAddress(
            network=ip_network(entry.removeprefix("[").removesuffix("]"), strict=False)
        )
    try:
        parts = urlsplit(f"//{entry}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.netloc != entry or "@" in entry:
        raise UsageError(
            f"{ALLOW_ADDRESSES_SETTING}: {entry!r} is not a host, HOST:PORT or network such as 10.0.0.0/8"
        )
    address = ip_literal(host)
    return (
        AllowedAddress(network=ip_network(address), port=port)
        if address
        else AllowedAddress(host, port=port)
    )


# -- the decision ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConnectionGuard:
    """Decides where a crawl may connect. Host names are in lower case."""

    allowed: tuple[AllowedAddress, ...] = ()
    proxies: frozenset[tuple[str, int]] = frozenset()
    """Host and port of each proxy; a crawl connects to it, but requests no page from it."""

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """Build the guard from the settings and the environment.

        Raises UsageError for an entry in DATELINE_ALLOW_ADDRESSES that cannot be parsed.
        """
        return cls(
            parse_allowed_addresses(settings.get(ALLOW_ADDRESSES_SETTING) or ""),
            frozenset(_environment_proxies()),
        )

    @classmethod
    def of_environment(cls) -> Self:
        """Build the guard that allows the public web and the proxies of the environment."""
        return cls((), frozenset(_environment_proxies()))

    def refusal(self, url: str) -> str | None:
        """Return why a URL is not requested, judged by its text alone; None if it may be."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
            port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
        except (ValueError, KeyError):
            return "not an http or https URL"
        if "@" in parts.netloc:
            return "a URL with a user name"
        if any(place.has(host, port) for place in self.allowed):
            return None
        if (host, port) in self.proxies:
            return f"the address of the proxy; {ALLOW_ADDRESSES_SETTING} can allow it"
        return _refusal_of_host(host) or _refusal_of_port(port)

    def connects(self, host: str, port: int, address: str) -> bool:
        """Return whether a connection to `host` and `port` may go to this IP address.

        Port 0 stands for any port.
        """
        if any(host == proxy and port in (at, 0) for proxy, at in self.proxies):
            return True
        if any(place.has(host, port) or place.has(address, port) for place in self.allowed):
            return True
        return is_public_address(address) and not is_own_address(address)


def _environment_proxies() -> list[tuple[str, int]]:
    """Return host and port of the proxies in the environment, which Scrapy uses."""
    found = []
    for scheme, url in getproxies().items():
        with suppress(ValueError):
            parts = urlsplit(url if "//" in url else f"//{url}")
            if parts.hostname and scheme in DEFAULT_PORTS:
                found.append((parts.hostname, parts.port or DEFAULT_PORTS[scheme]))
    return found
