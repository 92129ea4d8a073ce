"""Connections to the hosts that the guard allows, for what does not pass Scrapy's downloader."""
# ruff: noqa: N802  Twisted names its methods so

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from crawler.network.guard import DEFAULT_PORTS, ConnectionGuard, not_public_reason

CONNECT_TIMEOUT_SECONDS = 10.0
MAX_PROXY_HEAD_BYTES = 256 * 1024
"""Bytes of the status line and headers of a message; as `crawler.network.downloader` reads."""
MAX_TRIED_ADDRESSES = 4
"""Addresses of a host to which a connection is tried."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class RefusedConnection(Exception):  # noqa: N818  as RefusedRequest
    """A connection that the guard does not allow, with the reason."""


class FailedConnection(Exception):  # noqa: N818  as above
    """A connection that is allowed and not accepted."""


@dataclass(frozen=True, slots=True)
class UpstreamProxy:
    """A proxy that the environment names."""

    host: str
    port: int
    authorization: bytes = b""
    """The field with its user and password, with the line break before it; empty without."""


def upstream_proxy(url: str, environment: Mapping[str, str]) -> UpstreamProxy | None:
    """Return the proxy for a URL, by the proxies of the environment by scheme."""
    parts = urlsplit(url)
    named = environment.get(parts.scheme)
    if not named or proxy_bypass(parts.hostname or ""):
        return None
    proxy = urlsplit(named if "//" in named else f"//{named}")
    if not proxy.hostname:
        return None
    return UpstreamProxy(
        proxy.hostname, proxy.port or DEFAULT_PORTS["http"], _proxy_authorization(proxy)
    )


def _proxy_authorization(proxy: SplitResult) -> bytes:
    """Return the field with the name and password of a proxy's URL; empty without a name."""
    if not proxy.username:
        return b""
    secret = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return b"\r\nProxy-Authorization: Basic " + base64.b64encode(secret)


@dataclass(frozen=True, slots=True)
class OpenedConnection:
    """A connection to a host, or to a proxy on the way to it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    proxy: UpstreamProxy | None = None


class GuardedDialer:
    """Opens connections; each is judged as a request of the downloader is.

    The URL is judged first, then every address that the name resolves to in `resolver`, a
    `crawler.network.downloader.GuardedResolver`, and the connection goes to that very address.
    """

    def __init__(self, guard: ConnectionGuard, resolver: Any) -> None:
        self.guard, self.resolver = guard, resolver
        self.proxies = getproxies()

    async def connect(self, url: str) -> OpenedConnection:
        """Connect to the host of a URL; raises RefusedConnection and FailedConnection."""
        if why := self.guard.refusal(url):
            raise RefusedConnection(why)
        parts = urlsplit(url)
        proxy = upstream_proxy(url, self.proxies)
        if proxy:
            reader, writer = await _open_streams(proxy.host, proxy.port)
            return OpenedConnection(reader, writer, proxy)
        host = (parts.hostname or "").rstrip(".")
        port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
        failure = FailedConnection(f"{host} is not found")
        for address in (await self._addresses(host, port))[:MAX_TRIED_ADDRESSES]:
            try:
                reader, writer = await _open_streams(address, port)
            except FailedConnection as error:
                failure = error
            else:
                return OpenedConnection(reader, writer)
        raise failure

    async def _addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to; raises RefusedConnection."""
        collector = _AddressCollector()
        self.resolver.resolveHostName(collector, host, port)
        addresses = await collector.resolved
        if not addresses and (address := self.resolver.withheld.get(host)):
            raise RefusedConnection(f"{host} leads to {not_public_reason(address)}")
        return addresses


class _AddressCollector:
    """Collects the addresses of one DNS resolution (Twisted's IResolutionReceiver)."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.resolved: asyncio.Future[list[str]] = asyncio.get_event_loop().create_future()

    def resolutionBegan(self, resolution: Any) -> None:
        """Note nothing: the resolver has its own time limit."""

    def addressResolved(self, address: Any) -> None:
        """Keep an address that the guard passed on."""
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:
        """Hand the addresses over."""
        if not self.resolved.done():
            self.resolved.set_result(self.addresses)


async def _open_streams(host: str, port: int) -> Streams:
    """Connect to an address; raises FailedConnection."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            return await asyncio.open_connection(host, port, limit=MAX_PROXY_HEAD_BYTES)
    except (OSError, TimeoutError) as error:
        raise FailedConnection(str(error) or "timed out") from error
