"""Connections to other hosts, where the guard is enforced on every request.

Each request is judged twice: its URL (`GuardedDownloadHandler`), and each IP address that its host
name resolves to, in the very DNS resolution from which the connection is made (`GuardedResolver`).
The name is not resolved again between judging and connecting, so a name that resolves differently
the second time (DNS rebinding) is judged again. A reused connection leads where it led when it was
judged. Through a proxy, the proxy resolves the names: only their text is judged.
"""
# ruff: noqa: N802, N803  Twisted names its methods so

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from scrapy import Spider
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadFailedError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response
from scrapy.resolver import CachingHostnameResolver
from scrapy.utils.datatypes import LocalCache
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver

from crawler.files.complete_body import is_complete_body
from crawler.network.browser.render_requests import RenderRequests
from crawler.network.browser.rendered_page import PostponedRendering, RefusedRendering
from crawler.network.decompression import content_codings
from crawler.network.exchange import RENDER_KEY, PostponedRequest
from crawler.network.guard import ConnectionGuard, not_public_reason
from crawler.network.redirects import COOKIE_JAR_KEY
from crawler.network.scrapy_internals import (
    is_headers_too_large,
    limit_connections,
    set_request_proxy,
)

MAX_RESPONSE_HEAD_BYTES = 256 * 1024
"""Largest status line and headers of a response in bytes; those of a page take 1 to 8 KB."""
MAX_CONTENT_CODINGS = 2
"""Content codings of one body; each of them may inflate it to DOWNLOAD_MAXSIZE."""
HOST_BOUND_HEADERS = (
    b"If-None-Match",
    b"If-Modified-Since",
    b"Authorization",
    b"Cookie",
    b"Referer",
)
"""Headers that are meant for one host and are not sent to another after a redirect."""


class RefusedRequest(IgnoreRequest):
    """A request that is not sent, or a response that is not read, for a permanent reason."""


# -- names -----------------------------------------------------------------------------------------


