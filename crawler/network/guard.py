"""Where a crawl may go: to the public web, and to what a person names beside it. docs/safety.md
tells it to users.

Strangers write the links, feeds and redirects that a crawl follows, and its machine reaches
services that strangers do not. `Guard` decides, without network; `crawler.network.downloader` asks
it. The port numbers are those of https://fetch.spec.whatwg.org/#port-blocking, the networks those
of the registries that RFC 6890 set up (`ipaddress` knows them) and a few that it misses.
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

SETTING = "DATELINE_ALLOW_ADDRESSES"

PORTS = {"http": 80, "https": 443}
NOT_OF_THE_WEB_TEXT = """
0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137
139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720
1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
"""
NOT_OF_THE_WEB = frozenset(map(int, NOT_OF_THE_WEB_TEXT.split()))
"""Ports of mail, files, names and chat, to which no browser sends a request either."""

ONLY_INSIDE = (
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
"""Names that no public DNS knows: RFC 6761, 6762 (with its appendix G), 7686, 8375, and ICANN's
`internal`."""
NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{2,63}")
"""A host name with a dot in it, in lower case and punycode."""

MISSED = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # what Azure tells its machines
        "192.0.0.0/24",  # what Oracle tells its own
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # Teredo and other tunnels
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
OF_THE_INTERNET = ip_network("2000::/3")
"""All of IPv6 that is in use between networks."""
NAT64 = ip_network("64:ff9b::/96")


# -- addresses and names ---------------------------------------------------------------------------


def is_public(address: str) -> bool:
    """Does an IP address lead to the public internet, and not to this machine, its network or a
    tunnel into one?"""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip in NAT64:
            return is_public(socket.inet_ntoa(ip.packed[-4:]))
        if ip not in OF_THE_INTERNET:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in MISSED)


def is_own(address: str) -> bool:
    """Is it an address of this machine, behind its own firewall, be it as public as it likes?"""
    return _binds(address) and not _binds("2001:db8::1" if ":" in address else "192.0.2.1")


def _is_public_name(host: str) -> bool:
    return NAME.fullmatch(host) is not None and not host.endswith(
        tuple(f".{name}" for name in ONLY_INSIDE)
    )


def not_public(address: str) -> str:
    """The reason in a check."""
    return f"{address}, not on the public internet; {SETTING} can allow it"


def _binds(address: str) -> bool:
    """May a socket have this address? One of documentation only where the system lets sockets have
    any."""
    with socket.socket(
        socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM
    ) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def literal(host: str) -> str | None:
    """The IP address that a host is, in any spelling that C libraries read: `127.1`, `0x7f000001`,
    `2130706433`."""
    with suppress(ValueError):
        return str(ip_address(host.partition("%")[0]))
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except (OSError, UnicodeError):
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """What a person allows: a host by its name, or a network; at one port, or at any of the web."""

    host: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def has(self, host: str, port: int) -> bool:
        """`host`: a name in lower case, or an IP address."""
        if port != self.port if self.port is not None else port in NOT_OF_THE_WEB:
            return False
        if self.network is None:
            return host == self.host
        address = literal(host)
        return address is not None and ip_address(address) in self.network


def places(text: str) -> tuple[Place, ...]:
    """What DATELINE_ALLOW_ADDRESSES names, parted by commas or blanks. Raises UsageError for what
    is none."""
    return tuple(_place(entry) for entry in text.replace(",", " ").split())


def _place(entry: str) -> Place:
    with suppress(ValueError):
        return Place(network=ip_network(entry.removeprefix("[").removesuffix("]"), strict=False))
    try:
        parts = urlsplit(f"//{entry}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.netloc != entry or "@" in entry:
        raise UsageError(
            f"{SETTING}: {entry!r} is no host, HOST:PORT or network such as 10.0.0.0/8"
        )
    address = literal(host)
    return Place(network=ip_network(address), port=port) if address else Place(host, port=port)


# -- the decision ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides where a crawl may go. Host names are in lower case."""

    allowed: tuple[Place, ...] = ()
    proxies: frozenset[tuple[str, int]] = frozenset()
    """Host and port; a crawl connects to them, and to no page there."""

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        """As the settings and the environment have it. Raises UsageError for exceptions that cannot
        be meant."""
        return cls(places(settings.get(SETTING) or ""), frozenset(_proxies()))

    def refusal(self, url: str) -> str | None:
        """Why this address is not asked for, as far as its text tells; None if it is."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
            port = PORTS[parts.scheme] if parts.port is None else parts.port
        except (ValueError, KeyError):
            return "no http or https address"
        if "@" in parts.netloc:
            return "an address with a user name"
        if any(place.has(host, port) for place in self.allowed):
            return None
        if (host, port) in self.proxies:
            return f"the address of the proxy; {SETTING} can allow it"
        address = literal(host)
        if address is not None and not is_public(address):
            return not_public(address)
        if address is None and not _is_public_name(host):
            return f"{host[:80]} is no name of the public internet; {SETTING} can allow it"
        return (
            f"port {port} is none of the web; {SETTING} can allow it"
            if port in NOT_OF_THE_WEB
            else None
        )

    def connects(self, host: str, port: int, address: str) -> bool:
        """May a connection that was asked for by host and port go to this IP address? Port 0 stands
        for any."""
        if any(host == proxy and port in (at, 0) for proxy, at in self.proxies):
            return True
        if any(place.has(host, port) or place.has(address, port) for place in self.allowed):
            return True
        return is_public(address) and not is_own(address)


def _proxies() -> list[tuple[str, int]]:
    """Those of the environment, which Scrapy uses."""
    found = []
    for scheme, url in getproxies().items():
        with suppress(ValueError):
            parts = urlsplit(url if "//" in url else f"//{url}")
            if parts.hostname and scheme in PORTS:
                found.append((parts.hostname, parts.port or PORTS[scheme]))
    return found