class GuardedResolver(CachingHostnameResolver):
    """Resolves host names and passes on only the addresses that the guard allows."""

    def __init__(
        self, reactor: ReactorBase, cache_size: int, guard: ConnectionGuard, seconds: float
    ) -> None:
        super().__init__(reactor, cache_size)
        self.guard, self.seconds = guard, seconds
        self.withheld: LocalCache[str, str] = LocalCache(10_000)
        """The last address by host name that was not passed on."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Build the resolver from the crawler's settings."""
        settings = crawler.settings
        size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        return cls(reactor, size, ConnectionGuard.of(settings), settings.getfloat("DNS_TIMEOUT"))

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Resolve a name (Twisted's IHostnameResolver) and filter the addresses."""
        judging: Any = _GuardedResolution(self, resolutionReceiver, hostName, portNumber)
        return super().resolveHostName(
            judging, hostName, portNumber, addressTypes, transportSemantics
        )


class _GuardedResolution:
    """Filters the addresses of one DNS resolution, and ends a resolution that takes too long."""

    def __init__(self, resolver: GuardedResolver, receiver: Any, host: str, port: int) -> None:
        self.resolver, self.receiver = resolver, receiver
        self.host, self.port = host.lower().rstrip("."), port
        self.late: Any = None

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        """Start the time limit with the resolution."""
        self.receiver.resolutionBegan(resolution)
        reactor: Any = self.resolver.reactor
        self.late = reactor.callLater(self.resolver.seconds, self._end)

    def addressResolved(self, address: Any) -> None:
        """Pass an address on if the guard allows it, else remember it as withheld."""
        if self.receiver is None:
            return
        if self.resolver.guard.connects(self.host, self.port, address.host):
            self.receiver.addressResolved(address)
        else:
            self.resolver.withheld[self.host] = address.host

    def resolutionComplete(self) -> None:
        """End the resolution unless the time limit has ended it."""
        if self.late.active():
            self.late.cancel()
            self._end()

    def _end(self) -> None:
        receiver, self.receiver = self.receiver, None
        receiver.resolutionComplete()


# -- requests --------------------------------------------------------------------------------------


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Sends the requests that the guard allows and raises Refused for all others.

    Every request passes here, whatever part of the program made it.
    """

    lazy = True  # `scrapy shell` sets the resolver only after it has made the engine

    def __init__(self, crawler: Crawler) -> None:
        from twisted.internet import reactor

        super().__init__(crawler)
        self.guard = ConnectionGuard.of(crawler.settings)
        self.resolver: Any = reactor.nameResolver
        if not isinstance(self.resolver, GuardedResolver):
            raise TypeError(
                "the setting TWISTED_DNS_RESOLVER has to be crawler.network.downloader.GuardedResolver"
            )
        self.rendering = RenderRequests(crawler, self.guard, self.resolver)
        # a proxy is one host, through which all connections go
        connections_per_host = crawler.settings.getint("CONCURRENT_REQUESTS")
        limit_connections(self, MAX_RESPONSE_HEAD_BYTES, connections_per_host)

    async def download_request(self, request: Request) -> Response:
        """Return the response to a request; raises Refused and Scrapy's errors."""
        if why := self.guard.refusal(request.url):
            raise RefusedRequest(why)
        if request.meta.get(RENDER_KEY):
            return await self._render(request)
        drop_host_bound_headers(request)
        try:
            response = await super().download_request(request)
        except CannotResolveHostError:
            self._refuse_withheld_address(request)
            raise
        except DownloadFailedError as error:
            if is_headers_too_large(error):
                raise DownloadCancelledError("headers without end") from None
            raise
        codings = content_codings(response)
        if len(codings) > MAX_CONTENT_CODINGS:
            raise RefusedRequest(f"a body compressed {len(codings)} times over")
        if "dataloss" in response.flags and not is_complete_body(response.body, codings):
            raise ResponseDataLossError
        return untyped_response(response) if b"Content-Encoding" in response.headers else response

    def _refuse_withheld_address(self, request: Request) -> None:
        """Raise RefusedRequest if the host has an address, but not one of the public internet."""
        if request.meta.get("proxy") is not None:
            return
        host = (urlsplit(request.url).hostname or "").rstrip(".")
        address = self.resolver.withheld.get(host)
        if address:
            raise RefusedRequest(f"{host} leads to {not_public_reason(address)}") from None

    async def _render(self, request: Request) -> Response:
        """Return the page of a request as a browser shows it.

        Raises RefusedRequest, PostponedRequest and RenderingError.
        """
        try:
            return await self.rendering.answer(request)
        except RefusedRendering as error:
            raise RefusedRequest(str(error)) from None
        except PostponedRendering as error:
            raise PostponedRequest(str(error)) from None

    async def close(self) -> None:
        """Close the connections and browsers; Scrapy calls this at the end of a crawl."""
        await self.rendering.close()
        await super().close()


class CachedProxyMiddleware(HttpProxyMiddleware):
    """Scrapy's proxy support, but asks the environment once per host.

    Asking it for every request took a twentieth of the whole crawl.
    """

    def __init__(self, auth_encoding: str | None = "latin-1") -> None:
        super().__init__(auth_encoding)
        self.bypassed = lru_cache(10_000)(proxy_bypass)

    def process_request(self, request: Request, spider: Spider | None = None) -> None:  # noqa: ARG002
        """Set the proxy of a request, unless its host bypasses the proxy."""
        parts = urlsplit(request.url)
        if "proxy" in request.meta:
            super().process_request(request)
        elif parts.scheme in self.proxies and not self.bypassed(parts.hostname or ""):
            credentials, proxy = self.proxies[parts.scheme]
            set_request_proxy(self, request, proxy, credentials, parts.scheme)


def untyped_response(response: Response) -> Response:
    """Return a compressed response without a type.

    Scrapy would guess the encoding of a text response before it is decompressed.
    """
    return Response(**{name: getattr(response, name) for name in Response.attributes})


def drop_host_bound_headers(request: Request) -> None:
    """Remove headers meant for the first host from a request redirected to another one.

    Hosts with and without `www.` count as one.
    """
    before = request.meta.get("redirect_urls")
    if before and _redirect_host(before[-1]) != _redirect_host(request.url):
        for name in HOST_BOUND_HEADERS:
            # cookies of the redirect chain were chosen for this very URL
            if name != b"Cookie" or COOKIE_JAR_KEY not in request.meta:
                request.headers.pop(name, None)


def _redirect_host(url: str) -> str:
    """Return the host of a URL without `www.`."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
